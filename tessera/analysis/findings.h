// What is suspicious about a table: sentences, each with its reason and its evidence.
//
// Suspicions of leakage, a column that knows more of the target than a column should. Each is claimed only with the evidence that is stated:
//
//   equals the target        a renaming of the column's values gives the target (two values or more); numbers: the correlation is 1 to within 1e-9
//   determines the target    few-valued: its mutual information is at least 95 % of the target's entropy, or rows with a value that occurs again agree in 99 %. Numbers: of any two
//                            classes they order 99.5 % of all pairs of rows, or |Spearman| with a target of numbers is at least 0.999; few-valued columns: eta^2 at least 0.99
//   missing as the target    the rows in which the column is missing (or present) are of one class: a fault that guessing by this class's share would make with less than 1 in 10^6
//   identifier with a message   an identifier of numbers that orders the classes (AUC at least 0.6 from one side) or the target (|Spearman| at least 0.3): the rows were numbered by it,
//                            or the other way round
//   groups share the target  a column of many values: rows with the same value nearly always have the same class (a fault in at most a fifth of those that guessing makes).
//                            Rows of one value belong on one side of a split
//
// Worth a look: columns that are equal or renamings of each other, that are constant, nearly unique or missing in the same rows; rows that occur again, with the same target or with
// another; rows in the order of the target; texts that are numbers in another notation, or that differ only in blanks and the case of letters; whole numbers beyond 2^53, which were rounded when they were read: neither rows with them nor columns of them are called equal. Thread-safety: pure functions.
//
// ```cpp
// std::string csv = "paid,left\n";
// for (int i = 0; i < 100; ++i) csv += i % 3 == 0 ? "2024-01-05,1\n" : ",0\n";
// const analysis::TableAnalysis found = analysis::analyse_table(data::parse_csv(csv, "t.csv"), {.target = "left"});
// assert(found.findings[0].kind == analysis::FindingKind::kMissingAsTarget && found.findings[0].leak());
// ```
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/analysis/coded_column.h"
#include "tessera/analysis/column_summary.h"
#include "tessera/analysis/target.h"

namespace tessera::analysis {

enum class FindingKind : std::uint8_t {
  kEqualsTarget,
  kDeterminesTarget,
  kMissingAsTarget,
  kIdentifierKnowsTarget,
  kGroupsShareTarget,
  kConflictingRows,  // from here on: worth a look
  kRepeatedRows,
  kSortedByTarget,
  kRoundedNumbers,
  kOtherNotation,
  kAlikeTexts,
  kEqualColumns,
  kRenamedColumns,
  kMissingTogether,
  kConstantColumn,
  kEmptyColumn,
  kNearlyUnique,
};
std::string_view finding_name(FindingKind kind);  // "equals_target"

struct Finding {
  FindingKind kind = FindingKind::kEqualsTarget;
  std::vector<std::size_t> columns = {};
  std::string sentence = {};
  bool leak() const { return kind < FindingKind::kConflictingRows; }
};

// Rows that occur again.
struct RowRepeats {
  std::int64_t repeated =
      0;  // rows that equal one before them in every column; none with a number that was rounded
  std::int64_t conflicting = 0;  // rows that equal another one in every column but the target, which differs
};
RowRepeats row_repeats(const std::vector<CodedColumn>& columns, std::optional<std::size_t> target);

std::vector<Finding> find_leaks(const std::vector<CodedColumn>& columns,
                                const std::vector<ColumnSummary>& summaries, const TargetSummary& target);
std::vector<Finding> find_oddities(const std::vector<CodedColumn>& columns,
                                   const std::vector<ColumnSummary>& summaries, const TargetSummary* target,
                                   const RowRepeats& repeats);

}  // namespace tessera::analysis
