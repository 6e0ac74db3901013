// SQLite with a rollback journal, https://www.sqlite.org/atomiccommit.html, and synchronous=EXTRA:
// a transaction is durable when it returns. No write-ahead log: a damaged one is taken by SQLite
// for one that ends early, so records that were durable would vanish without a word; here all of
// them are in one file, whose damage the records' chain shows.
#include "runtime/real/storage.hpp"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/real/failure.hpp"

namespace plan {

namespace {

using real::failure;

constexpr int application_id = 0x706c616e;  // "plan"
constexpr int format_version = 1;
constexpr int busy_limit_ms = 5'000;

struct DatabaseCloser {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, DatabaseCloser>;
using Statement = std::unique_ptr<sqlite3_stmt, DatabaseCloser>;

Failure disk_full(const std::string& path) {
  Failure result = failure<Code::state_disk_full>(FailureKind::failed, path);
  result.helps.emplace_back(
      "make room there, then run the same command again: what was done is found out by looking");
  return result;
}

Failure storage_failure(sqlite3* database, int code, const std::string& path) {
  const std::string said = database == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(database);
  const int system_error = database == nullptr ? 0 : sqlite3_system_errno(database);
  constexpr auto kind = FailureKind::failed;
  Failure result;
  switch (code & 0xff) {
    case SQLITE_FULL:
      result = disk_full(path);
      break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      result = failure<Code::state_damaged>(kind, path, said);
      result.helps.emplace_back(
          "move it away and use `plan adopt`, which finds out what of the plan is done");
      break;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      result = failure<Code::state_unusable>(
          FailureKind::refused, path,
          system_error == 0 ? said : std::generic_category().message(system_error));
      result.helps.push_back(help_with_place(path));
      break;
    default:
      result = system_error == ENOSPC || system_error == EDQUOT
                   ? disk_full(path)
                   : failure<Code::state_failed>(kind, path, said);
  }
  result.system_error = system_error;
  return result;
}

class SqliteStorage final : public Storage {
 public:
  SqliteStorage(Database database, Statement insert, std::string path)
      : database_(std::move(database)), insert_(std::move(insert)), path_(std::move(path)) {}

  std::expected<std::vector<std::string>, Failure> read_all() override;
  std::expected<void, Failure> append(std::string_view record) override { return insert(record); }
  std::expected<void, Failure> append_many(std::span<const std::string> records) override;

 private:
  std::expected<void, Failure> insert(std::string_view record);
  std::expected<void, Failure> execute(const char* sql);

