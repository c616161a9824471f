// Recorded fits of what learns without a target: clusterings and transformations.
#include <gmock/gmock.h>

#include <filesystem>

#include "tessera/base/message_test.h"
#include "tessera/tabular/step_only.h"
#include "tessera/tabular/tabular_test.h"

namespace tessera::tabular {
namespace {

using testing::HasSubstr, testing::StartsWith;

// Two heaps of 20 points each; the third column follows the first one.
std::string heaps() {
  std::string text = "x,y,twice,colour\n";
  for (int i = 0; i < 40; ++i) {
    const int x = i * 7 % 5 + (i % 2) * 50;
    text += fmt::format("{},{},{},{}\n", x, i * 3 % 7 + (i % 2) * 30, 2 * x, i % 2 == 0 ? "red" : "blue");
  }
  return text;
}

class WithoutTarget : public TabularTest {
 protected:
  WithoutTarget() : TabularTest("heaps.csv", heaps()) {}
  FitConfig config(const std::string& estimator, std::vector<std::string> settings = {}) const {
    settings.insert(settings.begin(), "data.ignore=colour");
    return FitConfig::of(estimator, path("heaps.csv"), "", settings);
  }
  // What a fit by 3 threads says that another one confirms.
  FittedModel fitted(const std::string& estimator, const std::vector<std::string>& settings = {}) {
    const std::string name = fmt::format("run-{}", ++runs_);
    set_thread_count(3);
    const FitResult result = fit(config(estimator, settings), options(name));
    set_thread_count(1);
    EXPECT_EQ(fit(config(estimator, settings), options(name + "-again")).seal, result.seal);
    EXPECT_EQ(verify_fit(result.folder, {.quiet = true}).code, ExitCode::kSuccess);
    EXPECT_EQ(result.steps, 1U);
    scores = result.final_scores;
    rows = {result.training_rows, result.test_rows};
    return FittedModel(result.folder);
  }
  std::string said(const FittedModel& model) const {
    return model.predictions_csv(model.read(path("heaps.csv")));
  }
  std::vector<std::pair<std::string, double>> scores;
  std::pair<std::int64_t, std::int64_t> rows;

