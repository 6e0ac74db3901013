// The real effector over a real ssh: an sshd of the test's own on the loopback.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/real/process.hpp"
#include "tests/unit/runtime/effector_case.hpp"

using namespace plan;
using namespace plan::test;
using namespace std::chrono_literals;

namespace {

void run(const std::vector<std::string>& argv) {
  const real::Wake never;
  const auto finished = real::run_process(argv, {}, never, real::now() + 20s);
  REQUIRE(finished);
  INFO(finished->err);
  REQUIRE(finished->code == 0);
}

// An sshd with keys of its own; it takes one user key and no passwords.
class Sshd {
 public:
  Sshd() {
    REQUIRE(::mkdtemp(path_.data()) != nullptr);
    port_ = 40'000 + static_cast<int>(::getpid() % 20'000);
    for (const char* key : {"/host", "/user"}) {
      run({"sh", "-c", "exec ssh-keygen -q -t ed25519 -N '' -f \"$0\"", path_ + key});
    }
    std::filesystem::copy_file(path_ + "/user.pub", path_ + "/authorized");
    std::ofstream(path_ + "/sshd_config")
        << "Port " << port_ << "\nListenAddress 127.0.0.1\nHostKey " << path_ << "/host\n"
        << "AuthorizedKeysFile " << path_ << "/authorized\nStrictModes no\nUsePAM no\n"
        << "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n"
        << "PidFile none\n";
    std::ofstream(path_ + "/ssh_config")
        << "Host *\n  IdentityFile " << path_ << "/user\n  IdentitiesOnly yes\n"
        << "  UserKnownHostsFile " << path_ << "/known\n  StrictHostKeyChecking yes\n";
    learn_host_key();
    if (::getuid() == 0) {
      ::mkdir("/run/sshd", 0755);
    }
    auto process =
        real::Process::start({"/usr/sbin/sshd", "-D", "-e", "-f", path_ + "/sshd_config"}, {});
    REQUIRE(process);
    process_.emplace(std::move(*process));
    const real::Wake never;
    std::string said;
    while (said.find("Server listening") == std::string::npos) {
      REQUIRE(real::wait_ready(process_->error(), POLLIN, never, real::now() + 10s));
      REQUIRE(real::read_available(process_->error(), said) == real::ReadState::data);
    }
  }
  ~Sshd() {
    process_->signal_group(SIGTERM);
    process_.reset();
    std::filesystem::remove_all(path_);
  }
  void learn_host_key() const {
    std::ifstream key(path_ + "/host.pub");
    std::string kind;
    std::string text;
    key >> kind >> text;
    std::ofstream(path_ + "/known")
        << "[127.0.0.1]:" << port_ << ' ' << kind << ' ' << text << '\n';
  }
  void forget_host_key() const { std::ofstream(path_ + "/known") << '\n'; }
  [[nodiscard]] HostAddress host() const {
    HostAddress host;
    host.name = "there";
    host.address = "127.0.0.1";
    host.port = port_;
    return host;
  }
  [[nodiscard]] std::string config() const { return path_ + "/ssh_config"; }

  // As long as it lives, the user's key runs this and nothing else.
  class ForcedCommand {
   public:
    ForcedCommand(const Sshd& sshd, const std::string& command) : path_(sshd.path_) {
      std::ifstream key(path_ + "/user.pub");
      std::string text;
      std::getline(key, text);
      std::ofstream(path_ + "/authorized") << "command=\"" << command << "\" " << text << "\n";
    }
    ~ForcedCommand() {
      std::filesystem::copy_file(path_ + "/user.pub", path_ + "/authorized",
                                 std::filesystem::copy_options::overwrite_existing);
    }
    ForcedCommand(const ForcedCommand&) = delete;
    ForcedCommand& operator=(const ForcedCommand&) = delete;

   private:
    std::string path_;
  };

 private:
  std::string path_ = "/tmp/plan-sshd-XXXXXX";
  int port_ = 0;
  std::optional<real::Process> process_;
};

std::unique_ptr<RealEffector> effector(const Sshd& sshd) {
  auto made = make_effector({.ssh_config = sshd.config()});
  REQUIRE(made);
  return std::move(*made);
}

Action script(const Sshd& sshd, std::string text) {
  Action action;
  Exec exec;
  exec.host = sshd.host();
  exec.script = std::move(text);
  action.body = std::move(exec);
  action.timeout = 20s;
  return action;
}

void check_host_keys(const Sshd& sshd) {
  sshd.forget_host_key();
  const Failure why = failure_of(*effector(sshd), script(sshd, "true"));
  CHECK(why.code == Code::host_key_unknown);
  CHECK(why.kind == FailureKind::refused);
  sshd.learn_host_key();
  Action stranger = script(sshd, "true");
  std::get<Exec>(stranger.body).host.user = "nobody-at-all";
  CHECK(failure_of(*effector(sshd), std::move(stranger)).code == Code::login_refused);
}

// The way to the host that a line of the client's configuration makes.
Failure failure_on_the_way(const Sshd& sshd, const std::string& line, std::chrono::seconds limit) {
  const std::string path = sshd.config() + ".other";
  std::ofstream(path) << line << "\nInclude " << sshd.config() << "\n";
  const auto made = make_effector({.ssh_config = path});
  REQUIRE(made);
  Action action = script(sshd, "true");
  action.timeout = limit;
  return failure_of(**made, std::move(action));
}

