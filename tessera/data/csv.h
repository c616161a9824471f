// Tables from comma-separated text (RFC 4180).
//
// Fields are separated by one character; a field that begins with a double quote runs to the closing quote and may hold separators,
// line ends and doubled quotes. Lines end with LF or CRLF; a byte order mark and empty lines at the end are skipped; the
// bytes are taken as they are (UTF-8). A file that is packed with gzip is unpacked. A column is numeric when every
// non-empty field of it is a number (numbers.h) and there is at least one; its empty fields are NaN. Every other column is text.
//
// Errors name the file, the line, the column, what was found and what was expected: an unclosed quote, text after a closing
// quote, a row with another number of fields than the header, a column name that is missing or used twice, a carriage return
// without line feed. Memory: 8 bytes per number and per row. Thread-safety: pure functions; a Table may be read from several threads.
//
// ```cpp
// data::Table table = data::parse_csv("length,kind\n1.5,\"oak, red\"\n2,pine\n", "trees.csv");
// assert(table.rows == 2 && table.column("kind").texts[0] == "oak, red");
// assert(table.numbers("length")[1] == 2);
// ```
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::data {

struct Column {
  std::string name;
  bool numeric = false;
  std::vector<double> numbers;     // when numeric; NaN where the field is empty
  std::vector<std::string> texts;  // when not numeric
  std::int64_t missing = 0;        // number of empty fields
  // Where the first field stands that makes the column text, or that is empty, for messages; 0 if there is none.
  std::int64_t first_text_line = 0;
  std::int64_t first_missing_line = 0;
  std::string first_text;
};

struct Table {
  std::string source;  // the file's name, for messages
  std::int64_t rows = 0;
  std::vector<std::int64_t> lines;  // the line at which each row begins, counted from 1
  std::vector<Column> columns;

  const Column* find(std::string_view name) const;    // nullptr if there is none
  const Column& column(std::string_view name) const;  // throws Error with a suggestion
  // The numbers of a column without missing values; throws Error that names the line.
  const std::vector<double>& numbers(std::string_view name) const;
};

struct CsvOptions {
  char separator = ',';
  bool header = true;                          // otherwise the columns are called column_1, column_2, ...
  std::vector<std::string> text_columns = {};  // read as text even if every field is a number
};

Table read_csv(const std::string& path, const CsvOptions& options = {});
Table parse_csv(std::string_view text, const std::string& source, const CsvOptions& options = {});

// A field as it is written: in quotes where it needs them.
std::string csv_field(const std::string& text);

}  // namespace tessera::data
