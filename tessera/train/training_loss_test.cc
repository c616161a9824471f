// Networks with one output: two classes with one score, and numbers.
#include "tessera/train/training_loss.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/folder_test.h"
#include "tessera/base/thread_pool.h"
#include "tessera/runs/record.h"
#include "tessera/tensor/ops.h"
#include "tessera/train/training_run.h"

namespace tessera::train {
namespace {

using testing::HasSubstr;

// One score s is as good as the scores [0, s]: the same loss and the same slope.
TEST(TrainingLoss, OneScoreIsTheScoresOfTwoClasses) {
  use_default_backend();
  const Tensor scores = Tensor::from<double>({-3, 0.25, 2, 40, -40}, {5, 1});
  const Tensor labels = Tensor::from<std::int64_t>({0, 1, 0, 0, 1}, {5});
  const auto slope = [&](const auto& loss) {
    Tape tape;
    tape.watch({scores});
    const Tensor value = loss();
    return std::pair(value.template item<double>(),
                     tape.gradient(value, {scores})[0].template to_vector<double>());
  };
  const auto [one, one_slope] = slope(
      [&] { return training_loss({.kind = LossOptions::Kind::kBinaryCrossEntropy}, scores, labels, 5); });
  const auto [two, two_slope] = slope([&] {
    return training_loss({}, class_scores({.kind = LossOptions::Kind::kBinaryCrossEntropy}, scores), labels,
                         5);
  });
  EXPECT_NEAR(one, two, 1e-14);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR(one_slope[i], two_slope[i], 1e-15) << i;
  // One score of data with one class is not two.
  EXPECT_EQ(class_scores({}, scores).shape(), scores.shape());
  // max(0, 1 - t s) by hand, t = -1, 1, -1, -1, 1: 0, 0.75, 3, 41, 41
  EXPECT_EQ(training_loss({.kind = LossOptions::Kind::kHinge}, scores, labels, 5).item<double>(), 85.75 / 5);
}

TEST(TrainingLoss, OfNumbers) {
  use_default_backend();
  const Tensor scores = Tensor::from<float>({1, 2, 5}, {3, 1}), labels = Tensor::from<float>({1, 0, 1}, {3});
  const auto value = [&](LossOptions options) {
    return training_loss(options, scores, labels, 3).item<float>();
  };
  EXPECT_EQ(value({.kind = LossOptions::Kind::kMeanSquare}), 20.F / 3);
  EXPECT_EQ(value({.kind = LossOptions::Kind::kMeanAbsolute}), 2);
  EXPECT_EQ(value({.kind = LossOptions::Kind::kHuber, .huber_delta = 2}), 8.F / 3);  // 0 + 2 + 2 (4 - 1)
}

class OneOutput : public testing::Test {
 protected:
  void SetUp() override {
    use_default_backend();
    const std::vector<float> noise = RandomSource(5).normal("noise", {120, 2}).to_vector<float>();
    std::string numbers, classes = "a,b,kind\n", three = "a,b,kind\n";
    for (std::size_t i = 0; i < 120; ++i) {
      const double a = static_cast<double>(noise[2 * i]), b = static_cast<double>(noise[2 * i + 1]);
      numbers += fmt::format("{},{},{}\n", a, b, 2 * a - b + 0.5);
      classes += fmt::format("{},{},{}\n", a, b, a > b ? "above" : "below");
      three += fmt::format("{},{},{}\n", a, b, i % 3);
    }
    write_file_atomically(folder_ / "numbers.csv", numbers);
    write_file_atomically(folder_ / "classes.csv", classes);
    write_file_atomically(folder_ / "three.csv", three);
  }
  void TearDown() override { set_thread_count(threads_); }

  Config config(const std::string& file, const std::string& loss,
                const std::vector<std::string>& overrides = {}) {
    const bool numbers = file == "numbers.csv";
    return Config::parse(fmt::format("[data]\nformat = \"csv\"\npath = \"{}\"\nlabel_column = \"{}\"\n{}"
                                     "[[network]]\nlayer = \"linear\"\nunits = 1\n[training]\nepochs = 60\n"
                                     "batch = 12\nlearning_rate = 0.1\n{}",
                                     file, numbers ? "column_3" : "kind", numbers ? "header = false\n" : "",
                                     loss.empty() ? "" : fmt::format("loss = \"{}\"\n", loss)),
                         "c.toml", overrides, folder_.path());
  }
  TrainResult trained(const Config& config) {
    return train(config, {.store = folder_ / "runs", .quiet = true});
  }
  std::string message(const std::function<void()>& action) {
    try {
      action();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kUsage) << error.what();
      return error.what();
    }
    return "no error";
  }

