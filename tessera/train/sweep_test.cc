// Plans: which settings in which order, and every malformed one. Sweeps on small data: taken up after an interruption, repeated
// configurations, failed trials.
#include "tessera/train/sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/folder_test.h"
#include "tessera/train/training_run.h"

namespace tessera::train {
namespace {

using testing::HasSubstr;

constexpr std::string_view kStepByStep = R"(base = "c.toml"
method = "step_by_step"
[[parameter]]
key = "training.batch"
values = [8, 16]
[[parameter]]
key = "activation"
settings = [["network.2.layer=relu"], ["network.2.layer=tanh", "training.momentum="]]
[[parameter]]
key = "training.learning_rate"
values = [0.1, 0.2, 0.3]
)";

TrialResult result(const SweepPlan& plan, std::span<const TrialResult> done, std::optional<double> metric) {
  return {plan.next(done), metric};
}

TEST(SweepPlan, StepByStepKeepsTheBestOfEachStep) {
  const SweepPlan plan = SweepPlan::parse(kStepByStep, "s.toml");
  EXPECT_EQ(plan.trials(), 7);
  EXPECT_EQ(plan.name, "s");
  std::vector<TrialResult> done;
  // 16 is better; the second activation fails; of two equal rates the first is kept; NaN is never the best.
  for (const std::optional<double> metric :
       {std::optional(0.5), std::optional(0.6), std::optional(0.6), std::optional<double>(),
        std::optional(std::nan("")), std::optional(0.7), std::optional(0.7)})
    done.push_back(result(plan, done, metric));
  EXPECT_EQ(done[0].settings, TrialSettings({"training.batch=8"}));
  EXPECT_EQ(done[2].settings, TrialSettings({"training.batch=16", "network.2.layer=relu"}));
  EXPECT_EQ(overrides_of(done[3].settings),
            (std::vector<std::string>{"training.batch=16", "network.2.layer=tanh", "training.momentum="}));
  EXPECT_EQ(done[5].settings,
            TrialSettings({"training.batch=16", "network.2.layer=relu", "training.learning_rate=0.2"}));
  EXPECT_TRUE(plan.next(done).empty());
  EXPECT_EQ(plan.best(done), 5u);
}

TEST(SweepPlan, TheLossDecidesBetweenEqualAccuracies) {
  const SweepPlan plan = SweepPlan::parse(kStepByStep, "s.toml");
  const auto best = [&](const std::vector<TrialResult>& done) { return plan.best(done); };
  EXPECT_EQ(best({{{}, 0.9, 0.3}, {{}, 0.9, 0.2}, {{}, 0.9, 0.2}}), 1u);
  EXPECT_EQ(best({{{}, 0.9, 0.3}, {{}, 0.9, std::nan("")}, {{}, 0.8, 0.1}}), 0u);
  EXPECT_EQ(best({{{}, 0.9, std::nan("")}, {{}, 0.9, 0.3}}), 1u);
  EXPECT_EQ(best({{{}, 0.9, std::nan("")}, {{}, 0.9, std::nan("")}, {{}, 0.9}}), 0u);
  std::vector<TrialResult> done = {{plan.next({}), 0.9, 0.3}};
  done.push_back({plan.next(done), 0.9, 0.2});
  EXPECT_EQ(plan.next(done).front(), "training.batch=16");
}

TEST(SweepPlan, SmallerLossIsBetter) {
  const SweepPlan plan = SweepPlan::parse("metric = 'held_out_loss'\n" + std::string(kStepByStep), "s.toml");
  EXPECT_EQ(plan.best(std::vector<TrialResult>{{{}, 2.0}, {{}, 1.0}, {{}, std::nullopt}}), 1u);
  EXPECT_EQ(plan.best(std::vector<TrialResult>{{{}, std::nullopt}}), std::nullopt);
}

TEST(SweepPlan, GridVisitsEveryCombinationOnce) {
  std::string text(kStepByStep);
  text.replace(text.find("step_by_step"), 12, "grid");
  const SweepPlan plan = SweepPlan::parse(text, "s.toml");
  std::set<TrialSettings> seen;
  std::vector<TrialResult> done;
  for (TrialSettings next = plan.next(done); !next.empty(); next = plan.next(done)) {
    seen.insert(next);
    done.push_back({next, 0.0});
  }
  EXPECT_EQ(seen.size(), 12u);
  EXPECT_EQ(done.size(), 12u);
  EXPECT_EQ(plan.trials(), 12);
}

double value_of(const std::string& setting) {
  return std::stod(setting.substr(setting.find('=') + 1));
}

TEST(SweepPlan, RandomDrawsByCounterWithinTheRanges) {
  use_default_backend();
  const SweepPlan plan = SweepPlan::parse(R"(base = "c.toml"
method = "random"
trials = 2000
seed = 3
[[parameter]]
key = "training.learning_rate"
lowest = 1e-4
highest = 1e-1
scale = "log"
[[parameter]]
key = "training.batch"
lowest = 1
highest = 4
[[parameter]]
key = "network.2.layer"
values = ["relu", "tanh"]
)",
                                          "s.toml");
  std::vector<int> batches(5), decades(3);
  int relu = 0;
  for (std::size_t trial = 0; trial < 2000; ++trial) {
    const TrialSettings settings = plan.next(std::vector<TrialResult>(trial));
    const double rate = value_of(settings[0]);
    ASSERT_TRUE(rate >= 1e-4 && rate <= 1e-1) << rate;
    ++decades[static_cast<std::size_t>(std::min(2.0, std::floor(std::log10(rate / 1e-4))))];
    ++batches.at(static_cast<std::size_t>(value_of(settings[1])));
    relu += settings[2] == "network.2.layer=relu";
  }
  // Binomial with n = 2000: six standard deviations are 116, 126 and 134.
  for (int i = 1; i <= 4; ++i) EXPECT_NEAR(batches[static_cast<std::size_t>(i)], 500, 116);
  for (const int count : decades) EXPECT_NEAR(count, 667, 126);
  EXPECT_NEAR(relu, 1000, 134);
  EXPECT_TRUE(plan.next(std::vector<TrialResult>(2000)).empty());
  EXPECT_EQ(plan.next({}), SweepPlan(plan).next({}));
}

