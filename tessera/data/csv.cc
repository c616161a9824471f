#include "tessera/data/csv.h"

#include <algorithm>
#include <limits>
#include <set>
#include <unordered_set>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/data/csv_rows.h"
#include "tessera/data/numbers.h"

namespace tessera::data {
namespace {

constexpr std::string_view kSeparators = ",;\t|";
constexpr int kRowsLookedAt = 20;

// How many fields each of the first rows has with this separator; 0 when they differ, or are no CSV.
std::size_t common_width(std::string_view text, char separator) {
  try {
    CsvRows rows(text, "", separator);
    std::vector<std::string> fields;
    std::size_t width = 0;
    for (int i = 0; i < kRowsLookedAt && !rows.done(); ++i) {
      rows.next(fields);
      if (i > 0 && fields.size() != width) return 0;
      width = fields.size();
    }
    return width;
  } catch (const Error&) {
    return 0;
  }
}

std::string separator_name(char separator) {
  return separator == '\t' ? "a tab" : fmt::format("'{}'", separator);
}

// A table of one column is more often a table that was cut with the wrong separator.
void check_separator(std::string_view text, const std::string& source, char used) {
  for (const char other : kSeparators) {
    if (other == used) continue;
    const std::size_t width = common_width(text, other);
    if (width > 1)
      fail(
          "{}:1: found one column, but {} would cut every row into {} fields; the separator given is {}, "
          "expected {}",
          source, separator_name(other), width, separator_name(used), separator_name(other));
  }
}

void check_encoding(std::string_view text, const std::string& source) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    fail("{}: begins with the byte order mark of UTF-16, expected UTF-8", source);
  using std::string_view_literals::operator""sv;
  constexpr std::pair<std::string_view, std::string_view> kOtherFiles[] = {
      {"PK\x03\x04"sv, "a ZIP archive or a workbook (XLSX)"},
      {"\xD0\xCF\x11\xE0"sv, "a workbook (XLS)"},
      {"PAR1\x15"sv, "a Parquet file"},
      {"ARROW1\0\0"sv, "an Arrow file"},
      {"SQLite format 3\0"sv, "an SQLite database"},
      {"\x93NUMPY"sv, "an array (NPY)"},
      {"\x89HDF\r\n"sv, "an HDF5 file"},
      {"\3757zXZ\0"sv, "a file packed with xz"},
      {"\x28\xB5\x2F\xFD"sv, "a file packed with zstd"}};
  for (const auto& [beginning, what] : kOtherFiles)
    if (text.starts_with(beginning)) fail("{}: is {}, expected CSV", source, what);
}

void normalise_name(std::string& name, const CsvOptions& options) {
  if (options.trim) clean_field(name, {.trim = true});
}

std::vector<Column> read_header(CsvRows& scanner, const std::string& source, const CsvOptions& options) {
  std::vector<std::string> names;
  scanner.next(names);
  std::vector<Column> columns(names.size());
  std::set<std::string_view> seen;
  if (options.header && names.size() == 1 && names[0].empty())
    fail("{}:1: the line is empty, expected the names of the columns", source);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!options.header) {
      columns[i].name = fmt::format("column_{}", i + 1);
      continue;
    }
    normalise_name(names[i], options);
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
    column.absent.resize(column.numbers.size(), 0);
    column.absent.push_back(1);
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
  column.absent = {};
}

CsvRows scanner_at_data(std::string_view text, const Table& table, const CsvOptions& options) {
  CsvRows scanner(text, table.source, options.separator);
  std::vector<std::string> header;
  if (options.header) scanner.next(header);
  return scanner;
}

