// What a person should look at after a fit, in sentences: nothing that stops it, and nothing that is recorded. Internal to this room.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/data/csv.h"
#include "tessera/data/schema.h"
#include "tessera/learn/estimator.h"

namespace tessera::tabular {

// How many cells of a CSV file are one of the texts that stand for a missing value.
struct MissingText {
  std::string text, trimmed = {};
  std::int64_t cells = 0;
  std::int64_t alike = 0;  // cells that would be it, but for the blanks around them or around the text
};
std::vector<MissingText> missing_texts(std::string_view csv, const std::string& source,
                                       const data::CsvOptions& options);
std::vector<std::string> missing_text_notes(
    const std::vector<MissingText>& texts);  // of those that no cell is

// A header that looks like a row of data: most of its names are numbers, or those of all columns of numbers.
std::vector<std::string> header_notes(const data::Table& table);
// Columns with NaN as a written value, which features take for a missing one.
std::vector<std::string> nan_notes(const data::Table& table, const std::vector<std::string>& columns,
                                   const std::string& become);
// Columns of whole numbers so long that they were rounded when they were read.
std::vector<std::string> rounded_notes(const data::Table& table, const std::vector<std::string>& columns);
// Columns of texts that are numbers in another notation, of which at least half of the training rows have a value of their own, or with texts that are alike.
std::vector<std::string> text_notes(const data::Schema& schema, std::int64_t training_rows);
// An estimator, or a part of it, that ended before it had reached its tolerance: its state says "converged" 0.
std::vector<std::string> convergence_notes(learn::Estimator& fitted);

}  // namespace tessera::tabular
