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

// Of a CSV file: does its first line consist of names that are given?
bool begins_with_names(std::string_view csv, const std::string& file, const data::CsvOptions& options,
                       const std::vector<std::string>& names);
// Columns of a table without a header with a text in the first row and numbers in all others.
std::vector<std::string> columns_headed_by_text(const data::Table& table);
bool has_number_in_first_row(const data::Table& table);
std::vector<std::string> headed_by_text_notes(const data::Table& table);  // about the first of them

// The names of the `found` columns of a file, which may lack what is ignored and, unless `needs_target`, the target. Errors: a number of columns that does
// not go with this, or that leaves open which are missing.
std::vector<std::string> own_columns(const FitConfig& config, const std::string& file, std::size_t found,
                                     bool needs_target);
// A sentence where own_columns left names out, else "".
std::string own_columns_note(const FitConfig& config, const data::Table& table);
// A column that has no value of training is in another column's place; of a file of which names were left out.
void refuse_shifted_columns(const FitConfig& config, const data::Table& table, const data::Schema& schema);

}  // namespace tessera::tabular
