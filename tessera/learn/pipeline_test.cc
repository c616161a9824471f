#include "tessera/learn/pipeline.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tessera/backends/backends.h"
#include "tessera/base/message_test.h"
#include "tessera/data/folds.h"
#include "tessera/learn/estimators.h"
#include "tessera/learn/model_selection.h"
#include "tessera/learn/scalers.h"
#include "tessera/learn/selection_facts_test.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {
namespace {

using namespace selection;

using testing::HasSubstr;
using Settings = std::vector<std::pair<std::string, std::string>>;

class Pipeline : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
  static Tensor rows(const Tensor& all, std::int64_t from, std::int64_t to) {
    return copy(all.slice({Range(from, to)}));
  }
  Tensor x_ = fact_table("x", 6), classes_ = fact_classes("classes"), numbers_ = fact_numbers("numbers");
};

TEST_F(Pipeline, SaysWhatScikitLearnSays) {
  PipelineClassifier classifier("standard_scaler, select_k_best, k_neighbors_classifier");
  set_parameters(classifier,
                 Settings{{"k_neighbors_classifier__n_neighbors", "4"}, {"select_k_best__k", "3"}});
  classifier.fit(rows(x_, 0, 60), rows(classes_, 0, 60));
  expect_fact(classifier.predict_proba(rows(x_, 60, 80)).to_vector<double>(), "pipeline probabilities");
  PipelineRegressor regressor("min_max_scaler, select_percentile, k_neighbors_regressor");
  set_parameters(regressor, Settings{{"k_neighbors_regressor__n_neighbors", "3"},
                                     {"select_percentile__percentile", "50"},
                                     {"select_percentile__score_func", "f_regression"}});
  regressor.fit(rows(x_, 0, 60), rows(numbers_, 0, 60));
  expect_fact(regressor.predict(rows(x_, 60, 80)).to_vector<double>(), "pipeline numbers");
}

// Also what each fold scales and selects is learned within it.
TEST_F(Pipeline, FoldsAreThoseOfScikitLearn) {
  PipelineClassifier model("min_max_scaler, select_k_best, multinomial_nb");
  set_parameters(model, Settings{{"select_k_best__k", "3"}, {"select_k_best__score_func", "chi2"}});
  data::FoldOptions folds{.folds = 4};
  folds.shuffle = false;
  set_parameter(model, "min_max_scaler__clip", "true");
  expect_fact(cross_val_score(model, x_, classes_, data::k_fold(80, folds)), "pipeline folds");
}

TEST_F(Pipeline, EqualNamesAreNumberedAndSettingsComeInAnyOrder) {
  PipelineTransformer model;
  set_parameters(model, Settings{{"pipeline_transformer__variance_threshold__threshold", "0.01"},
                                 {"min_max_scaler_2__range_most", "5"},
                                 {"pipeline_transformer__steps", "max_abs_scaler, variance_threshold"},
                                 {"steps", "min_max_scaler, min_max_scaler, pipeline_transformer"}});
  const nlohmann::json settings = parameters_json(model);
  EXPECT_EQ(settings["min_max_scaler__range_most"], "0x1p+0");
  EXPECT_EQ(settings["min_max_scaler_2__range_most"], "0x1.4p+2");
  EXPECT_TRUE(settings.contains("pipeline_transformer__variance_threshold__threshold"));
  PipelineTransformer other;
  set_parameters(other, settings);
  EXPECT_EQ(parameters_json(other), settings);
  EXPECT_TRUE(same_bits(other.fit_transform(x_), model.fit_transform(x_)));
}

// One step after the other by hand.
TEST_F(Pipeline, IsItsStepsOneAfterTheOther) {
  PipelineTransformer both("max_abs_scaler, standard_scaler");
  MaxAbsScaler first;
  StandardScaler second;
  const Tensor by_hand = second.fit_transform(first.fit_transform(x_));
  EXPECT_TRUE(same_bits(both.fit_transform(x_), by_hand));
  EXPECT_TRUE(same_bits(both.transform(x_), by_hand));
  PipelineClusterer clusters("standard_scaler, k_means");
  set_parameter(clusters, "k_means__n_clusters", "3");
  clusters.fit(x_);
  EXPECT_EQ(clusters.predict(x_).size(0), 80);
}

