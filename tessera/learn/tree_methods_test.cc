// What trees, forests, bags and boosting must keep beside the tests of every estimator.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "tessera/backends/backends.h"
#include "tessera/learn/bagging.h"
#include "tessera/learn/decision_tree.h"
#include "tessera/learn/estimator_selftest.h"
#include "tessera/learn/hist_gradient_boosting.h"
#include "tessera/learn/random_forest.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

#if __has_include(<rapidcheck.h>)
#include <rapidcheck.h>
#endif

namespace tessera::learn {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

class TreeMethods : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
};

Tensor column(const std::vector<double>& values) {
  return Tensor::from(values, {static_cast<std::int64_t>(values.size()), 1});
}
Tensor classes_of(const std::vector<std::int64_t>& values) {
  return Tensor::from(values, {static_cast<std::int64_t>(values.size())});
}

TEST_F(TreeMethods, TheLowerFeatureAndThresholdWin) {
  // Both columns divide equally well; so do 0.5 and 2.5 of the first.
  const Tensor x = Tensor::from<double>({0, 0, 1, 1, 2, 2, 3, 3}, {4, 2});
  DecisionTreeClassifier model({.limits = {.max_depth = 1}});
  model.fit(x, classes_of({0, 1, 0, 1}));
  EXPECT_EQ(model.feature_importances().to_vector<double>(), (std::vector<double>{1, 0}));
  EXPECT_EQ(model.apply(Tensor::from<double>({0.5, 9, 0.6, -9}, {2, 2})).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{0, 1}));
}

TEST_F(TreeMethods, MissingValuesGoToTheBetterSide) {
  const Tensor x = column({0, 1, 2, 3, kMissing, kMissing});
  for (const std::int64_t as : {0, 1}) {
    DecisionTreeClassifier tree;
    tree.fit(x, classes_of({0, 0, 1, 1, as, as}));
    EXPECT_EQ(tree.leaves(), 2);
    EXPECT_EQ(tree.predict(column({kMissing, -5, 5})).to_vector<std::int64_t>(),
              (std::vector<std::int64_t>{as, 0, 1}));
    HistGradientBoostingClassifier boosting({.min_samples_leaf = 1});
    boosting.fit(x, classes_of({0, 0, 1, 1, as, as}));
    EXPECT_EQ(boosting.predict(column({kMissing, -5, 5})).to_vector<std::int64_t>(),
              (std::vector<std::int64_t>{as, 0, 1}));
  }
  DecisionTreeClassifier alone;  // being missing is all that tells
  alone.fit(column({0, 1, kMissing, kMissing}), classes_of({0, 0, 1, 1}));
  EXPECT_EQ(alone.predict(column({100, kMissing})).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{0, 1}));
  DecisionTreeClassifier unseen;  // three rows go right, one left
  unseen.fit(column({0, 1, 2, 3}), classes_of({0, 1, 1, 1}));
  EXPECT_EQ(unseen.predict(column({kMissing})).item<std::int64_t>(), 1);
}

TEST_F(TreeMethods, TargetsOfAnySizeAreLearned) {
  for (const double scale : {1e-300, 1.0, 1e300}) {
    DecisionTreeRegressor tree;
    const Tensor y = Tensor::from<double>({-scale, 0.1 * scale, 0.1 * scale, 1.5 * scale}, {4});
    tree.fit(column({0, 1, 2, 3}), y);
    EXPECT_EQ(tree.predict(column({0, 1, 2, 3})).to_vector<double>(), y.to_vector<double>());
    EXPECT_EQ(tree.leaves(), 3);
  }
}

TEST_F(TreeMethods, NeitherOrderNorShiftOfRowsShows) {
  const GeneratedTable table = generated_table(150);
  const Tensor order = RandomSource(3).permutation("order", 150);
  DecisionTreeClassifier one, other;
  one.fit(table.features, table.classes);
  other.fit(gather(table.features, order), gather(table.classes, order));
  EXPECT_EQ(digest_of(one, table.features), digest_of(other, table.features));
  HistGradientBoostingClassifier first, second;
  first.fit(table.features, table.classes);
  second.fit(gather(table.features, order), gather(table.classes, order));
  EXPECT_EQ(digest_of(first, table.features), digest_of(second, table.features));
}

TEST_F(TreeMethods, OutOfBagScoreIsNearTheScoreOfOtherRows) {
  const GeneratedTable table = generated_table(600), other = generated_table(900);
  const Tensor x = other.features.slice({Range::from(600)}),
               classes = other.classes.slice({Range::from(600)});
  RandomForestClassifier classifier({.oob_score = true});
  classifier.fit(table.features, table.classes);
  EXPECT_NEAR(classifier.oob_score(), classifier.score(x, classes), 0.06);
  EXPECT_GT(classifier.oob_score(), 0.75);
  RandomForestRegressor regressor({.oob_score = true});
  regressor.fit(table.features, table.numbers);
  EXPECT_NEAR(regressor.oob_score(), regressor.score(x, other.numbers.slice({Range::from(600)})), 0.06);
  // Columns 3, 4 and 6 say nothing, the first and the third most.
  const std::vector<double> importances = regressor.feature_importances().to_vector<double>();
  EXPECT_GT(importances[0], 5 * importances[3]);
  EXPECT_GT(importances[2], 5 * importances[4]);
}

