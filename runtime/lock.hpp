// One run at a time: the lock around a journal. Implemented in runtime/real/lock.cpp.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/action.hpp"

namespace plan {

// Held as long as the object lives; given back by its destructor, and by the system if the
// process dies.
class RunLock {
 public:
  virtual ~RunLock() = default;
};

// Takes the lock beside the journal at `path`, or fails at once (never waits). `owner` is shown
// to whoever comes second: "apply by ann on desk7, process 4711". The failure is E0801 with the
// present owner's text.
[[nodiscard]] std::expected<std::unique_ptr<RunLock>, Failure> acquire_lock(std::string_view path,
                                                                            std::string_view owner);

// The text of the process that holds the lock of the journal at `path` now; nothing if none does.
[[nodiscard]] std::optional<std::string> lock_owner(std::string_view path);

}  // namespace plan
