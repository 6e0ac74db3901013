// Multiplexing as in OpenSSH's PROTOCOL.mux, by way of its own client (-M, -S, -O).
#include "runtime/real/ssh.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include <poll.h>
#include <unistd.h>

#include "runtime/real/failure.hpp"

namespace plan::real {

namespace {

using namespace std::chrono_literals;

// ssh's ConnectTimeout bounds the TCP connection only, not what follows, so this bounds it all.
constexpr auto connect_limit = 30s;
constexpr auto socket_look_pace = 4ms;
constexpr auto first_retry_pause = 250ms;
constexpr auto longest_retry_pause = 4s;

std::string read_file(const std::string& path, std::size_t from = 0) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(from));
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool is_set(const Wake& wake) {
  pollfd polled{.fd = wake.get(), .events = POLLIN, .revents = 0};
  return ::poll(&polled, 1, 0) > 0;
}

std::string make_directory(const TransportOptions& options, const HostAddress& host) {
  if (host.is_local) {
    return {};
  }
  // Short: the path of a socket may have 107 bytes, and ssh appends 17 while it makes one.
  for (int number = 0;; ++number) {
    std::string path = options.control_directory + "/" + std::to_string(number);
    if (::access(path.c_str(), F_OK) != 0) {
      std::error_code why;
      if (std::filesystem::create_directory(path, why) || why) {
        return path;
      }
    }
  }
}

Failure cancelled_failure(const HostAddress& host) {
  return failure<Code::action_cancelled>(FailureKind::cancelled,
                                         "connecting to host `" + host.name + "`");
}

}  // namespace

Link::Link(HostAddress host, const TransportOptions& options, const Wake& stop)
    : host_(std::move(host)),
      options_(options),
      stop_(stop),
      directory_(make_directory(options, host_)),
      become_password_(host_.become_password) {}

