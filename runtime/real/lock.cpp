// The run lock: flock(2) on a file beside the journal, which holds the owner's text. The system
// gives the lock back when the process dies, so a dead owner is no obstacle; the file stays, since
// removing it would let two owners hold two files of one name.
#include "runtime/lock.hpp"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/real/failure.hpp"
#include "runtime/real/fd.hpp"
#include "runtime/real/storage.hpp"

namespace plan {

namespace {

using real::failure;

constexpr std::size_t owner_limit = 1000;

class FileLock final : public RunLock {
 public:
  explicit FileLock(real::Fd file) : file_(std::move(file)) {}
  ~FileLock() override { std::ignore = ::ftruncate(file_.get(), 0); }

 private:
  real::Fd file_;
};

// `journal`: of the run that the place is for.
Failure unusable(const std::string& path, int error, std::string_view journal) {
  const bool is_full = error == ENOSPC || error == EDQUOT;
  Failure result = is_full ? failure<Code::state_disk_full>(FailureKind::refused, path)
                           : failure<Code::state_unusable>(FailureKind::refused, path,
                                                           std::generic_category().message(error));
  result.helps.emplace_back(is_full ? "make room there, then run the same command again"
                                    : help_with_place(std::string(journal)));
  result.system_error = error;
  return result;
}

std::string present_owner(int fd) {
  char text[owner_limit] = {};
  const ssize_t size = ::pread(fd, text, sizeof text, 0);
  return size > 0 ? real::last_lines(std::string_view(text, static_cast<std::size_t>(size)), 1)
                  : "it does not say which";
}

}  // namespace

std::expected<std::unique_ptr<RunLock>, Failure> acquire_lock(std::string_view path,
                                                              std::string_view owner) {
  const std::string name = std::string(path) + ".lock";
  const std::filesystem::path directory = std::filesystem::path(name).parent_path();
  std::error_code why;
  if (!directory.empty()) {
    const mode_t before = ::umask(077);
    std::filesystem::create_directories(directory, why);
    ::umask(before);
  }
  // Where there is no directory, that it could not be made is the reason, not that it is not there.
  if (std::error_code ignored; why && !std::filesystem::exists(directory, ignored)) {
    return std::unexpected(unusable(directory.string(), why.value(), path));
  }
  real::Fd file(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) {
    return std::unexpected(unusable(name, errno, path));
  }
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      return std::unexpected(unusable(name, errno, path));
    }
    Failure result = failure<Code::run_locked>(FailureKind::refused, present_owner(file.get()));
    result.system_error = EWOULDBLOCK;
    return std::unexpected(std::move(result));
  }
  const std::string text = std::string(owner.substr(0, owner_limit - 1)) + "\n";
  errno = ENOSPC;  // what a write that stops in the middle means
  const bool is_written =
      ::ftruncate(file.get(), 0) == 0 &&
      ::pwrite(file.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  if (!is_written) {
    return std::unexpected(unusable(name, errno, path));
  }
  return std::make_unique<FileLock>(std::move(file));
}

std::optional<std::string> lock_owner(std::string_view path) {
  const real::Fd file(
      ::open((std::string(path) + ".lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.is_open() || ::flock(file.get(), LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) {
    return std::nullopt;
  }
  return present_owner(file.get());
}

}  // namespace plan