TEST(SweepPlan, MalformedPlansGetASentence) {
  const std::string good(kStepByStep);
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    EXPECT_NE(text.find(from), std::string::npos) << from;
    return text.replace(text.find(from), from.size(), to);
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "s.toml: base is missing"},
      {"base = 'c.toml'\n", "s.toml: there is no [[parameter]]"},
      {with("c.toml", ""), "s.toml:1: base is \"\", expected the path"},
      {with("step_by_step", "steps"), "s.toml:2: method is \"steps\", expected one of \"grid\""},
      {with("method", "methods"), "s.toml:2: unknown key 'methods' of a sweep (did you mean 'method'?)"},
      {with("key = \"training.batch\"", "name = 'x'"), "unknown key 'parameter.1.name'"},
      {with("[8, 16]", "[]"), "s.toml:5: parameter.1.values is [], expected a list of at least one value"},
      {with("[8, 16]", "8"), "s.toml:5: parameter.1.values is 8, expected a list"},
      {with("values = [8, 16]\n", ""), "the parameter training.batch has neither values nor a range"},
      {with("values = [8, 16]", "lowest = 1\nhighest = 2"), "which only method = \"random\" draws from"},
      {with("values = [8, 16]", "values = [8]\nlowest = 1"), "both values and a range"},
      {with("training.learning_rate", "training.batch"), "training.batch is swept twice"},
      {with("[\"network.2.layer=relu\"]", "\"network.2.layer=relu\""), "a list of lists of settings"},
      {with("network.2.layer=relu", "relu"), "a list of lists of settings"},
      {with("method", "trials = 3\nmethod"), "trials is only for method = \"random\""},
      {with("step_by_step", "random"), "trials is missing"},
      {with("base", "trials = 0\nbase"), "s.toml:1: trials is 0, expected a whole number from 1 to"},
      {with("base", "metric = 'f1'\nbase"), "metric is \"f1\", expected one of \"held_out_accuracy\""},
      {good + "\"parameter.9.key\" = 'training.seed'\n", "unknown key"},
      {"\"parameter.0.key\" = 'seed'\n" + good, "s.toml:1: unknown key 'parameter.0.key'"},
      {with("base", "name = '../up'\nbase"), "name is \"../up\", expected a name of a-z"},
      {"[parameter]\nkey = 3\n", "parameter is a table, expected tables"},
  };
  for (const auto& [text, message] : cases) {
    try {
      SweepPlan::parse(text, "s.toml");
      ADD_FAILURE() << "accepted: " << text;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(message)) << text;
      EXPECT_EQ(error.code(), ExitCode::kUsage);
    }
  }
}

