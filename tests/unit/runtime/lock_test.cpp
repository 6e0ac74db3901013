#include "runtime/lock.hpp"

#include <cstdlib>
#include <filesystem>
#include <string>

#include <catch2/catch.hpp>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace plan;

namespace {

struct Directory {
  std::string path = "/tmp/plan-test-XXXXXX";
  Directory() { REQUIRE(::mkdtemp(path.data()) != nullptr); }
  ~Directory() { std::filesystem::remove_all(path); }
};

}  // namespace

TEST_CASE("whoever comes second is told who was first") {
  const Directory directory;
  const auto first = acquire_lock(directory.path + "/run", "apply by ann, process 4711");
  REQUIRE(first);
  const auto second = acquire_lock(directory.path + "/run", "apply by bob");
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Code::run_locked);
  CHECK(second.error().message.find("apply by ann, process 4711") != std::string::npos);
}

TEST_CASE("a lock that was given back can be taken") {
  const Directory directory;
  REQUIRE(acquire_lock(directory.path + "/run", "a"));
  CHECK(acquire_lock(directory.path + "/run", "b"));
}

TEST_CASE("an owner that was killed is no obstacle") {
  const Directory directory;
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = acquire_lock(directory.path + "/run", "doomed");
    std::ignore = ::write(ready[1], lock ? "y" : "n", 1);
    ::pause();
    ::_exit(0);
  }
  char answer = 0;
  REQUIRE(::read(ready[0], &answer, 1) == 1);
  CHECK(answer == 'y');
  CHECK_FALSE(acquire_lock(directory.path + "/run", "too early"));
  ::kill(child, SIGKILL);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK(acquire_lock(directory.path + "/run", "after"));
}
