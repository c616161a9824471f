// Classes from the labels that stand in data, and labels as positions among them. Internal to this room.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tessera/base/error.h"

namespace tessera::data {

// Each once, sorted: as numbers if all are numbers (equal ones, 7 and 007, by their bytes), else by their bytes.
std::vector<std::string> sorted_classes(std::vector<std::string> texts);

// Where each text stands in `classes`; `where(i)` begins the message about text i.
template <typename Where>
std::vector<std::int64_t> label_positions(const std::vector<std::string>& texts,
                                          const std::vector<std::string>& classes, Where where) {
  std::vector<std::pair<std::string_view, std::int64_t>> order;
  for (std::size_t i = 0; i < classes.size(); ++i) order.emplace_back(classes[i], i);
  std::sort(order.begin(), order.end());
  std::vector<std::int64_t> labels(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto found =
        std::lower_bound(order.begin(), order.end(), std::pair<std::string_view, std::int64_t>(texts[i], -1));
    if (found == order.end() || found->first != texts[i])
      fail("{}: found the label '{}', expected one of the {} classes '{}' to '{}'", where(i), texts[i],
           classes.size(), classes.front(), classes.back());
    labels[i] = found->second;
  }
  return labels;
}

}  // namespace tessera::data
