// SQL through libpq: one connection for one statement. None is kept, because an idle session of
// ours would stand in the way of what plans do to databases (drop, rename, "no sessions left").
// The only home of libpq.
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <thread>

#include <libpq-fe.h>
#include <poll.h>

#include "compiler/operations.hpp"
#include "runtime/real/failure.hpp"
#include "runtime/real/tasks.hpp"

namespace plan::real {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t rows_limit = 64 << 20;
constexpr auto cancel_limit = 3s;

struct PostgresCloser {
  void operator()(PGconn* connection) const { PQfinish(connection); }
  void operator()(PGresult* result) const { PQclear(result); }
  void operator()(PGcancel* cancel) const { PQfreeCancel(cancel); }
};
using Connection = std::unique_ptr<PGconn, PostgresCloser>;
using Rows = std::unique_ptr<PGresult, PostgresCloser>;

enum class Waited : unsigned char { ready, cancelled, timed_out };

struct Query {
  const Task& task;
  const Sql& sql;
  Link& link;
  std::string name;  // for people: "toyapp on localhost:5432 of host `old`"
  std::size_t log_begin = 0;
};

std::string name_of(const Sql& sql) {
  const std::string place =
      sql.address.starts_with("/") ? sql.address : sql.address + ":" + std::to_string(sql.port);
  return "`" + sql.database + "` on " + place +
         (sql.via.is_local ? "" : " of host `" + sql.via.name + "`");
}

// The address that libpq is given: the target itself, or the directory of the forward's socket,
// whose name is the one that libpq expects in a directory.
std::expected<std::string, Failure> reach(const Query& query) {
  const Sql& sql = query.sql;
  if (sql.via.is_local) {
    return sql.address;
  }
  const std::string socket = ".s.PGSQL." + std::to_string(sql.port);
  const std::string target = sql.address.starts_with("/")
                                 ? sql.address + "/" + socket
                                 : sql.address + ":" + std::to_string(sql.port);
  auto path = query.link.forward(target, socket, query.task.deadline, query.task.cancelled);
  if (!path) {
    return path;
  }
  return path->substr(0, path->rfind('/'));
}

Waited wait_for(const Query& query, const Connection& connection, short events) {
  if (wait_ready(PQsocket(connection.get()), events, query.task.cancelled, query.task.deadline)) {
    return Waited::ready;
  }
  return is_set(query.task.cancelled) ? Waited::cancelled : Waited::timed_out;
}

Failure over(const Query& query, Waited waited, FailureKind kind) {
  return waited == Waited::cancelled ? cancelled_failure(query.task)
                                     : timed_out_failure(query.task, kind);
}

// What the server, or the way to it, said to the attempt to connect. Nothing has happened yet.
Failure connect_failure(const Query& query, std::string said) {
  const auto says = [&said](std::string_view words) {
    return said.find(words) != std::string::npos;
  };
  constexpr auto kind = FailureKind::refused;
  if (!query.sql.via.is_local) {
    // A forward that finds nobody closes the connection; the reason is in ssh's log, soon.
    const Wake never;
    std::ignore = wait_ready(query.task.cancelled.get(), POLLIN, never, now() + 30ms);
    const std::string log = query.link.log_from(query.log_begin);
    if (const std::size_t at = log.find("open failed: "); at != std::string::npos) {
      said = last_lines(log.substr(at + 13, log.find('\n', at) - at - 13)) + " (on the host)";
    }
  }
  // Through which socket it went is our business.
  constexpr std::string_view through = "connection to server on socket ";
  if (const std::size_t at = said.find("\" failed: ");
      said.starts_with(through) && at != said.npos) {
    said.erase(0, at + std::string_view("\" failed: ").size());
  }
  const bool is_starting = says("starting up") || says("shutting down") ||
                           says("too many clients") || says("recovery mode");
  if (!is_starting && (says("FATAL") || says("authentication") || says("password"))) {
    Failure refused = failure<Code::database_login_refused>(kind, query.name, last_lines(said, 3));
    refused.helps.push_back("look at the password that is given for role `" + query.sql.user +
                            "`, and at the cluster's pg_hba.conf");
    return refused;
  }
  Failure result = failure<Code::database_unreachable>(kind, query.name, last_lines(said, 3));
  result.is_retryable = true;
  return result;
}

std::expected<Connection, Failure> connect(Query& query) {
  const auto address = reach(query);
  if (!address) {
    return std::unexpected(address.error());
  }
  query.log_begin = query.sql.via.is_local ? 0 : query.link.log_size();
  const std::string port = std::to_string(query.sql.port);
  const char* names[] = {"host",
                         "port",
                         "dbname",
                         "user",
                         "password",
                         "application_name",
                         "client_encoding",
                         "tcp_user_timeout",
                         "keepalives_idle",
                         "passfile",
                         nullptr};
  const char* values[] = {address->c_str(),
                          port.c_str(),
                          query.sql.database.c_str(),
                          query.sql.user.c_str(),
                          query.sql.password.reveal().c_str(),
                          "plan",
                          "UTF8",
                          "15000",
                          "5",
                          "/nonexistent/plan",
                          nullptr};
  Connection connection(PQconnectStartParams(names, values, 0));
  if (!connection) {
    return std::unexpected(failure<Code::database_unreachable>(FailureKind::refused, query.name,
                                                               "libpq has no memory"));
  }
  short events = POLLOUT;
  while (PQstatus(connection.get()) != CONNECTION_BAD) {
    if (const Waited waited = wait_for(query, connection, events); waited != Waited::ready) {
      return std::unexpected(over(query, waited, FailureKind::refused));
    }
    const PostgresPollingStatusType state = PQconnectPoll(connection.get());
    if (state == PGRES_POLLING_OK) {
      return connection;
    }
    if (state == PGRES_POLLING_FAILED) {
      break;
    }
    events = state == PGRES_POLLING_WRITING ? POLLOUT : POLLIN;
  }
  return std::unexpected(connect_failure(query, PQerrorMessage(connection.get())));
}

std::optional<Failure> send(const Query& query, const Connection& connection) {
  std::vector<const char*> values;
  for (const std::optional<Text>& parameter : query.sql.parameters) {
    values.push_back(parameter ? parameter->reveal().c_str() : nullptr);
  }
  const bool is_sent = PQsetnonblocking(connection.get(), 1) == 0 &&
                       PQsendQueryParams(connection.get(), query.sql.statement.c_str(),
                                         static_cast<int>(values.size()), nullptr, values.data(),
                                         nullptr, nullptr, 0) == 1 &&
                       PQsetSingleRowMode(connection.get()) == 1;
  if (!is_sent) {
    return failure<Code::database_lost>(FailureKind::unknown, query.name,
                                        last_lines(PQerrorMessage(connection.get()), 3));
  }
  for (int left = PQflush(connection.get()); left == 1; left = PQflush(connection.get())) {
    if (const Waited waited = wait_for(query, connection, POLLOUT | POLLIN);
        waited != Waited::ready) {
      return over(query, waited, FailureKind::unknown);
    }
    PQconsumeInput(connection.get());
  }
  return std::nullopt;
}

// Asks the server to end the statement. PQcancel blocks, so it gets its own thread and the
// connection's end as its bound: the caller closes the way.
void cancel_statement(const Query& query, const Connection& connection) {
  std::unique_ptr<PGcancel, PostgresCloser> cancel(PQgetCancel(connection.get()));
  if (!cancel) {
    return;
  }
  const Wake finished;
  std::thread asking([&cancel, &finished] {
    block_signals();
    char why[256];
    PQcancel(cancel.get(), why, sizeof why);
    finished.set();
  });
  const Wake never;
  if (!wait_ready(finished.get(), POLLIN, never, now() + cancel_limit) && !query.sql.via.is_local) {
    // The way is dead: without it the request ends at once.
    if (const auto connection_number = query.link.ensure(now(), never)) {
      query.link.distrust(*connection_number);
    }
  }
  asking.join();
}

// By the object ids of pg_type.dat.
Value value_of(const PGresult* rows, int row, int column) {
  if (PQgetisnull(rows, row, column) != 0) {
    return Value{Null{}};
  }
  const std::string_view text(PQgetvalue(rows, row, column),
                              static_cast<std::size_t>(PQgetlength(rows, row, column)));
  switch (PQftype(rows, column)) {
    case 16:  // bool
      return Value{text == "t"};
    case 20:    // int8
    case 21:    // int2
    case 23:    // int4
    case 26: {  // oid
      std::int64_t number = 0;
      std::from_chars(text.data(), text.data() + text.size(), number);
      return Value{number};
    }
    case 114:     // json
    case 3802: {  // jsonb
      Evaluated parsed = parse_json(text);
      return parsed ? std::move(*parsed) : Value{std::string(text)};
    }
    default:
      return Value{std::string(text)};
  }
}

Failure refused_statement(const Query& query, const PGresult* rows) {
  const auto field = [rows](int code) -> std::string {
    const char* text = PQresultErrorField(rows, code);
    return text == nullptr ? "" : text;
  };
  const std::string state = field(PG_DIAG_SQLSTATE);
  if (state.empty()) {
    return failure<Code::database_lost>(FailureKind::unknown, query.name,
                                        last_lines(PQresultErrorMessage(rows), 3));
  }
  const bool was_shut_down = state == "57P01" || state == "57P02" || state == "57P03";
  Failure result = was_shut_down ? failure<Code::database_lost>(FailureKind::unknown, query.name,
                                                                field(PG_DIAG_MESSAGE_PRIMARY))
                                 : failure<Code::statement_failed>(FailureKind::failed,
                                                                   field(PG_DIAG_MESSAGE_PRIMARY));
  result.sqlstate = state;
  for (const int code : {PG_DIAG_MESSAGE_DETAIL, PG_DIAG_MESSAGE_HINT}) {
    if (std::string text = field(code); !text.empty()) {
      result.notes.push_back(std::move(text));
    }
  }
  result.notes.push_back("SQLSTATE " + state + ", database " + query.name);
  // Serialisation, deadlock, lock not available, object in use, too many connections.
  result.is_retryable = state == "40001" || state == "40P01" || state == "55P03" ||
                        state == "55006" || state == "53300";
  return result;
}

void append_rows(const PGresult* rows, SqlResult& result, std::size_t& size) {
  for (int row = 0; row < PQntuples(rows); ++row) {
    Map entry;
    for (int column = 0; column < PQnfields(rows); ++column) {
      size += static_cast<std::size_t>(PQgetlength(rows, row, column)) + 32;
      entry.emplace_back(PQfname(rows, column), value_of(rows, row, column));
    }
    result.rows.push_back(Value{std::move(entry)});
  }
}

std::expected<SqlResult, Failure> receive(const Query& query, const Connection& connection) {
  SqlResult result;
  std::size_t size = 0;
  std::optional<Failure> failed;
  for (;;) {
    while (PQisBusy(connection.get()) == 1) {
      if (const Waited waited = wait_for(query, connection, POLLIN); waited != Waited::ready) {
        cancel_statement(query, connection);
        return std::unexpected(over(query, waited, FailureKind::unknown));
      }
      if (PQconsumeInput(connection.get()) == 0) {
        return std::unexpected(failure<Code::database_lost>(
            FailureKind::unknown, query.name, last_lines(PQerrorMessage(connection.get()), 3)));
      }
    }
    const Rows rows(PQgetResult(connection.get()));
    if (!rows) {
      break;
    }
    const ExecStatusType status = PQresultStatus(rows.get());
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
      return std::unexpected(failure<Code::request_impossible>(
          FailureKind::failed, "COPY between client and server is not a statement; use a pipe"));
    }
    if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK &&
        status != PGRES_EMPTY_QUERY) {
      failed = refused_statement(query, rows.get());
      continue;
    }
    append_rows(rows.get(), result, size);
    const std::string_view affected = PQcmdTuples(rows.get());
    std::from_chars(affected.data(), affected.data() + affected.size(), result.affected);
    if (size > rows_limit) {
      cancel_statement(query, connection);
      return std::unexpected(
          failure<Code::answer_too_large>(FailureKind::unknown, query.name, "64 MiB"));
    }
  }
  if (failed) {
    return std::unexpected(std::move(*failed));
  }
  return result;
}

}  // namespace

ActionResult do_sql(const Task& task, const Sql& sql) {
  Query query{task, sql, task.hosts.link(sql.via), name_of(sql)};
  const bool has_nul =
      sql.statement.find('\0') != std::string::npos ||
      std::ranges::any_of(sql.parameters, [](const std::optional<Text>& parameter) {
        return parameter && parameter->reveal().find('\0') != std::string::npos;
      });
  if (has_nul) {
    return failure<Code::request_impossible>(FailureKind::refused,
                                             "PostgreSQL takes no NUL in texts");
  }
  auto connection = connect(query);
  if (!connection) {
    return std::move(connection.error());
  }
  if (std::optional<Failure> why = send(query, *connection)) {
    return std::move(*why);
  }
  auto result = receive(query, *connection);
  if (!result) {
    return std::move(result.error());
  }
  return std::move(*result);
}

}  // namespace plan::real
