#include "tessera/learn/table_features.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/hash.h"
#include "tessera/base/suggest.h"
#include "tessera/learn/estimators.h"
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

// Encodings that are an encoder of this room, by its name.
std::string_view encoder_name(CategoryEncoding encoding) {
  constexpr std::string_view kNames[] = {"",
                                         "",
                                         "count_encoder",
                                         "hashing_encoder",
                                         "two_hash_encoder",
                                         "target_encoder",
                                         "m_estimate_encoder",
                                         "james_stein_encoder",
                                         "woe_encoder",
                                         "leave_one_out_encoder",
                                         "catboost_encoder",
                                         "embedding_encoder"};
  return kNames[static_cast<std::size_t>(encoding)];
}

// The columns that become one number without an encoder.
bool is_one_number(const data::SchemaColumn& column, CategoryEncoding encoding) {
  return column.type == data::ColumnType::kNumber || encoding == CategoryEncoding::kOrdinal;
}

// A whole number of 53 bits, which float64 holds, from the first bytes of the text's SHA-256.
double text_key(std::string_view text) {
  const Digest digest = sha256(text);
  std::uint64_t bits = 0;
  for (int i = 7; i >= 0; --i) bits = (bits << 8) | digest[static_cast<std::size_t>(i)];
  return static_cast<double>(bits >> 11);
}

}  // namespace

TableFeatures::TableFeatures(const TableFeaturesOptions& options, data::Schema schema)
    : options_(options), schema_(std::move(schema)) {
  make_encoder();
}

CategoryEncoding encoding_named(const std::string& name) {
  static const std::map<std::string, CategoryEncoding> kEncodings = {
      {"one_hot", CategoryEncoding::kOneHot},       {"ordinal", CategoryEncoding::kOrdinal},
      {"count", CategoryEncoding::kCount},          {"hashing", CategoryEncoding::kHashing},
      {"two_hash", CategoryEncoding::kTwoHash},     {"target", CategoryEncoding::kTarget},
      {"m_estimate", CategoryEncoding::kMEstimate}, {"james_stein", CategoryEncoding::kJamesStein},
      {"woe", CategoryEncoding::kWeightOfEvidence}, {"leave_one_out", CategoryEncoding::kLeaveOneOut},
      {"catboost", CategoryEncoding::kCatBoost},    {"embedding", CategoryEncoding::kEmbedding}};
  const auto found = kEncodings.find(name);
  if (found != kEncodings.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, encoding] : kEncodings) names.push_back(known);
  fail_with(ExitCode::kUsage, "there is no encoding of categories '{}'{}; there are: {}", name,
            did_you_mean(name, names), fmt::join(names, ", "));
}

bool looks_at_target(CategoryEncoding encoding) {
  return encoding >= CategoryEncoding::kTarget;
}

std::vector<std::string> TableFeatures::category_columns() const {
  std::vector<std::string> names;
  for (const data::SchemaColumn& column : schema_.columns)
    if (column.type != data::ColumnType::kNumber) names.push_back(column.name);
  return names;
}

void TableFeatures::make_encoder() {
  encoder_ = nullptr;
  const std::string_view name = encoder_name(options_.categories);
  if (name.empty()) {
    if (!options_.encoder.empty())
      fail("features: one-hot and ordinal features have no parameters, found '{}'",
           options_.encoder.begin()->first);
    return;
  }
  std::unique_ptr<Estimator> made = make_estimator(name);
  constexpr std::string_view kTypes[] = {"auto", "binary", "continuous", "multiclass"};
  for (const ParameterText& parameter : parameters(*made))
    if (parameter.name == "target_type")
      set_parameter(*made, "target_type", kTypes[static_cast<std::size_t>(options_.target_type)]);
  for (const auto& [parameter, value] : options_.encoder) set_parameter(*made, parameter, value);
  if (category_columns().empty()) return;
  encoder_.reset(dynamic_cast<CategoryEncoder*>(made.release()));
}

data::Table TableFeatures::learn_columns(const data::Table& table, const std::vector<std::string>& columns,
                                         std::span<const std::int64_t> training_rows) {
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
      if (encoder_name(options_.categories).empty() &&
          static_cast<std::int64_t>(column.categories.size()) > options_.most_categories)
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
  make_encoder();
  return data::conform(training, schema_);
}

void TableFeatures::learn_scale(const Tensor& x) {
  if (!options_.scale) return;
  mean_ = mean(x, {0});
  const Tensor deviation = sqrt(variance(x, {0}));
  scale_ = select(greater(max(x, {0}), min(x, {0})), 1.0 / deviation, 0.0);
  if (encoder_ == nullptr || !looks_at_target(options_.categories)) return;
  const std::int64_t numbers = static_cast<std::int64_t>(schema_.columns.size() - category_columns().size());
  const Tensor is_number = less(arange(x.size(1)), numbers);
  mean_ = select(is_number, mean_, 0.0);
  scale_ = select(is_number, scale_, 1.0);
}

Tensor TableFeatures::scaled(const Tensor& x) const {
  return options_.scale ? (x - mean_) * scale_ : x;
}

