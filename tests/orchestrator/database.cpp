#include "tests/orchestrator/database.hpp"

#include <array>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "tests/orchestrator/log.hpp"

namespace orchestrator {
namespace {

// libpq: `connection to server at "h" (1.2.3.4), port 1 failed: FATAL:  database "x" does not
// exist`, one line per attempt. The real driver shows what follows the severity, or the socket's
// error.
std::string connection_message(std::string text, const DatabaseSettings& settings) {
  while (!text.empty() && text.back() == '\n') {
    text.pop_back();
  }
  if (const auto fatal = text.rfind("FATAL:  "); fatal != std::string::npos) {
    return text.substr(fatal + 8);
  }
  if (text.find("Connection refused") != std::string::npos) {
    return fmt::format("[Errno 111] Connect call failed ('{}', {})", settings.host, settings.port);
  }
  return text;
}

DatabaseError error_of(const PGconn* connection, const PGresult* result) {
  const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (message == nullptr || PQstatus(connection) != CONNECTION_OK) {
    return {"connection was closed in the middle of operation", state == nullptr ? "" : state};
  }
  return {message, state == nullptr ? "" : state};
}

}  // namespace

DatabaseError::DatabaseError(const std::string& message, std::string state_value)
    : std::runtime_error(message), state(std::move(state_value)) {}

Result::Result(pg_result* result) : result_(result) {}

void Result::Clear::operator()(pg_result* result) const {
  PQclear(result);
}

int Result::rows() const {
  return PQntuples(result_.get());
}

std::vector<std::string> Result::column_names() const {
  std::vector<std::string> names;
  names.reserve(static_cast<std::size_t>(PQnfields(result_.get())));
  for (int index = 0; index < PQnfields(result_.get()); ++index) {
    names.emplace_back(PQfname(result_.get(), index));
  }
  return names;
}

bool Result::has_column(std::string_view name) const {
  return PQfnumber(result_.get(), std::string(name).c_str()) >= 0;
}

std::string Result::text(int row, std::string_view name) const {
  return PQgetvalue(result_.get(), row, column(name));
}

bool Result::is_null(int row, std::string_view name) const {
  return PQgetisnull(result_.get(), row, column(name)) != 0;
}

bool Result::is_true(int row, std::string_view name) const {
  return text(row, name) == "t";
}

int Result::column(std::string_view name) const {
  const int index = PQfnumber(result_.get(), std::string(name).c_str());
  if (index < 0) {
    throw DatabaseError(fmt::format("column \"{}\" does not exist", name), "42703");
  }
  return index;
}

Connection::Connection(const DatabaseSettings& settings) {
  // The time zone makes every timestamp the server prints or reads without a zone UTC.
  const std::array<const char*, 9> keys{"host",    "port",           "dbname",
                                        "user",    "password",       "client_encoding",
                                        "options", "connect_timeout"};
  const std::array<const char*, 9> values{settings.host.c_str(),
                                          settings.port.c_str(),
                                          settings.name.c_str(),
                                          settings.username.c_str(),
                                          settings.password.c_str(),
                                          "UTF8",
                                          "-c TimeZone=UTC -c client_min_messages=warning",
                                          "30"};
  connection_.reset(PQconnectdbParams(keys.data(), values.data(), 0));
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    throw DatabaseError(connection_message(PQerrorMessage(connection_.get()), settings), "");
  }
}

void Connection::Close::operator()(pg_conn* connection) const {
  PQfinish(connection);
}

Result Connection::run(const std::string& statement, const Parameters& parameters) {
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const Parameter& parameter : parameters) {
    values.push_back(parameter ? parameter->c_str() : nullptr);
  }
  PGresult* raw =
      PQexecParams(connection_.get(), statement.c_str(), static_cast<int>(values.size()), nullptr,
                   values.data(), nullptr, nullptr, 0);
  Result result(raw);
  const ExecStatusType status = PQresultStatus(raw);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    throw error_of(connection_.get(), raw);
  }
  return result;
}

void Connection::run_script(const std::string& statements) {
  PGresult* raw = PQexec(connection_.get(), statements.c_str());
  const Result result(raw);
  const ExecStatusType status = PQresultStatus(raw);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
    throw error_of(connection_.get(), raw);
  }
}

bool Connection::is_broken() const {
  return PQstatus(connection_.get()) != CONNECTION_OK;
}

// One connection taken from the pool for as long as this lives.
class Pool::Lease {
 public:
  explicit Lease(Pool& pool) : pool_(pool) {
    {
      std::unique_lock lock(pool_.mutex_);
      pool_.returned_.wait(lock, [this] { return !pool_.idle_.empty(); });
      connection_ = std::move(pool_.idle_.back());
      pool_.idle_.pop_back();
    }
    try {
      reopen_if_lost();
    } catch (...) {
      give_back();
      throw;
    }
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() { give_back(); }
  Connection& operator*() { return *connection_; }

  // A session that was ended while idle only shows when it is next used; asking costs a round trip,
  // which a test server can afford.
  void reopen_if_lost() {
    if (connection_ && !connection_->is_broken()) {
      try {
        connection_->run("select 1");
        return;
      } catch (const DatabaseError&) {
        connection_.reset();
      }
    }
    connection_.reset();
    connection_ = std::make_unique<Connection>(pool_.settings_);
  }

 private:
  void give_back() {
    {
      const std::lock_guard lock(pool_.mutex_);
      pool_.idle_.insert(pool_.idle_.begin(), std::move(connection_));
    }
    pool_.returned_.notify_one();
  }

  Pool& pool_;
  std::unique_ptr<Connection> connection_;
};

Pool::Pool(const DatabaseSettings& settings) : settings_(settings) {
  for (int index = 0; index < size; ++index) {
    idle_.push_back(std::make_unique<Connection>(settings_));
  }
}

Result Pool::run(const std::string& statement, const Parameters& parameters) {
  Lease lease(*this);
  return (*lease).run(statement, parameters);
}

void Pool::transaction(const std::function<void(Connection&)>& work) {
  Lease lease(*this);
  (*lease).run("begin");
  try {
    work(*lease);
    (*lease).run("commit");
  } catch (...) {
    try {
      (*lease).run("rollback");
    } catch (const DatabaseError& error) {
      // The session is gone, and its transaction with it.
      log(Level::warning, "inmanta.data", error.what());
    }
    throw;
  }
}

bool Pool::is_connected() {
  try {
    run("select 1");
    return true;
  } catch (const DatabaseError&) {
    return false;
  }
}

int Pool::open_connections() {
  const std::lock_guard lock(mutex_);
  int open = size - static_cast<int>(idle_.size());
  for (const auto& connection : idle_) {
    open += connection && !connection->is_broken() ? 1 : 0;
  }
  return open;
}

int Pool::free_connections() {
  const std::lock_guard lock(mutex_);
  int free = 0;
  for (const auto& connection : idle_) {
    free += connection && !connection->is_broken() ? 1 : 0;
  }
  return free;
}

}  // namespace orchestrator
