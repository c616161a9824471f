#include "tessera/analysis/coded_column.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "tessera/base/at.h"
#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"

namespace tessera::analysis {
namespace {

// The code of a number that has no level, 0 for one that has.
std::int32_t special_code(const data::Column& column, std::int64_t row) {
  if (column.is_missing(row)) return kMissing;
  const double value = column.numbers[at(row)];
  if (std::isnan(value)) return kNotANumber;
  if (std::isinf(value)) return value > 0 ? kInfinite : kMinusInfinite;
  return 0;
}

struct Extent {
  double least = 0, most = 0;
  bool whole = true;
};

Extent mark_special(const data::Column& column, CodedColumn& coded) {
  Extent extent;
  for (std::int64_t row = 0; row < column.size(); ++row) {
    const std::int32_t code = special_code(column, row);
    coded.codes[at(row)] = code;
    coded.missing += code == kMissing;
    coded.not_a_number += code == kNotANumber;
    coded.infinite += code == kInfinite || code == kMinusInfinite;
    if (code < 0) continue;
    const double value = column.numbers[at(row)];
    extent.least = coded.present == 0 ? value : std::min(extent.least, value);
    extent.most = coded.present == 0 ? value : std::max(extent.most, value);
    extent.whole = extent.whole && std::floor(value) == value;
    ++coded.present;
  }
  return extent;
}

// Whole numbers of a short range are counted, not sorted.
void code_by_counting(const data::Column& column, double least, std::size_t range, CodedColumn& coded) {
  std::vector<std::int64_t> seen(range, 0);
  const auto place = [&](std::int64_t row) {
    return static_cast<std::size_t>(column.numbers[at(row)] - least);
  };
  for (std::int64_t row = 0; row < coded.rows(); ++row)
    if (coded.codes[at(row)] >= 0) ++seen[place(row)];
  std::vector<std::int32_t> level(range, 0);
  for (std::size_t i = 0; i < range; ++i) {
    if (seen[i] == 0) continue;
    level[i] = static_cast<std::int32_t>(coded.counts.size());
    coded.counts.push_back(seen[i]);
    coded.numbers.push_back(least + static_cast<double>(i));
  }
  for (std::int64_t row = 0; row < coded.rows(); ++row)
    if (coded.codes[at(row)] >= 0) coded.codes[at(row)] = level[place(row)];
}

void code_by_sorting(const data::Column& column, CodedColumn& coded) {
  std::vector<std::pair<double, std::int32_t>> order;
  order.reserve(at(coded.present));
  for (std::int64_t row = 0; row < coded.rows(); ++row)
    if (coded.codes[at(row)] >= 0)
      order.emplace_back(column.numbers[at(row)] + 0.0, static_cast<std::int32_t>(row));  // + 0: -0 is 0
  std::sort(order.begin(), order.end());
  for (const auto& [value, row] : order) {
    if (coded.numbers.empty() || coded.numbers.back() != value) {
      coded.numbers.push_back(value);
      coded.counts.push_back(0);
    }
    ++coded.counts.back();
    coded.codes[at(row)] = static_cast<std::int32_t>(coded.counts.size() - 1);
  }
}

void code_numbers(const data::Column& column, CodedColumn& coded) {
  const Extent extent = mark_special(column, coded);
  if (coded.present == 0) return;
  const double range = extent.most - extent.least;
  if (extent.whole && range < 4.0 * static_cast<double>(coded.present) + 1024)
    code_by_counting(column, extent.least, static_cast<std::size_t>(range) + 1, coded);
  else
    code_by_sorting(column, coded);
}

// Gives the levels in `texts` (of their first occurrence) their places in the order of bytes.
void sort_levels(CodedColumn& coded) {
  std::vector<std::int32_t> order(coded.texts.size()), place(coded.texts.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](std::int32_t a, std::int32_t b) { return coded.texts[at(a)] < coded.texts[at(b)]; });
  std::vector<std::string> texts(order.size());
  std::vector<std::int64_t> counts(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    place[at(order[i])] = static_cast<std::int32_t>(i);
    texts[i] = std::move(coded.texts[at(order[i])]);
    counts[i] = coded.counts[at(order[i])];
  }
  coded.texts = std::move(texts);
  coded.counts = std::move(counts);
  for (std::int32_t& code : coded.codes)
    if (code >= 0) code = place[at(code)];
}

template <typename TextOf>
void code_texts(std::int64_t rows, const TextOf& text_of, CodedColumn& coded) {
  std::unordered_map<std::string_view, std::int32_t> levels;
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::string_view text = text_of(row);
    if (text.empty()) {
      coded.codes[at(row)] = kMissing;
      ++coded.missing;
      continue;
    }
    const auto [found, added] = levels.try_emplace(text, static_cast<std::int32_t>(coded.texts.size()));
    if (added) {
      coded.texts.emplace_back(text);
      coded.counts.push_back(0);
    }
    coded.codes[at(row)] = found->second;
    ++coded.counts[at(found->second)];
    ++coded.present;
  }
  sort_levels(coded);
}

}  // namespace

