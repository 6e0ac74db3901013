// SQL against a PostgreSQL cluster of the test's own, in a directory of its own.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <pwd.h>
#include <unistd.h>

#include "runtime/real/effector.hpp"
#include "runtime/real/process.hpp"

using namespace plan;
using namespace std::chrono_literals;

namespace {

std::string program(const std::string& name) {
  for (const char* version : {"17", "16", "15", "14", "13"}) {
    const std::string path = std::string("/usr/lib/postgresql/") + version + "/bin/" + name;
    if (::access(path.c_str(), X_OK) == 0) {
      return path;
    }
  }
  return {};
}

// One cluster for all tests of this file, listening on a Unix socket and on the loopback.
class Cluster {
 public:
  Cluster() {
    REQUIRE(::mkdtemp(path_.data()) != nullptr);
    if (::getuid() == 0) {
      const passwd* nobody = ::getpwnam("nobody");
      REQUIRE(::chown(path_.c_str(), nobody->pw_uid, nobody->pw_gid) == 0);
    }
    port_ = 20'000 + static_cast<int>(::getpid() % 20'000);
    const std::string options =
        "-c listen_addresses=127.0.0.1 -c fsync=off -c unix_socket_directories=" + path_ + " -p " +
        std::to_string(port_);
    run({"sh", "-c", "umask 077; echo secret > " + path_ + "/password"});
    run({program("initdb"), "-D", path_ + "/data", "-U", "owner", "-A", "scram-sha-256", "--pwfile",
         path_ + "/password", "-N"});
    run({program("pg_ctl"), "-D", path_ + "/data", "-w", "-l", path_ + "/log", "-o", options,
         "start"});
  }
  ~Cluster() {
    run({program("pg_ctl"), "-D", path_ + "/data", "-w", "-m", "immediate", "stop"});
    std::filesystem::remove_all(path_);
  }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  static void run(std::vector<std::string> argv) {
    if (::getuid() == 0) {
      argv.insert(argv.begin(), {"runuser", "-u", "nobody", "--"});
    }
    const real::Wake never;
    const auto finished = real::run_process(argv, {}, never, real::now() + 60s);
    REQUIRE(finished);
    INFO(finished->out << finished->err);
    REQUIRE(finished->code == 0);
  }

  std::string path_ = "/tmp/plan-pg-XXXXXX";
  int port_ = 0;
};

Sql sql_of(const Cluster& cluster, std::string statement) {
  Sql sql;
  sql.via.name = "here";
  sql.via.is_local = true;
  sql.address = "127.0.0.1";
  sql.port = cluster.port();
  sql.database = "postgres";
  sql.user = "owner";
  sql.password = Text(Secret("secret"));
  sql.statement = std::move(statement);
  return sql;
}

std::optional<Completion> completion_of(RealEffector& effector) {
  const auto until = std::chrono::steady_clock::now().time_since_epoch() + 30s;
  return effector.wait(std::chrono::duration_cast<MonotonicTime>(until));
}

ActionResult result_of(Sql sql, std::chrono::milliseconds timeout = 20s) {
  const auto effector = make_effector({});
  REQUIRE(effector);
  Action action;
  action.body = std::move(sql);
  action.timeout = timeout;
  (*effector)->start(1, std::move(action));
  std::optional<Completion> completion = completion_of(**effector);
  REQUIRE(completion);
  return std::move(completion->result);
}

SqlResult rows_of(Sql sql) {
  ActionResult result = result_of(std::move(sql));
  if (const auto* why = std::get_if<Failure>(&result)) {
    FAIL(why->message);
  }
  return std::get<SqlResult>(std::move(result));
}

Failure failure_of(Sql sql, std::chrono::milliseconds timeout = 20s) {
  ActionResult result = result_of(std::move(sql), timeout);
  REQUIRE(std::holds_alternative<Failure>(result));
  return std::get<Failure>(result);
}

