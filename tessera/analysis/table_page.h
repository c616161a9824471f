// An analysis as one HTML page that stands alone: it loads nothing, runs no script, follows the reader's light or dark setting.
//
// Parts: suspicions and hints; the target with the ranking of columns; each column's distribution; columns beside the target (violins per class and swarms; scatters of
// numbers; shares by value); heat maps of associations; a map of missing values. Of wide tables the first columns, or those that say most about the target, and the page says so. The
// same table gives the same bytes. Thread-safety: pure functions.
//
// ```cpp
// const data::Table table = data::parse_csv("a,b\n1,x\n2,y\n", "t.csv");
// const std::string page = analysis::table_page(analysis::analyse_table(table), analysis::code_columns(table));
// assert(page.starts_with("<!DOCTYPE html>") && page.find("<svg") != std::string::npos);
// ```
#pragma once

#include <string>
#include <vector>

#include "tessera/analysis/table_analysis.h"

namespace tessera::analysis {

std::string table_page(const TableAnalysis& analysis, const std::vector<CodedColumn>& columns);

}  // namespace tessera::analysis
