#include "tessera/learn/feature_selection.h"

#include <gmock/gmock.h>

#include <limits>

#include "tessera/backends/backends.h"
#include "tessera/base/message_test.h"
#include "tessera/data/folds.h"
#include "tessera/learn/estimators.h"
#include "tessera/learn/exhaustive_selection.h"
#include "tessera/learn/select_from_model.h"
#include "tessera/learn/selection_facts_test.h"
#include "tessera/learn/subsets.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {
namespace {

using namespace selection;

using testing::HasSubstr;

class FeatureSelection : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
  Tensor x_ = fact_table("x", 6), classes_ = fact_classes("classes"), numbers_ = fact_numbers("numbers");
};

using Settings = std::vector<std::pair<std::string, std::string>>;

std::vector<std::int64_t> kept(FeatureSelector& selector, const Tensor& x, const Tensor& y,
                               const Settings& settings = {}) {
  set_parameters(selector, settings);
  selector.fit(x, y);
  EXPECT_TRUE(same_bits(selector.transform(x),
                        contiguous(transpose(gather(contiguous(transpose(x)), selector.support())))));
  return selector.support().to_vector<std::int64_t>();
}

TEST_F(FeatureSelection, ScoresAreThoseOfScikitLearn) {
  const std::vector<std::int64_t> labels = classes_.to_vector<std::int64_t>();
  const std::vector<double> numbers = numbers_.to_vector<double>();
  const FeatureScores variance = f_classif(x_, labels), line = f_regression(x_, numbers),
                      counts = chi2(fact_table("counts", 4), labels);
  expect_fact(variance.scores, "f_classif");
  expect_fact(variance.p_values, "f_classif p");
  expect_fact(line.scores, "f_regression");
  expect_fact(line.p_values, "f_regression p");
  expect_fact(counts.scores, "chi2");
  expect_fact(counts.p_values, "chi2 p");
  expect_fact(mutual_info_classif(x_, labels).scores, "mutual_info_classif", 1e-8);
  expect_fact(mutual_info_regression(x_, numbers).scores, "mutual_info_regression", 1e-8);
}

TEST_F(FeatureSelection, KeepsWhatScikitLearnKeeps) {
  SelectKBest best;
  EXPECT_EQ(kept(best, x_, classes_, {{"k", "2"}}), fact_integers("select_k_best f_classif 2"));
  EXPECT_EQ(kept(best, x_, numbers_, {{"k", "3"}, {"score_func", "f_regression"}}),
            fact_integers("select_k_best f_regression 3"));
  EXPECT_EQ(kept(best, x_, numbers_, {{"k", "2"}, {"score_func", "mutual_info_regression"}}),
            fact_integers("select_k_best mutual_info_regression 2"));
  SelectPercentile share;
  for (const char* percentile : {"10", "34", "50", "80", "100"})
    EXPECT_EQ(kept(share, x_, classes_, {{"percentile", percentile}}),
              fact_integers(std::string("select_percentile ") + percentile));
  VarianceThreshold varying;
  EXPECT_EQ(kept(varying, x_, {}, {{"threshold", "1"}}), fact_integers("variance_threshold 1"));
  expect_fact(varying.variances().to_vector<double>(), "variance_threshold variances");
  SelectFromModel model;
  for (const char* threshold : {"mean", "median", "0.5*mean", "0.1"})
    EXPECT_EQ(kept(model, x_, classes_,
                   {{"threshold", threshold},
                    {"estimator__max_depth", "3"},
                    {"estimator", "decision_tree_classifier"}}),
              fact_integers(std::string("select_from_model ") + threshold));
  EXPECT_EQ(kept(model, x_, numbers_,
                 {{"estimator__max_depth", "4"},
                  {"threshold", "none"},
                  {"max_features", "2"},
                  {"estimator", "decision_tree_regressor"}}),
            fact_integers("select_from_model 2"));
}

// What stays of the coefficients: of lasso and an L1 penalty all that are not 0, of others those above the mean.
TEST_F(FeatureSelection, KeepsWhatLinearModelsLeanOn) {
  SelectFromModel model;
  EXPECT_EQ(kept(model, x_, numbers_, {{"estimator", "lasso"}, {"estimator__alpha", "0.2"}}),
            fact_integers("select_from_model lasso"));
  EXPECT_EQ(kept(model, x_, numbers_, {{"estimator", "ridge"}}), fact_integers("select_from_model ridge"));
  EXPECT_EQ(
      kept(model, x_, classes_,
           {{"estimator", "logistic_regression"}, {"estimator__penalty", "l1"}, {"estimator__C", "0.1"}}),
      fact_integers("select_from_model l1"));
  EXPECT_EQ(kept(model, x_, classes_, {{"estimator__penalty", "l2"}, {"estimator__C", "1"}}),
            fact_integers("select_from_model l2"));
}

