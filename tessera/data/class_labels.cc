#include "tessera/data/class_labels.h"

#include <optional>

#include "tessera/data/numbers.h"

namespace tessera::data {
namespace {

// By their numbers; equal ones (7 and 007) by their bytes.
template <typename Number>
bool sort_by_number(std::vector<std::string>& texts, std::optional<Number> (*parse)(std::string_view)) {
  std::vector<std::pair<Number, std::string>> numbered;
  for (const std::string& text : texts) {
    const std::optional<Number> number = parse(text);
    if (!number || *number != *number) return false;
    numbered.emplace_back(*number, text);
  }
  std::sort(numbered.begin(), numbered.end());
  for (std::size_t i = 0; i < texts.size(); ++i) texts[i] = std::move(numbered[i].second);
  return true;
}

}  // namespace

std::vector<std::string> sorted_classes(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  if (!sort_by_number(texts, parse_integer)) sort_by_number(texts, parse_real);
  return texts;
}

}  // namespace tessera::data
