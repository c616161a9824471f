#include "tessera/base/sql_cursor.h"

#include <utility>

namespace tessera::sql {
namespace {

void bind(Statement& statement, const Value& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    statement.bind(*whole);
  } else if (const auto* real = std::get_if<double>(&value)) {
    statement.bind(*real);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    statement.bind(*text);
  } else {
    statement.bind_null();
  }
}

std::unique_ptr<Statement> prepared(Database& database, const std::string& sql,
                                    const std::vector<Value>& values) {
  auto statement = std::make_unique<Statement>(database, sql, /*own_sql=*/false);
  for (const Value& value : values) bind(*statement, value);
  return statement;
}

}  // namespace

Statement& Cursor::statement() const {
  if (statement_ == nullptr)
    fail("{}: the cursor has no statement, expected execute() first", database_->path());
  return *statement_;
}

// The old statement ends before the connection that it may be the last one to use.
Cursor& Cursor::operator=(Cursor&& other) noexcept {
  std::swap(statement_, other.statement_);
  std::swap(database_, other.database_);
  std::swap(sql_, other.sql_);
  std::swap(values_, other.values_);
  return *this;
}

Cursor Cursor::execute(const std::string& sql, std::vector<Value> values) && {
  execute(sql, std::move(values));  // of an object with a name
  return std::move(*this);
}

Cursor& Cursor::execute(const std::string& sql, std::vector<Value> values) & {
  auto statement = prepared(*database_, sql, values);
  if (statement->columns() == 0) {
    statement->run();
    statement = nullptr;
  }
  statement_ = std::move(statement);
  sql_ = sql;
  values_ = std::move(values);
  return *this;
}

bool Cursor::next() {
  return statement().step();
}

int Cursor::columns() const {
  return statement().columns();
}

std::string Cursor::name(int column) const {
  return statement().name(column);
}

bool Cursor::is_null(int column) const {
  return statement().is_null(column);
}

std::int64_t Cursor::integer(int column) const {
  return statement().integer(column);
}

double Cursor::real(int column) const {
  return statement().real(column);
}

std::string Cursor::text(int column) const {
  return statement().text(column);
}

Value Cursor::value(int column) const {
  switch (statement().kind(column)) {
    case Statement::Kind::kInteger:
      return integer(column);
    case Statement::Kind::kReal:
      return real(column);
    case Statement::Kind::kText:
      return text(column);
    case Statement::Kind::kBlob:
      fail("{}: column '{}' holds bytes (a blob), expected a number or a text", database_->path(),
           name(column));
    case Statement::Kind::kNull:
      break;
  }
  return {};
}

Cursor Cursor::dup() const {
  Cursor other(database_);
  other.sql_ = sql_;
  other.values_ = values_;
  if (statement_ != nullptr) other.statement_ = prepared(*database_, sql_, values_);
  return other;
}

Connection open(const std::string& path, Database::Access access) {
  return Connection(std::make_shared<Database>(path, access));
}

}  // namespace tessera::sql
