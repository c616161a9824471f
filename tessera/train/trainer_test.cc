#include "tessera/train/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/nn/losses.h"
#include "tessera/tensor/ops.h"
#include "tessera/train/evaluation.h"
#include "tessera/train/network.h"

namespace tessera::train {
namespace {

// Two noisy clouds around (-1, -1) and (1, 1).
data::Dataset clouds(std::int64_t samples) {
  RandomSource random(3);
  const Tensor labels = random.bits("labels", {samples}).to(DType::kInt64);
  std::vector<std::int64_t> classes = labels.to_vector<std::int64_t>();
  for (std::int64_t& label : classes) label &= 1;
  std::vector<float> features = random.normal("features", {samples, 2}).to_vector<float>();
  for (std::size_t i = 0; i < features.size(); ++i)
    features[i] = 0.5f * features[i] + (classes[i / 2] ? 1.f : -1.f);
  return {Tensor::from<float>(features, {samples, 2}),
          Tensor::from<std::int64_t>(classes, {samples}),
          {"a", "b"},
          {}};
}

std::unique_ptr<nn::Sequential> small_network(bool dropout) {
  auto network = std::make_unique<nn::Sequential>();
  network->add<nn::Linear>(2, 16);
  network->add<nn::ReLU>();
  if (dropout) network->add<nn::Dropout>(0.25);
  network->add<nn::Linear>(16, 2);
  RandomSource random(1);
  network->initialize(random);
  return network;
}

struct Collector : StepObserver {
  std::map<std::string, std::vector<double>> scalars;
  std::uint64_t stop_after = ~std::uint64_t{0};
  bool on_step(const StepReport& report) override {
    for (const StepScalar& scalar : report.scalars) scalars[std::string(scalar.name)].push_back(scalar.value);
    return report.step < stop_after;
  }
};

struct Trained {
  std::vector<Tensor> weights;
  Collector collected;
};

struct Training {
  explicit Training(const TrainerOptions& options, bool dropout = true)
      : dataset(clouds(100)),
        split(data::hold_out(100, 0.2, 1)),
        network(small_network(dropout)),
        optimizer(network->parameters(), {.momentum = 0.9}),
        trainer(*network, optimizer, dataset, split, options) {}
  Trained finish(std::uint64_t done = 0) {
    Trained result;
    trainer.run(done, result.collected);
    for (const nn::Parameter* parameter : network->parameters()) result.weights.push_back(parameter->value);
    return result;
  }
  data::Dataset dataset;
  data::Split split;
  std::unique_ptr<nn::Sequential> network;
  nn::SGD optimizer;
  Trainer trainer;
};

TrainerOptions options_with(std::int64_t shards) {
  return {.seed = 1, .steps = 30, .batch = 16, .shards = shards, .schedule = nn::constant_schedule(0.1)};
}

bool same_weights(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!same_bits(a[i], b[i])) return false;
  return a.size() == b.size();
}

class TrainerTest : public testing::Test {
 protected:
  void SetUp() override { use_default_backend(); }
  void TearDown() override { set_thread_count(threads_); }
  int threads_ = thread_count();
};

TEST_F(TrainerTest, LearnsAndReports) {
  const Trained trained = Training(options_with(1)).finish();
  EXPECT_LT(trained.collected.scalars.at("loss").back(), 0.2);
  EXPECT_GT(trained.collected.scalars.at("held_out_accuracy").back(), 0.9);
  EXPECT_EQ(trained.collected.scalars.at("loss").size(), 30u);
  EXPECT_EQ(trained.collected.scalars.at("held_out_loss").size(),
            6u);  // 80 samples, batches of 16: an epoch is 5 steps
  EXPECT_EQ(trained.collected.scalars.at("learning_rate")[0], 0.1);
}

TEST_F(TrainerTest, ThreadsAndBackendsGiveTheSameBits) {
  for (const std::int64_t shards : {1, 3, 4}) {
    const Trained expected = Training(options_with(shards)).finish();
    for (const int threads : {1, 2, 5}) {
      set_thread_count(threads);
      EXPECT_TRUE(same_weights(Training(options_with(shards)).finish().weights, expected.weights))
          << shards << " " << threads;
    }
    use_backend("reference");
    EXPECT_TRUE(same_weights(Training(options_with(shards)).finish().weights, expected.weights)) << shards;
    use_default_backend();
  }
}

// Shards change the order of additions, not what is added.
TEST_F(TrainerTest, ShardsAgreeUpToRounding) {
  const Trained one = Training(options_with(1)).finish(), four = Training(options_with(4)).finish();
  EXPECT_FALSE(same_weights(one.weights, four.weights));
  for (std::size_t i = 0; i < one.weights.size(); ++i)
    EXPECT_LT(max(absolute(one.weights[i] - four.weights[i])).item_as_double(), 1e-4);
}

// The definition, written out for one step of three shards: T(3) = (a + b) + c.
TEST_F(TrainerTest, AStepIsTheTreeOverItsShards) {
  TrainerOptions options = options_with(3);
  options.steps = 1;
  options.batch = 80;
  Training training(options, false);
  const std::vector<std::int64_t> order =
      data::BatchPlan({.samples = 80, .batch = 80, .seed = 1}).batch(1).positions;
  std::vector<Tensor> gradients;
  Tensor first_weight = training.network->parameters()[0]->value;
  for (const auto& [first, last] : {std::pair{0, 26}, {26, 53}, {53, 80}}) {
    std::vector<std::int64_t> samples;
    for (int i = first; i < last; ++i)
      samples.push_back(training.split.train[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])]);
    Tape tape;
    tape.watch(first_weight);
    const Tensor scores = training.network->evaluate(data::take_samples(training.dataset.features, samples));
    gradients.push_back(tape.gradient(
        nn::cross_entropy_loss(scores, data::take_samples(training.dataset.labels, samples), 80),
        {first_weight})[0]);
  }
  const Tensor expected = first_weight - ((gradients[0] + gradients[1]) + gradients[2]) * 0.1;
  EXPECT_TRUE(same_bits(training.finish().weights[0], expected));
}

