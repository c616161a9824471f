// No encoder shows a training row its own target: with another label for row i, what row i becomes has the same bits. Over every encoder, kind of
// target and setting that there is, on small tables for every row, on a large one for some.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tessera/backends/backends.h"
#include "tessera/learn/category_encoder.h"
#include "tessera/learn/estimators.h"
#include "tessera/learn/table_features.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {
namespace {

struct Case {
  std::string name, settings;
};

// Every encoder with its defaults, and with what else decides how training rows are encoded.
std::vector<Case> cases() {
  std::vector<Case> all;
  for (const EstimatorRow& row : estimators())
    if (dynamic_cast<CategoryEncoder*>(row.make().get()) != nullptr)
      all.push_back({std::string(row.name), "{}"});
  const std::vector<Case> others = {
      {"target_encoder", R"({"inner_cv": 3, "noise": 0.1})"},
      {"target_encoder", R"({"smooth": 2, "cv": 3, "shuffle": false})"},
      {"target_encoder", R"({"weighting": "sigmoid", "min_samples_leaf": 2, "smoothing": 1})"},
      {"m_estimate_encoder", R"({"randomized": true, "inner_cv": 2})"},
      {"james_stein_encoder", R"({"model": "pooled"})"},
      {"james_stein_encoder", R"({"model": "beta", "randomized": true})"},
      {"leave_one_out_encoder", R"({"sigma": 0.3})"},
      {"catboost_encoder", R"({"a": 0.5, "sigma": 0.1, "seed": 4})"},
      {"catboost_encoder", R"({"shuffle": false})"},
  };
  all.insert(all.end(), others.begin(), others.end());
  return all;
}

enum class Kind { kBinary, kClasses, kNumbers };

struct Table {
  Tensor x;
  std::vector<double> y;
  Kind kind;