void TableFeatures::fit(const data::Table& table, const std::vector<std::string>& columns,
                        std::span<const std::int64_t> training_rows, const Tensor& target) {
  const FloatEnvironment contract;
  const data::Table training = learn_columns(table, columns, training_rows);
  if (encoder_ == nullptr) {
    if (options_.scale) learn_scale(without_encoder(training));
    return;
  }
  const Tensor keys = category_keys(training, training);
  encoder_->fit(keys, target);
  if (options_.scale) learn_scale(joined(training, encoder_->transform(keys)));
}

Tensor TableFeatures::fit_transform(const data::Table& table, const std::vector<std::string>& columns,
                                    std::span<const std::int64_t> training_rows, const Tensor& target) {
  const FloatEnvironment contract;
  const data::Table training = learn_columns(table, columns, training_rows);
  const Tensor x = encoder_ == nullptr
                       ? without_encoder(training)
                       : joined(training, encoder_->fit_transform(category_keys(training, training), target));
  learn_scale(x);
  return scaled(x);
}

Tensor TableFeatures::category_keys(const data::Table& table, const data::Table& conforming) const {
  const std::vector<std::string> columns = category_columns();
  const std::size_t rows = static_cast<std::size_t>(conforming.rows);
  std::vector<double> keys(rows * columns.size(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const data::Column& column = conforming.column(columns[c]);
    const data::Column& written = table.column(columns[c]);
    const std::size_t known = schema_.find(columns[c])->categories.size();
    std::vector<double> known_keys(known);
    for (std::size_t code = 0; code < known; ++code)
      known_keys[code] = options_.categories == CategoryEncoding::kHashing ? text_key(column.categories[code])
                                                                           : static_cast<double>(code);
    for (std::size_t row = 0; row < rows; ++row) {
      const std::int32_t code = column.codes[row];
      if (code < 0) continue;
      double& key = keys[row * columns.size() + c];
      if (static_cast<std::size_t>(code) < known)
        key = known_keys[static_cast<std::size_t>(code)];
      else
        key = options_.categories == CategoryEncoding::kHashing
                  ? text_key(written.text(static_cast<std::int64_t>(row)))
                  : static_cast<double>(known);
    }
  }
  return Tensor::from(keys, {conforming.rows, static_cast<std::int64_t>(columns.size())});
}

Tensor TableFeatures::joined(const data::Table& conforming, const Tensor& encoded) const {
  const std::vector<double> fill = fill_.to_vector<double>();
  std::vector<Tensor> parts;
  for (std::size_t c = 0; c < conforming.columns.size(); ++c) {
    const data::Column& column = conforming.columns[c];
    if (!column.numeric) continue;
    std::vector<double> numbers = column.numbers;
    for (double& number : numbers)
      if (std::isnan(number)) number = fill[c];
    parts.push_back(Tensor::from(numbers, {conforming.rows, 1}));
  }
  if (parts.empty()) return encoded;
  parts.push_back(encoded);
  return concatenate(parts, 1);
}

Tensor TableFeatures::without_encoder(const data::Table& conforming) const {
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
  const data::Table conforming = data::conform(table, schema_, policy);
  if (encoder_ == nullptr || conforming.rows == 0)
    return scaled(encoder_ == nullptr
                      ? without_encoder(conforming)
                      : zeros({0, static_cast<std::int64_t>(names().size())}, DType::kFloat64));
  return scaled(joined(conforming, encoder_->transform(category_keys(table, conforming))));
}

std::vector<std::string> TableFeatures::names() const {
  std::vector<std::string> names;
  for (const data::SchemaColumn& column : schema_.columns) {
    if (encoder_ != nullptr && column.type != data::ColumnType::kNumber) continue;  // below
    if (is_one_number(column, options_.categories))
      names.push_back(column.name);
    else
      for (const std::string& category : column.categories)
        names.push_back(fmt::format("{}={}", column.name, category));
  }
  if (encoder_ != nullptr)
    for (std::string& name : encoder_->feature_names(category_columns())) names.push_back(std::move(name));
  return names;
}

void TableFeatures::visit_state(StateVisitor& visitor) {
  visitor.tensor("fill", fill_);
  if (encoder_ != nullptr) visit_part(visitor, "encoder", *encoder_);
  if (!options_.scale) return;
  visitor.tensor("mean", mean_);
  visitor.tensor("scale", scale_);
}

void TableFeatures::check_restored() const {
  if (encoder_ != nullptr) {
    encoder_->check_restored();
    if (encoder_->features() != static_cast<std::int64_t>(category_columns().size()))
      refuse_restored("features of the table", "the encoder has learned other columns");
  }
  const auto columns = static_cast<std::int64_t>(schema_.columns.size()),
             features = static_cast<std::int64_t>(names().size());
  require_restored("features of the table", "fill", fill_, DType::kFloat64, {columns});
  if (!options_.scale) return;
  require_restored("features of the table", "mean", mean_, DType::kFloat64, {features});
  require_restored("features of the table", "scale", scale_, DType::kFloat64, {features});
}

}  // namespace tessera::learn
