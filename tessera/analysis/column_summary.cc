#include "tessera/analysis/column_summary.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tessera/analysis/missing_hints.h"
#include "tessera/analysis/range.h"
#include "tessera/base/float_environment.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce-inl.h"

namespace tessera::analysis {
namespace {

// The usable numbers in the order of the rows.
std::vector<double> usable_numbers(const CodedColumn& column) {
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(column.present));
  for (const std::int32_t code : column.codes)
    if (code >= 0) values.push_back(column.numbers[static_cast<std::size_t>(code)]);
  return values;
}

void add_moments(std::vector<double> values, NumberFacts& facts) {
  const auto n = static_cast<std::int64_t>(values.size());
  const int by = range_exponent(n, [&](std::int64_t i) { return values[static_cast<std::size_t>(i)]; });
  if (by != 0)
    for (double& value : values) value = std::ldexp(value, by);
  const auto count = static_cast<double>(n);
  const double mean = numerics::mean(values);
  const auto centred_sum = [&](auto power) {
    return numerics::sum_of<double>(
        n, [&](std::int64_t i) { return power(values[static_cast<std::size_t>(i)] - mean); });
  };
  const double second = centred_sum([](double d) { return d * d; });
  const double third = centred_sum([](double d) { return d * d * d; });
  const double fourth = centred_sum([](double d) { return (d * d) * (d * d); });
  const double variance = second / count;
  facts.mean = std::ldexp(mean, -by);
  facts.deviation = n < 2 ? NAN : std::ldexp(numerics::sqrt(second / (count - 1)), -by);
  if (!std::isfinite(facts.deviation)) facts.deviation = NAN;  // of two numbers at both ends of the range
  facts.skewness = third / count / (variance * numerics::sqrt(variance));
  facts.kurtosis = fourth / count / (variance * variance) - 3;
}

void add_fences(const CodedColumn& column, NumberFacts& facts) {
  const double span = facts.upper_quartile - facts.lower_quartile;
  facts.lower_fence = span > 0 ? facts.lower_quartile - 1.5 * span : NAN;
  facts.upper_fence = span > 0 ? facts.upper_quartile + 1.5 * span : NAN;
  for (std::size_t level = 0; level < column.numbers.size(); ++level) {
    if (column.numbers[level] < facts.lower_fence) facts.outliers_below += column.counts[level];
    if (column.numbers[level] > facts.upper_fence) facts.outliers_above += column.counts[level];
  }
}

NumberFacts number_facts(const CodedColumn& column) {
  NumberFacts facts;
  add_moments(usable_numbers(column), facts);
  facts.least = column.numbers.front();
  facts.percentile_1 = quantile_of(column, 0.01);
  facts.lower_quartile = quantile_of(column, 0.25);
  facts.median = quantile_of(column, 0.5);
  facts.upper_quartile = quantile_of(column, 0.75);
  facts.percentile_99 = quantile_of(column, 0.99);
  facts.most = column.numbers.back();
  add_fences(column, facts);
  return facts;
}

bool all_whole(const CodedColumn& column) {
  return std::all_of(column.numbers.begin(), column.numbers.end(),
                     [](double value) { return std::fabs(value) < 0x1p53 && std::floor(value) == value; });
}

// ---- Texts ----

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes 1 to `most` digits; -1 if there is none.
int take_number(std::string_view& text, std::size_t most) {
  int value = -1;
  for (std::size_t i = 0; i < most && !text.empty() && is_digit(text.front()); ++i) {
    value = std::max(value, 0) * 10 + (text.front() - '0');
    text.remove_prefix(1);
  }
  return value;
}

bool is_time(std::string_view text) {
  if (text.empty()) return true;
  if (text.front() != ' ' && text.front() != 'T') return false;
  text.remove_prefix(1);
  const int hour = take_number(text, 2);
  if (hour < 0 || hour > 24 || text.empty() || text.front() != ':') return false;
  text.remove_prefix(1);
  if (const int minute = take_number(text, 2); minute < 0 || minute > 59) return false;
  return text.find_first_not_of("0123456789:.Z+-") == std::string_view::npos;  // seconds, zone
}

enum class DateForm : std::uint8_t { kNone, kYearFirst, kOther };

DateForm date_form(std::string_view text) {
  if (text.size() < 8 || text.size() > 35 || !is_digit(text.front())) return DateForm::kNone;
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  const bool year_first = digits == 4;
  if (!year_first && digits > 2) return DateForm::kNone;
  int parts[3] = {};
  for (int i = 0; i < 3; ++i) {
    parts[i] = take_number(text, i == (year_first ? 0 : 2) ? 4 : 2);
    if (i == 2) break;
    if (text.empty() || (text.front() != '-' && text.front() != '/' && text.front() != '.'))
      return DateForm::kNone;
    text.remove_prefix(1);
  }
  const int year = year_first ? parts[0] : parts[2], a = year_first ? parts[2] : parts[0], b = parts[1];
  if (year < 1000 || a < 1 || b < 1 || std::max(a, b) > 31 || std::min(a, b) > 12) return DateForm::kNone;
  if (!is_time(text)) return DateForm::kNone;
  return year_first ? DateForm::kYearFirst : DateForm::kOther;
}

// Are 95 of 100 rows dates? Also finds the first and the last, where texts are in the order of time.
bool take_dates(const CodedColumn& column, ColumnSummary& summary) {
  std::int64_t dates = 0, year_first = 0;
  for (std::size_t level = 0; level < column.texts.size(); ++level) {
    const DateForm form = date_form(column.texts[level]);
    dates += form == DateForm::kNone ? 0 : column.counts[level];
    year_first += form == DateForm::kYearFirst ? column.counts[level] : 0;
    if (form == DateForm::kYearFirst && summary.first_date.empty()) summary.first_date = column.texts[level];
    if (form == DateForm::kYearFirst) summary.last_date = column.texts[level];
  }
  if (year_first < dates) summary.first_date = summary.last_date = "";
  return column.present > 0 && dates * 20 >= column.present * 19;
}

ColumnKind kind_of(const CodedColumn& column, ColumnSummary& summary) {
  if (column.present == 0) return ColumnKind::kEmpty;
  if (column.numeric) return all_whole(column) ? ColumnKind::kWholeNumbers : ColumnKind::kNumbers;
  if (take_dates(column, summary)) return ColumnKind::kDates;
  const std::int64_t levels = column.levels();
  return levels <= 20 || (levels <= 1000 && levels * 2 <= column.present) ? ColumnKind::kCategories
                                                                          : ColumnKind::kTexts;
}

void add_frequent(const CodedColumn& column, ColumnSummary& summary) {
  std::vector<std::size_t> order(column.counts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::size_t shown = std::min(order.size(), kFrequent);
  const auto before = [&](std::size_t a, std::size_t b) {
    return column.counts[a] != column.counts[b] ? column.counts[a] > column.counts[b] : a < b;
  };
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown), order.end(), before);
  for (std::size_t i = 0; i < shown; ++i)
    summary.frequent.push_back(
        {column.level_text(static_cast<std::int64_t>(order[i])), column.counts[order[i]]});
  for (const std::int64_t count : column.counts) {
    if (count * 100 >= column.present) continue;
    ++summary.rare_values;
    summary.rare_rows += count;
  }
}

