// A thin coat over SQLite: statements that clean up after themselves, and errors as DatabaseError.
// Not thread-safe: one Database per thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tessera/base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace tessera {

// What SQLite said; `damaged` when the file is not a good database.
class DatabaseError : public Error {
 public:
  DatabaseError(const std::string& message, bool is_damaged) : Error(message), damaged(is_damaged) {}
  const bool damaged;
};

class Database {
 public:
  enum class Access : std::uint8_t { kWrite, kRead };
  // For writing: made when missing; ":memory:" for one that lives in memory. For reading: must be there.
  explicit Database(const std::string& path, Access access = Access::kWrite);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void execute(const std::string& sql);
  sqlite3* handle() const { return handle_; }
  const std::string& path() const { return path_; }
  bool in_transaction() const;
  int changes() const;  // rows that the last statement changed
  // With the last message. `own_sql`: the statement was written here, so an error in it means another file.
  [[noreturn]] void fail_now(bool own_sql = true) const;

 private:
  std::string path_;
  sqlite3* handle_ = nullptr;
};

// Why a statement did not change a table.
struct Refusal {
  enum class Kind : std::uint8_t { kUnique, kNotNull, kOther };
  Kind kind = Kind::kOther;
  std::string message;  // SQLite's: "UNIQUE constraint failed: t.id"
};

class Statement {
 public:
  // `own_sql`: false when a user's condition is a part of it.
  Statement(Database& database, const std::string& sql, bool own_sql = true);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(const std::string& text);
  Statement& bind(double number);
  Statement& bind(std::int64_t number);
  Statement& bind_null();
  Statement& bind_view(std::string_view text);  // not copied: it has to live until the statement has run
  bool step();                                  // is there a row?
  void run();                                   // executes, and is ready to be bound anew
  // The same; what a constraint of the table, or a type, refused, and then nothing was changed. Throws for all other errors.
  std::optional<Refusal> try_run();
  void reset();  // before the first row again, with nothing bound

  enum class Kind : std::uint8_t { kNull, kInteger, kReal, kText, kBlob };
  int columns() const;
  std::string name(int column) const;
  Kind kind(int column) const;
  double real(int column) const;
  std::string_view view(int column) const;  // of its text; until the next step
  std::string text(int column) const;
  std::int64_t integer(int column) const;
  bool is_null(int column) const;

 private:
  Database& database_;
  bool own_sql_;
  sqlite3_stmt* handle_ = nullptr;
  int bound_ = 0;
};

// Rolls back unless committed.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) { database_.execute("BEGIN IMMEDIATE"); }
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace tessera
