// How strongly two columns hang together, over the rows in which both have a usable value.
//
//   pearson      of numbers, as stats::correlation
//   spearman     Pearson's of the ranks among these rows, as stats::spearman
//   cramers_v    of levels: sqrt(chi^2 / n / (min(levels) - 1)), no correction: scipy.stats.contingency.association
//   eta          the correlation ratio: sqrt of the share of the numbers' sum of squares that lies between the groups of a column
//   auc          the probability that a row of one group has the greater number than a row of another, ties counting half (Mann-Whitney U / pairs)
//   mutual information of levels   by counting, corrected by Miller and Madow (stats/mutual_information.h), nats
//   repeat_agreement   of rows whose level occurs again, the share whose class is the commonest one among the level's other rows: what the column alone
//                      predicts, measured on rows that are not their own witnesses
//
// NaN where there are fewer than two rows or one side is constant. Counts are exact, sums are in the contract's order. Thread-safety: pure functions.
//
// ```cpp
// const data::Table table = data::parse_csv("x,y,kind\n1,2,a\n2,4,a\n3,6,b\n4,9,b\n", "t.csv");
// const auto x = analysis::code_column(table.columns[0]), y = analysis::code_column(table.columns[1]), kind = analysis::code_column(table.columns[2]);
// assert(analysis::spearman(x, y) == 1 && analysis::pearson(x, y) > 0.99);
// assert(analysis::auc(analysis::joint_counts(x, kind), 0, 1) == 1);
// assert(std::abs(analysis::eta(kind, x) - std::sqrt(0.8)) < 1e-15);
// ```
#pragma once

#include <cstdint>
#include <vector>

#include "tessera/analysis/coded_column.h"

namespace tessera::analysis {

// The rows of each pair of levels that occurs, by the first level, then the second.
struct JointCounts {
  struct Cell {
    std::int32_t x = 0, y = 0;
    std::int64_t count = 0;
  };
  std::vector<Cell> cells;
  std::int64_t rows = 0;
  std::int64_t x_levels = 0, y_levels = 0;  // of the columns; some may not occur here
  std::vector<std::int64_t> x_counts() const;
  std::vector<std::int64_t> y_counts() const;
};
JointCounts joint_counts(const CodedColumn& x, const CodedColumn& y);

// Pearson, Spearman and eta: of numbers of any size (range.h); NaN where one side has one value in all rows that both have.
double pearson(const CodedColumn& x, const CodedColumn& y);
double spearman(const CodedColumn& x, const CodedColumn& y);
// For many correlations of columns without a gap: differences from the mean, of the numbers (times a power of two where they are extremely large or small) or
// of their ranks. The same bits as the two above.
struct CentredColumn {
  std::vector<double> differences;
  double length = 0;  // sqrt of the sum of their squares
};
CentredColumn centred_numbers(const CodedColumn& column);
CentredColumn centred_ranks(const CodedColumn& column);
double correlation(const CentredColumn& x, const CentredColumn& y);
double cramers_v(const JointCounts& joint);
double eta(const CodedColumn& groups, const CodedColumn& numbers);
// Of the level `second` of y against `first`; x are numbers.
double auc(const JointCounts& joint, std::int32_t first, std::int32_t second);

struct CountedInformation {
  double plug_in = 0;    // by counting alone, biased upwards
  double corrected = 0;  // of Miller and Madow; may be below 0
};
CountedInformation mutual_information(const JointCounts& joint);

struct RepeatAgreement {
  std::int64_t rows = 0;       // whose level occurs in another row, too
  std::int64_t agreeing = 0;   // whose class is that of most of the others
  std::int64_t commonest = 0;  // rows of the class that most of these rows have: what guessing would get
};
RepeatAgreement repeat_agreement(const JointCounts& joint);

}  // namespace tessera::analysis
