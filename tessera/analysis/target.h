// What the columns of a table say about one of them, the target: a ranking by mutual information, with other measures beside it.
//
// A target is of classes, or of numbers: texts are classes, and so are whole numbers of at most 20 different values, unless the caller says otherwise. Rows without a target
// count nowhere.
//
//   target      column               mutual information (nats, at least 0)                                          beside it
//   classes     few-valued           counted, less Miller and Madow's bias                                          Cramer's V
//   classes     numbers              Ross' estimate by neighbours (2014), as scikit-learn's mutual_info_classif     Spearman with two classes, eta otherwise; AUC of two classes
//   numbers     few-valued           Ross' estimate with the roles exchanged                                        eta
//   numbers     numbers              Kraskov's estimate by neighbours (2004), as mutual_info_regression             Pearson, Spearman
//
// Miller and Madow's correction supposes that most pairs of values occur. Of few-valued columns with more than kManyValues values, the plug-in estimate is instead taken less its
// mean over three shuffles of the target (by counter), which is what a column of such values finds in any target.
//
// Few-valued: texts, dates, and whole numbers of at most 20 different values. Estimates by neighbours look at no more than kNeighbourRows rows, drawn by counter; all
// other measures look at every row. A few-valued column with more than a fifth as many values as rows has no estimate: almost every value is met once, and counting
// would find in it whatever the target holds. Estimates of different kinds have different small errors, so neighbours in the ranking are no order.
// Thread-safety: pure functions; columns are spread over the threads, and no bit depends on how many there are.
//
// ```cpp
// const data::Table table = data::parse_csv("size,shape,kind\n1,round,a\n2,round,a\n8,flat,b\n9,flat,b\n", "t.csv");
// std::vector<analysis::CodedColumn> columns;
// for (const data::Column& column : table.columns) columns.push_back(analysis::code_column(column));
// std::vector<analysis::ColumnSummary> summaries;
// for (const analysis::CodedColumn& column : columns) summaries.push_back(analysis::summarise(column));
// const analysis::TargetSummary target = analysis::summarise_target(columns, 2, summaries);
// assert(target.classes && target.balance.size() == 2 && target.links[0].auc == 1);
// ```
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tessera/analysis/association.h"
#include "tessera/analysis/column_summary.h"

namespace tessera::analysis {

inline constexpr std::int64_t kNeighbourRows = 10'000;
inline constexpr std::int64_t kFewValues = 20;
inline constexpr std::int64_t kManyValues = 50;
inline constexpr std::int64_t kMostClasses = 1000;

enum class TargetKind : std::uint8_t { kAutomatic, kClasses, kNumbers };

enum class InformationMethod : std::uint8_t { kNone, kCounted, kNeighbours };

// What one column has to do with the target. NaN: does not apply, or cannot be computed.
struct TargetLink {
  std::size_t column = 0;
  InformationMethod method = InformationMethod::kNone;
  double information = 0;  // nats, at least 0; NaN with kNone
  double share = 0;    // of the entropy of the classes among the rows that the column has; NaN for numbers
  double plug_in = 0;  // by counting alone, with kCounted
  double by_chance =
      0;  // of columns of more than kManyValues values: the plug-in estimate with the target shuffled
  double pearson = 0, spearman = 0, cramers_v = 0, eta = 0;
  double auc = 0;  // of two classes: of the second against the first
  double worst_pair_auc =
      0;  // of up to 10 classes: the pair that the column tells apart worst, as max(auc, 1 - auc)
  RepeatAgreement repeats = {};  // of few-valued columns, classes
  bool few_values = false;
};

struct TargetSummary {
  std::size_t column = 0;
  bool classes = false;
  std::int64_t rows = 0;                 // that have a target
  double entropy = 0;                    // of classes, nats
  std::vector<ValueCount> balance = {};  // of classes, in the order of their codes
  std::vector<TargetLink> links;         // of every other column, in the table's order
  std::vector<std::size_t>
      ranking;  // positions in `links`, most information first; those without an estimate last
  std::int64_t neighbour_rows = 0;  // that estimates by neighbours looked at, at most
};

bool few_valued(const ColumnSummary& summary);

// `where` begins the messages: the file. Throws Error where the target has no value, is constant, has more than 1,000 classes, or is text and numbers were asked for.
TargetSummary summarise_target(const std::vector<CodedColumn>& columns, std::size_t target,
                               const std::vector<ColumnSummary>& summaries,
                               TargetKind kind = TargetKind::kAutomatic, const std::string& where = "table");

}  // namespace tessera::analysis
