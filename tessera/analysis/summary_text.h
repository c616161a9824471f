// An analysis as plain text in at most 100 columns, and as JSON: the same bytes on every machine.
//
// Of wide tables the text shows the first kShownColumns columns and says so; the JSON has all of them. In the JSON a number that does not exist is null; numbers are written so that they
// read back as they are. Texts of the data are made printable, and the JSON replaces bytes that are no UTF-8. Thread-safety: pure functions.
//
// ```cpp
// const analysis::TableAnalysis found = analysis::analyse_table(data::parse_csv("a,b\n1,x\n2,y\n", "t.csv"));
// assert(analysis::summary_text(found).starts_with("t.csv: 2 rows, 2 columns"));
// assert(analysis::summary_json(found).find("\"rows\":2") != std::string::npos);
// ```
#pragma once

#include <string>

#include "tessera/analysis/table_analysis.h"

namespace tessera::analysis {

inline constexpr std::size_t kShownColumns = 60, kShownLinks = 20, kShownAssociations = 10,
                             kShownFindings = 30;

std::string summary_text(const TableAnalysis& analysis);
std::string summary_json(const TableAnalysis& analysis);

// Sentences that several places show.
std::string overview_sentence(
    const TableAnalysis&
        analysis);  // "32,561 rows, 15 columns: 6 of numbers, 9 of texts; 4,262 values are missing (0.9 %)"
std::string information_sentence(const TargetSummary& target);  // how the mutual information was estimated
// The associations of two different columns that are there, strongest first; at most `most`.
std::vector<Association> strongest_associations(const TableAnalysis& analysis, std::size_t most);
std::string association_text(const Association& association);  // "Pearson 0.97, Spearman 0.97"

}  // namespace tessera::analysis
