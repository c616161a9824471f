#include "tessera/data/sql_table.h"

#include "tessera/base/error.h"
#include "tessera/data/csv_rows.h"
#include "tessera/data/table_builder.h"

namespace tessera::data {
namespace {

void add_value(TableBuilder& builder, std::size_t column, const Statement& rows, const std::string& source) {
  const int place = static_cast<int>(column);
  switch (rows.kind(place)) {
    case Statement::Kind::kNull:
      return builder.add_missing(column);
    case Statement::Kind::kInteger:
      return builder.add_number(column, static_cast<double>(rows.integer(place)));
    case Statement::Kind::kReal:
      return builder.add_number(column, rows.real(place));
    case Statement::Kind::kText:
      return builder.add_text(column, rows.view(place));
    case Statement::Kind::kBlob:
      fail("{}: row {}: column '{}' holds bytes (a blob), expected a number or a text", source,
           builder.rows() + 1, shown_field(rows.name(place)));
  }
}

std::vector<std::string> names_of(const Statement& rows, const std::string& source) {
  std::vector<std::string> names;
  for (int column = 0; column < rows.columns(); ++column) names.push_back(rows.name(column));
  if (names.empty()) fail("{}: the query gives no columns, expected a SELECT", source);
  return names;
}

}  // namespace

Table query_table(Database& database, const std::string& query) {
  Statement rows(database, query, /*own_sql=*/false);
  const std::vector<std::string> names = names_of(rows, database.path());
  TableBuilder builder(database.path(), names);
  while (rows.step()) {
    for (std::size_t column = 0; column < names.size(); ++column)
      add_value(builder, column, rows, database.path());
    builder.end_row();
  }
  return builder.finish();
}

Table read_sqlite(const std::string& path, const std::string& query) {
  Database database(path, Database::Access::kRead);
  return query_table(database, query);
}

std::vector<std::string> sqlite_names(const std::string& path, const std::string& query) {
  Database database(path, Database::Access::kRead);
  return names_of(Statement(database, query, /*own_sql=*/false), path);
}

}  // namespace tessera::data
