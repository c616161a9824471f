// Values of a column that may stand for a missing one, each as a sentence without a full stop (column_summary.h says which). Internal to this room.
// Thread-safety: pure function.
#pragma once

#include <string>
#include <vector>

#include "tessera/analysis/coded_column.h"

namespace tessera::analysis {

std::vector<std::string> missing_hints(const CodedColumn& column);

}  // namespace tessera::analysis