TEST_F(TrainerTest, SaysOnceWhenTheLossIsNoLongerFinite) {
  TrainerOptions options = options_with(1);
  EXPECT_FALSE([&] {
    Training training(options);
    training.finish();
    return training.trainer.not_finite_since();
  }());
  options.schedule = nn::constant_schedule(1e30);
  Training training(options);
  testing::internal::CaptureStderr();
  const std::vector<double> losses = training.finish().collected.scalars.at("loss");
  const std::string said = testing::internal::GetCapturedStderr();
  ASSERT_TRUE(training.trainer.not_finite_since());
  const std::uint64_t step = *training.trainer.not_finite_since();
  EXPECT_EQ(losses.size(), 30u);
  EXPECT_FALSE(std::isfinite(losses[step - 1]));
  for (std::uint64_t i = 0; i + 1 < step; ++i) EXPECT_TRUE(std::isfinite(losses[i]));
  EXPECT_THAT(said, testing::StartsWith(fmt::format("note: step {}: the loss is ", step)));
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1);
}

TEST_F(TrainerTest, GoesOnInMidEpoch) {
  const Trained whole = Training(options_with(2)).finish();
  Training training(options_with(2));
  Collector first;
  first.stop_after = 13;
  EXPECT_EQ(training.trainer.run(0, first), 13u);
  EXPECT_TRUE(same_weights(training.finish(13).weights, whole.weights));
}

TEST_F(TrainerTest, EvaluatesAsOftenAsAsked) {
  TrainerOptions options = options_with(1);
  options.evaluate_every = 0;
  EXPECT_EQ(Training(options).finish().collected.scalars.at("held_out_loss").size(), 1u);
  options.evaluate_every = 4;
  EXPECT_EQ(Training(options).finish().collected.scalars.at("held_out_loss").size(), 2u);
}

// More shards than samples in the last batch: the empty ones take no part.
TEST_F(TrainerTest, SmallLastBatches) {
  TrainerOptions options = options_with(8);
  options.batch = 26;  // 80 = 3 * 26 + 2
  options.steps = 4;
  EXPECT_EQ(Training(options).finish().collected.scalars.at("loss").size(), 4u);
}

TEST_F(TrainerTest, APredictionDoesNotDependOnItsBatch) {
  Training training(options_with(1));
  std::vector<std::int64_t> all(100);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i);
  const Tensor together = scores_of(*training.network, training.dataset.features, all);
  for (const std::int64_t group : {1, 7, 64})
    EXPECT_TRUE(same_bits(scores_of(*training.network, training.dataset.features, all, group), together))
        << group;
  const Evaluation a = evaluate_samples(*training.network, training.dataset, all);
  const Evaluation b = evaluate_samples(*training.network, training.dataset, all, {}, 9);
  EXPECT_EQ(a.loss, b.loss);
  EXPECT_EQ(a.accuracy, b.accuracy);
}

}  // namespace
}  // namespace tessera::train
