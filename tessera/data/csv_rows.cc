#include "tessera/data/csv_rows.h"

#include <utility>

#include "tessera/base/error.h"
#include "tessera/data/csv.h"

namespace tessera::data {

CsvRows::CsvRows(std::string_view text, std::string source, char separator, bool show_text)
    : text_(text),
      source_(std::move(source)),
      separator_(separator == kDetectSeparator ? detect_separator(text) : separator),
      show_text_(show_text) {
  if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  while (!text_.empty() && (text_.back() == '\n' || text_.back() == '\r')) text_.remove_suffix(1);
}

void CsvRows::next(std::vector<std::string>& fields) {
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

bool CsvRows::at_line_end() const {
  return at_end() || here() == '\n' ||
         (here() == '\r' && position_ + 1 < text_.size() && text_[position_ + 1] == '\n');
}

void CsvRows::read_field(std::string& field, std::size_t column) {
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

void CsvRows::read_quoted(std::string& field, std::size_t column) {
  const std::int64_t start_line = line_;
  ++position_;
  for (;; ++position_) {
    if (at_end())
      fail("{}:{}: column {}: found a quoted field without end, expected a closing '\"'", source_, start_line,
           column);
    if (here() == '\n') ++line_;
    if (here() == '"') {
      if (position_ + 1 >= text_.size() || text_[position_ + 1] != '"') break;
      ++position_;  // a doubled quote stands for one
    }
    field += here();
  }
  ++position_;
  if (!at_line_end() && here() != separator_)
    fail("{}:{}: column {}: found {} after a closing quote, expected '{}' or the end of the line", source_,
         line_, column,
         show_text_ ? fmt::format("'{}'", shown_field(text_.substr(position_, 1))) : "something", separator_);
}

bool CsvRows::take_separator() {
  if (at_end() || here() != separator_) return false;
  ++position_;
  return true;
}

void CsvRows::take_line_end() {
  if (at_end()) return;
  position_ += here() == '\r' ? 2 : 1;
  ++line_;
}

std::string shown_field(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 40)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 32 || byte == 127 ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return text.size() > 40 ? out + "..." : out;
}

}  // namespace tessera::data
