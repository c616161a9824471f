// The rows of comma-separated text (RFC 4180), one at a time: fields, and the lines where they stand. What Table (csv.h) and the readers
// of large tables are made of.
//
// Errors name the file, the line and the column: an unclosed quote, something after a closing quote, a carriage return without line feed.
// With `show_text` off they quote nothing of the text, for texts that must not get into a log. The text must outlive the object.
// Not thread-safe.
//
// ```cpp
// data::CsvRows rows("a,b\n1,\"two\nlines\"\n", "notes.csv");
// std::vector<std::string> fields;
// rows.next(fields);
// rows.next(fields);
// assert(fields[1] == "two\nlines" && rows.line() == 2 && rows.done());
// ```
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::data {

class CsvRows {
 public:
  // `source` is what messages name. A byte order mark, and empty lines at the end, are passed over. A separator may be found from the
  // first rows (csv.h, kDetectSeparator).
  CsvRows(std::string_view text, std::string source, char separator = ',', bool show_text = true);

  bool empty() const { return text_.empty(); }
  std::size_t position() const { return position_; }  // bytes that were read
  bool done() const { return position_ >= text_.size(); }
  void next(std::vector<std::string>& fields);     // the strings keep their memory from row to row
  std::int64_t line() const { return row_line_; }  // where the row begins, from 1
  std::int64_t field_line(std::size_t column) const { return lines_[column]; }  // where a field of it begins

 private:
  bool at_end() const { return position_ >= text_.size(); }
  char here() const { return text_[position_]; }
  bool at_line_end() const;
  void read_field(std::string& field, std::size_t column);
  void read_quoted(std::string& field, std::size_t column);
  bool take_separator();
  void take_line_end();

  std::string_view text_;
  std::string source_;
  char separator_;
  bool show_text_;
  std::size_t position_ = 0;
  std::int64_t line_ = 1, row_line_ = 1;
  std::vector<std::int64_t> lines_;
};

// Found text in a message: short, and without control characters.
std::string shown_field(std::string_view text);

}  // namespace tessera::data
