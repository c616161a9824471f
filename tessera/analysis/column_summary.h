// What one column of a table is like: its kind, how much is missing, its distribution, and what looks odd about it.
//
// | kind | the present values are |
// |---|---|
// | numbers, whole numbers | numbers; whole ones below 2^53 |
// | dates | texts of which 95 in 100 are a date (2024-01-31, 31.1.2024, 1/31/2024), alone or with a time of day |
// | categories | texts that repeat: at most 20 different ones, or at most 1,000 and each twice or more on average |
// | texts | all others |
// | empty | not there |
//
// Numbers: mean, deviation (ddof 1), skewness and kurtosis as scipy's, over the finite values in the contract's order; NumPy's linear quantiles. Outliers are what lies
// outside of Tukey's fences (J. Tukey, Exploratory data analysis, 1977), a quarter of the numbers' span 1.5 times beyond the quartiles; where the quartiles are equal
// the fences say nothing and are left out. Numbers written as NaN or infinite are counted and left out of everything.
//
// Hints are sentences about values that may stand for a missing one: "?", "NA", ...; -999 and the like at one end, far from the rest; the only negative number -1; a 0
// that stands apart from the other numbers (as the blood pressures of the Pima data do). They are hints: whoever knows the data decides.
//
// An identifier: texts or whole numbers of which at least 98 in 100 differ, in 20 rows or more; whole numbers only if they also fill more than a tenth of their range,
// or have at least 6 digits. Thread-safety: pure functions.
//
// ```cpp
// const data::Table table = data::parse_csv("age\n20\n30\n40\n-999\n-999\n", "people.csv");
// const analysis::ColumnSummary age = analysis::summarise(analysis::code_column(table.column("age")));
// assert(age.kind == analysis::ColumnKind::kWholeNumbers && age.distinct == 4 && age.numbers->least == -999);
// assert(age.hints.size() == 1 && age.hints[0].starts_with("-999 stands far from the other numbers"));
// ```
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/analysis/coded_column.h"

namespace tessera::analysis {

enum class ColumnKind : std::uint8_t { kEmpty, kNumbers, kWholeNumbers, kCategories, kTexts, kDates };
std::string_view kind_name(ColumnKind kind);  // "whole numbers"

struct NumberFacts {
  double mean = 0, deviation = 0;  // deviation of one number: NaN
  double least = 0, lower_quartile = 0, median = 0, upper_quartile = 0, most = 0;
  double percentile_1 = 0, percentile_99 = 0;
  double skewness = 0, kurtosis = 0;        // of equal numbers: NaN
  double lower_fence = 0, upper_fence = 0;  // NaN where the quartiles are equal
  std::int64_t outliers_below = 0, outliers_above = 0;
};

struct ValueCount {
  std::string text;
  std::int64_t count = 0;
};

struct ColumnSummary {
  std::string name;
  ColumnKind kind = ColumnKind::kEmpty;
  std::int64_t rows = 0, present = 0, missing = 0, not_a_number = 0, infinite = 0, distinct = 0;
  std::optional<NumberFacts> numbers = {};
  std::vector<ValueCount> frequent = {};        // at most kFrequent, the most frequent first
  std::int64_t rare_values = 0, rare_rows = 0;  // values that less than one row in 100 has, and their rows
  std::string first_date = {}, last_date = {};  // of dates that begin with the year
  bool constant = false;                        // one value in every row that has one
  bool identifier = false;
  std::vector<std::string> hints = {};

  bool is_number() const { return kind == ColumnKind::kNumbers || kind == ColumnKind::kWholeNumbers; }
};

inline constexpr std::size_t kFrequent = 8;

ColumnSummary summarise(const CodedColumn& column);

}  // namespace tessera::analysis
