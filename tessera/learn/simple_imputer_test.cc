#include "tessera/learn/simple_imputer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/scalers.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// The answers are those of scikit-learn 1.9.1.
TEST(SimpleImputer, FillsWithWhatTheStrategySays) {
  use_default_backend();
  const Tensor x = Tensor::from<double>({1, kMissing, 7, 4, 7, 4, kMissing, 10, 2, 5}, {5, 2});
  const auto fill = [&](SimpleImputer::Strategy strategy) {
    SimpleImputer imputer({.strategy = strategy, .fill_value = -1});
    imputer.fit(x);
    return imputer.transform(full({1, 2}, kMissing, DType::kFloat64)).to_vector<double>();
  };
  using Strategy = SimpleImputer::Strategy;
  EXPECT_EQ(fill(Strategy::kMean), (std::vector<double>{4.25, 5.75}));
  EXPECT_EQ(fill(Strategy::kMedian), (std::vector<double>{4.5, 4.5}));
  EXPECT_EQ(fill(Strategy::kMostFrequent), (std::vector<double>{7, 4}));
  EXPECT_EQ(fill(Strategy::kConstant), (std::vector<double>{-1, -1}));
}

TEST(SimpleImputer, RefusesAFeatureWithoutAnyValue) {
  use_default_backend();
  SimpleImputer imputer;
  try {
    imputer.fit(Tensor::from<double>({1, kMissing, 2, kMissing}, {2, 2}));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "simple_imputer: feature 1 has no value in any row; leave it out, or set strategy to constant");
  }
}

TEST(SimpleImputer, RefusesAlsoTheFirstOfSeveralWithoutValues) {
  use_default_backend();
  std::vector<double> values(2 * 40, 1.0);
  for (const std::size_t column : {18U, 19U, 35U}) values[column] = values[40 + column] = kMissing;
  SimpleImputer imputer({.strategy = SimpleImputer::Strategy::kMedian});
  try {
    imputer.fit(Tensor::from(values, {2, 40}));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("feature 18 has no value"), std::string::npos) << error.what();
  }
  for (const double infinite : {1.0, -1.0}) {
    std::vector<double> many(40 * 3'000, kMissing);
    many[100'003] = infinite * std::numeric_limits<double>::infinity();
    many[100'002] = std::numeric_limits<double>::max();
    try {
      imputer.fit(Tensor::from(many, {3'000, 40}));
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(),
                   "simple_imputer: features: row 2500, column 3 is infinite; expected a finite number");
    }
  }
}

// Columns are taken in groups: one column, groups that are not full, and as many rows as need a sample. Answers do not depend on the threads.
TEST(SimpleImputer, EveryColumnIsFilledFromItsOwnValues) {
  use_default_backend();
  const int threads = thread_count();
  using Size = std::pair<std::int64_t, std::int64_t>;
  for (const auto& [rows, columns] : {Size{9, 1}, Size{5, 16}, Size{1025, 17}, Size{20'001, 33}}) {
    std::vector<double> values;
    std::vector<std::vector<double>> present(static_cast<std::size_t>(columns));
    for (std::int64_t i = 0; i < rows * columns; ++i) {
      const std::int64_t column = i % columns;
      const bool missing = i / columns > 0 && (i * 2654435761 >> 7) % 10 < column % 10;
      values.push_back(missing ? kMissing : static_cast<double>(i * 7919 % 10007 - 5000 * (column % 3)));
      if (!missing) present[static_cast<std::size_t>(column)].push_back(values.back());
    }
    const Tensor x = Tensor::from(values, {rows, columns});
    SimpleImputer median({.strategy = SimpleImputer::Strategy::kMedian}), mean;
    for (const int count : {1, 2, 3}) {
      set_thread_count(count);
      median.fit(x);
      mean.fit(x);
      for (std::int64_t c = 0; c < columns; ++c) {
        const std::vector<double>& column = present[static_cast<std::size_t>(c)];
        EXPECT_EQ(mean.fill().to_vector<double>()[static_cast<std::size_t>(c)],
                  tessera::mean(Tensor::from(column, {std::ssize(column)})).item<double>());
        std::vector<double> in_order = column;
        std::sort(in_order.begin(), in_order.end());
        const std::size_t half = in_order.size() / 2;
        EXPECT_EQ(median.fill().to_vector<double>()[static_cast<std::size_t>(c)],
                  in_order.size() % 2 == 1 ? in_order[half] : (in_order[half - 1] + in_order[half]) / 2);
      }
    }
  }
  set_thread_count(threads);
}

TEST(Scalers, GoBackToWhatTheyWereGiven) {
  use_default_backend();
  const Tensor x = Tensor::from<double>({1, 5, -7, 3, 5, 2, 4, 5, 11}, {3, 3});
  StandardScaler standard;
  MinMaxScaler least_and_most({.range_least = -1, .range_most = 3});
  MaxAbsScaler largest;
  RobustScaler robust;
  for (Scaler* scaler : std::initializer_list<Scaler*>{&standard, &least_and_most, &largest, &robust}) {
    scaler->fit(x);
    const Tensor again = scaler->inverse_transform(scaler->transform(x));
    EXPECT_LT(max(absolute(again - x)).item<double>(), 1e-14) << scaler->name();
    EXPECT_GT(max(absolute(scaler->transform(x) - x)).item<double>(), 0.5) << scaler->name();
  }
}

}  // namespace
}  // namespace tessera::learn