  TestFolder folder_;
  int threads_ = thread_count();
};

TEST_F(OneOutput, NumbersArePredicted) {
  for (const char* loss : {"mse", "l1", "huber"}) {
    SCOPED_TRACE(loss);
    const Config settings = config("numbers.csv", loss, {"training.schedule=cosine"});
    EXPECT_EQ(settings.text("data.stratified"), "false");
    const TrainResult result = trained(settings);
    ASSERT_TRUE(result.held_out_numbers);
    EXPECT_FALSE(result.held_out_accuracy);
    EXPECT_GT(result.held_out_numbers->r2, 0.999);  // 2 a - b + 0.5 is linear
    const runs::Record record = runs::read_record(result.folder);
    const auto& scalars = record.lines[record.lines.size() - 2].line.scalars;  // before the closing line
    EXPECT_EQ(scalars.at("held_out_rmse"), result.held_out_numbers->rmse);
    EXPECT_EQ(scalars.at("held_out_loss"), *result.held_out_loss);
    EXPECT_EQ(scalars.count("accuracy") + scalars.count("held_out_accuracy"), 0u);

    const TrainedModel model(result.folder);
    const Evaluation evaluation = evaluate(model, folder_ / "numbers.csv");
    EXPECT_EQ(evaluation.numbers->rmse, result.held_out_numbers->rmse);
    EXPECT_EQ(evaluation.loss, *result.held_out_loss);
    write_file_atomically(folder_ / "new.csv", "1,1\n-2,0\n");
    const Predictions predictions = predict(model, folder_ / "new.csv");
    const std::vector<float> numbers = predictions.numbers.to_vector<float>();
    EXPECT_NEAR(numbers[0], 1.5, 0.05);
    EXPECT_NEAR(numbers[1], -3.5, 0.05);
    EXPECT_EQ(predictions.to_csv(), fmt::format("row,prediction\n1,{}\n2,{}\n", numbers[0], numbers[1]));

    set_thread_count(3);
    EXPECT_EQ(trained(settings).seal, result.seal);
    VerifyOptions quiet;
    quiet.quiet = true;
    EXPECT_EQ(verify(result.folder, quiet).code, ExitCode::kSuccess);
  }
}

TEST_F(OneOutput, TwoClassesWithOneScore) {
  for (const char* loss : {"bce", "hinge"}) {
    SCOPED_TRACE(loss);
    const TrainResult result = trained(config("classes.csv", loss, {"training.shards=3"}));
    EXPECT_GT(*result.held_out_accuracy, 0.9);
    const TrainedModel model(result.folder);
    EXPECT_EQ(evaluate(model, folder_ / "classes.csv").accuracy, *result.held_out_accuracy);
    write_file_atomically(folder_ / "new.csv", "a,b\n2,-2\n-2,2\n");
    const Predictions predictions = predict(model, folder_ / "new.csv");
    EXPECT_EQ(predictions.predicted, (std::vector<std::int64_t>{0, 1}));
    const std::vector<float> probabilities = predictions.probabilities.to_vector<float>();
    EXPECT_FLOAT_EQ(probabilities[0] + probabilities[1], 1);
    VerifyOptions quiet;
    quiet.quiet = true;
    EXPECT_EQ(verify(result.folder, quiet).code, ExitCode::kSuccess);
  }
}

TEST_F(OneOutput, WhatDoesNotFitGetsASentence) {
  EXPECT_THAT(message([&] { trained(config("three.csv", "bce")); }),
              HasSubstr("training.loss is \"bce\", expected data of two classes, found 3"));
  EXPECT_THAT(message([&] { trained(config("classes.csv", "bce", {"network.1.units=2"})); }),
              HasSubstr("the last layer gives [2] per sample, expected [1], one score for both classes"));
  EXPECT_THAT(message([&] { trained(config("numbers.csv", "mse", {"network.1.units=3"})); }),
              HasSubstr("the last layer gives [3] per sample, expected [1], the number that is predicted"));
  EXPECT_THAT(message([&] { config("numbers.csv", "mse", {"data.stratified=true"}); }),
              HasSubstr("data.stratified is true, expected false with training.loss = \"mse\""));
  EXPECT_THAT(message([&] { config("numbers.csv", "mse", {"training.label_smoothing=0.1"}); }),
              HasSubstr("training.label_smoothing is 0.1, expected none with training.loss = \"mse\""));
  EXPECT_THAT(message([&] { config("numbers.csv", "mse", {"training.huber_delta=2"}); }),
              HasSubstr("training.huber_delta is 2, expected training.loss = \"huber\" beside it"));
  EXPECT_THAT(message([&] { config("numbers.csv", "mse", {"data.classes=[\"a\"]"}); }),
              HasSubstr("expected none with training.loss = \"mse\", whose labels are numbers"));
  // Labels that are no numbers are named with their line.
  try {
    trained(config("classes.csv", "mse"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("classes.csv:2"));
  }
}

}  // namespace
}  // namespace tessera::train