  Database database_;  // none: read only, and there is no file
  Statement insert_;
  std::string path_;
};

std::expected<void, Failure> run_sql(sqlite3* database, const char* sql, const std::string& path) {
  if (const int code = sqlite3_exec(database, sql, nullptr, nullptr, nullptr); code != SQLITE_OK) {
    return std::unexpected(storage_failure(database, code, path));
  }
  return {};
}

std::expected<int, Failure> read_number(sqlite3* database,
                                        const char* sql,
                                        const std::string& path) {
  sqlite3_stmt* raw = nullptr;
  int code = sqlite3_prepare_v2(database, sql, -1, &raw, nullptr);
  const Statement statement(raw);
  if (code == SQLITE_OK) {
    code = sqlite3_step(raw);
  }
  if (code != SQLITE_ROW) {
    return std::unexpected(storage_failure(database, code, path));
  }
  return sqlite3_column_int(raw, 0);
}

std::expected<void, Failure> SqliteStorage::execute(const char* sql) {
  return run_sql(database_.get(), sql, path_);
}

std::expected<std::vector<std::string>, Failure> SqliteStorage::read_all() {
  std::vector<std::string> records;
  if (!database_) {
    return records;
  }
  sqlite3_stmt* raw = nullptr;
  int code = sqlite3_prepare_v2(database_.get(), "SELECT number, text FROM record ORDER BY number",
                                -1, &raw, nullptr);
  const Statement statement(raw);
  while (code == SQLITE_OK || code == SQLITE_ROW) {
    code = sqlite3_step(raw);
    if (code != SQLITE_ROW) {
      break;
    }
    if (sqlite3_column_int64(raw, 0) != static_cast<sqlite3_int64>(records.size()) + 1) {
      return std::unexpected(failure<Code::state_damaged>(
          FailureKind::failed, path_,
          "record " + std::to_string(records.size() + 1) + " is missing"));
    }
    const void* bytes = sqlite3_column_blob(raw, 1);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(raw, 1));
    records.emplace_back(static_cast<const char*>(bytes), bytes == nullptr ? 0 : size);
  }
  if (code != SQLITE_DONE) {
    return std::unexpected(storage_failure(database_.get(), code, path_));
  }
  return records;
}

std::expected<void, Failure> SqliteStorage::insert(std::string_view record) {
  if (!insert_) {
    return std::unexpected(
        failure<Code::state_unusable>(FailureKind::refused, path_, "it was opened to be read"));
  }
  sqlite3_bind_blob64(insert_.get(), 1, record.data(), record.size(), SQLITE_STATIC);
  const int code = sqlite3_step(insert_.get());
  sqlite3_reset(insert_.get());
  sqlite3_clear_bindings(insert_.get());
  if (code != SQLITE_DONE) {
    return std::unexpected(storage_failure(database_.get(), code, path_));
  }
  return {};
}

std::expected<void, Failure> SqliteStorage::append_many(std::span<const std::string> records) {
  if (records.empty()) {
    return {};
  }
  if (auto begun = execute("BEGIN IMMEDIATE"); !begun) {
    return begun;
  }
  for (const std::string& record : records) {
    if (auto inserted = insert(record); !inserted) {
      std::ignore = execute("ROLLBACK");
      return inserted;
    }
  }
  auto committed = execute("COMMIT");
  if (!committed) {
    std::ignore = execute("ROLLBACK");
  }
  return committed;
}

// An empty file becomes a journal; a file that is something else is not touched.
std::expected<void, Failure> prepare(sqlite3* database, const std::string& path, StorageUse use) {
  const auto id = read_number(database, "PRAGMA application_id", path);
  const auto objects = id ? read_number(database, "SELECT count(*) FROM sqlite_schema", path) : id;
  if (!objects) {
    return std::unexpected(objects.error());
  }
  const auto version = read_number(database, "PRAGMA user_version", path);
  if (*objects > 0 && (*id != application_id || !version || *version != format_version)) {
    return std::unexpected(failure<Code::state_damaged>(
        FailureKind::failed, path,
        *id == application_id ? "its format is another one" : "it is a database, but no journal"));
  }
  if (use == StorageUse::read_only) {
    return {};
  }
  if (auto set = run_sql(database,
                         "PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=EXTRA;"
                         "PRAGMA wal_autocheckpoint=1000; PRAGMA cell_size_check=ON",
                         path);
      !set || *objects > 0) {
    return set;
  }
  const std::string make =
      "BEGIN IMMEDIATE;"
      "CREATE TABLE IF NOT EXISTS record (number INTEGER PRIMARY KEY AUTOINCREMENT, text BLOB NOT "
      "NULL);"
      "PRAGMA application_id=" +
      std::to_string(application_id) + ";PRAGMA user_version=" + std::to_string(format_version) +
      ";COMMIT";
  return run_sql(database, make.c_str(), path);
}

std::expected<void, Failure> make_directory(const std::string& path) {
  const std::filesystem::path directory = std::filesystem::path(path).parent_path();
  std::error_code why;
  if (directory.empty() || std::filesystem::exists(directory, why)) {
    return {};
  }
  const mode_t before = ::umask(077);
  std::filesystem::create_directories(directory, why);
  ::umask(before);
  if (why) {
    Failure result =
        failure<Code::state_unusable>(FailureKind::refused, directory.string(), why.message());
    result.system_error = why.value();
    result.helps.push_back(help_with_place(path));
    return std::unexpected(std::move(result));
  }
  return {};
}

}  // namespace

std::string help_with_place(const std::string& journal) {
  return ::access(journal.c_str(), F_OK) == 0
             ? "let it be written there again: a run that has begun goes on with its own journal"
             : "choose another place: PLAN_STATE_DIR, or --journal FILE";
}

std::expected<std::unique_ptr<Storage>, Failure> open_storage(const std::string& path,
                                                              StorageUse use) {
  const bool only_reads = use == StorageUse::read_only;
  if (only_reads && ::access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
    return std::make_unique<SqliteStorage>(nullptr, nullptr, path);
  }
  if (!only_reads) {
    if (auto made = make_directory(path); !made) {
      return std::unexpected(made.error());
    }
  }
  const int flags =
      (only_reads ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
      SQLITE_OPEN_EXRESCODE;
  sqlite3* raw = nullptr;
  const mode_t before = ::umask(077);
  int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  ::umask(before);
  Database database(raw);
  if (code != SQLITE_OK) {
    return std::unexpected(storage_failure(raw, code, path));
  }
  sqlite3_busy_timeout(raw, busy_limit_ms);
  if (auto prepared = prepare(raw, path, use); !prepared) {
    return std::unexpected(prepared.error());
  }
  Statement insert;
  if (!only_reads) {
    sqlite3_stmt* statement = nullptr;
    code = sqlite3_prepare_v2(raw, "INSERT INTO record (text) VALUES (?)", -1, &statement, nullptr);
    insert.reset(statement);
    if (code != SQLITE_OK) {
      return std::unexpected(storage_failure(raw, code, path));
    }
  }
  return std::make_unique<SqliteStorage>(std::move(database), std::move(insert), path);
}

}  // namespace plan