// Flip the label of a row: what the last step learns of this row does not change, though the encoder learns from the label.
TEST_F(Pipeline, EncodersHideARowsOwnTarget) {
  std::vector<double> groups;
  std::vector<std::int64_t> labels;
  for (int i = 0; i < 60; ++i) {
    groups.push_back(i * 7 % 6);
    labels.push_back(i * 11 % 5 < 2 ? 1 : 0);
  }
  const Tensor x = Tensor::from(groups, {60, 1});
  PipelineTransformer model("simple_imputer, leave_one_out_encoder");
  const auto encoded = [&] { return model.fit_transform(x, Tensor::from(labels, {60})).to_vector<double>(); };
  const std::vector<double> before = encoded();
  labels[17] = 1 - labels[17];
  const std::vector<double> after = encoded();
  EXPECT_EQ(after[17], before[17]);
  EXPECT_NE(after, before);  // those of its group have changed
  EXPECT_NE(model.transform(x).to_vector<double>()[17], after[17]);
}

TEST_F(Pipeline, MachinesWithoutProbabilitiesDecide) {
  PipelineClassifier model("standard_scaler, linear_svc");
  EXPECT_FALSE(model.has_probabilities());
  EXPECT_TRUE(model.has_decision_function());
  model.fit(x_, fact_classes("two"));
  const std::vector<double> decisions = model.decision_function(x_).to_vector<double>();
  const std::vector<std::int64_t> said = model.predict(x_).to_vector<std::int64_t>();
  for (std::size_t i = 0; i < said.size(); ++i) EXPECT_EQ(said[i] == 1, decisions[i] > 0);
}

TEST_F(Pipeline, WrongStepsGetASentenceAndChangeNothing) {
  PipelineClassifier model;
  const nlohmann::json before = parameters_json(model);
  const auto message = [&](const std::string& steps) {
    return message_of([&] { set_parameter(model, "steps", steps); });
  };
  EXPECT_THAT(message(""), HasSubstr("steps: found 0 names"));
  EXPECT_THAT(message("standard_scaler,"), HasSubstr("there is no estimator ''"));
  EXPECT_THAT(message("standart_scaler, gaussian_nb"), HasSubstr("did you mean 'standard_scaler'?"));
  EXPECT_THAT(message("gaussian_nb, gaussian_nb"),
              HasSubstr("step 1 is gaussian_nb, which is for classification, expected a transformation"));
  EXPECT_THAT(message("standard_scaler, k_means"), HasSubstr("step 2 is k_means, which is for clustering"));
  EXPECT_THAT(message_of([&] { set_parameter(model, "pca__n_components", "2"); }),
              HasSubstr("pipeline_classifier: there is no parameter 'pca__n_components'"));
  EXPECT_THAT(message_of([&] { set_parameter(model, "gaussian_nb__var_smoothing", "-1"); }),
              HasSubstr("gaussian_nb__var_smoothing: expected a number, at least 0"));
  EXPECT_EQ(parameters_json(model), before);
  EXPECT_THAT(message_of([] { PipelineRegressor wrong("gaussian_nb"); }), HasSubstr("expected a regression"));
}

TEST_F(Pipeline, RefusesAStateOfOtherFeatures) {
  PipelineClassifier model;
  model.fit(x_, classes_);
  model.step(0).fit(fact_table("counts", 4));
  EXPECT_THAT(message_of([&] { model.check_restored(); }),
              HasSubstr("the saved state cannot be its own: its first step has learned other features"));
  EXPECT_THAT(message_of([&] { model.predict(x_); }), HasSubstr("expected 4 features"));
}

}  // namespace
}  // namespace tessera::learn
