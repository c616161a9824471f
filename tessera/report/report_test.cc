// Whole pages and comparisons of small runs: what they say of good, interrupted and damaged records, and of hostile ones.
#include "tessera/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "tessera/backends/backends.h"
#include "tessera/base/folder_test.h"
#include "tessera/base/thread_pool.h"
#include "tessera/report/comparison.h"
#include "tessera/report/held_out.h"
#include "tessera/runs/record.h"
#include "tessera/runs/verifications.h"
#include "tessera/tensor/random.h"
#include "tessera/train/training_run.h"

namespace tessera::report {
namespace {

using testing::HasSubstr;
using testing::Not;

class Reports : public testing::Test {
 protected:
  void SetUp() override { use_default_backend(); }
  void TearDown() override { set_thread_count(threads_); }

  // Pictures of 2 x 2 points in three classes; the third looks like the second, so it is hard.
  std::string trained(const std::vector<std::string>& overrides = {}, const std::string& classes = "a b c") {
    const std::vector<std::string> names = train::words(classes);
    const std::vector<float> noise = RandomSource(7).normal("noise", {120, 4}).to_vector<float>();
    std::string text = "p,q,r,<i>s,kind\n";
    for (std::size_t i = 0; i < 120; ++i) {
      const std::size_t label = i % 3;
      for (std::size_t j = 0; j < 4; ++j)
        text += fmt::format("{},", noise[i * 4 + j] + (label == 0 && j == 0  ? 3
                                                       : label > 0 && j == 1 ? 3
                                                                             : 0));
      text += names[label] + "\n";
    }
    write_file_atomically(folder_ / "points.csv", text);
    std::vector<std::string> all = {"data.shape=[1, 2, 2]"};
    all.insert(all.end(), overrides.begin(), overrides.end());
    const train::Config config = train::Config::parse(
        "name = \"points\"\n[data]\nformat = \"csv\"\npath = \"points.csv\"\nlabel_column = \"kind\"\n"
        "held_out = 0.5\n[[network]]\nlayer = \"flatten\"\n[[network]]\nlayer = \"linear\"\nunits = 3\n"
        "[training]\nepochs = 3\nbatch = 10\nlearning_rate = 0.1\n",
        "points.toml", all, folder_ / ".");
    return train::train(config, {.store = folder_ / "runs", .quiet = true}).folder;
  }
  static std::string page(const std::vector<std::string>& folders) { return make_report(folders).html; }
  std::string copy(const std::string& run, const std::string& name) {
    std::filesystem::copy(run, folder_ / name, std::filesystem::copy_options::recursive);
    return folder_ / name;
  }
  static ExitCode code_of(const std::function<void()>& action) {
    try {
      action();
    } catch (const Error& error) {
      return error.code();
    }
    return ExitCode::kSuccess;
  }

