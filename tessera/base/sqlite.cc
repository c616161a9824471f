#include "tessera/base/sqlite.h"

#include <sqlite3.h>

namespace tessera {
namespace {

constexpr int kWaitMilliseconds = 20000;  // for another process that writes

}  // namespace

Database::Database(const std::string& path, Access access) : path_(path) {
  const int flags =
      access == Access::kRead ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int status = sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr);
  if (status == SQLITE_OK) {
    sqlite3_busy_timeout(handle_, kWaitMilliseconds);
    return;
  }
  const std::string reason = handle_ != nullptr ? sqlite3_errmsg(handle_) : "out of memory";
  sqlite3_close(handle_);
  throw DatabaseError(fmt::format("{}: cannot be opened: {}", path, reason), false);
}

Database::~Database() {
  sqlite3_close(handle_);
}

void Database::fail_now(bool own_sql) const {
  const int code = sqlite3_errcode(handle_);
  // SQLITE_ERROR: a table or a column is missing, so it is not the file that we made.
  const bool damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB || (code == SQLITE_ERROR && own_sql);
  throw DatabaseError(fmt::format("{}: {}", path_, sqlite3_errmsg(handle_)), damaged);
}

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(handle_) == 0;
}

int Database::changes() const {
  return sqlite3_changes(handle_);
}

void Database::execute(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail_now();
}

Statement::Statement(Database& database, const std::string& sql, bool own_sql)
    : database_(database), own_sql_(own_sql) {
  if (sqlite3_prepare_v2(database.handle(), sql.c_str(), -1, &handle_, nullptr) != SQLITE_OK)
    database.fail_now(own_sql_);
}

Statement::~Statement() {
  sqlite3_finalize(handle_);
}

Statement& Statement::bind(const std::string& text) {
  sqlite3_bind_text(handle_, ++bound_, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::bind(double number) {
  sqlite3_bind_double(handle_, ++bound_, number);  // NaN becomes NULL, which no comparison matches
  return *this;
}

Statement& Statement::bind(std::int64_t number) {
  sqlite3_bind_int64(handle_, ++bound_, number);
  return *this;
}

Statement& Statement::bind_null() {
  sqlite3_bind_null(handle_, ++bound_);
  return *this;
}

Statement& Statement::bind_view(std::string_view text) {
  const char* data = text.data() == nullptr ? "" : text.data();  // a null pointer would be NULL
  sqlite3_bind_text64(handle_, ++bound_, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

std::optional<Refusal> Statement::try_run() {
  const int status = sqlite3_step(handle_);
  std::optional<Refusal> refusal;
  if (status != SQLITE_DONE) {
    if (status != SQLITE_CONSTRAINT && status != SQLITE_MISMATCH && status != SQLITE_TOOBIG)
      database_.fail_now(own_sql_);
    const int code = sqlite3_extended_errcode(database_.handle());
    refusal = Refusal{code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
                              code == SQLITE_CONSTRAINT_ROWID
                          ? Refusal::Kind::kUnique
                      : code == SQLITE_CONSTRAINT_NOTNULL ? Refusal::Kind::kNotNull
                                                          : Refusal::Kind::kOther,
                      sqlite3_errmsg(database_.handle())};
  }
  sqlite3_reset(handle_);
  bound_ = 0;
  return refusal;
}

void Statement::reset() {
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
  bound_ = 0;
}

bool Statement::step() {
  const int status = sqlite3_step(handle_);
  if (status != SQLITE_ROW && status != SQLITE_DONE) database_.fail_now(own_sql_);
  return status == SQLITE_ROW;
}

void Statement::run() {
  while (step()) continue;
  sqlite3_reset(handle_);
  bound_ = 0;
}

std::string Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  return data == nullptr ? ""
                         : std::string(data, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column)));
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_, column);
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

int Statement::columns() const {
  return sqlite3_column_count(handle_);
}

std::string Statement::name(int column) const {
  const char* name = sqlite3_column_name(handle_, column);
  return name == nullptr ? "" : name;
}

Statement::Kind Statement::kind(int column) const {
  switch (sqlite3_column_type(handle_, column)) {
    case SQLITE_INTEGER:
      return Kind::kInteger;
    case SQLITE_FLOAT:
      return Kind::kReal;
    case SQLITE_TEXT:
      return Kind::kText;
    case SQLITE_BLOB:
      return Kind::kBlob;
    default:
      return Kind::kNull;
  }
}

double Statement::real(int column) const {
  return sqlite3_column_double(handle_, column);
}

std::string_view Statement::view(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

Transaction::~Transaction() {
  if (open_) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

}  // namespace tessera