void check_values(const Cluster& cluster) {
  Sql sql = sql_of(cluster,
                   "select true as yes, 7::bigint as number, null as nothing, "
                   "'{\"a\": [1, null]}'::jsonb as json, $1::text as given, $2::text as missing, "
                   "1.5 as other");
  sql.parameters = {Text(Secret("it's; drop")), std::nullopt};
  const SqlResult result = rows_of(std::move(sql));
  REQUIRE(result.rows.size() == 1);
  const Map& row = *result.rows[0].as<Map>();
  CHECK(*find(row, "yes") == Value{true});
  CHECK(*find(row, "number") == Value{std::int64_t{7}});
  CHECK(*find(row, "nothing") == Value{Null{}});
  CHECK(*find(row, "json") ==
        Value{Map{{"a", Value{List{Value{std::int64_t{1}}, Value{Null{}}}}}}});
  CHECK(*find(row, "given") == Value{std::string("it's; drop")});
  CHECK(*find(row, "missing") == Value{Null{}});
  CHECK(*find(row, "other") == Value{std::string("1.5")});
}

void check_refusals(const Cluster& cluster) {
  const Failure broken = failure_of(sql_of(cluster, "selekt"));
  CHECK(broken.kind == FailureKind::failed);
  CHECK(broken.code == Code::statement_failed);
  CHECK(broken.sqlstate == "42601");
  Sql wrong = sql_of(cluster, "select 1");
  wrong.password = Text(Secret("not this"));
  const Failure login = failure_of(std::move(wrong));
  CHECK(login.kind == FailureKind::refused);
  CHECK(login.code == Code::database_login_refused);
  CHECK(login.message.find("not this") == std::string::npos);
  Sql absent = sql_of(cluster, "select 1");
  absent.database = "none";
  CHECK(failure_of(std::move(absent)).code == Code::database_login_refused);
  Sql closed = sql_of(cluster, "select 1");
  closed.port = 1;
  const Failure unreachable = failure_of(std::move(closed));
  CHECK(unreachable.code == Code::database_unreachable);
  CHECK(unreachable.is_retryable);
  CHECK(failure_of(sql_of(cluster, "select 1; select 2")).code == Code::statement_failed);
}

void check_endings(const Cluster& cluster) {
  const auto begun = std::chrono::steady_clock::now();
  const Failure late = failure_of(sql_of(cluster, "select pg_sleep(20)"), 300ms);
  CHECK(late.kind == FailureKind::unknown);
  CHECK(late.code == Code::action_timed_out);
  const Failure ended =
      failure_of(sql_of(cluster, "select pg_terminate_backend(pg_backend_pid())"));
  CHECK(ended.kind == FailureKind::unknown);
  CHECK(ended.code == Code::database_lost);
  CHECK(std::chrono::steady_clock::now() - begun < 5s);
  const auto effector = make_effector({});
  REQUIRE(effector);
  Action action;
  action.body = sql_of(cluster, "select pg_sleep(20)");
  (*effector)->start(1, std::move(action));
  CHECK_FALSE((*effector)->wait(std::chrono::duration_cast<MonotonicTime>(
      std::chrono::steady_clock::now().time_since_epoch() + 200ms)));
  (*effector)->cancel(1);
  const auto completion = completion_of(**effector);
  REQUIRE(completion);
  CHECK(std::get<Failure>(completion->result).kind == FailureKind::cancelled);
  // The server ended both statements, and no session of ours is left.
  SqlResult left;
  for (int tries = 0; tries < 20; ++tries) {
    left = rows_of(sql_of(cluster,
                          "select pid from pg_stat_activity where application_name = 'plan' "
                          "and pid <> pg_backend_pid()"));
    if (left.rows.empty()) {
      break;
    }
  }
  CHECK(left.rows.empty());
}

}  // namespace

TEST_CASE("a database is asked, refuses, and is left alone") {
  if (program("initdb").empty()) {
    WARN("skipped: there is no PostgreSQL server here");
    return;
  }
  const Cluster cluster;
  check_values(cluster);
  check_refusals(cluster);
  check_endings(cluster);
  Sql by_socket = sql_of(cluster, "create table t (a int)");
  by_socket.address = cluster.path();
  CHECK(rows_of(std::move(by_socket)).rows.empty());
  CHECK(rows_of(sql_of(cluster, "insert into t select generate_series(1, 5)")).affected == 5);
}
