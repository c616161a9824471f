#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

#include "tessera/base/message_test.h"
#include "tessera/learn/estimators.h"
#include "tessera/learn/model_selection.h"
#include "tessera/tabular/tabular_test.h"
#include "tessera/tensor/ops.h"

namespace tessera::tabular {
namespace {

using testing::HasSubstr, testing::StartsWith;

// 90 plants: three kinds that overlap, a number that is missing here and there, and a colour.
std::string plants() {
  std::string text = "length,width,colour,kind\n";
  for (int i = 0; i < 90; ++i) {
    const int kind = i * 5 % 3;
    text += fmt::format("{},{},{},{}\n", i % 13 == 0 ? "" : std::to_string(20 + kind * 6 + i * 17 % 11),
                        5 + kind * 2 + i * 7 % 6, i % 4 == 0 ? "white" : "blue",
                        kind == 0   ? "oat"
                        : kind == 1 ? "rye"
                                    : "wheat");
  }
  return text;
}

class Search : public TabularTest {
 protected:
  Search() : TabularTest("plants.csv", plants()) {}

  FitConfig config(const SearchOptions& search, const std::string& estimator = "k_neighbors_classifier",
                   std::vector<std::string> settings = {}) const {
    settings.push_back("evaluate.folds=3");
    return FitConfig::of_search(estimator, path("plants.csv"), "kind", settings, search);
  }
  // Bags of one, two and four trees: what is learned has other parts for every candidate.
  FitConfig bags() const {
    return config({.grid = {"n_estimators=1,2,4", "max_features=0.6,1"}}, "bagging_classifier");
  }
};

TEST_F(Search, IsCrossValidationOfTheTrainingRows) {
  const FitResult result =
      fit(config({.grid = {"n_neighbors=1,5,15", "weights=uniform,distance"}}), options("a"));
  EXPECT_EQ(result.steps, 19U);
  ASSERT_EQ(result.candidates.size(), 6U);
  EXPECT_EQ(result.candidates[1].settings, (Settings{{"n_neighbors", "1"}, {"weights", "distance"}}));
  // A candidate by itself has the same folds in a plain fit, and what wins is what a plain fit with its settings learns.
  std::size_t best = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    const Candidate& one = result.candidates[i];
    if (one.mean > result.candidates[best].mean) best = i;
    std::vector<std::string> settings = {"evaluate.folds=3"};
    for (const auto& [name, value] : one.settings) settings.push_back(fmt::format("{}={}", name, value));
    const FitResult alone = fit(FitConfig::of("k_neighbors_classifier", path("plants.csv"), "kind", settings),
                                options(fmt::format("alone-{}", i)));
    EXPECT_EQ(one.folds, alone.folds) << i;
  }
  EXPECT_EQ(result.candidates[best].rank, 1);
  EXPECT_EQ(result.folds, result.candidates[best].folds);
  const FittedModel winner(result.folder), alone(path(fmt::format("runs/alone-{}", best)));
  const data::Table table = winner.read(path("plants.csv"));
  EXPECT_EQ(winner.predictions_csv(table), alone.predictions_csv(table));
  EXPECT_THAT(winner.evaluate(path("plants.csv")).text, HasSubstr("with 95 % confidence)"));
}

TEST_F(Search, OneSealOnEveryBackendAndNumberOfThreads) {
  const std::string seal = fit(bags(), options("default")).seal;
  for (const int threads : {1, 2, 3, 7}) {
    set_thread_count(threads);
    EXPECT_EQ(fit(bags(), options(fmt::format("threads-{}", threads))).seal, seal);
  }
  use_backend("reference");
  EXPECT_EQ(fit(bags(), options("reference")).seal, seal);
  const train::VerifyResult verified = verify_fit(path("runs/default"), {.quiet = true});
  EXPECT_THAT(verified.message, HasSubstr("identical: 19 steps"));
}

// Stopped after each step, as a killed process leaves it; after the last one too, when what was learned has the parts of the winner.
TEST_F(Search, GoesOnWhereItWasStopped) {
  const std::string seal = fit(bags(), options("whole")).seal;
  for (const std::uint64_t last : {1U, 3U, 7U, 17U, 18U, 19U}) {
    const std::string name = fmt::format("stopped-{}", last);
    stop_behind(last, bags(), name);
    const FitResult resumed = resume_fit(path("runs/" + name), options(name));
    EXPECT_EQ(resumed.first_step, last);
    EXPECT_EQ(resumed.seal, seal) << last;
    EXPECT_EQ(resumed.candidates.size(), 6U);
  }
}

// The number that was searched for is also said of the rows that were held out.
TEST_F(Search, TestsByItsOwnScore) {
  const FitResult result =
      fit(config({.grid = {"n_neighbors=1,5"}, .scoring = "balanced_accuracy"}), options("a"));
  EXPECT_EQ(result.final_scores.back().first, "test_balanced_accuracy");
  EXPECT_NE(result.final_scores.back().second, 0);
  const std::string text = learned_text(result.folder, "");
  EXPECT_THAT(text, HasSubstr("k_neighbors_classifier of 'kind'"));
  EXPECT_THAT(text, HasSubstr("n_neighbors=5"));
  EXPECT_THAT(text, HasSubstr("were held out are used"));
}

// F1 is that of the second class by name, which need not be the one that matters.
TEST_F(Search, SaysOfWhichClassItsScoreIs) {
  std::string table = "x,y\n";
  for (int i = 0; i < 60; ++i)
    table += fmt::format("{},{}\n", i * 7 % 11 + (i % 6 == 0 ? 5 : 0), i % 6 == 0 ? "rare" : "usual");
  write_file_atomically(path("two.csv"), table);
  const auto notes = [&](const std::string& scoring, const std::string& folder) {
    return fit(FitConfig::of_search("gaussian_nb", path("two.csv"), "y", {"evaluate.folds=3", "data.test=0"},
                                    {.grid = {"var_smoothing=1e-9,1e-3"}, .scoring = scoring}),
               options(folder))
        .notes;
  };
  ASSERT_EQ(notes("f1", "f").size(), 1U);
  EXPECT_THAT(
      notes("recall", "r")[0],
      StartsWith(
          "recall is how well class 'usual' is found, the second one by name, of which 83 % of the training "
          "rows are: for 'rare' give"));
  EXPECT_TRUE(notes("f1_macro", "m").empty());
}

// 14 of 15 rows are right either way, in other folds: the means differ in the last bit, and the first one wins.
TEST_F(Search, OfEqualCandidatesTheFirstWins) {
  const std::unique_ptr<learn::Estimator> model = learn::make_estimator("k_neighbors_classifier");
  const SearchPlan plan = SearchPlan::of({.grid = {"n_neighbors=1,3,5"}}, *model);
  const std::vector<double> scores = {1, 1, 4. / 5, 0.9, 1, 0.9 + 1e-16, 4. / 5., 1, 1.0 + 0x1p-52};
  EXPECT_EQ(plan.best(scores, 3), 0);
  const std::vector<Candidate> candidates = candidates_of(plan, scores, 3);
  EXPECT_EQ(candidates[0].rank, 1);
  EXPECT_EQ(candidates[2].rank, 1);
}

TEST_F(Search, StepByStepKeepsTheBest) {
  const FitResult result =
      fit(config({.grid = {"n_neighbors=1,9,30", "weights=uniform,distance"}, .step_by_step = true}),
          options("a"));
  ASSERT_EQ(result.candidates.size(), 5U);
  std::size_t best = 0;
  for (std::size_t i = 1; i < 3; ++i)
    if (result.candidates[i].mean > result.candidates[best].mean) best = i;
  const std::string kept = result.candidates[best].settings[0].second;
  EXPECT_EQ(result.candidates[4].settings, (Settings{{"n_neighbors", kept}, {"weights", "distance"}}));
  EXPECT_EQ(result.candidates[3].folds, result.candidates[best].folds);  // uniform is what it had
}

TEST_F(Search, DrawsByCounter) {
  const SearchOptions search = {
      .grid = {"weights=uniform,distance"}, .ranges = {"n_neighbors=1..20:log"}, .random = 8};
  const FitResult result = fit(config(search), options("a"));
  ASSERT_EQ(result.candidates.size(), 8U);
  const SearchPlan plan = *config(search).search();
  std::vector<std::string> drawn;
  for (std::int64_t i = 0; i < 8; ++i) {
    const Settings settings = plan.settings_of(i, std::vector<double>(24), 3);
    EXPECT_EQ(settings, result.candidates[static_cast<std::size_t>(i)].settings);
    const int neighbours = std::stoi(settings[1].second);
    EXPECT_TRUE(neighbours >= 1 && neighbours <= 20) << settings[1].second;
    drawn.push_back(settings[1].second);
  }
  std::ranges::sort(drawn);
  EXPECT_NE(drawn.front(), drawn.back());
  EXPECT_EQ(SearchPlan::from_json(plan.to_json()).to_json(), plan.to_json());
  const SearchPlan other = *config(search, "k_neighbors_classifier", {"seed=2"}).search();
  EXPECT_NE(other.to_json(), plan.to_json());
}

TEST_F(Search, WhatCannotBeFittedCountsAsFailed) {
  const FitResult result = fit(config({.grid = {"n_neighbors=500,3"}}), options("a"));
  EXPECT_TRUE(result.candidates[0].failed);
  EXPECT_EQ(result.candidates[0].rank, 2);
  EXPECT_EQ(result.candidates[1].rank, 1);
  EXPECT_THAT(candidates_table(result.candidates, 5),
              HasSubstr("   2  failed   -          n_neighbors=500\n"));
  const SearchPlan plan = *config({.grid = {"n_neighbors=500,3"}}).search();
  EXPECT_THAT(candidates_csv(plan, result.candidates, 3),
              StartsWith("rank,mean,deviation,n_neighbors,fold_1,fold_2,fold_3\n2,,,500,,,\n1,0."));
  EXPECT_THAT(verify_fit(result.folder, {.quiet = true}).message, HasSubstr("identical: 7 steps"));
  EXPECT_THAT(message_of([&] { fit(config({.grid = {"n_neighbors=500"}}), options("none")); }),
              HasSubstr("no candidate of the search could be fitted and judged; the last one: "
                        "k_neighbors_classifier: n_neighbors"));
  EXPECT_FALSE(std::filesystem::exists(path("runs/none")));  // a run that can only fail again
}

// Of a search that was stopped in the middle of its second candidate.
TEST_F(Search, ItsTableSoFarCanBeHad) {
  const FitConfig searched = config({.grid = {"n_neighbors=1,500,3"}});
  SearchTable whole, so_far;
  fit(searched, options("whole"), &whole);
  EXPECT_EQ(whole.tried, 3);
  const std::vector<double> scores = {0.5, 0.7, 0.6, 0.25};
  const std::string table =
      candidates_csv(*searched.search(), candidates_of(*searched.search(), scores, 3), 3);
  EXPECT_THAT(table, HasSubstr("\n1,0.6"));
  EXPECT_THAT(table, testing::EndsWith("\n,,,500,0.25,,\n"));
  stop_behind(4, searched, "stopped");
  resume_search(path("runs/stopped"), options("stopped"), so_far);
  EXPECT_EQ(so_far.csv, whole.csv);
  SearchTable failed;
  EXPECT_THROW(fit(config({.grid = {"n_neighbors=500,600"}}), options("none"), &failed), Error);
  EXPECT_EQ(failed.tried, 2);
  EXPECT_THAT(failed.csv, testing::EndsWith("\n1,,,600,,,\n"));
}

TEST_F(Search, APipelineIsSearchedWithItsSteps) {
  const FitResult result = fit(
      config(
          {.grid = {"steps=standard_scaler, gaussian_nb|gaussian_nb|min_max_scaler, k_neighbors_classifier"}},
          "pipeline_classifier"),
      options("a"));
  ASSERT_EQ(result.candidates.size(), 3U);
  const FittedModel model(result.folder);
  EXPECT_EQ(learn::parameters(const_cast<learn::Estimator&>(model.estimator()))[0].value,
            std::ranges::find(result.candidates, 1, &Candidate::rank)->settings[0].second);
  EXPECT_EQ(verify_fit(result.folder, {.quiet = true}).code, ExitCode::kSuccess);
}

TEST_F(Search, WrongSearchesGetASentence) {
  const auto with = [&](const SearchOptions& search) { return message_of([&] { config(search); }); };
  EXPECT_THAT(with({}), HasSubstr("needs at least one --grid"));
  EXPECT_THAT(with({.grid = {"n_neighbors"}}), HasSubstr("expected NAME=VALUE,VALUE"));
  EXPECT_THAT(with({.grid = {"n_neighbors=1,"}}), HasSubstr("an empty value"));
  EXPECT_THAT(with({.grid = {"n_neighbours=1"}}), HasSubstr("did you mean 'n_neighbors'?"));
  EXPECT_THAT(with({.grid = {"n_neighbors=1,0"}}),
              HasSubstr("expected a whole number, at least 1, found '0'"));
  EXPECT_THAT(with({.grid = {"n_neighbors=1", "n_neighbors=2"}}), HasSubstr("searched twice"));
  EXPECT_THAT(with({.ranges = {"n_neighbors=1..3"}}), HasSubstr("expected --random N"));
  EXPECT_THAT(with({.ranges = {"n_neighbors=3..1"}, .random = 2}), HasSubstr("the lowest below the highest"));
  EXPECT_THAT(with({.grid = {"n_neighbors=1"}, .random = 2, .step_by_step = true}), HasSubstr("one of them"));
  EXPECT_THAT(with({.grid = {"n_neighbors=1"}, .scoring = "acuracy"}), HasSubstr("did you mean 'accuracy'?"));
  EXPECT_THAT(with({.grid = {"n_neighbors=1"}, .random = 10'001}), HasSubstr("expected at most 10000"));
  EXPECT_THAT(with({.grid = {"n_neighbors=x"}, .step_by_step = true}), HasSubstr("found 'x'"));
  EXPECT_THAT(message_of([&] { SearchPlan::from_json("{}"); }),
              HasSubstr("the record's plan of the search is damaged"));
  EXPECT_THAT(message_of([&] {
                FitConfig::of_search("gaussian_nb", path("plants.csv"), "kind", {"evaluate.folds=0"},
                                     {.grid = {"var_smoothing=1"}});
              }),
              HasSubstr("evaluate.folds is 0, expected at least 2"));
}

}  // namespace
}  // namespace tessera::tabular