// Features that are equal, constant, or the target itself.
TEST_F(FeatureSelection, OddFeatures) {
  const Tensor x = Tensor::from<double>({1, 5, 1, 0, 2, 5, 2, 0, 4, 5, 4, 1, 5, 5, 5, 1, 7, 5, 7, 1}, {5, 4});
  const std::vector<std::int64_t> labels = {0, 0, 1, 1, 1};
  const FeatureScores found = f_classif(x, labels);
  EXPECT_EQ(found.scores[0], found.scores[2]);
  EXPECT_TRUE(std::isnan(found.scores[1]));
  EXPECT_EQ(found.scores[3], std::numeric_limits<double>::infinity());
  EXPECT_EQ(found.p_values[3], 0);
  SelectKBest best({.k = 2});  // of the equal ones the later one, as scikit-learn
  EXPECT_EQ(kept(best, x, Tensor::from(labels, {5})), (std::vector<std::int64_t>{2, 3}));
  SelectKBest all({.k = 30});
  EXPECT_EQ(kept(all, x, Tensor::from(labels, {5})).size(), 4U);
  const std::vector<double> target = {2, 4, 8, 10, 14};
  const FeatureScores line = f_regression(x, target);
  EXPECT_EQ(line.scores[0], std::numeric_limits<double>::max());
  EXPECT_EQ(line.scores[1], 0);
  EXPECT_EQ(line.p_values[1], 1);
  VarianceThreshold varying;
  EXPECT_EQ(kept(varying, x, {}), (std::vector<std::int64_t>{0, 2, 3}));
  const double missing = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(
      kept(varying, Tensor::from<double>({1, missing, missing, 1, 3, missing, 1, 4, missing}, {3, 3}), {}),
      std::vector<std::int64_t>{1});
}

TEST_F(FeatureSelection, WrongInputsGetASentence) {
  const auto message = [&](FeatureSelector&& selector, const Tensor& y, const Settings& settings) {
    return message_of([&] {
      set_parameters(selector, settings);
      selector.fit(x_, y);
    });
  };
  EXPECT_THAT(message(SelectKBest(), {}, {}), HasSubstr("select_k_best: expected a target"));
  EXPECT_THAT(message(SelectKBest(), numbers_, {}), HasSubstr("expected classes as whole numbers from 0 on"));
  EXPECT_THAT(message(SelectKBest(), classes_, {{"score_func", "chi2"}}),
              HasSubstr("chi2: expected features of at least 0"));
  EXPECT_THAT(message(SelectKBest(), classes_, {{"score_func", "chi"}}), HasSubstr("expected one of"));
  EXPECT_THAT(message(SelectPercentile(), classes_, {{"percentile", "0"}}),
              HasSubstr("no feature of 6 is left"));
  EXPECT_THAT(message(VarianceThreshold(), {}, {{"threshold", "100"}}), HasSubstr("no feature of 6 is left"));
  EXPECT_THAT(message(SelectFromModel(), classes_, {{"estimator", "gaussian_nb"}}),
              HasSubstr("gaussian_nb says nothing about the importance of features"));
  EXPECT_THAT(message(SelectFromModel(), classes_, {{"threshold", "2*max"}}), HasSubstr("found '2*max'"));
  EXPECT_THAT(message(SelectFromModel(), classes_, {{"threshold", "5"}}), HasSubstr("no feature of 6"));
  EXPECT_THAT(message(ExhaustiveSelection(), classes_, {{"scoring", "acuracy"}}),
              HasSubstr("did you mean 'accuracy'?"));
  EXPECT_THAT(message(ExhaustiveSelection(), classes_, {{"scoring", "r2"}}), HasSubstr("no score 'r2'"));
  EXPECT_THAT(message(ExhaustiveSelection(), classes_, {{"min_features", "7"}}),
              HasSubstr("no subset of 7 to 6"));
  EXPECT_THAT(message_of([] {
                ExhaustiveSelection().fit(ones({30, 21}), zeros({30}));
              }),
              HasSubstr("found 21 features, expected at most 20"));
}

TEST_F(FeatureSelection, SubsetsInMaskOrder) {
  std::vector<std::vector<std::int64_t>> found;
  for (const std::uint64_t mask : subsets(3)) found.push_back(elements_of(mask));
  const std::vector<std::vector<std::int64_t>> expected = {{},  {0},    {1},    {0, 1},
                                                           {2}, {0, 2}, {1, 2}, {0, 1, 2}};
  EXPECT_EQ(found, expected);
  EXPECT_EQ(subsets(0).size(), 1U);
  EXPECT_EQ(subsets(62).size(), std::uint64_t{1} << 62);
  EXPECT_THAT(message_of([] { subsets(63); }), HasSubstr("expected 0 to 62"));
}

// The best subset is the best of all that are tried one by one with cross_val_score, and none is left out.
TEST_F(FeatureSelection, ExhaustiveSelectionTriesEverySubset) {
  ExhaustiveSelection selection;
  set_parameters(selection, Settings{{"cv", "4"}, {"estimator", "k_neighbors_regressor"}, {"seed", "3"}});
  const Tensor target = numbers_;
  selection.fit(x_, target);
  EXPECT_EQ(selection.masks().size(0), 63);
  const std::vector<double> scores = selection.scores().to_vector<double>();
  const std::size_t best = static_cast<std::size_t>(std::ranges::max_element(scores) - scores.begin());
  EXPECT_EQ(selection.support().to_vector<std::int64_t>(), elements_of(best + 1));
  const auto model = make_estimator("k_neighbors_regressor");
  data::FoldOptions folds{.folds = 4};
  folds.seed = 3;
  const std::vector<double> own =
      cross_val_score(*model, selection.transform(x_), target, data::k_fold(80, folds));
  EXPECT_NEAR((own[0] + own[1] + own[2] + own[3]) / 4, scores[best], 1e-14);
  ExhaustiveSelection small;
  EXPECT_EQ(kept(small, x_, classes_, {{"max_features", "1"}}).size(), 1U);
  EXPECT_EQ(small.masks().to_vector<std::int64_t>(), (std::vector<std::int64_t>{1, 2, 4, 8, 16, 32}));
}

}  // namespace
}  // namespace tessera::learn
