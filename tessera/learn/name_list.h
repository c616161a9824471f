// Lists of names in a setting: "standard_scaler, pca" has two. Internal to this room.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::learn {

// The parts between commas without the blanks around them; an empty text has none, an empty part stays (and is no name).
inline std::vector<std::string> listed_names(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  std::vector<std::string> names;
  if (text.find_first_not_of(kBlanks) == std::string_view::npos) return names;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view part = text.substr(begin, end - begin);
    const std::size_t first = part.find_first_not_of(kBlanks), last = part.find_last_not_of(kBlanks);
    names.emplace_back(first == std::string_view::npos ? "" : part.substr(first, last - first + 1));
    begin = end + 1;
  }
  return names;
}

}  // namespace tessera::learn
