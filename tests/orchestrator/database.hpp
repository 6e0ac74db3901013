#pragma once

// PostgreSQL through libpq: connections, results, and a pool that behaves like the real server's.
//
// The pool holds ten idle connections without an application name. A connection found broken is
// opened again when it is next wanted, so the server outlives a restarted or recreated database.
// Errors carry the text the real server shows (its driver's, not libpq's). Thread safe: Pool only.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/orchestrator/config.hpp"

extern "C" {
struct pg_conn;
struct pg_result;
}

namespace orchestrator {

// what() is the server's message alone, without severity, position or libpq's prefix.
class DatabaseError : public std::runtime_error {
 public:
  DatabaseError(const std::string& message, std::string state_value);
  std::string state;  // SQLSTATE; empty where there was no connection to ask
};

using Parameter = std::optional<std::string>;  // nullopt is SQL null
using Parameters = std::vector<Parameter>;

class Result {
 public:
  explicit Result(pg_result* result);
  [[nodiscard]] int rows() const;
  [[nodiscard]] bool empty() const { return rows() == 0; }
  [[nodiscard]] std::vector<std::string> column_names() const;
  [[nodiscard]] bool has_column(std::string_view name) const;
  // Value in `row` of column `name`; null reads as "". Throws DatabaseError if there is no such
  // column.
  [[nodiscard]] std::string text(int row, std::string_view name) const;
  [[nodiscard]] bool is_null(int row, std::string_view name) const;
  [[nodiscard]] bool is_true(int row, std::string_view name) const;

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  [[nodiscard]] int column(std::string_view name) const;
  std::unique_ptr<pg_result, Clear> result_;
};

class Connection {
 public:
  explicit Connection(const DatabaseSettings& settings);
  // Runs one statement with $1, $2, … taken from `parameters`. Throws DatabaseError.
  Result run(const std::string& statement, const Parameters& parameters = {});
  // Runs any number of statements, without parameters or result. Throws DatabaseError.
  void run_script(const std::string& statements);
  [[nodiscard]] bool is_broken() const;

 private:
  struct Close {
    void operator()(pg_conn* connection) const;
  };
  std::unique_ptr<pg_conn, Close> connection_;
};

class Pool {
 public:
  explicit Pool(const DatabaseSettings& settings);
  Result run(const std::string& statement, const Parameters& parameters = {});
  // Runs `work` in one transaction; rolled back if it throws.
  void transaction(const std::function<void(Connection&)>& work);
  [[nodiscard]] bool is_connected();
  [[nodiscard]] int open_connections();
  [[nodiscard]] int free_connections();

 private:
  class Lease;
  static constexpr int size = 10;
  DatabaseSettings settings_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> idle_;  // null where one was lost and not yet reopened
};

}  // namespace orchestrator