  TestFolder folder_;
  int threads_ = thread_count();
};

TEST_F(Reports, TheHeldOutSamplesAreThoseOfEvaluate) {
  const std::string run = trained();
  const HeldOutResult result = evaluate_held_out(run, "");
  const train::Evaluation expected = train::evaluate(train::TrainedModel(run), folder_ / "points.csv");
  EXPECT_EQ(result.samples, 60);
  EXPECT_EQ(result.all_samples, 120);
  EXPECT_EQ(result.accuracy, expected.accuracy);
  EXPECT_EQ(result.loss, expected.loss);
  for (std::int64_t label = 0; label < 3; ++label)
    for (std::int64_t other = 0; other < 3; ++other)
      EXPECT_EQ(result.confusion.count(label, other), expected.confusion.count(label, other));
  ASSERT_EQ(result.hardest.size(), 3u);
  for (std::size_t i = 1; i < 3; ++i)
    EXPECT_LE(result.confusion.f1(result.hardest[i - 1].label), result.confusion.f1(result.hardest[i].label));
  EXPECT_EQ(result.classes[static_cast<std::size_t>(result.hardest[2].label)], "a");  // the easy one
}

TEST_F(Reports, TheExamplesWereMissed) {
  const std::string run = trained();
  const HeldOutResult result = evaluate_held_out(run, "");
  const train::TrainedModel model(run);
  const train::Predictions predicted = train::predict(model, folder_ / "points.csv");
  std::size_t examples = 0;
  for (const ClassResult& entry : result.hardest) {
    double before = 1;
    for (const MissedSample& sample : entry.missed) {
      EXPECT_EQ((sample.number - 1) % 3, entry.label);  // sample N is row N of the file
      EXPECT_EQ(predicted.predicted[static_cast<std::size_t>(sample.number - 1)], sample.predicted);
      EXPECT_NE(sample.predicted, entry.label);
      EXPECT_LE(sample.probability, before);  // the surest first
      before = sample.probability;
      ++examples;
    }
    EXPECT_LE(entry.missed.size(), kMostExamples);
  }
  ASSERT_GT(examples, 0u);
  EXPECT_EQ(result.missed.size(0), static_cast<std::int64_t>(examples));
}

// Labels that are numbers: what was said against what is, and the worst samples.
TEST_F(Reports, NumbersInThePlaceOfClasses) {
  const std::string run = trained({"data.label_column=q", "training.loss=mse", "network.2.units=1",
                                   "data.shape=[3]", "data.columns=[\"p\", \"r\", \"<i>s\"]"});
  const HeldOutResult result = evaluate_held_out(run, "");
  const train::Evaluation expected = train::evaluate(train::TrainedModel(run), folder_ / "points.csv");
  ASSERT_TRUE(result.numbers);
  EXPECT_EQ(result.numbers->errors.rmse, expected.numbers->rmse);
  EXPECT_EQ(result.loss, expected.loss);
  EXPECT_EQ(result.numbers->actual.size(), 60u);
  double before = 1e9;
  for (const std::size_t at : result.numbers->worst) {
    const double error = std::abs(result.numbers->predicted[at] - result.numbers->actual[at]);
    EXPECT_LE(error, before);
    before = error;
  }
  const std::string html = page({run});
  for (const char* part : {"RMSE ", "R² ", "What is said against what is", "Largest errors", "loss (label²)"})
    EXPECT_THAT(html, HasSubstr(part));
  EXPECT_THAT(html, Not(HasSubstr("What is taken for what")));
}

TEST_F(Reports, PicturesOrTables) {
  const std::string pictures = page({trained()});
  EXPECT_THAT(pictures, HasSubstr("<img src=\"data:image/png;base64,"));
  EXPECT_THAT(pictures, HasSubstr(" of class "));
  const std::string tables = page({trained({"data.shape=[4]"})});
  EXPECT_THAT(tables, Not(HasSubstr("<img")));
  EXPECT_THAT(tables, HasSubstr("Missed samples of class"));
  EXPECT_THAT(tables, HasSubstr("<th scope=\"col\" class=\"number\">&lt;i&gt;s</th>"));  // a column's name
}

TEST_F(Reports, TheSameBytesOnAnyNumberOfThreads) {
  const std::string run = trained();
  const std::string first = page({run});
  set_thread_count(3);
  use_backend("reference");
  EXPECT_EQ(page({run}), first);
  use_default_backend();
  runs::Verification done = runs::verification_now("tessera <9>", {});
  done.message = "identical: <b>";
  runs::append_verification(run, done);
  const std::string later = page({run});
  EXPECT_THAT(later, HasSubstr("<td>identical: &lt;b&gt;</td>"));
  EXPECT_EQ(later, page({run}));
}

TEST_F(Reports, WhatARecordSaysIsNeverMarkup) {
  const std::string evil = "<script>alert(1)</script> x'&amp; c";
  const std::string run = trained({}, evil);  // the words are the classes
  const std::string html = page({run, copy(run, "<img src=x onerror=alert(2)>")});
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("<img src=x")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
  EXPECT_THAT(html, HasSubstr("&lt;img src=x onerror=alert(2)&gt;"));
}

TEST_F(Reports, ADamagedRecordIsReportedAsSuch) {
  const std::string run = trained();
  const std::string chain = copy(run, "chain"), claim = copy(run, "claim"), open = copy(run, "open");
  std::string text = read_file(chain + "/chain.jsonl");
  text[text.size() / 2] ^= 1;
  write_file_atomically(chain + "/chain.jsonl", text);
  const Report broken = make_report({chain});
  EXPECT_EQ(broken.code, ExitCode::kFailure);
  EXPECT_THAT(broken.html, HasSubstr("class=\"verdict bad\">Not intact: chain.jsonl:"));
  EXPECT_THAT(broken.html,
              Not(HasSubstr("Not evaluated")));           // weights of a damaged record are not used at all
  EXPECT_THAT(broken.html, HasSubstr("training.batch"));  // the claim still says it
  write_file_atomically(claim + "/claim.json", "{}\n");
  const Report unreadable = make_report({claim});
  EXPECT_EQ(unreadable.code, ExitCode::kFailure);
  EXPECT_THAT(unreadable.html, HasSubstr("Not intact: claim.json"));
  remove_file(open + "/seal.json");
  const Report interrupted = make_report({open});
  EXPECT_EQ(interrupted.code, ExitCode::kSuccess);
  EXPECT_THAT(interrupted.html, HasSubstr("class=\"verdict open\">Interrupted after"));
}

TEST_F(Reports, ARunInProgressAndOneOfAProgram) {
  auto run = runs::Run::open({.store = folder_.path(), .name = "going", .kind = "program"});
  auto steps = run.steps(5);
  std::uint64_t taken = 0;
  for (auto& step : steps) {
    step.record("reward", static_cast<double>(step.number()));
    if (++taken == 3) break;
  }
  EXPECT_THAT(page({run.folder()}), HasSubstr("class=\"verdict open\">Running: 2 steps so far."));
  run.finish();
  const Report sealed = make_report({run.folder()});
  EXPECT_THAT(sealed.html, HasSubstr("Sealed: 3 steps, the record is intact, not signed."));
  EXPECT_THAT(sealed.html, HasSubstr("reward (as recorded)"));
  EXPECT_THAT(sealed.html, Not(HasSubstr("On held-out samples")));  // only trainings have them
  EXPECT_TRUE(sealed.notes.empty());
  const ReportOptions options = {
      .learned = [](const std::string&) { return std::string("two lines\n<b>of text</b>\n"); }};
  EXPECT_THAT(make_report({run.folder()}, options).html,
              HasSubstr("<pre>two lines\n&lt;b&gt;of text&lt;/b&gt;\n</pre>"));
}

TEST_F(Reports, WithoutTheDataThePageSaysSo) {
  const std::string run = trained();
  std::filesystem::rename(folder_ / "points.csv", folder_ / "moved.csv");
  const Report without = make_report({run});
  EXPECT_EQ(without.code, ExitCode::kSuccess);
  EXPECT_THAT(without.html, HasSubstr("Not evaluated: the input &#39;features&#39; is not at"));
  ASSERT_EQ(without.notes.size(), 1u);
  make_folders(folder_ / "data");
  std::filesystem::rename(folder_ / "moved.csv", folder_ / "data/points.csv");
  EXPECT_THAT(make_report({run}, {.data_folder = folder_ / "data"}).html, HasSubstr("Hardest classes"));
  EXPECT_THAT(page({trained({"data.held_out=0"})}), HasSubstr("no samples were held out"));
}

TEST_F(Reports, NamesOfPages) {
  const std::string run = trained(), other = trained({"seed=2"}), third = trained({"seed=3"});
  EXPECT_EQ(make_report({run}).file_name, "points-0001.html");
  EXPECT_EQ(make_report({other, run}).file_name, "points-0002-and-1-other.html");
  EXPECT_EQ(make_report({run, other, third}).file_name, "points-0001-and-2-others.html");
  EXPECT_EQ(make_report({copy(run, ".-a b<c>")}).file_name, "_-a_b_c_.html");
  EXPECT_EQ(code_of([&] { make_report({}); }), ExitCode::kUsage);
  EXPECT_EQ(code_of([&] { make_report({run, run + "/."}); }), ExitCode::kUsage);
  EXPECT_EQ(code_of([&] { make_report({folder_.path()}); }), ExitCode::kCannotRerun);
}

TEST_F(Reports, ComparisonOfWhatCameOut) {
  const std::string run = trained(), other = trained({"training.learning_rate=0.25", "training.epochs=1"});
  const Comparison comparison = compare_runs({run, other});
  ASSERT_EQ(comparison.runs.size(), 2u);
  EXPECT_EQ(comparison.runs[0].name, "points-0001");
  EXPECT_EQ(comparison.runs[0].parameters, 4u * 3 + 3);
  EXPECT_EQ(comparison.runs[0].steps, 18u);
  EXPECT_EQ(comparison.runs[1].planned, 6u);
  EXPECT_EQ(comparison.runs[1].finals.at("held_out_accuracy"), evaluate_held_out(other, "").accuracy);
  EXPECT_GT(*comparison.runs[0].microseconds, 0u);
  EXPECT_EQ(comparison.metrics,
            (std::vector<std::string>{"loss", "accuracy", "held_out_loss", "held_out_accuracy"}));
  ASSERT_EQ(comparison.differences.size(), 2u);
  EXPECT_EQ(comparison.differences[0].key, "training.epochs");
  EXPECT_EQ(comparison.differences[1].values[1], "0.25");
  const std::string text = comparison_text(comparison);
  EXPECT_THAT(text, HasSubstr("\ntraining.learning_rate\n  points-0001  0.1\n  points-0002  0.25\n"));
  EXPECT_THAT(text, HasSubstr(comparison.runs[0].seal.substr(0, 12)));
  EXPECT_THAT(comparison_json(comparison),
              HasSubstr("{\"key\":\"training.epochs\",\"values\":[\"3\",\"1\"]}"));
  EXPECT_THAT(page({run, other}), HasSubstr(comparison.runs[1].seal.substr(0, 12) + "</code></td></tr>"));
}

// One name for two things: a column of each.
TEST_F(Reports, ComparisonNamesScalarsByWhatTheyAre) {
  const std::string run = trained(), other = trained({"training.epochs=1"});
  const Comparison comparison =
      compare_runs({run, other}, [&](const runs::Claim& claim, const std::string& scalar) {
        if (scalar == "held_out_loss") return std::string();
        return scalar != "accuracy"                               ? scalar
               : claim.configuration.at("training.epochs") == "1" ? "test_r2"
                                                                  : "test_accuracy";
      });
  EXPECT_EQ(comparison.metrics,
            (std::vector<std::string>{"loss", "held_out_accuracy", "test_accuracy", "test_r2"}));
  EXPECT_FALSE(comparison.runs[0].finals.contains("test_r2"));
  EXPECT_TRUE(comparison.runs[1].finals.contains("test_r2"));
}

TEST_F(Reports, ComparisonWithADamagedRecord) {
  const std::string run = trained(), chain = copy(run, "chain"), claim = copy(run, "claim");
  write_file_atomically(chain + "/chain.jsonl", "nothing\n");
  write_file_atomically(claim + "/claim.json", "nothing\n");
  const Comparison comparison = compare_runs({run, chain, claim});
  EXPECT_EQ(comparison.code(), ExitCode::kFailure);
  EXPECT_EQ(comparison.runs[1].status, "not intact");
  EXPECT_TRUE(comparison.differences.empty());  // what cannot be read is not different
  const std::string text = comparison_text(comparison);
  EXPECT_THAT(text, HasSubstr("chain is not intact: chain.jsonl"));
  EXPECT_THAT(text, HasSubstr("claim is not intact: claim.json"));
  EXPECT_EQ(code_of([&] { compare_runs({run}); }), ExitCode::kUsage);
  EXPECT_EQ(code_of([&] { compare_runs(std::vector<std::string>(21, run)); }), ExitCode::kUsage);
}

}  // namespace
}  // namespace tessera::report
