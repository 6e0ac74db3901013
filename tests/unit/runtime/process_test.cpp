#include "runtime/real/process.hpp"

#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace plan;
using namespace plan::real;
using namespace std::chrono_literals;

TEST_CASE("a process's output, errors and status come back") {
  const Wake never;
  const auto finished =
      run_process({"sh", "-c", "echo out; echo err >&2; exit 3"}, {}, never, now() + 10s);
  REQUIRE(finished);
  CHECK(finished->code == 3);
  CHECK(finished->out == "out\n");
  CHECK(finished->err == "err\n");
}

TEST_CASE("a program that is not there is told by name") {
  const Wake never;
  const auto finished = run_process({"no-such-program"}, {}, never, now() + 10s);
  REQUIRE_FALSE(finished);
  CHECK(finished.error().code == Code::program_missing);
  CHECK(finished.error().kind == FailureKind::refused);
  CHECK(finished.error().system_error == ENOENT);
}

TEST_CASE("a process has no terminal, its own group, and default signals") {
  const Wake never;
  const auto finished = run_process({"sh", "-c",
                                     "(: </dev/tty) 2>/dev/null && echo tty; ps -o pgid= -p $$ | "
                                     "tr -d ' '; echo $$; kill -PIPE $$"},
                                    {}, never, now() + 10s);
  REQUIRE(finished);
  CHECK(finished->code == 128 + 13);
  const std::size_t middle = finished->out.find('\n');
  CHECK(finished->out.substr(0, middle + 1) == finished->out.substr(middle + 1));
}

TEST_CASE("an environment replaces the controller's") {
  const Wake never;
  const auto finished = run_process({"env"}, {{"A", "b"}}, never, now() + 10s);
  REQUIRE(finished);
  CHECK(finished->out == "A=b\n");
}

TEST_CASE("a deadline ends a process and what it has started") {
  const Wake never;
  const Instant begun = now();
  const auto finished = run_process({"sh", "-c", "sleep 30 & sleep 30"}, {}, never, now() + 100ms);
  REQUIRE_FALSE(finished);
  CHECK(finished.error().code == Code::action_timed_out);
  CHECK(now() - begun < 5s);
}

TEST_CASE("many threads start processes without keeping each other's pipes open") {
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int index = 0; index < 8; ++index) {
    threads.emplace_back([&good] {
      const Wake never;
      for (int round = 0; round < 5; ++round) {
        const auto finished = run_process({"echo", "x"}, {}, never, now() + 20s);
        good += finished && finished->out == "x\n" ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(good == 40);
}