TEST_F(TreeMethods, EarlyStoppingStops) {
  const GeneratedTable table = generated_table(400);
  HistGradientBoostingRegressor model({.max_iter = 500, .early_stopping = EarlyStopping::kTrue});
  model.fit(table.features, table.numbers);
  EXPECT_LT(model.iterations(), 200);
  EXPECT_GT(model.score(table.features, table.numbers), 0.8);
}

TEST_F(TreeMethods, MembersOfABagMayLackAClass) {
  BaggingClassifier bag({.estimator = "gaussian_nb", .n_estimators = 20, .max_samples = 0.5});
  bag.fit(column({0, 1, 2, 10, 11, 12, 20}), classes_of({0, 0, 0, 1, 1, 1, 2}));
  const Tensor found = bag.predict_proba(column({0, 11, 20}));
  for (const double total : sum(found, {1}).to_vector<double>()) EXPECT_NEAR(total, 1, 1e-12);
  // The third class is one row of seven: a copy that lacks it must not speak for another class in its place, nor the third for the second.
  const std::vector<double> p = found.to_vector<double>();
  EXPECT_GT(p[0], 0.75);
  EXPECT_GT(p[4], 0.6);
  EXPECT_GT(p[8], 0.25);
  EXPECT_LT(p[8], 0.9);
}

#if __has_include(<rapidcheck.h>)
// A table drawn by rapidcheck: few different values, so that there are many ties.
TEST_F(TreeMethods, LeavesHoldWhatTheyCounted) {
  EXPECT_TRUE(rc::check([] {
    const auto n = *rc::gen::inRange<std::int64_t>(2, 60);
    const auto x =
        *rc::gen::container<std::vector<int>>(static_cast<std::size_t>(3 * n), rc::gen::inRange(0, 6));
    auto y = *rc::gen::container<std::vector<std::int64_t>>(static_cast<std::size_t>(n),
                                                            rc::gen::inRange<std::int64_t>(0, 3));
    y[0] = 0;
    y[1] = 1;
    const Tensor features = Tensor::from(std::vector<double>(x.begin(), x.end()), {n, 3});
    const auto least = *rc::gen::inRange<std::int64_t>(1, 5);
    DecisionTreeClassifier model({.limits = {.min_samples_leaf = least}});
    model.fit(features, classes_of(y));
    std::map<std::int64_t, std::vector<std::int64_t>> in_leaf;
    const std::vector<std::int64_t> leaf = model.apply(features).to_vector<std::int64_t>();
    for (std::size_t i = 0; i < leaf.size(); ++i) in_leaf[leaf[i]].push_back(static_cast<std::int64_t>(i));
    const std::vector<std::int64_t> counts = model.leaf_rows().to_vector<std::int64_t>();
    RC_ASSERT(in_leaf.size() == counts.size());
    for (const auto& [number, rows] : in_leaf) {
      RC_ASSERT(static_cast<std::int64_t>(rows.size()) == counts[static_cast<std::size_t>(number)]);
      RC_ASSERT(static_cast<std::int64_t>(rows.size()) >= std::min(least, n));
      if (least > 1) continue;
      for (const std::int64_t row : rows) {  // pure, or its rows look the same
        const bool same_class = y[static_cast<std::size_t>(row)] == y[static_cast<std::size_t>(rows[0])];
        bool same_features = true;
        for (std::int64_t f = 0; f < 3; ++f)
          same_features &=
              x[static_cast<std::size_t>(3 * row + f)] == x[static_cast<std::size_t>(3 * rows[0] + f)];
        RC_ASSERT(same_class || same_features);
      }
    }
  }));
}

TEST_F(TreeMethods, DeeperTreesFitNoWorse) {
  EXPECT_TRUE(rc::check([] {
    const auto n = *rc::gen::inRange<std::int64_t>(3, 50);
    const auto x =
        *rc::gen::container<std::vector<int>>(static_cast<std::size_t>(2 * n), rc::gen::inRange(0, 9));
    const auto y =
        *rc::gen::container<std::vector<int>>(static_cast<std::size_t>(n), rc::gen::inRange(-20, 20));
    const Tensor features = Tensor::from(std::vector<double>(x.begin(), x.end()), {n, 2});
    const Tensor target = Tensor::from(std::vector<double>(y.begin(), y.end()), {n});
    double before = std::numeric_limits<double>::infinity();
    for (std::int64_t depth = 1; depth < 7; ++depth) {
      DecisionTreeRegressor model({.limits = {.max_depth = depth}});
      model.fit(features, target);
      const double error = sum_squares(target - model.predict(features)).item<double>();
      RC_ASSERT(error <= before * (1 + 1e-12) + 1e-9);
      RC_ASSERT(model.depth() <= depth);
      before = error;
    }
  }));
}
#endif

}  // namespace
}  // namespace tessera::learn
