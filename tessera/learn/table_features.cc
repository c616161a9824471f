#include "tessera/learn/table_features.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/learn/restored.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

// Of the values that are there; a column without any was refused.
double median(std::vector<double> values) {
  const std::size_t middle = values.size() / 2;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(middle), values.end());
  const double upper = values[middle];
  if (values.size() % 2 == 1) return upper;
  return (*std::max_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(middle)) + upper) /
         2;
}

double fill_of(const data::Column& column, MissingNumbers missing) {
  if (missing == MissingNumbers::kZero) return 0;
  if (missing == MissingNumbers::kKeep) return std::numeric_limits<double>::quiet_NaN();
  std::vector<double> there;
  for (const double value : column.numbers)
    if (std::isfinite(value)) there.push_back(value);
  if (there.empty()) return 0;
  if (missing == MissingNumbers::kMedian) return median(std::move(there));
  const std::int64_t count = static_cast<std::int64_t>(there.size());
  return mean(Tensor::from(there, {count})).item<double>();
}

// The columns that become one number.
bool is_one_number(const data::SchemaColumn& column, CategoryEncoding encoding) {
  return column.type == data::ColumnType::kNumber || encoding == CategoryEncoding::kOrdinal;
}

}  // namespace

TableFeatures::TableFeatures(const TableFeaturesOptions& options, data::Schema schema)
    : options_(options), schema_(std::move(schema)) {}

void TableFeatures::fit(const data::Table& table, const std::vector<std::string>& columns,
                        std::span<const std::int64_t> training_rows) {
  const FloatEnvironment contract;
  if (options_.scale && options_.missing == MissingNumbers::kKeep)
    fail("features that are scaled cannot keep their missing values, expected another way to fill them in");
  data::Table training = data::take_rows(data::take_columns(table, columns), training_rows);
  std::vector<double> fill;
  for (data::Column& column : training.columns) {
    if (column.missing == training.rows)
      fail(
          "{}: column '{}' has no value in the {} rows to train on, expected one at least (or leave the "
          "column out)",
          table.source, column.name, training.rows);
    if (column.type() != data::ColumnType::kNumber) {
      data::make_category(training, std::string(column.name));
      if (static_cast<std::int64_t>(column.categories.size()) > options_.most_categories)
        fail("{}: column '{}' has {} different values, expected at most {}: leave out what only names a row",
             table.source, column.name, column.categories.size(), options_.most_categories);
    }
    if (options_.missing == MissingNumbers::kRefuse && column.missing > 0)
      fail("{}:{}: column '{}': a value is missing, expected none (or say what missing values become)",
           table.source, column.first_missing_line, column.name);
    fill.push_back(column.numeric ? fill_of(column, options_.missing) : 0);
  }
  schema_ = data::Schema::of(training);
  fill_ = Tensor::from(fill, {static_cast<std::int64_t>(fill.size())});
  mean_ = scale_ = {};
  if (!options_.scale) return;
  const Tensor x = encoded(data::conform(training, schema_));
  mean_ = mean(x, {0});
  const Tensor deviation = sqrt(variance(x, {0}));
  scale_ = select(greater(max(x, {0}), min(x, {0})), 1.0 / deviation, 0.0);
}

Tensor TableFeatures::encoded(const data::Table& conforming) const {
  const std::size_t rows = static_cast<std::size_t>(conforming.rows), features = names().size();
  const std::vector<double> fill = fill_.to_vector<double>();
  std::vector<double> values(rows * features);
  std::size_t feature = 0;
  for (std::size_t c = 0; c < conforming.columns.size(); ++c) {
    const data::Column& column = conforming.columns[c];
    const std::size_t known = schema_.columns[c].categories.size();
    const bool one = is_one_number(schema_.columns[c], options_.categories);
    for (std::size_t row = 0; row < rows; ++row) {
      double* place = values.data() + row * features + feature;
      if (column.numeric) {
        *place = std::isnan(column.numbers[row]) ? fill[c] : column.numbers[row];
        continue;
      }
      const std::int32_t code = column.codes[row];
      const bool is_known = code >= 0 && static_cast<std::size_t>(code) < known;
      if (one)
        *place = is_known ? code : -1;
      else if (is_known)
        place[code] = 1;
    }
    feature += one ? 1 : known;
  }
  return Tensor::from(values, {conforming.rows, static_cast<std::int64_t>(features)});
}

Tensor TableFeatures::transform(const data::Table& table) const {
  const FloatEnvironment contract;
  const data::ConformOptions policy = {.unseen = data::UnseenCategory::kOther,
                                       .allow_missing = options_.missing != MissingNumbers::kRefuse};
  const Tensor x = encoded(data::conform(table, schema_, policy));
  return options_.scale ? (x - mean_) * scale_ : x;
}

std::vector<std::string> TableFeatures::names() const {
  std::vector<std::string> names;
  for (const data::SchemaColumn& column : schema_.columns) {
    if (is_one_number(column, options_.categories))
      names.push_back(column.name);
    else
      for (const std::string& category : column.categories)
        names.push_back(fmt::format("{}={}", column.name, category));
  }
  return names;
}

void TableFeatures::visit_state(StateVisitor& visitor) {
  visitor.tensor("fill", fill_);
  if (!options_.scale) return;
  visitor.tensor("mean", mean_);
  visitor.tensor("scale", scale_);
}

void TableFeatures::check_restored() const {
  const auto columns = static_cast<std::int64_t>(schema_.columns.size()),
             features = static_cast<std::int64_t>(names().size());
  require_restored("features of the table", "fill", fill_, DType::kFloat64, {columns});
  if (!options_.scale) return;
  require_restored("features of the table", "mean", mean_, DType::kFloat64, {features});
  require_restored("features of the table", "scale", scale_, DType::kFloat64, {features});
}

}  // namespace tessera::learn
