#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tessera/base/message_test.h"
#include "tessera/data/ingest.h"
#include "tessera/data/npz.h"
#include "tessera/tabular/tabular_test.h"
#include "tessera/tensor/ops.h"

namespace tessera::tabular {
namespace {

using testing::HasSubstr, testing::StartsWith;

// 120 fruits: the kind follows from weight and colour, some weights are missing, some numbers are noise.
std::string fruits(int rows = 120, int first = 0) {
  std::string text = "weight,colour,code,price,kind\n";
  for (int i = first; i < first + rows; ++i) {
    const int kind = i * 7 % 3, weight = 90 + kind * 40 + i * 13 % 37;
    const std::string colour = i % 5 == 0 ? "green" : kind == 0 ? "red" : "yellow";
    text += fmt::format("{},{},{},{},{}\n", i % 11 == 0 ? "" : std::to_string(weight), colour, i * 31 % 17,
                        weight * 3 + i % 4,
                        kind == 0   ? "apple"
                        : kind == 1 ? "lemon"
                                    : "melon, sweet");
  }
  for (std::size_t place = 0; (place = text.find("melon, sweet", place)) != std::string::npos; place += 14)
    text.replace(place, 12, "\"melon, sweet\"");
  return text;
}

class Fit : public TabularTest {
 protected:
  Fit() : TabularTest("fruits.csv", fruits()) {}

