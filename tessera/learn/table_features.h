// From a table to the numbers that estimators learn from: what is learned for that is learned from the training rows alone.
//
// Columns of numbers stay one feature each; a missing number, and a NaN that is written, is filled with the mean or the median of the training rows, or with 0, or is refused.
// Columns of texts and categories become one feature per category that the training rows have (one-hot), or one number, the position of
// the category in the order of data::make_category (ordinal); a missing category, and one that training did not have, is all
// zeros, or -1. With `scale` every feature is standardised: mean 0 and deviation 1 over the training rows; a constant one becomes 0.
//
// The other encodings are encoders of category_encoder.h (docs/encoders.md compares them), with parameters of their own; their features stand behind those of the
// numbers. Texts go into the hash as they are written, so that it needs no list of them. Where an encoding looks at the target, fit() needs one, and training
// rows are encoded by fit_transform(), without their own targets; transform() is for other rows. Such features are in the target's units and `scale` leaves
// them as they are: their mean over all rows would carry each row's own target into it.
//
// What was learned is a Schema and a few tensors, so it is saved with the model (schema() as JSON, the rest as state), and a later
// table that does not fit gets data::conform's sentence.
//
// Shapes: transform() gives float64 [rows, features]; names() has a name per feature: "age", "work=Private". Errors: a column that has no value in
// the training rows; one-hot or ordinal, more than `most_categories` in a column (an identifier, most likely). Thread-safety: constant after fit().
//
// ```cpp
// data::Table table = data::parse_csv("age,work\n39,office\n50,field\n45,field\n", "people.csv");
// learn::TableFeatures features;
// features.fit(table, {"age", "work"}, std::vector<std::int64_t>{0, 1});  // the third row is not looked at
// assert(features.names() == (std::vector<std::string>{"age", "work=field", "work=office"}));
// assert(features.transform(table).slice({2}).to_vector<double>() == (std::vector<double>{45, 1, 0}));
// learn::TableFeatures likelihood({.categories = learn::CategoryEncoding::kTarget, .encoder = {{"cv", "3"}}});
// likelihood.fit_transform(table, {"work"}, std::vector<std::int64_t>{0, 1, 2}, Tensor::from<double>({1, 0, 0}, {3}));
// assert(likelihood.transform(table).at<double>({0, 0}) == 1);
// ```
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tessera/data/schema.h"
#include "tessera/data/table.h"
#include "tessera/learn/category_encoder.h"
#include "tessera/learn/target_statistics.h"
#include "tessera/tensor/state.h"
#include "tessera/tensor/tensor.h"

namespace tessera::learn {

enum class CategoryEncoding : std::uint8_t {
  kOneHot,
  kOrdinal,
  kCount,
  kHashing,
  kTwoHash,
  kTarget,
  kMEstimate,
  kJamesStein,
  kWeightOfEvidence,
  kLeaveOneOut,
  kCatBoost,
  kEmbedding
};
CategoryEncoding encoding_named(
    const std::string& name);  // "one_hot", ..., "catboost"; an Error that lists them
bool looks_at_target(CategoryEncoding encoding);
enum class MissingNumbers : std::uint8_t { kMean, kMedian, kZero, kRefuse, kKeep };  // kKeep: NaN

struct TableFeaturesOptions {
  CategoryEncoding categories = CategoryEncoding::kOneHot;
  MissingNumbers missing = MissingNumbers::kMean;
  bool scale = false;
  std::int64_t most_categories = 1000;
  std::map<std::string, std::string> encoder = {};  // parameters of the encoder, beside its defaults
  TargetType target_type = TargetType::kAuto;       // for encoders that look at it
};

class TableFeatures : public Stateful {
 public:
  explicit TableFeatures(const TableFeaturesOptions& options = {}) : options_(options) {}
  // With the schema of a saved model; the state is restored afterwards.
  TableFeatures(const TableFeaturesOptions& options, data::Schema schema);

  // `target`: of the training rows, for encodings that look at it.
  void fit(const data::Table& table, const std::vector<std::string>& columns,
           std::span<const std::int64_t> training_rows, const Tensor& target = {});
  // The same, and what the training rows become.
  Tensor fit_transform(const data::Table& table, const std::vector<std::string>& columns,
                       std::span<const std::int64_t> training_rows, const Tensor& target = {});
  Tensor transform(const data::Table& table) const;
  const data::Schema& schema() const { return schema_; }
  std::vector<std::string> names() const;
  void visit_state(StateVisitor& visitor) override;
  void check_restored() const;  // as Estimator::check_restored

 private:
  // Types, categories and what fills missing numbers; gives the training rows as they conform.
  data::Table learn_columns(const data::Table& table, const std::vector<std::string>& columns,
                            std::span<const std::int64_t> training_rows);
  void make_encoder();  // where there are columns for one
  void learn_scale(const Tensor& x);
  Tensor scaled(const Tensor& x) const;
  // Before scaling; numbers, then what the encoder has made of the categories.
  Tensor joined(const data::Table& conforming, const Tensor& encoded) const;
  Tensor without_encoder(const data::Table& conforming) const;
  // What the encoder sees: [rows, columns of categories]; `table` has their texts.
  Tensor category_keys(const data::Table& table, const data::Table& conforming) const;
  std::vector<std::string> category_columns() const;

  TableFeaturesOptions options_;
  data::Schema schema_;
  Tensor fill_;          // [columns]: what missing numbers become
  Tensor mean_, scale_;  // [features], when scaled
  std::unique_ptr<CategoryEncoder> encoder_;
};

}  // namespace tessera::learn