void check_ways(const Sshd& sshd) {
  CHECK(failure_on_the_way(sshd, "ProxyCommand true", 20s).code == Code::handshake_broken);
  CHECK(failure_on_the_way(sshd, "ProxyCommand sleep 60", 1s).code == Code::host_timed_out);
  CHECK(failure_on_the_way(sshd, "HostName no-such-host.invalid", 20s).code ==
        Code::host_unreachable);
  Action closed = script(sshd, "true");
  std::get<Exec>(closed.body).host.port = 1;
  closed.timeout = 2s;
  CHECK(failure_of(*effector(sshd), std::move(closed)).code == Code::host_refused);
}

// What sshd runs in place of a shell.
void check_shells(const Sshd& sshd) {
  const Sshd::ForcedCommand none(sshd, "echo This account is currently not available.");
  const Failure why = failure_of(*effector(sshd), script(sshd, "true"));
  CHECK(why.code == Code::shell_unusable);
  CHECK(why.message.find("not available") != std::string::npos);
}

// A host whose sudo lets nobody do anything.
void check_sudo(const Sshd& sshd) {
  const std::string bin = sshd.config() + ".bin";
  std::filesystem::create_directory(bin);
  const auto program = [&](const std::string& name, const std::string& text) {
    std::ofstream(bin + "/" + name) << "#!/bin/sh\n" << text << "\n";
    std::filesystem::permissions(bin + "/" + name, std::filesystem::perms::owner_all);
  };
  program("id", "echo 1000");
  program("sudo", "echo 'Sorry, user ops is not allowed to execute sh as postgres.' >&2; exit 1");
  const Sshd::ForcedCommand other(sshd, "PATH=" + bin + ":$PATH exec sh");
  Action action = script(sshd, "true");
  std::get<Exec>(action.body).user = "postgres";
  const Failure why = failure_of(*effector(sshd), std::move(action));
  CHECK(why.code == Code::become_refused);
  CHECK(why.message.find("not allowed to execute") != std::string::npos);
}

void check_commands(const Sshd& sshd) {
  const auto real = effector(sshd);
  const ExecResult result = answer(*real, script(sshd, "printf 'a\\000b'; echo err >&2; exit 255"));
  CHECK(result.code == 255);
  CHECK(result.out == std::string("a\0b", 3));
  CHECK(result.err == "err\n");
  // The command's group dies with its deadline, on the other side as well.
  Action late = script(sshd, "sleep 47.11");
  late.timeout = 300ms;
  CHECK(failure_of(*real, std::move(late)).kind == FailureKind::unknown);
  CHECK(answer(*real, script(sshd,
                             "for i in 1 2 3 4 5 6 7 8 9 10; do pgrep -f 'sleep 47[.]11' "
                             ">/dev/null || exit 0; sleep 0.2; done; exit 1"))
            .code == 0);
}

// The connection is cut under a command, and made anew for the next.
void check_lost_connection(const Sshd& sshd) {
  const auto real = effector(sshd);
  CHECK(answer(*real, script(sshd, "true")).code == 0);
  const Failure lost = failure_of(
      *real, script(sshd,
                    "echo begun; pid=$$; while read -r word rest </proc/$pid/status; do "
                    "parent=$(awk '/^PPid/ {print $2}' /proc/$pid/status); "
                    "case $(cat /proc/$parent/comm) in sshd*) pid=$parent ;; *) break ;; esac; "
                    "[ $pid != $$ ] && break; done; kill -9 $pid; sleep 20"));
  CHECK(lost.kind == FailureKind::unknown);
  CHECK(lost.code == Code::connection_lost);
  CHECK(answer(*real, script(sshd, "true")).code == 0);
}

void check_transfers(const Sshd& sshd) {
  const auto real = effector(sshd);
  Pipe pipe;
  pipe.source.host = sshd.host();
  pipe.source.script = "head -c 5000000 /dev/zero";
  pipe.sink.host = here();
  pipe.sink.script = "wc -c";
  Action action;
  action.timeout = 20s;
  action.body = pipe;
  ActionResult result = only(*real, action);
  REQUIRE(std::holds_alternative<PipeResult>(result));
  CHECK(std::get<PipeResult>(result).size_bytes == 5'000'000);
  CHECK(std::get<PipeResult>(result).sink.out == "5000000\n");
  // A source that fails never gives the sink a regular end.
  pipe.source.script = "echo half; exit 9";
  pipe.sink.script =
      "cat >/dev/null; exec touch /tmp/plan-test-committed." + std::to_string(::getpid());
  action.body = pipe;
  CHECK(failure_of(*real, action).kind == FailureKind::failed);
  CHECK(::access(("/tmp/plan-test-committed." + std::to_string(::getpid())).c_str(), F_OK) != 0);
}

void check_forwards(const Sshd& sshd) {
  const auto real = effector(sshd);
  HttpCall http;
  http.via = sshd.host();
  http.method = "POST";
  http.url = "http://localhost:1/";
  Action action;
  action.timeout = 20s;
  action.body = http;
  const Failure why = failure_of(*real, std::move(action));
  CHECK(why.kind == FailureKind::refused);
  CHECK(why.code == Code::server_unreachable);
  CHECK(why.message.find("refused") != std::string::npos);
}

}  // namespace

TEST_CASE("commands, transfers and forwards over ssh") {
  if (::access("/usr/sbin/sshd", X_OK) != 0) {
    WARN("skipped: there is no sshd here");
    return;
  }
  const Sshd sshd;
  check_host_keys(sshd);
  check_ways(sshd);
  check_shells(sshd);
  check_sudo(sshd);
  check_commands(sshd);
  check_lost_connection(sshd);
  check_transfers(sshd);
  check_forwards(sshd);
}
