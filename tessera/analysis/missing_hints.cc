#include "tessera/analysis/missing_hints.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "tessera/analysis/words.h"

namespace tessera::analysis {
namespace {

constexpr std::array<std::string_view, 17> kWords = {
    "?", "na", "n/a", "#n/a",      "nan",     "null",  "nil", "none", "missing", "unknown", "not available",
    "-", "--", ".",   "undefined", "no data", "(null)"};

// In small letters, without blanks around it.
std::string plain(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return "";
  std::string result(text.substr(first, text.find_last_not_of(" \t") + 1 - first));
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

void add_word_hints(const CodedColumn& column, std::vector<std::string>& hints) {
  for (std::size_t level = 0; level < column.texts.size(); ++level) {
    if (column.texts[level].size() > 40) continue;
    const std::string word = plain(column.texts[level]);
    if (word.empty())
      hints.push_back(fmt::format("{} hold{} blanks only", count_of(column.counts[level], "row"),
                                  column.counts[level] == 1 ? "s" : ""));
    else if (std::find(kWords.begin(), kWords.end(), word) != kWords.end() && column.levels() > 1)
      hints.push_back(fmt::format("{} in {} may stand for a missing value",
                                  in_quotes(column.texts[level], 20), count_of(column.counts[level], "row")));
  }
}

constexpr std::array<double, 13> kSentinels = {-1, -9,  -99,  -999,  -9999,  -99999, -999999,
                                               99, 999, 9999, 99999, 999999, -32768};

bool is_sentinel(double value) {
  return std::find(kSentinels.begin(), kSentinels.end(), value) != kSentinels.end();
}

// A well-known stand-in at one end, farther from the rest than the rest is wide.
void add_sentinel_hint(const CodedColumn& column, bool at_front, std::vector<std::string>& hints) {
  const std::size_t levels = column.numbers.size(), end = at_front ? 0 : levels - 1;
  const double value = column.numbers[end];
  if (!is_sentinel(value) || column.counts[end] < 2) return;
  const double first = column.numbers[at_front ? 1 : 0],
               last = column.numbers[at_front ? levels - 1 : levels - 2];
  const double gap = at_front ? first - value : value - last;
  if (value < 0 && first >= 0 && levels > 3)
    hints.push_back(fmt::format("{} in {} is the only negative number: it may stand for a missing value",
                                column.level_text(static_cast<std::int64_t>(end)),
                                count_of(column.counts[end], "row")));
  else if (value != -1 && gap > last - first)
    hints.push_back(fmt::format(
        "{} stands far from the other numbers ({} to {}) in {}: it may stand for a missing value, or for "
        "'this or more'",
        short_number(value), short_number(first), short_number(last), count_of(column.counts[end], "row")));
}

// Is there a hole above 0 that is at least 5 times as wide as the next steps between numbers usually are?
bool zero_stands_apart(const std::vector<double>& numbers, std::size_t zero) {
  if (numbers.size() - zero < 21) return false;
  std::array<double, 9> steps{};
  for (std::size_t i = 0; i < steps.size(); ++i) steps[i] = numbers[zero + 2 + i] - numbers[zero + 1 + i];
  const double gap = numbers[zero + 1];
  std::sort(steps.begin(), steps.end());
  return gap >= 5 * steps[steps.size() / 2] && gap > steps[steps.size() - 2];
}

void add_zero_hint(const CodedColumn& column, std::vector<std::string>& hints) {
  if (column.numbers.front() != 0) return;
  const std::int64_t zeros = column.counts.front();
  if (zeros < 2 || zeros * 5 > column.present * 3 || !zero_stands_apart(column.numbers, 0)) return;
  hints.push_back(fmt::format(
      "0 in {} stands apart from the other numbers, which begin at {}: it may stand for a missing value",
      count_of(zeros, "row"), short_number(column.numbers[1])));
}

}  // namespace

std::vector<std::string> missing_hints(const CodedColumn& column) {
  std::vector<std::string> hints;
  if (column.not_a_number > 0)
    hints.push_back(fmt::format("{} hold{} NaN as a number", count_of(column.not_a_number, "row"),
                                column.not_a_number == 1 ? "s" : ""));
  if (column.infinite > 0)
    hints.push_back(fmt::format("{} hold{} an infinity", count_of(column.infinite, "row"),
                                column.infinite == 1 ? "s" : ""));
  add_word_hints(column, hints);
  if (column.numbers.size() > 2) {
    add_sentinel_hint(column, true, hints);
    add_sentinel_hint(column, false, hints);
    add_zero_hint(column, hints);
  }
  return hints;
}

}  // namespace tessera::analysis
