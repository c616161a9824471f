// Tables from comma-separated text (RFC 4180).
//
// Fields are separated by one character; a field that begins with a double quote runs to the closing quote and may hold separators,
// line ends and doubled quotes. Lines end with LF or CRLF; a byte order mark and empty lines at the end are skipped; the
// bytes are taken as they are (UTF-8). A file that is packed with gzip is unpacked. A column is numeric when every
// non-empty field of it is a number (numbers.h) and there is at least one; its empty fields are missing values, NaN. Every other
// column is text, and an empty field of it is missing, too, in quotes or not. make_category (table.h) makes texts or numbers categories.
//
// `missing` names other notations of a missing value ("?", "NA"); `trim` takes the blanks away that stand around fields. The separator
// can be found from the first rows (kDetectSeparator): the one of comma, semicolon, tab and bar that cuts all of them into the same
// number of fields, the largest such number. Where the given one leaves one column and another one would cut every row alike, that is
// an Error, not a table of one column.
//
// Errors name the file, the line, the column, what was found and what was expected: an unclosed quote, text after a closing
// quote, a row with another number of fields than the header, a column name that is missing or used twice, a carriage return
// without line feed, UTF-16. Memory: 8 bytes per number and per row. Thread-safety: pure functions; a Table may be read from several
// threads.
//
// ```cpp
// data::Table table = data::parse_csv("length,kind\n1.5,\"oak, red\"\n2,pine\n", "trees.csv");
// assert(table.rows == 2 && table.column("kind").texts[0] == "oak, red");
// assert(table.numbers("length")[1] == 2);
// const data::CsvOptions adult = {.separator = data::kDetectSeparator, .missing = {"?"}, .trim = true};
// table = data::parse_csv("age; work\n39; Private\n50; ?\n", "adult.csv", adult);
// assert(table.column("work").texts[0] == "Private" && table.column("work").is_missing(1));
// ```
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/data/table.h"

namespace tessera::data {

constexpr char kDetectSeparator = '\0';

struct CsvOptions {
  char separator = ',';
  bool header = true;                          // otherwise the columns are called column_1, column_2, ...
  std::vector<std::string> text_columns = {};  // read as text even if every field is a number
  std::vector<std::string> missing = {};       // fields that stand for a missing value, beside the empty one
  bool trim = false;                           // blanks and tabs around fields do not count
};

Table read_csv(const std::string& path, const CsvOptions& options = {});
Table parse_csv(std::string_view text, const std::string& source, const CsvOptions& options = {});

// The separator of the text's first rows; ',' when there is nothing to tell.
char detect_separator(std::string_view text);

// The names of the columns alone: of the header, checked as parse_csv does.
std::vector<std::string> csv_names(std::string_view text, const std::string& source,
                                   const CsvOptions& options);
// Takes blanks and the notations of a missing value from a field, as the options say; parse_csv does so by itself.
void clean_field(std::string& field, const CsvOptions& options);

// A field as it is written: in quotes where it needs them.
std::string csv_field(const std::string& text);
// A header and the rows, comma-separated, numbers in the shortest notation, missing values empty.
std::string csv_text(const Table& table);

}  // namespace tessera::data