  // The label of one row changed; no class is lost, since the first rows have each of them twice.
  Tensor target(std::int64_t changed = -1) const {
    std::vector<double> values = y;
    if (changed >= 0) {
      double& value = values[static_cast<std::size_t>(changed)];
      if (kind == Kind::kBinary) value = 1 - value;
      if (kind == Kind::kClasses) value = value == 0 ? 1 : value - 1;
      if (kind == Kind::kNumbers) value = value * -3.7 + 0.123;
    }
    return Tensor::from(values, {x.size(0)});
  }
};

Table table_of(std::int64_t rows, std::int64_t categories, Kind kind, std::uint64_t seed) {
  std::vector<double> keys, y;
  std::uint64_t state = seed * 2654435761u + 12345;
  const auto next = [&](std::uint64_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % below;
  };
  for (std::int64_t i = 0; i < rows; ++i) {
    keys.push_back(static_cast<double>(next(static_cast<std::uint64_t>(categories))));
    keys.push_back(static_cast<double>(next(3)) * 0.3);
    if (kind == Kind::kBinary) y.push_back(static_cast<double>(i < 4 ? i % 2 : next(2)));
    if (kind == Kind::kClasses) y.push_back(static_cast<double>(i < 6 ? i % 3 : next(3)));
    if (kind == Kind::kNumbers) y.push_back(static_cast<double>(next(100'000)) / 777 - 40);
  }
  return {Tensor::from(keys, {rows, 2}), y, kind};
}

std::unique_ptr<Transformer> made(const Case& test, Kind kind) {
  std::unique_ptr<Estimator> estimator = make_estimator(test.name);
  set_parameters(*estimator, nlohmann::json::parse(test.settings));
  std::set<std::string> names;
  for (const ParameterText& parameter : parameters(*estimator)) names.insert(parameter.name);
  if (kind == Kind::kNumbers && names.contains("target_type"))
    set_parameter(*estimator, "target_type", "continuous");
  return std::unique_ptr<Transformer>(dynamic_cast<Transformer*>(estimator.release()));
}

bool learns_from(const Case& test, Kind kind) {
  const bool wants_classes =
      test.name == "woe_encoder" ||
      (test.name == "james_stein_encoder" && test.settings.find("binary") != std::string::npos);
  return kind != Kind::kNumbers || !wants_classes;
}

Tensor row_of(const Tensor& x, std::int64_t row) {
  return copy(x.slice({row}));
}

void expect_no_leak(const Case& test, const Table& table, std::int64_t step) {
  const auto encoder = made(test, table.kind);
  const Tensor before = encoder->fit_transform(table.x, table.target());
  for (std::int64_t i = 0; i < table.x.size(0); i += step) {
    const Tensor after = encoder->fit_transform(table.x, table.target(i));
    ASSERT_EQ(before.shape(), after.shape()) << test.name;
    ASSERT_TRUE(same_bits(row_of(before, i), row_of(after, i)))
        << test.name << " " << test.settings << ", row " << i;
  }
}

constexpr Kind kKinds[] = {Kind::kBinary, Kind::kClasses, Kind::kNumbers};

TEST(Leakage, NoEncoderShowsARowItsOwnTarget) {
  use_default_backend();
  std::vector<Case> all = cases();
  all.push_back({"james_stein_encoder", R"({"model": "binary"})"});
  ASSERT_GE(all.size(), 20U);
  for (const Case& test : all)
    for (const Kind kind : kKinds)
      if (learns_from(test, kind)) expect_no_leak(test, table_of(41, 12, kind, 5), 1);
}

// The test can fail: what looks at all rows does show it.
TEST(Leakage, ShowsWhereTrainingRowsAreEncodedAsNewOnes) {
  use_default_backend();
  for (const Case& test : cases()) {
    const Table table = table_of(41, 12, Kind::kBinary, 5);
    const auto encoder = made(test, table.kind);
    encoder->fit(table.x, table.target());
    const Tensor before = encoder->transform(table.x);
    int shown = 0;
    for (std::int64_t i = 0; i < 41; ++i) {
      encoder->fit(table.x, table.target(i));
      if (!same_bits(row_of(before, i), row_of(encoder->transform(table.x), i))) ++shown;
    }
    const std::set<std::string> blind = {"count_encoder", "hashing_encoder", "one_hot_encoder",
                                         "ordinal_encoder", "two_hash_encoder"};
    EXPECT_EQ(shown > 0, !blind.contains(test.name)) << test.name << " " << test.settings << ": " << shown;
  }
}

TEST(Leakage, NorInALargeTable) {
  use_default_backend();
  for (const Case& test : cases())
    if (learns_from(test, Kind::kNumbers))
      expect_no_leak(test, table_of(20'000, 3000, Kind::kNumbers, 9), 9001);
}

RC_GTEST_PROP(Leakage, NorInAnyTable, ()) {
  use_default_backend();
  const auto all = cases();
  const Case test = all[*rc::gen::inRange<std::size_t>(0, all.size())];
  const Kind kind = kKinds[*rc::gen::inRange(0, 3)];
  RC_PRE(learns_from(test, kind));
  const auto rows = *rc::gen::inRange<std::int64_t>(12, 60),
             categories = *rc::gen::inRange<std::int64_t>(1, 70);
  const Table table = table_of(rows, categories, kind, *rc::gen::arbitrary<std::uint64_t>());
  const auto row = *rc::gen::inRange<std::int64_t>(0, rows);
  const auto encoder = made(test, kind);
  const Tensor before = encoder->fit_transform(table.x, table.target());
  RC_ASSERT(same_bits(row_of(before, row), row_of(encoder->fit_transform(table.x, table.target(row)), row)));
}

// As a fold of `tessera fit` makes its training features, numbers among them and scaled.
TEST(Leakage, NorInTheFeaturesOfATable) {
  use_default_backend();
  data::Table table;
  table.source = "t.csv";
  table.rows = 60;
  std::vector<std::int64_t> rows;
  data::Column city, size;
  city.name = "city";
  size.name = "size";
  size.numeric = true;
  for (std::int64_t i = 0; i < table.rows; ++i) {
    table.lines.push_back(i + 2);
    city.texts.push_back("c" + std::to_string(i * i % 11));
    size.numbers.push_back(static_cast<double>(i * 7 % 13));
    if (i % 4 != 1) rows.push_back(i);
  }
  table.columns = {city, size};
  const auto count = static_cast<std::int64_t>(rows.size());
  for (int encoding = 0; encoding <= static_cast<int>(CategoryEncoding::kEmbedding); ++encoding) {
    TableFeaturesOptions options{.categories = static_cast<CategoryEncoding>(encoding), .scale = true};
    if (options.categories == CategoryEncoding::kEmbedding)
      options.encoder = {{"max_iter", "5"}, {"hidden", "3"}};
    const auto features_of = [&](std::int64_t changed) {
      std::vector<double> y;
      for (std::int64_t i = 0; i < count; ++i)
        y.push_back(static_cast<double>((i * 5 % 7 < 3) != (i == changed)));
      return TableFeatures(options).fit_transform(table, {"city", "size"}, rows, Tensor::from(y, {count}));
    };
    const Tensor before = features_of(-1);
    for (std::int64_t i = 0; i < count; ++i)
      ASSERT_TRUE(same_bits(row_of(before, i), row_of(features_of(i), i))) << encoding << ", row " << i;
  }
}

}  // namespace
}  // namespace tessera::learn
