// The persistent shells of one user on one host, on the controller itself.
#include "runtime/real/pool.hpp"

#include <chrono>
#include <future>
#include <string>
#include <thread>

#include <catch2/catch.hpp>
#include <sys/resource.h>

#include "tests/unit/runtime/effector_case.hpp"

using namespace plan;
using namespace plan::test;
using namespace plan::real;
using namespace std::chrono_literals;

namespace {

// Of this process, all threads, without its children.
std::chrono::microseconds processor_time() {
  rusage used{};
  REQUIRE(getrusage(RUSAGE_SELF, &used) == 0);
  const auto time_of = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return time_of(used.ru_utime) + time_of(used.ru_stime);
}

std::string answer_of(ShellPool& pool, const std::string& script) {
  std::promise<real::Outcome> outcome;
  Request request;
  Exec exec;
  exec.host = here();
  exec.script = script;
  request.text = shell_command(exec);
  request.what = "a command of the test";
  request.deadline = now() + 20s;
  request.timeout = 20s;
  request.done = [&outcome](real::Outcome result) { outcome.set_value(std::move(result)); };
  pool.submit(std::move(request));
  const real::Outcome result = outcome.get_future().get();
  const auto* ended = std::get_if<ExecResult>(&result);
  REQUIRE(ended != nullptr);
  return ended->out;
}

}  // namespace

TEST_CASE("a pool that has been idle for long takes no processor time, and still answers") {
  TransportOptions options;
  options.idle_limit = 50ms;
  const Wake stop;
  Link link(here(), options, stop);
  ShellPool pool(link, "", stop);
  REQUIRE(answer_of(pool, "echo first") == "first\n");
  std::this_thread::sleep_for(4 * options.idle_limit);
  const auto before = processor_time();
  std::this_thread::sleep_for(600ms);
  const auto used = processor_time() - before;
  INFO(used.count() << " us of processor time in 600 ms");
  CHECK(used < 60ms);
  CHECK(answer_of(pool, "echo again") == "again\n");
}