  FitConfig config(const std::vector<std::string>& settings = {}) const {
    std::vector<std::string> all = {"evaluate.folds=3", "data.ignore=price"};
    all.insert(all.end(), settings.begin(), settings.end());
    return FitConfig::of("gaussian_nb", path("fruits.csv"), "kind", all);
  }
};

// Part of the interface, as the seal of the digits: changed with the contract only.
constexpr const char* kSeal = "a9d9a401d4c3f61a8825822ad2b9d79011eaaa5c1c2f615e2bd91b44668574d6";

TEST_F(Fit, OneSealOnEveryBackendAndNumberOfThreads) {
  EXPECT_EQ(fit(config(), options("default")).seal, kSeal);
  for (const int threads : {1, 2, 3, 7}) {
    set_thread_count(threads);
    EXPECT_EQ(fit(config(), options(fmt::format("threads-{}", threads))).seal, kSeal);
  }
  use_backend("reference");
  EXPECT_EQ(fit(config(), options("reference")).seal, kSeal);
  EXPECT_NE(fit(config({"seed=2"}), options("seed")).seal, kSeal);
}

TEST_F(Fit, SaysHowGoodItIs) {
  const FitResult result = fit(config(), options("a"));
  EXPECT_EQ(result.steps, 4U);
  EXPECT_EQ(result.training_rows + result.test_rows, 120);
  EXPECT_EQ(result.test_rows, 24);
  EXPECT_EQ(result.features, 5);  // weight, three colours, code
  EXPECT_EQ(result.classes, (std::vector<std::string>{"apple", "lemon", "melon, sweet"}));
  ASSERT_EQ(result.folds.size(), 3U);
  for (const double fold : result.folds) EXPECT_GT(fold, 0.7);
  ASSERT_EQ(result.final_scores.size(), 5U);
  EXPECT_EQ(result.final_scores[1].first, "folds_mean");
  EXPECT_NEAR(result.final_scores[1].second, (result.folds[0] + result.folds[1] + result.folds[2]) / 3,
              1e-15);
  EXPECT_EQ(result.final_scores[3].first, "test_score");
  EXPECT_GT(result.final_scores[3].second, 0.7);
}

// From CSV, NPZ and SQLite: the records are the same, so the predictions are. A database of new rows is asked the query of the run.
TEST_F(Fit, LearnsFromADatabaseAndFromArraysAsFromCsv) {
  const std::string csv = "a,b,kind\n1,5,3\n2,4,4\n3,5,3\n4,1,4\n5,7,3\n6,0,4\n7,6,3\n8,2,4\n9,8,3\n10,1,4\n";
  write_file_atomically(path("n.csv"), csv);
  const data::Table table = data::read_csv(path("n.csv"));
  const auto column = [&](const char* name) { return Tensor::from(table.numbers(name), {table.rows}); };
  data::write_npz(path("n.npz"),
                  {{"a", column("a")}, {"b", column("b")}, {"kind", cast(column("kind"), DType::kInt64)}});
  Database database(path("n.sqlite"));
  data::ingest_csv(database, "t", path("n.csv"));
  const auto predictions = [&](const std::string& file, const std::vector<std::string>& settings) {
    std::vector<std::string> all = {"evaluate.folds=0"};
    all.insert(all.end(), settings.begin(), settings.end());
    const FitResult result =
        fit(FitConfig::of("gaussian_nb", path(file), "kind", all), options(file.substr(2)));
    EXPECT_EQ(verify_fit(result.folder, {.quiet = true}).code, ExitCode::kSuccess);
    const FittedModel model(result.folder);
    EXPECT_THAT(model.evaluate(path(file)).note, HasSubstr("the run learned from this file"));
    return model.predictions_csv(model.read(path(file)));
  };
  const std::string expected = predictions("n.csv", {});
  EXPECT_EQ(predictions("n.npz", {}), expected);
  EXPECT_EQ(predictions("n.sqlite", {"data.query=SELECT * FROM t ORDER BY rowid"}), expected);
  EXPECT_THAT(message_of([&] { FitSetup(FitConfig::of("gaussian_nb", path("n.sqlite"), "kind")); }),
              HasSubstr("expected a query"));
}

// A support vector machine says which class, not how probable it is.
TEST_F(Fit, WithoutProbabilitiesNothingSpeaksOfThem) {
  const FitConfig own = FitConfig::of("linear_svc", path("fruits.csv"), "kind",
                                      {"evaluate.folds=3", "data.ignore=price", "features.scale=true"});
  const FitResult result = fit(own, options("margin"));
  EXPECT_FALSE(result.final_scores.empty());
  for (const auto& [name, value] : result.final_scores)
    EXPECT_THAT(name, testing::Not(HasSubstr("log_loss")));
  const FittedModel model(result.folder);
  EXPECT_THAT(model.predictions_csv(model.read(path("fruits.csv"))), StartsWith("row,prediction\n1,"));
  EXPECT_THAT(model.evaluate(path("fruits.csv")).text, testing::Not(HasSubstr("log loss")));
  std::string two = "a,b,kind\n";  // of two classes the order of decisions has an area under its curve
  for (int i = 0; i < 60; ++i) two += fmt::format("{},{},{}\n", i % 7, i % 5, i % 7 > 3 ? "yes" : "no");
  write_file_atomically(path("two.csv"), two);
  EXPECT_FALSE(fit(FitConfig::of("svc", path("two.csv"), "kind"), options("two")).final_scores.empty());
  EXPECT_EQ(verify_fit(result.folder, {.quiet = true}).code, ExitCode::kSuccess);
}

TEST_F(Fit, IsVerifiedAndNoticesAnotherTable) {
  const FitResult result = fit(config(), options("a"));
  const train::VerifyResult verified = verify_fit(result.folder, {.quiet = true});
  EXPECT_EQ(verified.code, ExitCode::kSuccess) << verified.message;
  EXPECT_THAT(verified.message, HasSubstr("identical: 4 steps"));
  write_file_atomically(path("fruits.csv"), fruits(121));
  EXPECT_THAT(message_of([&] { verify_fit(result.folder, {.quiet = true}); }), HasSubstr("fruits.csv"));
}

// Nothing is wrong with these, but somebody should look.
TEST_F(Fit, SaysWhatToLookAt) {
  EXPECT_TRUE(fit(config(), options("a")).notes.empty());
  std::string named = "name,size,kind\n";
  for (int i = 0; i < 60; ++i) named += fmt::format("n{},{},{}\n", i, i * 7 % 11, i % 2 == 0 ? "a" : "b");
  write_file_atomically(path("named.csv"), named);
  const FitResult result = fit(FitConfig::of("logistic_regression", path("named.csv"), "kind",
                                             {"max_iter=1", "tol=0", "evaluate.folds=0"}),
                               options("b"));
  ASSERT_EQ(result.notes.size(), 2U);
  EXPECT_THAT(result.notes[0], StartsWith("column 'name': 48 values in 48 training rows"));
  EXPECT_THAT(result.notes[1], HasSubstr("logistic_regression ended before it reached its tolerance"));
  write_file_atomically(path("bare.csv"), "1,2,a\n3,4,b\n5,6,a\n7,8,b\n9,1,a\n2,3,b\n");
  const FitResult bare = fit(
      FitConfig::of("gaussian_nb", path("bare.csv"), "a", {"evaluate.folds=0", "data.test=0"}), options("c"));
  ASSERT_EQ(bare.notes.size(), 1U);
  EXPECT_THAT(bare.notes[0], HasSubstr("the first line looks like data"));
  const FittedModel model(result.folder);
  const data::Table missing = data::parse_csv("name,size\nn1,\nn2,3\n", "x.csv", {.text_columns = {"name"}});
  EXPECT_EQ(model.notes(missing).back(),
            "column 'size': 1 of 2 rows have no value, which every training row had");
}

// Stopped after each step, as a killed process leaves it: the run ends in the seal of the uninterrupted one.
TEST_F(Fit, GoesOnWhereItWasStopped) {
  for (std::uint64_t last = 1; last <= 3; ++last) {
    const std::string name = fmt::format("stopped-{}", last);
    stop_behind(last, config(), name);
    const FitResult resumed = resume_fit(path("runs/" + name), options(name));
    EXPECT_EQ(resumed.first_step, last);
    EXPECT_EQ(resumed.seal, kSeal);
  }
}

TEST_F(Fit, PredictsARowWhateverStandsBesideIt) {
  const FitResult result = fit(config(), options("a"));
  const FittedModel model(result.folder);
  write_file_atomically(path("all.csv"), fruits(40, 500));
  const std::string all = model.predictions_csv(model.read(path("all.csv")));
  EXPECT_THAT(
      all, StartsWith("row,prediction,probability_apple,probability_lemon,\"probability_melon, sweet\"\n1,"));
  std::string one_by_one = all.substr(0, all.find('\n') + 1);
  for (int i = 0; i < 40; ++i) {
    write_file_atomically(path("one.csv"), fruits(1, 500 + i));
    std::string line = model.predictions_csv(model.read(path("one.csv")));
    line = line.substr(line.find('\n') + 1);
    one_by_one += fmt::format("{}{}", i + 1, line.substr(1));
  }
  EXPECT_EQ(all, one_by_one);
  // Columns in another order, without the target; a colour that was not there.
  write_file_atomically(path("new.csv"), "code,colour,weight\n3,blue,\n");
  EXPECT_THAT(model.predictions_csv(model.read(path("new.csv"))), HasSubstr("\n1,"));
  const std::vector<std::string> notes = model.notes(model.read(path("new.csv")));
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_EQ(notes[0], "column 'colour': 1 of 1 rows have a category that the training rows did not have");
  EXPECT_TRUE(model.notes(model.read(path("all.csv"))).empty());
  write_file_atomically(path("wrong.csv"), "code,color,weight\n3,red,100\n");
  EXPECT_THAT(message_of([&] { model.predictions_csv(model.read(path("wrong.csv"))); }),
              HasSubstr("there is no column 'colour'"));
}

TEST_F(Fit, IsEvaluatedOnWhatItHasNotSeen) {
  const FitResult result = fit(config(), options("a"));
  const FittedModel model(result.folder);
  const FittedEvaluation own = model.evaluate(path("fruits.csv"));
  EXPECT_THAT(own.note, HasSubstr("of its 120 rows only the 24 that were held out"));
  EXPECT_THAT(own.text, HasSubstr(fmt::format("accuracy  {:.4f}", result.final_scores[3].second)));
  write_file_atomically(path("others.csv"), fruits(30, 200));
  const FittedEvaluation others = model.evaluate(path("others.csv"));
  EXPECT_EQ(others.note, "");
  EXPECT_THAT(others.text, StartsWith("rows      30\n"));
}

// A file that has training rows in it cannot say how good the model is for new ones.
TEST_F(Fit, SaysWhenItIsJudgedByWhatItLearnedFrom) {
  const FittedModel model(fit(config(), options("a")).folder);
  write_file_atomically(path("more.csv"), fruits() + "100,red,99,999,apple\n");
  EXPECT_EQ(model.evaluate(path("more.csv")).note,
            "96 of the 121 rows are equal to rows that the run learned from");
  write_file_atomically(path("other.csv"), "kind,code,colour,weight\napple,99,red,100\nlemon,98,green,130\n");
  EXPECT_EQ(model.evaluate(path("other.csv")).note, "");
}

TEST_F(Fit, TheSameRecordsInAnotherFileAreTheSameTable) {
  const FitResult result = fit(config(), options("a"));
  std::string text = fruits();
  for (std::size_t place = 0; (place = text.find('\n', place)) != std::string::npos; place += 2)
    text.replace(place, 1, "\r\n");
  write_file_atomically(path("windows.csv"), text);
  EXPECT_THAT(FittedModel(result.folder).evaluate(path("windows.csv")).note,
              HasSubstr("only the 24 that were held out"));
}

TEST_F(Fit, OfNumbers) {
  for (const char* estimator : {"decision_tree_regressor", "k_neighbors_regressor", "bagging_regressor"}) {
    const FitConfig config =
        FitConfig::of(estimator, path("fruits.csv"), "price",
                      {"features.missing=median", "features.categories=ordinal", "features.scale=true"});
    const FitResult result = fit(config, options(estimator));
    EXPECT_EQ(result.features, 4);
    ASSERT_EQ(result.final_scores.back().first, "test_rmse");
    EXPECT_GT(result.final_scores[3].second, 0.5) << estimator;
    const train::VerifyResult verified = verify_fit(result.folder, {.quiet = true});
    EXPECT_THAT(verified.message, HasSubstr("identical: 6 steps")) << estimator;
    const FittedModel model(result.folder);
    EXPECT_THAT(model.evaluate(path("fruits.csv")).text,
                HasSubstr(fmt::format("r2        {:.4f}\nrmse      {:.4f}", result.final_scores[3].second,
                                      result.final_scores[4].second)));
    const std::string lines = model.predictions_csv(model.read(path("fruits.csv")));
    EXPECT_THAT(lines, StartsWith("row,prediction\n1,"));
    EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 121);
  }
}

// Beside a run on numbers the scores are other ones.
TEST_F(Fit, ScoresAreCalledByWhatTheyAre) {
  const runs::Claim classes = runs::read_claim(fit(config(), options("a")).folder);
  runs::Claim numbers = classes;
  numbers.configuration.erase("found.classes");
  EXPECT_EQ(compared_scalar(classes, "test_score"), "test_accuracy");
  EXPECT_EQ(compared_scalar(numbers, "test_score"), "test_r2");
  EXPECT_EQ(compared_scalar(numbers, "training_score"), "training_r2");
  EXPECT_EQ(compared_scalar(classes, "folds_mean"), "folds_mean_accuracy");
  EXPECT_EQ(compared_scalar(classes, "test_log_loss"), "test_log_loss");
  EXPECT_EQ(compared_scalar(classes, "fold_score"), "");
  numbers.kind = "train";
  EXPECT_EQ(compared_scalar(numbers, "test_score"), "test_score");
}

// What becomes of missing values is learned from training rows: other test rows change nothing that was learned.
TEST_F(Fit, LearnsNothingFromTestRows) {
  const FitSetup before(config());
  std::string text = fruits();
  std::vector<std::string> lines;
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    lines.push_back(text.substr(begin, end - begin));
  for (const std::int64_t row : before.split().held_out) {
    std::string& line = lines[static_cast<std::size_t>(row) + 1];
    line = "99999,purple" + line.substr(line.find(',', line.find(',') + 1));
  }
  text.clear();
  for (const std::string& line : lines) text += line + "\n";
  write_file_atomically(path("fruits.csv"), text);
  const FitSetup after(config());
  EXPECT_EQ(after.split().held_out, before.split().held_out);
  EXPECT_EQ(after.features().names(), before.features().names());
  data::Table table =
      data::parse_csv("weight,colour,code\n,red,1\n", "x.csv", after.features().schema().csv_options());
  EXPECT_TRUE(same_bits(after.features().transform(table), before.features().transform(table)));
}

TEST_F(Fit, WrongSettingsAndTablesGetASentence) {
  const auto with = [&](const std::string& estimator, const std::string& target,
                        const std::vector<std::string>& settings) {
    return message_of([&] { FitSetup(FitConfig::of(estimator, path("fruits.csv"), target, settings)); });
  };
  EXPECT_THAT(with("gausian_nb", "kind", {}), HasSubstr("did you mean 'gaussian_nb'?"));
  EXPECT_THAT(with("gaussian_nb", "knd", {}), HasSubstr("(did you mean 'kind'?)"));
  EXPECT_THAT(with("gaussian_nb", "kind", {"var_smothing=1"}), HasSubstr("did you mean 'var_smoothing'?"));
  EXPECT_THAT(with("gaussian_nb", "kind", {"data.tst=1"}), HasSubstr("did you mean 'data.test'?"));
  EXPECT_THAT(with("gaussian_nb", "kind", {"data.ignore=colur"}), HasSubstr("did you mean"));
  EXPECT_THAT(with("gaussian_nb", "kind", {"data.ignore=kind"}),
              HasSubstr("data.ignore names the target 'kind'"));
  EXPECT_THAT(with("decision_tree_regressor", "kind", {}),
              HasSubstr("decision_tree_regressor is for numbers, but the target 'kind' has 'apple'"));
  EXPECT_THAT(with("gaussian_nb", "weight", {}), HasSubstr("the target 'weight' is missing"));
  EXPECT_THAT(with("gaussian_nb", "kind", {"features.missing=refuse"}),
              HasSubstr("column 'weight': a value is missing"));
  EXPECT_THAT(with("gaussian_nb", "kind", {"data.target=code"}), HasSubstr("it is given already"));
  EXPECT_THAT(with("gaussian_nb", "kind", {"var_smoothing=-1"}),
              HasSubstr("expected a number, at least 0, found '-1'"));
  EXPECT_THAT(with("gaussian_nb", "kind", {"features.missing=keep", "features.scale=true"}),
              HasSubstr("cannot keep their missing values"));
  EXPECT_THAT(with("gaussian_nb", "kind", {"evaluate.folds=1"}), HasSubstr("expected 0 or at least 2"));
  EXPECT_THAT(with("gaussian_nb", "kind", {"var_smoothing=inf"}), HasSubstr("found 'inf'"));
  write_file_atomically(path("fruits.csv"), fruits() + "100,red,3,9,plum\n");
  EXPECT_THAT(with("gaussian_nb", "kind", {}), HasSubstr("the class 'plum' has"));
  write_file_atomically(path("fruits.csv"), "weight,kind\n");
  EXPECT_THAT(with("gaussian_nb", "kind", {}), HasSubstr("there is no row"));
  write_file_atomically(path("fruits.csv"), "weight,kind\n1,apple\n2,apple\n3,apple\n");
  EXPECT_THAT(with("gaussian_nb", "kind", {}), HasSubstr("'apple' in every row"));
}

}  // namespace
}  // namespace tessera::tabular