class SweepTest : public testing::Test {
 protected:
  void SetUp() override {
    use_default_backend();
    std::string text = "x,y,kind\n";
    for (int i = 0; i < 40; ++i) text += fmt::format("{},{},{}\n", i % 7, i % 5, i % 7 > 3 ? "a" : "b");
    write_file_atomically(folder_ / "p.csv", text);
    write_file_atomically(folder_ / "c.toml", R"([data]
format = "csv"
path = "p.csv"
label_column = "kind"
[[network]]
layer = "linear"
units = 4
[[network]]
layer = "relu"
[[network]]
layer = "linear"
units = 2
[training]
epochs = 3
batch = 8
learning_rate = 0.1
)");
    write_plan("values = [0.1, 0.01]");
    options_.store = folder_ / "sweeps";
    options_.quiet = true;
  }
  void write_plan(const std::string& values) {
    write_file_atomically(
        folder_ / "s.toml",
        "base = 'c.toml'\nmethod = 'step_by_step'\n[[parameter]]\nkey = 'training.batch'\nvalues = "
        "[8, 4]\n[[parameter]]\nkey = 'training.learning_rate'\n" +
            values + "\n");
  }
  SweepResult run() { return run_sweep(SweepPlan::read(folder_ / "s.toml"), options_); }
  std::string message() {
    try {
      run();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  TestFolder folder_;
  SweepOptions options_;
};

TEST_F(SweepTest, GoesOnWhereItWas) {
  const SweepResult first = run();
  ASSERT_EQ(first.trials.size(), 4u);
  ASSERT_TRUE(first.best);
  const std::string table = read_file(first.folder + "/results.csv");
  // The base's learning rate is 0.1: the third trial is the better one of the first two.
  EXPECT_FALSE(first.trials[2].trained);
  EXPECT_TRUE(first.trials[2].run == first.trials[0].run || first.trials[2].run == first.trials[1].run);

  const SweepResult again = run();
  for (const SweepTrial& trial : again.trials) EXPECT_FALSE(trial.trained);
  EXPECT_EQ(again.best, first.best);

  remove_file(first.folder + "/trial-0002/seal.json");  // killed just before the seal
  remove_folder(first.folder + "/trial-0004");          // killed before the trial
  const SweepResult resumed = run();
  EXPECT_EQ(
      std::vector<bool>({resumed.trials[0].trained, resumed.trials[1].trained, resumed.trials[3].trained}),
      std::vector<bool>({false, true, true}));
  EXPECT_EQ(read_file(first.folder + "/results.csv"), table);
}

TEST_F(SweepTest, FailedTrialsAreSaidAndNeverTheBest) {
  write_plan("values = [0.1, -1]");
  const SweepResult result = run();
  EXPECT_THAT(result.trials[3].problem, HasSubstr("training.learning_rate is -1"));
  ASSERT_TRUE(result.best);
  EXPECT_NE(*result.best, 3u);
  EXPECT_THAT(read_file(result.folder + "/results.csv"), HasSubstr("learning_rate is -1"));
}

TEST_F(SweepTest, AnotherPlanOrBaseIsRefused) {
  run();
  write_plan("values = [0.1, 0.02]");
  EXPECT_THAT(message(), HasSubstr("was begun with another plan"));
  write_plan("values = [0.1, 0.01]");
  std::string base = read_file(folder_ / "c.toml");
  write_file_atomically(folder_ / "c.toml", base.replace(base.find("units = 4"), 9, "units = 5"));
  EXPECT_THAT(message(), HasSubstr("network.1.units is 4 in the record and 5 in the sweep"));
}

TEST_F(SweepTest, ChangedDataAndLeftOutKeysAreRefused) {
  options_.overrides = {"training.clip_norm=1"};
  run();
  std::string data = read_file(folder_ / "p.csv");
  write_file_atomically(folder_ / "p.csv", data + "1,1,a\n");
  EXPECT_THAT(message(), HasSubstr("the input 'features'"));
  write_file_atomically(folder_ / "p.csv", data);
  std::string plan = read_file(folder_ / "sweeps/s/plan.json");
  write_file_atomically(folder_ / "sweeps/s/plan.json",
                        plan.replace(plan.find("\"training.clip_norm=1\""), 22, ""));
  options_.overrides = {};
  EXPECT_THAT(message(), HasSubstr("training.clip_norm is 1 in the record and not set in the sweep"));
  write_file_atomically(folder_ / "sweeps/s/plan.json", "[]");
  EXPECT_THAT(message(), HasSubstr("expected an object"));
}

TEST_F(SweepTest, PathsAreSettingsLikeOthers) {
  write_file_atomically(folder_ / "q.csv",
                        "x,y,kind\n" + std::string("1,2,a\n2,1,b\n1,3,a\n4,1,b\n1,1,a\n5,5,b\n"));
  write_file_atomically(
      folder_ / "s.toml",
      "base = 'c.toml'\nmethod = 'grid'\n[[parameter]]\nkey = 'data.path'\nvalues = ['p.csv', 'q.csv']\n");
  const SweepResult result = run();
  EXPECT_NE(result.trials[0].run, result.trials[1].run);
}

TEST_F(SweepTest, RanksByTheWeightsThatAreKept) {
  options_.overrides = {"training.keep=best", "training.epochs=12"};
  write_plan("values = [3, 0.5]");
  const SweepResult result = run();
  for (const SweepTrial& trial : result.trials) {
    const TrainedModel model(trial.run);
    EXPECT_EQ(evaluate(model, folder_ / "p.csv").loss, *trial.loss);
  }
}

TEST_F(SweepTest, NothingHeldOutIsRefused) {
  options_.overrides = {"data.held_out=0"};
  EXPECT_THAT(message(), HasSubstr("data.held_out is 0"));
}

}  // namespace
}  // namespace tessera::train
