// Features of a table's rows without a copy of all of these rows. Internal to this room.
//
// The features of a row that TableFeatures::transform gives do not depend on the rows beside it, by not one bit, so they can be made of some rows at a time.
//
// Errors: those of TableFeatures, of the first rows that have one. Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <span>

#include "tessera/learn/table_features.h"

namespace tessera::tabular {

// transform(take_rows(table, rows)), bit for bit.
Tensor features_of_rows(const learn::TableFeatures& features, const data::Table& table,
                        std::span<const std::int64_t> rows);
Tensor features_of_table(const learn::TableFeatures& features, const data::Table& table);

// Is what fit_transform makes of the training rows what transform makes of them, and does nothing have to be learned from these features themselves?
bool features_by_row(const learn::TableFeaturesOptions& options);

}  // namespace tessera::tabular
