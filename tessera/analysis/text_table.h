// Columns of text for a terminal. Internal to this room. Widths count characters of UTF-8. Thread-safety: distinct objects may be used from distinct threads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tessera::analysis {

struct TextColumn {
  std::string title;
  std::size_t most = 40;  // wider texts are cut
  bool right = false;     // numbers
};

class TextTable {
 public:
  explicit TextTable(std::vector<TextColumn> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string text() const;  // "" if there is no row; columns without any text are left out

 private:
  std::vector<TextColumn> columns_;
  std::vector<std::vector<std::string>> rows_;
};

std::size_t columns_of(std::string_view text);  // characters
std::string padded(const std::string& text, std::size_t width, bool right);
// Broken at blanks so that no line is longer than `width`; later lines are indented.
std::string wrapped(const std::string& text, std::size_t width, std::size_t indent);

}  // namespace tessera::analysis