 private:
  int runs_ = 0;
};

TEST_F(WithoutTarget, AClusteringGivesTheClusterOfEachRow) {
  const FittedModel model = fitted("k_means", {"n_clusters=2"});
  EXPECT_EQ(rows, (std::pair<std::int64_t, std::int64_t>(40, 0)));
  EXPECT_EQ(scores[0].first, "inertia");
  EXPECT_THAT(said(model), StartsWith("row,cluster\n1,"));
  const FittedEvaluation found = model.evaluate(path("heaps.csv"));
  EXPECT_EQ(found.note, "the run learned from all rows of this file");
  EXPECT_THAT(found.text, StartsWith("rows               40\ninertia            "));
  EXPECT_THAT(found.text, HasSubstr("\ncluster  rows\n      0  20\n      1  20\n"));
  EXPECT_THAT(learned_text(path("runs/run-1"), ""), StartsWith("k_means of 3 features\n"));
}

TEST_F(WithoutTarget, AMixtureGivesProbabilities) {
  const FittedModel model =
      fitted("gaussian_mixture", {"n_components=2", "data.ignore=colour,twice", "data.test=0.25"});
  EXPECT_EQ(rows, (std::pair<std::int64_t, std::int64_t>(30, 10)));
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_EQ(scores[1].first, "test_log_likelihood");
  EXPECT_THAT(said(model), StartsWith("row,cluster,probability_0,probability_1\n1,"));
  const FittedEvaluation found = model.evaluate(path("heaps.csv"));
  EXPECT_THAT(found.note, HasSubstr("only the 10 that were held out"));
  EXPECT_THAT(found.text, StartsWith("rows                   10\nlog likelihood per row -"));
}

TEST_F(WithoutTarget, ATransformationGivesATableOfItsColumns) {
  EXPECT_THAT(said(fitted("standard_scaler")), StartsWith("x,y,twice\n-"));
  const FittedModel components = fitted("pca", {"n_components=2"});
  EXPECT_THAT(said(components), StartsWith("pca_1,pca_2\n"));
  EXPECT_THAT(components.evaluate(path("heaps.csv")).text, HasSubstr("explained variance 1.0000\n"));
  const FittedModel pipeline = fitted("pipeline_transformer", {"steps=standard_scaler, variance_threshold"});
  EXPECT_THAT(said(pipeline), StartsWith("x,y,twice\n"));
  EXPECT_FALSE(pipeline.has_score());
  EXPECT_THAT(
      message_of([&] { pipeline.evaluate(path("heaps.csv")); }),
      HasSubstr("pipeline_transformer has no score of its own; 'tessera predict' gives what it makes"));
  EXPECT_THAT(said(fitted("pipeline_clusterer", {"steps=standard_scaler, k_means", "k_means__n_clusters=2"})),
              StartsWith("row,cluster\n"));
  EXPECT_EQ(scores[0].first, "inertia");
}

// The page about a run whose table has moved still says what was learned.
TEST_F(WithoutTarget, WhatWasLearnedIsSaidWithoutTheTable) {
  fitted("standard_scaler");
  fitted("k_means", {"n_clusters=2"});
  const FitConfig linear =
      FitConfig::of("ridge", path("heaps.csv"), "y", {"evaluate.folds=0", "data.test=0"});
  const std::string run = fit(linear, options("linear")).folder;
  const std::string all_learned = learned_text(run, "");
  EXPECT_THAT(all_learned, StartsWith("ridge of 'y'\n\nnot evaluated: "));
  EXPECT_THAT(all_learned, HasSubstr("held none out"));
  EXPECT_THAT(all_learned, HasSubstr("\n\ncoefficients of ridge, the largest first"));
  std::filesystem::rename(path("heaps.csv"), path("moved.csv"));
  const std::string moved = learned_text(run, "");
  EXPECT_THAT(moved, HasSubstr("not evaluated: the input 'table' is not at"));
  EXPECT_THAT(moved, HasSubstr("\n\ncoefficients of ridge, the largest first"));
  EXPECT_EQ(learned_text(path("runs/run-1"), ""), "standard_scaler of 3 features\n");
  EXPECT_THAT(learned_text(path("runs/run-2"), ""), HasSubstr("k_means of 3 features\n\nnot evaluated: "));
}

TEST_F(WithoutTarget, WhatNeedsOneSaysSo) {
  EXPECT_THAT(
      message_of([&] { FitConfig::of("k_means", path("heaps.csv"), "colour"); }),
      HasSubstr("'k_means' is for clustering, expected an estimator that predicts a target, or no target"));
  EXPECT_THAT(message_of([&] { config("ridge"); }),
              HasSubstr("'ridge' is for regression, expected a target"));
  EXPECT_THAT(message_of([&] { config("k_means", {"evaluate.folds=3"}); }),
              HasSubstr("evaluate.folds is 3, expected 0"));
  EXPECT_THAT(message_of([&] { config("pca", {"features.categories=target"}); }),
              HasSubstr("features.categories is target, which looks at a target"));
  EXPECT_EQ(message_of([&] { fit(config("select_k_best"), options("none")); }),
            "select_k_best learns from a target: use it as a step of a pipeline (pipeline_classifier or "
            "pipeline_regressor, steps=select_k_best, ...)");
  EXPECT_THAT(message_of([&] { fit(config("woe_encoder"), options("none")); }),
              HasSubstr("steps=woe_encoder, ...), or features.categories=woe"));
  std::vector<std::string> steps;
  for (const learn::EstimatorRow& row : learn::estimators())
    if (is_step_only(*row.make())) steps.emplace_back(row.name);
  EXPECT_THAT(steps, testing::ElementsAre("catboost_encoder", "embedding_encoder", "exhaustive_selection",
                                          "james_stein_encoder", "leave_one_out_encoder",
                                          "m_estimate_encoder", "select_from_model", "select_k_best",
                                          "select_percentile", "target_encoder", "woe_encoder"));
}

}  // namespace
}  // namespace tessera::tabular
