#pragma once

// The database's schema: the migrations a release knows and how it applies them when it starts.
//
// Table `schemamanager` holds the set of versions a database has. The server applies what it knows
// and the set lacks, in number order, in one transaction under an exclusive lock of that table, and
// never looks at versions it does not know: it refuses no database.

#include <string_view>

#include "tests/orchestrator/config.hpp"
#include "tests/orchestrator/database.hpp"
#include "tests/orchestrator/release.hpp"

namespace orchestrator {

// Brings the database to what `release` knows, logging as the real server does. Throws
// DatabaseError, leaving the database as it was.
void ensure_schema(Connection& connection, const Release& release, const DoubleSettings& behaviour);

// The SQL script of one migration, any number of statements, possibly none. All that any release
// has are known; an unknown version is a bug in the release's list and throws std::out_of_range.
[[nodiscard]] std::string_view migration_script(int version);

}  // namespace orchestrator
