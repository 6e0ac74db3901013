#include "cli/disk_loader.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/terminal.hpp"

namespace plan {

namespace {

constexpr std::size_t size_limit = std::size_t{256} << 20;  // no plan is larger; a device may be

std::string reason() {
  return std::strerror(errno);
}

std::expected<std::string, std::string> read_descriptor(int descriptor) {
  constexpr std::size_t smallest_room = 65536;
  std::string text;
  struct stat status{};
  if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
    // With room for the read that finds the end: a large text is not to be moved for that.
    text.reserve(std::min(size_limit, static_cast<std::size_t>(status.st_size)) + smallest_room);
  }
  ssize_t count = 1;
  while (text.size() <= size_limit && count != 0) {
    const std::size_t known = text.size();
    const std::size_t room = std::max(text.capacity() - known, smallest_room);
    text.resize_and_overwrite(known + room, [&](char* bytes, std::size_t) {
      count = read(descriptor, bytes + known, room);
      return known + (count > 0 ? static_cast<std::size_t>(count) : 0);
    });
    if (count < 0 && errno != EINTR) {
      return std::unexpected(reason());
    }
  }
  if (count != 0) {
    return std::unexpected("larger than 256 MiB");
  }
  return text;
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(descriptor, text.data(), text.size());
    if (count < 0 && errno != EINTR) {
      return false;
    }
    text.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
  }
  return true;
}

// As a new file would have, or as the file in its place has.
mode_t mode_for(const std::string& path) {
  struct stat present{};
  if (stat(path.c_str(), &present) == 0) {
    return present.st_mode & 07777;
  }
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

}  // namespace

std::optional<std::string> DiskLoader::read(std::string_view path, std::string& why) {
  if (path == "-" && standard_input_) {
    return standard_input_;
  }
  std::expected<std::string, std::string> text = read_file(std::string(path));
  if (!text) {
    why = text.error();
    return std::nullopt;
  }
  if (path == "-") {
    standard_input_ = *text;
  }
  return std::move(*text);
}

std::expected<std::string, std::string> read_file(const std::string& path) {
  if (path == "-") {
    return read_descriptor(STDIN_FILENO);
  }
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return std::unexpected(reason());
  }
  std::expected<std::string, std::string> text = read_descriptor(descriptor);
  close(descriptor);
  return text;
}

std::expected<void, std::string> write_file(const std::string& path, std::string_view text) {
  if (path == "-") {
    print(Stream::out, text);
    return {};
  }
  struct stat present{};
  const bool is_special = stat(path.c_str(), &present) == 0 && !S_ISREG(present.st_mode);
  std::string temporary = is_special ? path : path + ".XXXXXX";
  const int descriptor =
      is_special ? open(path.c_str(), O_WRONLY | O_CLOEXEC) : mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) {
    return std::unexpected(reason());
  }
  bool is_written = write_all(descriptor, text);
  is_written = is_written && (is_special || fchmod(descriptor, mode_for(path)) == 0);
  is_written = is_written && (is_special || fsync(descriptor) == 0);
  is_written = close(descriptor) == 0 && is_written;
  is_written = is_written && (is_special || std::rename(temporary.c_str(), path.c_str()) == 0);
  if (is_written) {
    return {};
  }
  const std::string why = reason();
  if (!is_special) {
    unlink(temporary.c_str());
  }
  return std::unexpected(why);
}

}  // namespace plan
