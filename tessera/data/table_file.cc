#include "tessera/data/table_file.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/data/npy.h"
#include "tessera/data/npz.h"
#include "tessera/data/sql_table.h"

namespace tessera::data {
namespace {

void number_to_text(Column& column) {
  const auto rows = static_cast<std::int64_t>(column.numbers.size());
  for (std::int64_t row = 0; row < rows; ++row) column.texts.push_back(column.text(row));
  column.numeric = false;
  column.numbers.clear();
  column.absent.clear();
}

void require_query(TableFileKind kind, const std::string& path, const std::string& query) {
  const bool wanted = kind == TableFileKind::kSqlite;
  if (wanted && query.empty())
    fail_with(ExitCode::kUsage, "{}: an SQLite database, expected a query that says which rows to read",
              path);
  if (!wanted && !query.empty())
    fail_with(ExitCode::kUsage, "{}: found the query '{}', but the file is no SQLite database", path, query);
}

}  // namespace

TableFileKind table_file_kind(std::string_view bytes) {
  if (bytes.starts_with(std::string_view("SQLite format 3\0", 16))) return TableFileKind::kSqlite;
  if (bytes.starts_with("\x93NUMPY")) return TableFileKind::kNpy;
  if (bytes.starts_with("PK\x03\x04") || bytes.starts_with("PK\x05\x06")) return TableFileKind::kNpz;
  return TableFileKind::kCsv;
}

Table parse_table_file(std::string_view bytes, const std::string& path, const TableFileOptions& options) {
  const TableFileKind kind = table_file_kind(bytes);
  require_query(kind, path, options.query);
  if (kind == TableFileKind::kCsv) return parse_csv(bytes, path, options.csv);
  Table table;
  if (kind == TableFileKind::kSqlite)
    table = read_sqlite(path, options.query);
  else if (kind == TableFileKind::kNpz)
    table = npz_table(parse_npz(bytes, path), path);
  else
    table = table_of(parse_npy(bytes, path));
  table.source = path;
  for (const std::string& name : options.csv.text_columns) {
    table.column(name);  // a mistyped one gets a suggestion
    Column& column = *std::ranges::find(table.columns, name, &Column::name);
    if (column.numeric) number_to_text(column);
  }
  return table;
}

Table read_table_file(const std::string& path, const TableFileOptions& options) {
  return parse_table_file(read_file_maybe_gzip(path), path, options);
}

std::vector<std::string> table_file_names(std::string_view bytes, const std::string& path,
                                          const TableFileOptions& options) {
  if (table_file_kind(bytes) == TableFileKind::kCsv) return csv_names(bytes, path, options.csv);
  TableFileOptions any = options;
  any.csv.text_columns.clear();
  return parse_table_file(bytes, path, any).names();
}

}  // namespace tessera::data
