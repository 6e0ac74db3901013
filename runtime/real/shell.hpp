// A persistent shell on a host, as a given user, greeted and ready for commands.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>

#include "runtime/real/fd.hpp"
#include "runtime/real/process.hpp"
#include "runtime/real/session.hpp"
#include "runtime/real/ssh.hpp"

namespace plan::real {

// What a lost shell may have left behind: the process group of its commands.
struct ProcessGroup {
  std::string leader;   // process id on the host
  std::string started;  // of the leader, in ticks since boot
  std::string boot_id;
};

struct Shell {
  Process process;
  Session session;
  Hello hello;  // of the user that commands run as
  ProcessGroup group;
  std::uint64_t connection = 0;
  std::chrono::milliseconds round_trip{0};
};

// Connects where needed, starts a shell and becomes `user` (empty: stays the login user): with
// runuser or su where the login user is root, else with sudo, whose password is given on its
// standard input where the host has one. Failures: those of Link::ensure, E0607 to E0613; of kind
// `refused` or `cancelled`.
[[nodiscard]] std::expected<Shell, Failure> open_shell(Link& link,
                                                       const std::string& user,
                                                       Instant until,
                                                       const Wake& cancelled);

// A random word: 16 hexadecimal digits.
[[nodiscard]] std::string random_word();

// Shell text that ends such a group, if it is still the same one: asks it to end and kills it two
// seconds later, in the background; or kills it at once.
enum class Kill : unsigned char { gently, at_once };
[[nodiscard]] std::string kill_text(const ProcessGroup& group, Kill kill = Kill::gently);

}  // namespace plan::real
