#include "tessera/data/lines.h"

#include "tessera/data/numbers.h"

namespace tessera::data {
namespace {

constexpr std::string_view kBlanks = " \t\r\v\f";

}  // namespace

bool Lines::next() {
  while (!rest_.empty()) {
    const std::size_t end = rest_.find('\n');
    text_ = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    ++number_;
    if (comments_) text_ = text_.substr(0, text_.find('#'));
    const std::size_t first = text_.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) continue;
    text_ = text_.substr(first, text_.find_last_not_of(kBlanks) - first + 1);
    return true;
  }
  return false;
}

std::vector<std::string_view> split_at_blanks(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t at = line.find_first_not_of(kBlanks); at != std::string_view::npos;) {
    const std::size_t end = line.find_first_of(kBlanks, at);
    words.push_back(line.substr(at, end - at));
    at = end == std::string_view::npos ? end : line.find_first_not_of(kBlanks, end);
  }
  return words;
}

double finite_number(const Lines& lines, std::string_view word, std::string_view what) {
  const auto value = parse_real(word);
  if (!value || *value - *value != 0)
    lines.reject("{}: found '{}', expected a finite number", what, printable(word.substr(0, 40)));
  return *value;
}

}  // namespace tessera::data
