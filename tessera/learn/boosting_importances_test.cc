// The importances of features to gradient boosting, beside a computation that tries every division of every part.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "tessera/backends/backends.h"
#include "tessera/learn/estimator_selftest.h"
#include "tessera/learn/hist_gradient_boosting.h"
#include "tessera/learn/select_from_model.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::learn {
namespace {

using Rows = std::vector<std::size_t>;

class BoostingImportances : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
};

// Half the squared error, of which every row's second derivative is 1: the loss that a part loses when it gets its mean is sum^2 / rows.
double lost(const std::vector<double>& gradients, const Rows& rows) {
  double sum = 0;
  for (const std::size_t row : rows) sum += gradients[row];
  return rows.empty() ? 0 : sum * sum / static_cast<double>(rows.size());
}

struct Division {
  double gain = 0;
  std::size_t feature = 0;
  Rows left, right;
};

Division best_division(const std::vector<std::vector<double>>& columns, const std::vector<double>& gradients,
                       const Rows& rows, std::size_t least) {
  Division best;
  for (std::size_t f = 0; f < columns.size(); ++f)
    for (const std::size_t end : rows) {
      Division here;
      here.feature = f;
      for (const std::size_t row : rows)
        (columns[f][row] <= columns[f][end] ? here.left : here.right).push_back(row);
      if (here.left.size() < least || here.right.size() < least) continue;
      here.gain = lost(gradients, here.left) + lost(gradients, here.right) - lost(gradients, rows);
      if (here.gain > best.gain) best = here;
    }
  return best;
}

// Sums of gains by feature of boosting whose trees are grown leaf by leaf, the one that gains most first.
std::vector<double> exhaustive_gains(const std::vector<std::vector<double>>& columns,
                                     const std::vector<double>& y, const BoostingParameters& parameters) {
  std::vector<double> gains(columns.size());
  std::vector<double> said(y.size(),
                           std::accumulate(y.begin(), y.end(), 0.0) / static_cast<double>(y.size()));
  Rows all(y.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  for (std::int64_t tree = 0; tree < parameters.max_iter; ++tree) {
    std::vector<double> gradients(y.size());
    for (const std::size_t row : all) gradients[row] = said[row] - y[row];
    std::vector<Rows> leaves = {all};
    const auto least = static_cast<std::size_t>(parameters.min_samples_leaf);
    while (static_cast<std::int64_t>(leaves.size()) < parameters.max_leaf_nodes) {
      Division best;
      std::size_t which = 0;
      for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf) {
        const Division here = best_division(columns, gradients, leaves[leaf], least);
        if (here.gain > best.gain) best = here, which = leaf;
      }
      if (best.gain == 0) break;
      gains[best.feature] += best.gain;
      leaves[which] = best.left;
      leaves.push_back(best.right);
    }
    for (const Rows& leaf : leaves) {
      double sum = 0;
      for (const std::size_t row : leaf) sum += gradients[row];
      for (const std::size_t row : leaf)
        said[row] -= parameters.learning_rate * sum / static_cast<double>(leaf.size());
    }
  }
  return gains;
}

TEST_F(BoostingImportances, AreTheGainsOfEveryDivisionTried) {
  constexpr std::size_t kRows = 40, kFeatures = 4;
  RandomSource random(7);
  const Tensor x = random.normal("x", {kRows, kFeatures}, DType::kFloat64);
  const std::vector<double> values = x.to_vector<double>(),
                            noise = random.normal("noise", {kRows}, DType::kFloat64).to_vector<double>();
  std::vector<std::vector<double>> columns(kFeatures, std::vector<double>(kRows));
  std::vector<double> y(kRows);
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t f = 0; f < kFeatures; ++f) columns[f][row] = values[row * kFeatures + f];
    y[row] = 2 * columns[1][row] + columns[2][row] * columns[2][row] + 0.3 * noise[row];
  }
  for (const std::int64_t trees : {1, 2, 5}) {
    const BoostingParameters parameters = {
        .learning_rate = 0.5, .max_iter = trees, .max_leaf_nodes = 5, .min_samples_leaf = 3};
    HistGradientBoostingRegressor model(parameters);
    model.fit(x, Tensor::from(y, {kRows}));
    const std::vector<double> found = model.feature_importances().to_vector<double>(),
                              gains = exhaustive_gains(columns, y, parameters);
    const double whole = std::accumulate(gains.begin(), gains.end(), 0.0);
    for (std::size_t f = 0; f < kFeatures; ++f)
      EXPECT_NEAR(found[f], gains[f] / whole, 1e-8) << trees << " trees, feature " << f;
    EXPECT_GT(found[1], found[0] + found[3]);
  }
}

TEST_F(BoostingImportances, AddUpToOneOverAllClassesAndSayNothingWithoutADivision) {
  const GeneratedTable table = generated_table(600);
  HistGradientBoostingClassifier model({.max_iter = 20});
  model.fit(table.features, table.classes);
  const std::vector<double> shares = model.importances().to_vector<double>();
  EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1, 1e-12);
  EXPECT_GT(std::min(shares[0], shares[2]), std::max({shares[3], shares[4], shares[6]}));
  model.fit(zeros({50, 2}, DType::kFloat64), cast(greater(arange(50), 24), DType::kInt64));
  EXPECT_EQ(model.importances().to_vector<double>(), (std::vector<double>{0, 0}));
}

// Gains are squares: those of targets around 1e153 are beyond float64, alone or added up.
TEST_F(BoostingImportances, AreSharesAlsoWhereGainsOverflow) {
  const GeneratedTable table = generated_table(200);
  for (const double scale : {1e-150, 1.0, 1e150, 1e152, 3e152, 1e153, 1e154}) {
    HistGradientBoostingRegressor model({.max_iter = 5});
    model.fit(table.features, table.numbers * scale);
    model.check_restored();
    const std::vector<double> shares = model.importances().to_vector<double>();
    const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    EXPECT_TRUE(sum == 0 || std::abs(sum - 1) < 1e-12) << scale;
    for (const double share : shares) EXPECT_GE(share, 0) << scale;
  }
}

// A model that was saved before there were importances still predicts.
TEST_F(BoostingImportances, AreNotThereInAnOldModel) {
  struct Forget : StateVisitor {
    void tensor(std::string_view name, Tensor& value) override {
      if (name == "importances") value = {};
    }
    void integer(std::string_view, std::int64_t&) override {}
    void real(std::string_view, double&) override {}
  };
  const GeneratedTable table = generated_table(100);
  HistGradientBoostingRegressor model({.max_iter = 3});
  model.fit(table.features, table.numbers);
  const Tensor before = model.predict(table.features);
  Forget forget;
  model.visit_state(forget);
  model.check_restored();
  EXPECT_FALSE(model.importances().defined());
  EXPECT_TRUE(same_bits(model.predict(table.features), before));
}

}  // namespace
}  // namespace tessera::learn
