#include "tessera/learn/simple_imputer.h"

#include <gtest/gtest.h>

#include <limits>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
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
