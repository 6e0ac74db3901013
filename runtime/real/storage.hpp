// The journal's records in a SQLite database, one file for one plan and its targets.
// A record is durable when append() returns: write-ahead log, synchronous=FULL. One thread.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "runtime/world.hpp"

namespace plan {

// Opens or makes the file at `path`, and its directory (0700). `read_only`: makes nothing; a file
// that is not there is a journal without records. Failures: E0820 where it cannot be, E0821
// where it is no journal or damaged, E0823.
enum class StorageUse : unsigned char { append, read_only };
[[nodiscard]] std::expected<std::unique_ptr<Storage>, Failure> open_storage(const std::string& path,
                                                                            StorageUse use);
// What to do where a run's state cannot be kept at this journal's place. A run that is kept there
// goes on with that journal only.
[[nodiscard]] std::string help_with_place(const std::string& journal);

}  // namespace plan
