// What is wrong with a table before anything is learned from it, or said of it, by file, line and column: estimators know of rows and features alone. Internal
// to this room.
//
// Thread-safety: pure functions.
#pragma once

#include <string>
#include <vector>

#include "tessera/data/schema.h"

namespace tessera::tabular {

// No estimator takes an infinite number.
void refuse_infinite(const data::Table& table, const std::vector<std::string>& columns);
// Names, categories and classes stand in the record, which is UTF-8.
void refuse_other_encodings(const data::Table& table, const std::vector<std::string>& columns);
// A column of training that the table lacks; of its own columns, those in `others` are not what it was renamed to.
void require_columns(const data::Table& table, const data::Schema& schema,
                     const std::vector<std::string>& others);

}  // namespace tessera::tabular
