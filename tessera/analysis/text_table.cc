#include "tessera/analysis/text_table.h"

#include <algorithm>

#include "tessera/report/html.h"

namespace tessera::analysis {

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::size_t used = columns_of(text);
  if (used >= width) return text;
  std::string result = text;
  result.insert(right ? 0 : result.size(), width - used, ' ');
  return result;
}

std::string TextTable::text() const {
  if (rows_.empty()) return "";
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const std::vector<std::string>& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], std::min(columns_of(row[i]), columns_[i].most));
  const auto line = [&](const auto& cell) {
    std::string text;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (widths[i] == 0) continue;
      const std::size_t width = std::max(widths[i], columns_of(columns_[i].title));
      text +=
          (text.empty() ? "" : "  ") + padded(report::shortened(cell(i), width), width, columns_[i].right);
    }
    while (text.ends_with(' ')) text.pop_back();
    return text + "\n";
  };
  std::string text = line([&](std::size_t i) { return columns_[i].title; });
  for (const std::vector<std::string>& row : rows_) text += line([&](std::size_t i) { return row[i]; });
  return text;
}

std::string wrapped(const std::string& text, std::size_t width, std::size_t indent) {
  std::string result;
  std::size_t used = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    const std::size_t length = columns_of(word);
    if (used > 0 && used + 1 + length > width) {
      result.append(1, '\n').append(indent, ' ');
      used = indent;
    } else if (used > 0) {
      result += ' ';
      ++used;
    }
    result += word;
    used += length;
    begin = end + 1;
  }
  return result;
}

}  // namespace tessera::analysis
