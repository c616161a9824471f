// A column of a table as positions among its distinct values: what every count, rank and comparison of an analysis works on.
//
// Levels are the distinct values, ascending (numbers by size, texts by their bytes), so the codes of numbers are in the numbers' order. A value that no
// sum can hold has a code below 0 that says why. -0 counts as 0. Memory: 4 bytes per row, and the distinct values.
//
// Time: n for whole numbers of a short range, n log n for other numbers, n hashes and d log d comparisons for d different texts. Thread-safety: pure functions.
//
// ```cpp
// const data::Table table = data::parse_csv("length,kind\n2,oak\n1,\nnan,ash\n1,oak\n", "trees.csv");
// const analysis::CodedColumn length = analysis::code_column(table.column("length"));
// assert(length.codes == (std::vector<std::int32_t>{1, 0, analysis::kNotANumber, 0}) && length.numbers == (std::vector<double>{1, 2}));
// const analysis::CodedColumn kind = analysis::code_column(table.column("kind"));
// assert(kind.texts == (std::vector<std::string>{"ash", "oak"}) && kind.codes[1] == analysis::kMissing && kind.counts[1] == 2);
// ```
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/data/table.h"

namespace tessera::analysis {

inline constexpr std::int32_t kMissing = -1, kNotANumber = -2, kInfinite = -3, kMinusInfinite = -4;

struct CodedColumn {
  std::string name;
  bool numeric = false;
  std::vector<std::int32_t> codes;   // per row: a level, or one of the above
  std::vector<std::int64_t> counts;  // rows per level
  std::vector<double> numbers;       // the levels of a numeric column, ascending
  std::vector<std::string> texts;    // the levels of any other
  std::int64_t present = 0;          // rows that have a level
  std::int64_t missing = 0, not_a_number = 0, infinite = 0;

  std::int64_t rows() const { return static_cast<std::int64_t>(codes.size()); }
  std::int64_t levels() const { return static_cast<std::int64_t>(counts.size()); }
  double number(std::int64_t row) const;             // of a row that has a level
  std::string level_text(std::int64_t level) const;  // as it would stand in a CSV file
};

CodedColumn code_column(const data::Column& column);

// From here on a float64 stands for several whole numbers.
inline constexpr double kFirstRounded = 0x1p53;
// Are all numbers whole, and some so long that they were rounded when they were read (identifiers of 16 digits and more)? Beyond 10^22 nobody writes all digits.
bool rounds_whole_numbers(const CodedColumn& column);

// The mean rank (from 1) of each level: what stats::ranks gives its rows.
std::vector<double> level_ranks(const std::vector<std::int64_t>& counts);
// The number at place `index` of the sorted present values, and NumPy's linear quantile of them; stats::quantile has the same bits.
double quantile_of(const CodedColumn& column, double q);

// Codes by first occurrence: the same for two columns if and only if a renaming of values makes one of the other.
std::vector<std::int32_t> pattern_of(const CodedColumn& column);

}  // namespace tessera::analysis