double CodedColumn::number(std::int64_t row) const {
  return numbers[at(codes[at(row)])];
}

std::string CodedColumn::level_text(std::int64_t level) const {
  return numeric ? fmt::format("{}", numbers[at(level)]) : texts[at(level)];
}

CodedColumn code_column(const data::Column& column) {
  const FloatEnvironment contract;
  if (column.size() > INT32_MAX)
    fail("column '{}': {} rows, expected at most {}", column.name, column.size(), INT32_MAX);
  CodedColumn coded;
  coded.name = column.name;
  coded.numeric = column.numeric;
  coded.codes.assign(at(column.size()), 0);
  if (column.numeric) {
    code_numbers(column, coded);
  } else if (column.categorical) {
    code_texts(
        column.size(),
        [&](std::int64_t row) {
          return column.codes[at(row)] < 0 ? std::string_view()
                                           : std::string_view(column.categories[at(column.codes[at(row)])]);
        },
        coded);
  } else {
    code_texts(
        column.size(), [&](std::int64_t row) { return std::string_view(column.texts[at(row)]); }, coded);
  }
  return coded;
}

bool rounds_whole_numbers(const CodedColumn& column) {
  if (!column.numeric || column.levels() == 0) return false;
  const double most = std::max(std::fabs(column.numbers.front()), std::fabs(column.numbers.back()));
  return most >= kFirstRounded && most < 1e22 &&
         std::all_of(column.numbers.begin(), column.numbers.end(),
                     [](double value) { return std::floor(value) == value; });
}

std::vector<double> level_ranks(const std::vector<std::int64_t>& counts) {
  std::vector<double> ranks;
  ranks.reserve(counts.size());
  std::int64_t before = 0;
  for (const std::int64_t count : counts) {
    ranks.push_back(static_cast<double>(2 * before + count + 1) / 2);
    before += count;
  }
  return ranks;
}

double quantile_of(const CodedColumn& column, double q) {
  const FloatEnvironment contract;
  const double place = static_cast<double>(column.present - 1) * q, below = std::floor(place);
  auto index = static_cast<std::int64_t>(below);
  std::size_t level = 0;
  while (index >= column.counts[level]) index -= column.counts[level++];
  const double first = column.numbers[level];
  if (below + 1 >= static_cast<double>(column.present)) return first;
  const double second = index + 1 < column.counts[level] ? first : column.numbers[level + 1];
  const double share = place - below, step = second - first;
  if (!std::isfinite(step)) return first * (1 - share) + second * share;  // from end to end of the range
  return share >= 0.5 ? second - step * (1 - share) : first + step * share;
}

std::vector<std::int32_t> pattern_of(const CodedColumn& column) {
  std::vector<std::int32_t> first(column.counts.size(), -1), pattern(column.codes.size());
  std::int32_t next = 0;
  for (std::size_t row = 0; row < pattern.size(); ++row) {
    const std::int32_t code = column.codes[row];
    if (code >= 0 && first[at(code)] < 0) first[at(code)] = next++;
    pattern[row] = code < 0 ? code : first[at(code)];
  }
  return pattern;
}

}  // namespace tessera::analysis
