#include "tessera/data/csv.h"

#include <algorithm>
#include <limits>
#include <set>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/suggest.h"
#include "tessera/data/numbers.h"

namespace tessera::data {
namespace {

// Found text in a message: short, and without control characters.
std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 40)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 32 || byte == 127 ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return text.size() > 40 ? out + "..." : out;
}

// Splits the text into rows of fields; remembers where it is.
class Scanner {
 public:
  Scanner(std::string_view text, const std::string& source, char separator)
      : text_(text), source_(source), separator_(separator) {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
    while (!text_.empty() && (text_.back() == '\n' || text_.back() == '\r')) text_.remove_suffix(1);
  }

  bool done() const { return position_ >= text_.size(); }
  bool empty() const { return text_.empty(); }
  std::int64_t row_line() const { return row_line_; }
  std::int64_t field_line(std::size_t column) const { return lines_[column]; }

  // Reads the next row into `fields`; the strings keep their memory from row to row.
  void next_row(std::vector<std::string>& fields) {
    row_line_ = line_;
    lines_.clear();
    std::size_t count = 0;
    do {
      if (fields.size() == count) fields.emplace_back();
      fields[count].clear();
      lines_.push_back(line_);
      read_field(fields[count], count + 1);
      ++count;
    } while (take_separator());
    fields.resize(count);
    take_line_end();
  }

 private:
  bool at_end() const { return position_ >= text_.size(); }
  char here() const { return text_[position_]; }
  bool at_line_end() const {
    return at_end() || here() == '\n' ||
           (here() == '\r' && position_ + 1 < text_.size() && text_[position_ + 1] == '\n');
  }

  void read_field(std::string& field, std::size_t column) {
    if (!at_end() && here() == '"') return read_quoted(field, column);
    const std::size_t start = position_;
    while (!at_line_end() && here() != separator_) {
      if (here() == '\r')
        fail(
            "{}:{}: column {}: found a carriage return without a line feed, expected lines that end with LF "
            "or CRLF",
            source_, line_, column);
      ++position_;
    }
    field.assign(text_.substr(start, position_ - start));
  }

  void read_quoted(std::string& field, std::size_t column) {
    const std::int64_t start_line = line_;
    ++position_;
    for (;; ++position_) {
      if (at_end())
        fail("{}:{}: column {}: found a quoted field without end, expected a closing '\"'", source_,
             start_line, column);
      if (here() == '\n') ++line_;
      if (here() == '"') {
        if (position_ + 1 >= text_.size() || text_[position_ + 1] != '"') break;
        ++position_;  // a doubled quote stands for one
      }
      field += here();
    }
    ++position_;
    if (!at_line_end() && here() != separator_)
      fail("{}:{}: column {}: found '{}' after a closing quote, expected '{}' or the end of the line",
           source_, line_, column, shown(text_.substr(position_, 1)), separator_);
  }

  bool take_separator() {
    if (at_end() || here() != separator_) return false;
    ++position_;
    return true;
  }

  void take_line_end() {
    if (at_end()) return;
    position_ += here() == '\r' ? 2 : 1;
    ++line_;
  }

  std::string_view text_;
  const std::string& source_;
  char separator_;
  std::size_t position_ = 0;
  std::int64_t line_ = 1, row_line_ = 1;
  std::vector<std::int64_t> lines_;
};

std::vector<Column> read_header(Scanner& scanner, const std::string& source, const CsvOptions& options) {
  std::vector<std::string> names;
  scanner.next_row(names);
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
           shown(names[i]));
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
  column.first_text = shown(field);
  column.numbers = {};
}

Scanner scanner_at_data(std::string_view text, const Table& table, const CsvOptions& options) {
  Scanner scanner(text, table.source, options.separator);
  std::vector<std::string> header;
  if (options.header) scanner.next_row(header);
  return scanner;
}

// Numbers are kept from the first pass; the second one, run only if there are text columns, keeps their texts.
void read_texts(std::string_view text, const CsvOptions& options, Table& table) {
  for (Column& column : table.columns)
    if (!column.numeric) column.missing = column.first_missing_line = 0;
  Scanner scanner = scanner_at_data(text, table, options);
  std::vector<std::string> fields;
  while (!scanner.done()) {
    scanner.next_row(fields);
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
  fail("{}: there is no column '{}'{}; the {} columns run from '{}' to '{}'", source, shown(name),
       did_you_mean(name, names), names.size(), shown(names.front()), shown(names.back()));
}

const std::vector<double>& Table::numbers(std::string_view name) const {
  const Column& found = column(name);
  if (found.first_text_line > 0)
    fail("{}:{}: column '{}': found '{}', expected a number", source, found.first_text_line, shown(name),
         found.first_text);
  if (found.missing > 0)
    fail("{}:{}: column '{}': found an empty field, expected a number", source, found.first_missing_line,
         shown(name));
  return found.numbers;
}

Table parse_csv(std::string_view text, const std::string& source, const CsvOptions& options) {
  Table table{source, 0, {}, {}};
  Scanner scanner(text, source, options.separator);
  if (scanner.empty())
    fail("{}: the file is empty, expected a {} in line 1", source, options.header ? "header" : "row");
  table.columns = read_header(scanner, source, options);
  const auto& texts = options.text_columns;
  for (Column& column : table.columns)
    column.numeric = std::find(texts.begin(), texts.end(), column.name) == texts.end();
  Scanner rows = scanner_at_data(text, table, options);
  std::vector<std::string> fields;
  for (; !rows.done(); ++table.rows) {
    rows.next_row(fields);
    check_width(fields, table.columns.size(), source, rows.row_line());
    table.lines.push_back(rows.row_line());
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