bool is_identifier(const CodedColumn& column, ColumnKind kind) {
  const std::int64_t levels = column.levels();
  if (column.present < 20 || levels * 100 < column.present * 98) return false;
  if (kind == ColumnKind::kTexts || kind == ColumnKind::kCategories) return true;
  if (kind != ColumnKind::kWholeNumbers) return false;
  const double range = column.numbers.back() - column.numbers.front() + 1;
  return static_cast<double>(levels) * 10 > range || column.numbers.front() >= 1e5;
}

}  // namespace

std::string_view kind_name(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::kEmpty:
      return "empty";
    case ColumnKind::kNumbers:
      return "numbers";
    case ColumnKind::kWholeNumbers:
      return "whole numbers";
    case ColumnKind::kCategories:
      return "categories";
    case ColumnKind::kTexts:
      return "texts";
    default:
      return "dates";
  }
}

ColumnSummary summarise(const CodedColumn& column) {
  const FloatEnvironment contract;
  ColumnSummary summary;
  summary.name = column.name;
  summary.rows = column.rows();
  summary.present = column.present;
  summary.missing = column.missing;
  summary.not_a_number = column.not_a_number;
  summary.infinite = column.infinite;
  summary.distinct = column.levels();
  summary.kind = kind_of(column, summary);
  summary.constant = column.levels() == 1;
  if (column.numeric && column.present > 0) summary.numbers = number_facts(column);
  add_frequent(column, summary);
  summary.identifier = is_identifier(column, summary.kind);
  summary.hints = missing_hints(column);
  return summary;
}

}  // namespace tessera::analysis
