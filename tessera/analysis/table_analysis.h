// A table looked at before anything is learned from it: columns, how they hang together, what they say about a target, and what is suspicious.
//
// The associations of two columns are, by their kinds: Pearson's and Spearman's correlation of numbers; Cramer's V of few-valued columns; eta of few-valued columns and numbers. They
// are computed for at most `most_associated` columns: those that say most about the target, or the first ones. Columns of one value and few-valued columns with more than 100 values
// are left out: their V and eta measure how many values there are.
//
// A finding is one sentence with its evidence (findings.h). Suspicions of leakage come first; then what else is worth a look.
//
// Everything is computed by counts and by sums in the contract's order: the same table gives the same analysis, bit for bit, on any number of threads and machine.
// Errors: those of the target (target.h), and a target that is not there, with a suggestion. A table without rows is no error. Thread-safety: pure functions.
//
// ```cpp
// std::string csv = "id,answer,grade\n";
// for (int i = 0; i < 60; ++i) csv += fmt::format("{},{},{}\n", i, i * i % 7, i * i % 7 > 2 ? "good" : "bad");
// const analysis::TableAnalysis analysis = analysis::analyse_table(data::parse_csv(csv, "exam.csv"), {.target = "grade"});
// assert(analysis.columns[0].identifier && analysis.findings[0].kind == analysis::FindingKind::kDeterminesTarget);
// assert(analysis.findings[0].sentence.starts_with("'answer' alone tells 'grade'"));
// ```
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tessera/analysis/findings.h"
#include "tessera/analysis/target.h"
#include "tessera/data/table.h"

namespace tessera::analysis {

struct AnalysisOptions {
  std::string target = {};  // name of a column; "": none
  TargetKind target_kind = TargetKind::kAutomatic;
  std::int64_t most_associated = 40;
};

enum class AssociationKind : std::uint8_t { kCorrelation, kCramersV, kEta };

struct Association {
  std::size_t first = 0, second = 0;  // columns of the table
  AssociationKind kind = AssociationKind::kCorrelation;
  double value = 0;     // Pearson's, V or eta
  double spearman = 0;  // of numbers; else NaN
};

struct TableAnalysis {
  std::string source;
  std::int64_t rows = 0, missing = 0;
  std::vector<ColumnSummary> columns;
  std::optional<TargetSummary> target = {};
  std::vector<std::size_t> associated = {};    // the columns whose associations were computed
  bool all_associated = true;                  // false: there were more than `most_associated`
  std::vector<Association> associations = {};  // of every two of them, first < second
  RowRepeats repeats = {};
  std::vector<Finding> findings = {};
};

// What analyse_table computes from, kept for pictures.
std::vector<CodedColumn> code_columns(const data::Table& table);
std::vector<CodedColumn> code_columns(data::Table&& table);  // each column goes when it was coded
TableAnalysis analyse_table(const data::Table& table, const AnalysisOptions& options = {});
TableAnalysis analyse_columns(const std::vector<CodedColumn>& columns, const std::string& source,
                              const AnalysisOptions& options);

}  // namespace tessera::analysis
