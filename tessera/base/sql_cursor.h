// Cursors over one shared connection to an SQLite database.
//
// `sql::open` gives a Connection; every Cursor made of it, and every duplicate of a cursor, shares that connection and keeps it open:
// in `sql::open(path).cursor().dup()` the first two objects end with the expression, and the third is as good as any. The database
// is closed when the last of them is gone. Each cursor has its own statement, its own bound values and its own place among the rows,
// so several may walk through one table at once; `dup` has the same statement and values, before the first row.
//
// Errors are DatabaseError (sqlite.h), and Error where a cursor without a statement is asked for a row. Not thread-safe: a connection
// and all its cursors belong to one thread.
//
// ```cpp
// sql::Cursor cursor = sql::open(":memory:").cursor().dup();
// cursor.execute("CREATE TABLE t (id INTEGER)");
// cursor.execute("INSERT INTO t VALUES (?), (?)", {std::int64_t{1}, std::int64_t{2}});
// cursor.execute("SELECT id FROM t ORDER BY id");
// assert(cursor.next() && cursor.integer(0) == 1);
// sql::Cursor other = cursor.dup();  // from the first row
// assert(other.next() && other.integer(0) == 1);
// assert(cursor.next() && cursor.integer(0) == 2 && !cursor.next());
// ```
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tessera/base/sqlite.h"

namespace tessera::sql {

// NULL, a whole number, a number, a text.
using Value = std::variant<std::monostate, std::int64_t, double, std::string>;

class Cursor {
 public:
  explicit Cursor(std::shared_ptr<Database> database) : database_(std::move(database)) {}

  Cursor(Cursor&&) = default;
  Cursor& operator=(Cursor&& other) noexcept;
  Cursor(const Cursor&) = delete;  // dup() makes another one

  // Prepares `sql` with `values` for its question marks. A statement without rows is carried out at once.
  Cursor& execute(const std::string& sql, std::vector<Value> values = {}) &;
  Cursor execute(const std::string& sql, std::vector<Value> values = {}) &&;  // of a temporary: it lives on
  bool next();                                                                // is there a row?

  int columns() const;
  std::string name(int column) const;
  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;
  Value value(int column) const;  // a blob is an Error

  Cursor dup() const;
  Database& database() const { return *database_; }

 private:
  Statement& statement() const;

  std::shared_ptr<Database> database_;  // before the statement: it outlives it
  std::unique_ptr<Statement> statement_;
  std::string sql_;
  std::vector<Value> values_;
};

class Connection {
 public:
  explicit Connection(std::shared_ptr<Database> database) : database_(std::move(database)) {}
  Cursor cursor() const { return Cursor(database_); }
  Database& database() const { return *database_; }
  long sharers() const { return database_.use_count(); }  // connections and cursors that keep it open

 private:
  std::shared_ptr<Database> database_;
};

Connection open(const std::string& path, Database::Access access = Database::Access::kWrite);

}  // namespace tessera::sql
