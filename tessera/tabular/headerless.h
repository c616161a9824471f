// Files whose first line is data, with names that the settings give (data.columns): which of the names the columns of a file to predict have, and whether
// the first line is a header after all. Internal to this room.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/data/schema.h"
#include "tessera/tabular/fit_config.h"

namespace tessera::tabular {

// The names of the `found` columns of a file, which may lack what is ignored and, unless `needs_target`, the target. Errors: a number of columns that does
// not go with this, or that leaves open which are missing.
std::vector<std::string> own_columns(const FitConfig& config, const std::string& file, std::size_t found,
                                     bool needs_target);
// A sentence where own_columns left names out, else "".
std::string own_columns_note(const FitConfig& config, const data::Table& table);
// A column that has no value of training is in another column's place; of a file of which names were left out.
void refuse_shifted_columns(const FitConfig& config, const data::Table& table, const data::Schema& schema);

}  // namespace tessera::tabular