Link::~Link() {
  if (master_) {
    // SIGTERM lets ssh remove its socket.
    master_->signal_group(SIGTERM);
    const Wake never;
    std::ignore = master_->wait(never, now() + 500ms);
    master_.reset();
  }
  if (!directory_.empty()) {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
}

std::vector<std::string> Link::ssh_argv(const std::vector<std::string>& more) const {
  std::vector<std::string> argv = {"ssh"};
  if (!options_.ssh_config.empty()) {
    argv.insert(argv.end(), {"-F", options_.ssh_config});
  }
  argv.insert(argv.end(), more.begin(), more.end());
  for (const char* option :
       {"BatchMode=yes", "ControlPersist=no", "ClearAllForwardings=yes", "ForwardAgent=no",
        "ForwardX11=no", "PermitLocalCommand=no", "RequestTTY=no", "RemoteCommand=none",
        "EscapeChar=none", "StreamLocalBindUnlink=yes", "StreamLocalBindMask=0177",
        "ServerAliveInterval=5", "ServerAliveCountMax=3", "ConnectTimeout=15",
        "UpdateHostKeys=no"}) {
    argv.insert(argv.end(), {"-o", option});
  }
  if (!host_.user.empty()) {
    argv.insert(argv.end(), {"-l", host_.user});
  }
  if (host_.port != 0) {
    argv.insert(argv.end(), {"-p", std::to_string(host_.port)});
  }
  argv.insert(argv.end(), {"--", host_.address});
  return argv;
}

Environment Link::ssh_environment() const {
  // Without LANG and LC_*: distributions let ssh send them, and the host's own should count.
  Environment result = options_.environment;
  if (result.empty()) {
    for (char** variable = environ; *variable != nullptr; ++variable) {
      const std::string_view text = *variable;
      const std::size_t equals = text.find('=');
      result.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  std::erase_if(result, [](const auto& variable) {
    return variable.first == "LANG" || variable.first == "LANGUAGE" ||
           variable.first.starts_with("LC_");
  });
  return result;
}

std::vector<std::string> Link::shell_argv() {
  if (host_.is_local) {
    return {"sh"};
  }
  const std::lock_guard lock(mutex_);
  // Without a master ssh would connect by itself; the impossible proxy prevents that.
  std::vector<std::string> argv =
      ssh_argv({"-T", "-S", directory_ + "/" + std::to_string(connection_), "-o",
                "ControlMaster=no", "-o", "ProxyCommand=false", "-o", "LogLevel=ERROR"});
  argv.emplace_back("exec sh");
  return argv;
}

bool Link::is_master_alive() {
  return master_ && !master_->status();
}

bool Link::is_up(std::uint64_t connection) {
  const std::lock_guard lock(mutex_);
  return host_.is_local || (connection == connection_ && !is_connecting_ && is_master_alive());
}

bool Link::was_ever_up() {
  const std::lock_guard lock(mutex_);
  return was_ever_up_;
}

void Link::distrust(std::uint64_t connection) {
  const std::lock_guard lock(mutex_);
  if (connection == connection_ && !is_connecting_ && master_) {
    master_->signal_group(SIGKILL);
    master_.reset();
  }
}

std::optional<Secret> Link::become_password() {
  const std::lock_guard lock(mutex_);
  return become_password_;
}

void Link::learn(const HostAddress& host) {
  if (host.become_password) {
    const std::lock_guard lock(mutex_);
    become_password_ = host.become_password;
  }
}

std::expected<std::uint64_t, Failure> Link::ensure(Instant until, const Wake& cancelled) {
  if (host_.is_local) {
    return 0;
  }
  std::chrono::milliseconds pause = first_retry_pause;
  for (int tries = 1;; ++tries) {
    std::unique_lock lock(mutex_);
    const std::uint64_t seen = attempt_;
    while (is_connecting_ && now() < until && !is_set(cancelled) && !is_set(stop_)) {
      changed_.wait_for(lock, 10ms);
    }
    if (is_set(cancelled) || is_set(stop_)) {
      return std::unexpected(cancelled_failure(host_));
    }
    if (!is_connecting_ && is_master_alive()) {
      return connection_;
    }
    std::optional<Failure> failed;
    if (attempt_ != seen && last_failure_) {
      failed = last_failure_;  // of the attempt that was waited for
    } else if (!is_connecting_) {
      is_connecting_ = true;
      lock.unlock();
      const std::expected<void, Failure> connected = connect_once(until, cancelled);
      lock.lock();
      is_connecting_ = false;
      ++attempt_;
      last_failure_ = connected ? std::nullopt : std::optional(connected.error());
      was_ever_up_ = was_ever_up_ || connected;
      changed_.notify_all();
      if (connected) {
        return connection_;
      }
      failed = connected.error();
    } else {
      failed = last_failure_;
    }
    const bool is_worth_it =
        failed && failed->is_retryable &&
        (was_ever_up_ || (failed->code == Code::handshake_broken && tries < 4));
    if (now() + pause >= until || (failed && !is_worth_it)) {
      Failure result = failed ? *failed
                              : failure<Code::host_timed_out>(FailureKind::refused, host_.name,
                                                              std::string("the time it had"));
      if (tries > 1) {
        result.notes.push_back("tried " + std::to_string(tries) + " times");
      }
      return std::unexpected(std::move(result));
    }
    lock.unlock();
    std::ignore = wait_ready(stop_.get(), POLLIN, cancelled, now() + pause);
    pause = std::min<std::chrono::milliseconds>(pause * 2, longest_retry_pause);
  }
}

std::expected<void, Failure> Link::connect_once(Instant until, const Wake& cancelled) {
  std::string socket;
  {
    const std::lock_guard lock(mutex_);
    master_.reset();
    socket = directory_ + "/" + std::to_string(++connection_);
  }
  const std::string log = socket + ".log";
  const Instant begun = now();
  const Instant limit = std::min(until, begun + connect_limit);
  // The master holds a shell that is never used: when the controller dies, its input ends, and
  // with it the connection.
  std::vector<std::string> argv = ssh_argv(
      {"-M", "-T", "-S", socket, "-E", log, "-o", "ControlMaster=yes", "-o", "LogLevel=INFO"});
  argv.emplace_back("exec sh");
  auto master = Process::start(argv, ssh_environment());
  if (!master) {
    return std::unexpected(master.error());
  }
  std::string said;
  while (::access(socket.c_str(), F_OK) != 0) {
    const bool has_ended = master->status().has_value();
    std::ignore = read_available(master->error(), said);
    std::ignore = read_available(master->output(), said);
    if (has_ended) {
      return std::unexpected(ssh_failure(host_, read_file(log) + said));
    }
    if (is_set(cancelled) || is_set(stop_)) {
      master->signal_group(SIGKILL);
      return std::unexpected(cancelled_failure(host_));
    }
    if (now() >= limit) {
      master->signal_group(SIGKILL);
      Failure result = failure<Code::host_timed_out>(
          FailureKind::refused, host_.name,
          duration_text(std::chrono::duration_cast<std::chrono::milliseconds>(now() - begun)));
      result.is_retryable = true;
      if (const std::string words = last_lines(read_file(log) + said, 4); !words.empty()) {
        result.notes.push_back("ssh said: " + words);
      }
      return std::unexpected(std::move(result));
    }
    std::ignore = wait_ready(stop_.get(), POLLIN, cancelled, now() + socket_look_pace);
  }
  const std::lock_guard lock(mutex_);
  master_ = std::move(*master);
  return {};
}

std::size_t Link::log_size() {
  const std::lock_guard lock(mutex_);
  std::error_code why;
  const auto size =
      std::filesystem::file_size(directory_ + "/" + std::to_string(connection_) + ".log", why);
  return why ? 0 : static_cast<std::size_t>(size);
}

std::string Link::log_from(std::size_t from) {
  const std::lock_guard lock(mutex_);
  return read_file(directory_ + "/" + std::to_string(connection_) + ".log", from);
}

std::expected<std::string, Failure> Link::forward(const std::string& target,
                                                  const std::string& file_name,
                                                  Instant until,
                                                  const Wake& cancelled) {
  const auto connection = ensure(until, cancelled);
  if (!connection) {
    return std::unexpected(connection.error());
  }
  std::string directory;
  {
    const std::lock_guard lock(mutex_);
    const auto known = forwards_.find(target + ' ' + file_name);
    if (known != forwards_.end() && known->second.connection == *connection) {
      return known->second.path;
    }
    directory = directory_ + "/f" + std::to_string(++forward_count_);
    std::error_code why;
    std::filesystem::create_directory(directory, why);
  }
  const std::string path = directory + "/" + file_name;
  const std::string socket = directory_ + "/" + std::to_string(*connection);
  // Without a configuration: its own forwards would be asked for too.
  const auto done = run_process(
      {"ssh", "-F", "none", "-S", socket, "-O", "forward", "-L", path + ":" + target, "master"},
      ssh_environment(), cancelled, until);
  if (!done) {
    return std::unexpected(done.error());
  }
  if (done->code != 0) {
    Failure result =
        failure<Code::handshake_broken>(FailureKind::refused, host_.name, last_lines(done->err, 2));
    result.is_retryable = true;
    return std::unexpected(std::move(result));
  }
  const std::lock_guard lock(mutex_);
  forwards_[target + ' ' + file_name] = {.connection = *connection, .path = path};
  return path;
}

}  // namespace plan::real
