#include "tessera/data/csv.h"

#include <algorithm>
#include <limits>
#include <set>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/suggest.h"
#include "tessera/data/csv_rows.h"
#include "tessera/data/numbers.h"

namespace tessera::data {
namespace {

std::vector<Column> read_header(CsvRows& scanner, const std::string& source, const CsvOptions& options) {
  std::vector<std::string> names;
  scanner.next(names);
  std::vector<Column> columns(names.size());
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!options.header) {
      columns[i].name = fmt::format("column_{}", i + 1);
      continue;
    }
    if (names[i].empty())
      fail("{}:1: column {} has an empty name, expected a name in the header", source, i + 1);
    columns[i].name = names[i];
    if (!seen.insert(names[i]).second)
      fail("{}:1: column {} is called '{}' as another one before it, expected different names", source, i + 1,
           shown_field(names[i]));
  }
  return columns;
}

void check_width(const std::vector<std::string>& fields, std::size_t expected, const std::string& source,
                 std::int64_t line) {
  if (fields.size() == expected) return;
  if (fields.size() == 1 && fields[0].empty())
    fail("{}:{}: found an empty line, expected {} fields", source, line, expected);
  fail("{}:{}: found {} field{}, expected {} as in line 1", source, line, fields.size(),
       fields.size() == 1 ? "" : "s", expected);
}

void add_field(Column& column, const std::string& field, std::int64_t line) {
  if (field.empty()) {
    if (column.missing++ == 0) column.first_missing_line = line;
    column.numbers.push_back(std::numeric_limits<double>::quiet_NaN());
    return;
  }
  if (const auto number = parse_real(field)) {
    column.numbers.push_back(*number);
    return;
  }
  column.numeric = false;
  column.first_text_line = line;
  column.first_text = shown_field(field);
  column.numbers = {};
}

CsvRows scanner_at_data(std::string_view text, const Table& table, const CsvOptions& options) {
  CsvRows scanner(text, table.source, options.separator);
  std::vector<std::string> header;
  if (options.header) scanner.next(header);
  return scanner;
}

// Numbers are kept from the first pass; the second one, run only if there are text columns, keeps their texts.
void read_texts(std::string_view text, const CsvOptions& options, Table& table) {
  for (Column& column : table.columns)
    if (!column.numeric) column.missing = column.first_missing_line = 0;
  CsvRows scanner = scanner_at_data(text, table, options);
  std::vector<std::string> fields;
  while (!scanner.done()) {
    scanner.next(fields);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      Column& column = table.columns[i];
      if (column.numeric) continue;
      if (fields[i].empty() && column.missing++ == 0) column.first_missing_line = scanner.field_line(i);
      column.texts.push_back(fields[i]);
    }
  }
}

}  // namespace

const Column* Table::find(std::string_view name) const {
  for (const Column& column : columns)
    if (column.name == name) return &column;
  return nullptr;
}

const Column& Table::column(std::string_view name) const {
  if (const Column* found = find(name)) return *found;
  std::vector<std::string> names;
  for (const Column& column : columns) names.push_back(column.name);
  fail("{}: there is no column '{}'{}; the {} columns run from '{}' to '{}'", source, shown_field(name),
       did_you_mean(name, names), names.size(), shown_field(names.front()), shown_field(names.back()));
}

const std::vector<double>& Table::numbers(std::string_view name) const {
  const Column& found = column(name);
  if (found.first_text_line > 0)
    fail("{}:{}: column '{}': found '{}', expected a number", source, found.first_text_line,
         shown_field(name), found.first_text);
  if (found.missing > 0)
    fail("{}:{}: column '{}': found an empty field, expected a number", source, found.first_missing_line,
         shown_field(name));
  return found.numbers;
}

Table parse_csv(std::string_view text, const std::string& source, const CsvOptions& options) {
  Table table{source, 0, {}, {}};
  CsvRows scanner(text, source, options.separator);
  if (scanner.empty())
    fail("{}: the file is empty, expected a {} in line 1", source, options.header ? "header" : "row");
  table.columns = read_header(scanner, source, options);
  const auto& texts = options.text_columns;
  for (Column& column : table.columns)
    column.numeric = std::find(texts.begin(), texts.end(), column.name) == texts.end();
  CsvRows rows = scanner_at_data(text, table, options);
  std::vector<std::string> fields;
  for (; !rows.done(); ++table.rows) {
    rows.next(fields);
    check_width(fields, table.columns.size(), source, rows.line());
    table.lines.push_back(rows.line());
    for (std::size_t i = 0; i < fields.size(); ++i)
      if (table.columns[i].numeric) add_field(table.columns[i], fields[i], rows.field_line(i));
  }
  bool any_text = false;
  for (Column& column : table.columns) {
    if (column.numeric && column.missing == table.rows) {
      column.numeric = false;
      column.numbers = {};
    }
    any_text |= !column.numeric;
  }
  if (any_text) read_texts(text, options, table);
  return table;
}

Table read_csv(const std::string& path, const CsvOptions& options) {
  return parse_csv(read_file_maybe_gzip(path), path, options);
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out(1, '"');
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  out.push_back('"');
  return out;
}

}  // namespace tessera::data
