#include "tessera/data/table_file.h"

#include <algorithm>
#include <set>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/postgresql_uri.h"
#include "tessera/base/suggest.h"
#include "tessera/data/npy.h"
#include "tessera/data/npz.h"
#include "tessera/data/postgresql.h"
#include "tessera/data/sql_table.h"

namespace tessera::data {
namespace {

constexpr std::string_view kSqliteMagic("SQLite format 3\0", 16);

void number_to_text(Column& column) {
  const auto rows = static_cast<std::int64_t>(column.numbers.size());
  for (std::int64_t row = 0; row < rows; ++row) column.texts.push_back(column.text(row));
  column.numeric = false;
  column.numbers.clear();
  column.absent.clear();
}

void require_query(TableFileKind kind, const std::string& path, const std::string& query) {
  const bool postgresql = kind == TableFileKind::kPostgresql,
             wanted = postgresql || kind == TableFileKind::kSqlite;
  if (wanted && query.empty())
    fail_with(ExitCode::kUsage, "{}: {} database, expected a query that says which rows to read", path,
              postgresql ? "a PostgreSQL" : "an SQLite");
  if (!wanted && !query.empty())
    fail_with(ExitCode::kUsage, "{}: found the query '{}', but the file is no database", path, query);
}

// Names that are given count for files without any: they have column_1, column_2, ... of the readers.
void check_columns(TableFileKind kind, const std::string& path, const TableFileOptions& options) {
  const bool unnamed = kind == TableFileKind::kNpy || (kind == TableFileKind::kCsv && !options.csv.header);
  if (!unnamed) fail_with(ExitCode::kUsage, "{}: names of columns are given, but the file has its own", path);
  const std::set<std::string> distinct(options.columns.begin(), options.columns.end());
  for (const std::string& name : distinct)
    if (const auto times = std::ranges::count(options.columns, name); times > 1)
      fail_with(ExitCode::kUsage, "{}: the name '{}' is given to {} columns", path, name, times);
}

void check_count(const std::string& path, const std::vector<std::string>& names, std::size_t columns) {
  if (names.size() != columns)
    fail_with(ExitCode::kUsage, "{}: names of {} columns are given, found {} columns", path, names.size(),
              columns);
}

// Options with the readers' own names.
TableFileOptions unnamed(const std::string& path, const TableFileOptions& options) {
  TableFileOptions plain = options;
  plain.columns.clear();
  for (std::string& name : plain.csv.text_columns) {
    const auto place = std::ranges::find(options.columns, name);
    if (place == options.columns.end())
      fail("{}: there is no column '{}' among the names that are given{}", path, name,
           did_you_mean(name, options.columns));
    name = fmt::format("column_{}", place - options.columns.begin() + 1);
  }
  return plain;
}

}  // namespace

TableFileKind TableSource::kind() const {
  if (rows) return TableFileKind::kPostgresql;
  if (bytes.starts_with(kSqliteMagic)) return TableFileKind::kSqlite;
  if (bytes.starts_with("\x93NUMPY")) return TableFileKind::kNpy;
  if (bytes.starts_with("PK\x03\x04") || bytes.starts_with("PK\x05\x06")) return TableFileKind::kNpz;
  return TableFileKind::kCsv;
}

void drop_database_bytes(TableSource& source) {
  if (source.kind() != TableFileKind::kSqlite) return;
  source.bytes.resize(kSqliteMagic.size());
  source.bytes.shrink_to_fit();
}

TableSource read_table_source(const std::string& path, const std::string& query) {
  refuse_other_address(path);
  TableSource source = {.path = without_password(path)};
  if (is_postgresql_uri(path)) {
    require_query(TableFileKind::kPostgresql, source.path, query);
    source.rows = read_postgresql(path, query);
  } else {
    source = {.path = path, .bytes = read_file_maybe_gzip(path)};
    drop_database_bytes(source);
  }
  return source;
}

namespace {

// `rows` gives those of PostgreSQL.
template <typename Rows>
Table parsed(const TableSource& source, const TableFileOptions& options, const Rows& rows) {
  const TableFileKind kind = source.kind();
  const std::string& path = source.path;
  require_query(kind, path, options.query);
  if (!options.columns.empty()) {
    check_columns(kind, path, options);
    Table table = parsed(source, unnamed(path, options), rows);
    check_count(path, options.columns, table.columns.size());
    for (std::size_t i = 0; i < table.columns.size(); ++i) table.columns[i].name = options.columns[i];
    return table;
  }
  if (kind == TableFileKind::kCsv) return parse_csv(source.bytes, path, options.csv);
  Table table;
  if (kind == TableFileKind::kPostgresql)
    table = rows();
  else if (kind == TableFileKind::kSqlite)
    table = read_sqlite(path, options.query);
  else if (kind == TableFileKind::kNpz)
    table = npz_table(parse_npz(source.bytes, path), path);
  else
    table = table_of(parse_npy(source.bytes, path));
  table.source = path;
  for (const std::string& name : options.csv.text_columns) {
    table.column(name);  // a mistyped one gets a suggestion
    Column& column = *std::ranges::find(table.columns, name, &Column::name);
    if (column.numeric) number_to_text(column);
  }
  return table;
}

}  // namespace

Table parse_table_source(const TableSource& source, const TableFileOptions& options) {
  return parsed(source, options, [&] { return *source.rows; });
}

Table parse_table_source(TableSource&& source, const TableFileOptions& options) {
  return parsed(source, options, [&] { return std::move(*source.rows); });
}

Table read_table_file(const std::string& path, const TableFileOptions& options) {
  return parse_table_source(read_table_source(path, options.query), options);
}

std::vector<std::string> table_source_names(const TableSource& source, const TableFileOptions& options) {
  if (!options.columns.empty()) {
    check_columns(source.kind(), source.path, options);
    TableFileOptions plain = options;
    plain.csv.text_columns.clear();
    plain.columns.clear();
    check_count(source.path, options.columns, table_source_names(source, plain).size());
    return options.columns;
  }
  if (source.kind() == TableFileKind::kCsv) return csv_names(source.bytes, source.path, options.csv);
  require_query(source.kind(), source.path, options.query);
  if (source.kind() == TableFileKind::kPostgresql) return source.rows->names();
  if (source.kind() == TableFileKind::kSqlite) return sqlite_names(source.path, options.query);
  TableFileOptions any = options;
  any.csv.text_columns.clear();
  return parse_table_source(source, any).names();
}

}  // namespace tessera::data
