#include "tessera/tabular/learned_weights.h"

#include <gmock/gmock.h>

#include "tessera/learn/hist_gradient_boosting.h"
#include "tessera/learn/linear_regression.h"
#include "tessera/learn/logistic_regression.h"
#include "tessera/learn/parameters.h"
#include "tessera/learn/pipeline.h"
#include "tessera/tabular/tabular_test.h"

namespace tessera::tabular {
namespace {

using testing::HasSubstr, testing::IsEmpty, testing::Not, testing::StartsWith;

// 24 rows of which the first column decides; the second one says nothing.
std::string stones() {
  std::string text = "weight,noise,colour,kind,price\n";
  for (int i = 0; i < 24; ++i)
    text += fmt::format("{},{},{},{},{}\n", i * 7 % 24, i * 5 % 3, i % 3 == 0 ? "red" : "grey",
                        i * 7 % 24 < 12 ? "pebble" : "rock", 3 * (i * 7 % 24) + 1);
  return text;
}

class Weights : public TabularTest {
 protected:
  Weights() : TabularTest("stones.csv", stones()) {}
  std::string of(const std::string& estimator, const std::string& target, std::vector<std::string> settings) {
    settings.insert(settings.end(),
                    {"evaluate.folds=0", target == "kind" ? "data.ignore=price" : "data.ignore=kind"});
    const FitResult result = fit(FitConfig::of(estimator, path("stones.csv"), target, settings),
                                 options(fmt::format("run-{}", ++runs_)));
    return FittedModel(result.folder).weights();
  }

 private:
  int runs_ = 0;
};

TEST_F(Weights, OfALinearModelAreItsCoefficientsByColumn) {
  const std::string text = of("linear_regression", "price", {});
  EXPECT_THAT(text,
              StartsWith("coefficients of linear_regression, the largest first\n(per unit of each column"));
  EXPECT_THAT(text, HasSubstr("\n  weight                 3\n"));
  EXPECT_THAT(text, HasSubstr("\n  (intercept)"));
  EXPECT_LT(text.find("  weight"), text.find("  noise"));
  const std::string two = of("logistic_regression", "kind", {"features.scale=true"});
  EXPECT_THAT(
      two, StartsWith("coefficients of logistic_regression, the largest first; above 0 speaks for 'rock'\n"));
  EXPECT_THAT(two, HasSubstr("colour=grey"));
}

TEST_F(Weights, OfALassoThatDropsColumnsTheyAreCounted) {
  const std::string text = of("lasso", "price", {"alpha=1"});
  EXPECT_THAT(text, HasSubstr("  … 1 of 4 features, 3 are 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("noise")));
}

TEST_F(Weights, OfTreesAreTheirImportances) {
  const std::string text = of("random_forest_classifier", "kind", {"n_estimators=5"});
  EXPECT_THAT(
      text,
      StartsWith("importances of the features to random_forest_classifier, the largest first\n  weight"));
  EXPECT_THAT(of("k_neighbors_classifier", "kind", {}), IsEmpty());
}

// A selection keeps names, a scaler makes sizes comparable, and components have numbers.
TEST_F(Weights, OfAPipelineHaveTheNamesOfItsLastStep) {
  const std::string chosen =
      of("pipeline_classifier", "kind",
         {"steps=standard_scaler, select_k_best, logistic_regression", "select_k_best__k=1"});
  EXPECT_THAT(
      chosen,
      StartsWith(
          "coefficients of logistic_regression, the largest first; above 0 speaks for 'rock'\n  weight "));
  EXPECT_THAT(chosen, Not(HasSubstr("noise")));
  const std::string mixed =
      of("pipeline_regressor", "price", {"steps=standard_scaler, pca, ridge", "pca__n_components=2"});
  EXPECT_THAT(mixed, HasSubstr("  pca_1 "));
  EXPECT_THAT(mixed, HasSubstr("  pca_2 "));
}

// What mixes columns of one size gives columns of other sizes.
TEST_F(Weights, AreComparableOnlyBehindAScalerOrWhatKeepsSizes) {
  const auto caveat = [&](const std::string& steps, std::vector<std::string> settings = {}) {
    settings.push_back("steps=" + steps);
    return testing::Matches(
        HasSubstr("\n(per unit of each column; with standard_scaler as the step before it their sizes can be "
                  "compared)\n"))(of("pipeline_regressor", "price", settings));
  };
  EXPECT_TRUE(caveat("simple_imputer, ridge"));
  EXPECT_FALSE(caveat("standard_scaler, simple_imputer, variance_threshold, ridge"));
  EXPECT_FALSE(caveat("simple_imputer, ridge", {"features.scale=true"}));
  EXPECT_TRUE(caveat("standard_scaler, pca, ridge"));
  EXPECT_TRUE(caveat("pca, ridge", {"features.scale=true"}));
  EXPECT_FALSE(caveat("pca, ridge", {"pca__whiten=true", "pca__n_components=2"}));
  EXPECT_FALSE(caveat("pca, robust_scaler, ridge"));
}

TEST(WeightsText, OfManyFeaturesIsShort) {
  std::vector<double> values;
  std::vector<std::string> names;
  for (int i = 0; i < 40 * 30; ++i) values.push_back((i * 37 + i / 30 * 11) % 101);
  for (int i = 0; i < 30; ++i) names.push_back(fmt::format("f{}", i));
  std::vector<std::int64_t> kinds;
  for (int i = 0; i < 40; ++i) kinds.push_back(i % 8);
  use_default_backend();
  learn::LogisticRegression model;
  model.fit(Tensor::from(values, {40, 30}), Tensor::from(kinds, {40}));
  const std::string text = weights_text(model, names, {"a", "b", "c", "d", "e", "f", "g", "h"}, true);
  EXPECT_THAT(
      text,
      StartsWith(
          "coefficients of logistic_regression, the largest first; the absolute ones of 8 classes added\n"));
  EXPECT_THAT(text, HasSubstr("  … 20 of 30 features\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 22);
}

// As a program made it that had none yet.
TEST(WeightsText, OfAnOldModelSaysThatItIsOld) {
  struct Forget : StateVisitor {
    void tensor(std::string_view name, Tensor& value) override {
      if (name == "importances") value = {};
    }
    void integer(std::string_view, std::int64_t&) override {}
    void real(std::string_view, double&) override {}
  } forget;
  use_default_backend();
  std::vector<double> values;
  for (int i = 0; i < 60; ++i) values.push_back(i);
  learn::HistGradientBoostingRegressor model({.max_iter = 2});
  model.fit(Tensor::from(values, {60, 1}), Tensor::from(values, {60}));
  EXPECT_THAT(weights_text(model, {"age"}, {}, true), StartsWith("importances of the features"));
  model.visit_state(forget);
  EXPECT_EQ(weights_text(model, {"age"}, {}, true),
            "hist_gradient_boosting_regressor was saved before there were importances\n");
}

}  // namespace
}  // namespace tessera::tabular