// Numbers are kept from the first pass; the second one, run only if there are text columns, keeps their texts.
void read_texts(std::string_view text, const CsvOptions& options, Table& table) {
  for (Column& column : table.columns) {
    if (column.numeric) continue;
    column.missing = column.first_missing_line = 0;
    column.texts.reserve(static_cast<std::size_t>(table.rows));
  }
  CsvRows scanner = scanner_at_data(text, table, options);
  std::vector<std::string> fields;
  while (!scanner.done()) {
    scanner.next(fields);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      Column& column = table.columns[i];
      if (column.numeric) continue;
      clean_field(fields[i], options);
      if (fields[i].empty() && column.missing++ == 0) column.first_missing_line = scanner.field_line(i);
      column.texts.push_back(fields[i]);
    }
  }
}

}  // namespace

void clean_field(std::string& field, const CsvOptions& options) {
  if (options.trim) {
    const std::size_t first = field.find_first_not_of(" \t");
    field = first == std::string::npos ? "" : field.substr(first, field.find_last_not_of(" \t") + 1 - first);
  }
  if (std::find(options.missing.begin(), options.missing.end(), field) != options.missing.end())
    field.clear();
}

char detect_separator(std::string_view text) {
  char best = ',';
  std::size_t most = 1;
  for (const char separator : kSeparators) {
    const std::size_t width = common_width(text, separator);
    if (width > most) {
      best = separator;
      most = width;
    }
  }
  return best;
}

namespace {

void read_numbers(CsvRows rows, const CsvOptions& options, Table& table) {
  std::vector<std::string> fields;
  for (; !rows.done(); ++table.rows) {
    rows.next(fields);
    check_width(fields, table.columns.size(), table.source, rows.line());
    table.lines.push_back(rows.line());
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (!table.columns[i].numeric) continue;
      clean_field(fields[i], options);
      add_field(table.columns[i], fields[i], rows.field_line(i));
    }
  }
}

std::vector<Column> checked_header(std::string_view text, const std::string& source,
                                   const CsvOptions& options) {
  check_encoding(text, source);
  CsvRows scanner(text, source, options.separator);
  if (scanner.empty())
    fail("{}: the file is empty, expected a {} in line 1", source, options.header ? "header" : "row");
  std::vector<Column> columns = read_header(scanner, source, options);
  if (columns.size() == 1) check_separator(text, source, options.separator);
  return columns;
}

Table parse_with_separator(std::string_view text, const std::string& source, const CsvOptions& options) {
  Table table{source, 0, {}, checked_header(text, source, options)};
  const std::unordered_set<std::string_view> texts(options.text_columns.begin(), options.text_columns.end());
  for (Column& column : table.columns) column.numeric = !texts.contains(column.name);
  read_numbers(scanner_at_data(text, table, options), options, table);
  bool any_text = false;
  for (Column& column : table.columns) {
    if (column.numeric && column.missing == table.rows) {
      column.numeric = false;
      column.numbers = {};
      column.absent = {};
    }
    if (column.numeric && !column.absent.empty()) column.absent.resize(column.numbers.size(), 0);
    any_text |= !column.numeric;
  }
  if (any_text) read_texts(text, options, table);
  return table;
}

}  // namespace

std::vector<std::string> csv_names(std::string_view text, const std::string& source,
                                   const CsvOptions& options) {
  std::vector<std::string> names;
  for (Column& column : checked_header(text, source, options)) names.push_back(std::move(column.name));
  return names;
}

Table parse_csv(std::string_view text, const std::string& source, const CsvOptions& options) {
  if (options.separator != kDetectSeparator) return parse_with_separator(text, source, options);
  CsvOptions found = options;
  found.separator = detect_separator(text);
  return parse_with_separator(text, source, found);
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

std::string csv_text(const Table& table) {
  std::string out;
  for (const Column& column : table.columns)
    out += fmt::format("{}{}", out.empty() ? "" : ",", csv_field(column.name));
  out += '\n';
  for (std::int64_t row = 0; row < table.rows; ++row)
    for (std::size_t j = 0; j < table.columns.size(); ++j) {
      const std::string text = table.columns[j].text(row);
      if (text.empty() && table.columns.size() == 1) out.append(2, '"');  // an empty line could end the file
      out.append(csv_field(text));
      out += j + 1 < table.columns.size() ? ',' : '\n';
    }
  return out;
}

}  // namespace tessera::data
