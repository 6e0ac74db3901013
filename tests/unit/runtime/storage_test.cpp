#include "runtime/real/storage.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace plan;

namespace {

struct Directory {
  std::string path = "/tmp/plan-test-XXXXXX";
  Directory() { REQUIRE(::mkdtemp(path.data()) != nullptr); }
  ~Directory() { std::filesystem::remove_all(path); }
};

std::unique_ptr<Storage> opened(const std::string& path, StorageUse use = StorageUse::append) {
  auto storage = open_storage(path, use);
  if (!storage) {
    FAIL(storage.error().message);
  }
  return std::move(*storage);
}

}  // namespace

TEST_CASE("records come back in order, byte for byte, after the file was closed") {
  const Directory directory;
  const std::string path = directory.path + "/deep/er/run.journal";
  const std::string binary("a\0b\xff\n", 5);
  {
    const auto storage = opened(path);
    REQUIRE(storage->append("first"));
    REQUIRE(storage->append(binary));
    REQUIRE(storage->append(""));
    REQUIRE(storage->append_many(std::vector<std::string>{"third", "fourth"}));
    CHECK(storage->read_all()->size() == 5);
  }
  const auto records = opened(path)->read_all();
  REQUIRE(records);
  CHECK(*records == std::vector<std::string>{"first", binary, "", "third", "fourth"});
}

TEST_CASE("the journal is its owner's alone") {
  const Directory directory;
  const auto storage = opened(directory.path + "/plan/run.journal");
  struct stat info{};
  REQUIRE(::stat((directory.path + "/plan/run.journal").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  REQUIRE(::stat((directory.path + "/plan").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
}

TEST_CASE("a journal can be read while it is written") {
  const Directory directory;
  const auto writer = opened(directory.path + "/run.journal");
  REQUIRE(writer->append("one"));
  const auto reader = opened(directory.path + "/run.journal", StorageUse::read_only);
  CHECK(reader->read_all()->size() == 1);
  REQUIRE(writer->append("two"));
  CHECK(reader->read_all()->size() == 2);
  CHECK_FALSE(reader->append("three"));
}

TEST_CASE("reading a journal that is not there makes none") {
  const Directory directory;
  CHECK(opened(directory.path + "/run.journal", StorageUse::read_only)->read_all()->empty());
  CHECK(std::filesystem::is_empty(directory.path));
}

TEST_CASE("a file that is no journal is left alone") {
  const Directory directory;
  const std::string path = directory.path + "/notes.txt";
  std::ofstream(path) << std::string(5000, 'x');
  const auto storage = open_storage(path, StorageUse::append);
  REQUIRE_FALSE(storage);
  CHECK(storage.error().code == Code::state_damaged);
  CHECK(std::filesystem::file_size(path) == 5000);
}

TEST_CASE("a damaged journal is said to be damaged") {
  const Directory directory;
  const std::string path = directory.path + "/run.journal";
  {
    const auto storage = opened(path);
    REQUIRE(storage->append_many(std::vector<std::string>(2000, std::string(200, 'b'))));
  }
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096 * 3);
    file << std::string(4096 * 4, 'Z');
  }
  const auto storage = open_storage(path, StorageUse::append);
  const auto records = storage ? (*storage)->read_all() : std::unexpected(storage.error());
  REQUIRE_FALSE(records);
  CHECK(records.error().code == Code::state_damaged);
}

TEST_CASE("a place where no file can be is told") {
  const auto storage = open_storage("/proc/no/such/run.journal", StorageUse::append);
  REQUIRE_FALSE(storage);
  CHECK(storage.error().code == Code::state_unusable);
}

TEST_CASE("a journal that another program holds is told") {
  const Directory directory;
  const std::string path = directory.path + "/run.journal";
  REQUIRE(opened(path)->append("one"));
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &other) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr) == SQLITE_OK);
  auto storage = open_storage(path, StorageUse::append);
  const auto records =
      storage ? (*storage)->read_all()
              : std::expected<std::vector<std::string>, Failure>(std::unexpected(storage.error()));
  sqlite3_close(other);
  REQUIRE_FALSE(records);
  CHECK(records.error().code == Code::state_failed);
}

TEST_CASE("a full disk fails the record, and those before it stay") {
  // /dev/full cannot hold a database; a file size limit is the nearest thing without a file system
  // of our own, and gives SQLite the same error on writing.
  const Directory directory;
  const std::string path = directory.path + "/run.journal";
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{.rlim_cur = 200'000, .rlim_max = 200'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    auto storage = open_storage(path, StorageUse::append);
    std::optional<Code> failed;
    for (int index = 0; storage && index < 1000 && !failed; ++index) {
      if (const auto appended = (*storage)->append(std::string(1000, 'x')); !appended) {
        failed = appended.error().code;
      }
    }
    const bool is_told = failed == Code::state_disk_full || failed == Code::state_failed;
    ::_exit(is_told ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  const auto records = opened(path)->read_all();
  REQUIRE(records);
  CHECK(records->size() > 10);
  for (const std::string& record : *records) {
    CHECK(record.size() == 1000);
  }
}
