// Growth as a function of the step; training: seals, resumption across a growth boundary, what a step is made of.
#include "tessera/models/progressive_training.h"

#include <gtest/gtest.h>

#include <map>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/nn/adversarial.h"
#include "tessera/tensor/ops.h"

namespace tessera::models {
namespace {

TEST(Growth, IsAFunctionOfTheStep) {
  const GrowthSchedule schedule({{0, 50}, {30, 25}, {0, 0}, {40, 0}}, 10);
  EXPECT_EQ(schedule.steps(), 5u + 6u + 4u);  // 55 images are 6 batches
  EXPECT_EQ(schedule.last_step(0), 5u);
  EXPECT_EQ(schedule.last_step(2), 11u);
  EXPECT_EQ(schedule.at(1), (Growth{0, 1}));
  EXPECT_EQ(schedule.at(5), (Growth{0, 1}));
  EXPECT_EQ(schedule.at(6), (Growth{1, 10.0 / 30}));
  EXPECT_EQ(schedule.at(7), (Growth{1, 20.0 / 30}));
  EXPECT_EQ(schedule.at(8), (Growth{1, 1}));
  EXPECT_EQ(schedule.at(11), (Growth{1, 1}));
  EXPECT_EQ(schedule.at(12), (Growth{3, 0.25}));  // a stage without images is left out
  EXPECT_EQ(schedule.at(15), (Growth{3, 1}));
  EXPECT_EQ(schedule.at(1000), (Growth{3, 1}));
  const GrowthSchedule at_once({{}, {}, {0, 100}}, 16);
  EXPECT_EQ(at_once.steps(), 7u);
  EXPECT_EQ(at_once.at(1), (Growth{2, 1}));
  EXPECT_EQ(resolution_of(3), 32);
}

TEST(Growth, RefusesSchedulesThatAreNone) {
  EXPECT_THROW(GrowthSchedule({}, 1), Error);
  EXPECT_THROW(GrowthSchedule({{0, 0}}, 1), Error);
  EXPECT_THROW(GrowthSchedule({{0, 10}}, 0), Error);
  EXPECT_THROW(GrowthSchedule({{5, 10}}, 1), Error);
  EXPECT_THROW(GrowthSchedule({{0, 10}, {-1, 0}}, 1), Error);
  EXPECT_THROW(GrowthSchedule(std::vector<GrowthStage>(10, {0, 1}), 1), Error);
}

constexpr std::int64_t kBatch = 4;
const ProgressiveSettings kNetwork{.latent = 5, .channels = {6, 5, 4}, .colours = 1, .deviation_group = 2};
const ProgressiveTraining kTraining{
    .stages = {{0, 8}, {12, 4}, {8, 4}}, .batch = kBatch, .average_decay = 0.9};

// Copies all state, or brings a copy back.
class Copy : public StateVisitor {
 public:
  explicit Copy(bool restore = false) : restore_(restore) {}
  void tensor(std::string_view name, Tensor& value) override {
    if (restore_)
      value = tensors.at(std::string(name));
    else
      EXPECT_TRUE(tensors.emplace(name, value).second) << name;
  }
  void integer(std::string_view name, std::int64_t& value) override {
    if (restore_)
      value = integers.at(std::string(name));
    else
      EXPECT_TRUE(integers.emplace(name, value).second) << name;
  }
  void real(std::string_view, double&) override {}
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::int64_t> integers;
  bool restore_;
};

struct Training {
  explicit Training(const ProgressiveTraining& settings = kTraining)
      : generator(kNetwork),
        discriminator(kNetwork),
        trainer((initialize(), generator), discriminator, settings) {}
  void initialize() {
    generator.initialize(random);
    discriminator.initialize(random);
  }
  void steps(std::uint64_t last) {
    for (std::uint64_t step = trainer.steps() + 1; step <= last; ++step) {
      random.begin_step(step);
      losses = trainer.step(random.uniform("images", {kBatch, 1, 16, 16}) * 2 - 1, random);
    }
  }
  Copy state() {
    Copy copy;
    trainer.visit_state(copy);
    return copy;
  }
  RandomSource random{7};
  ProgressiveGenerator generator;
  ProgressiveDiscriminator discriminator;
  ProgressiveTrainer trainer;
  ProgressiveLosses losses;
};

void expect_same(const Copy& a, const Copy& b) {
  EXPECT_EQ(a.integers, b.integers);
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (const auto& [name, tensor] : a.tensors) EXPECT_TRUE(same_bits(tensor, b.tensors.at(name))) << name;
}

class ProgressiveTrainings : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
};

TEST_F(ProgressiveTrainings, SameBitsOnAnyNumberOfThreadsAndBackend) {
  const int before = thread_count();
  Training one;
  const std::uint64_t end = one.trainer.schedule().steps();
  ASSERT_EQ(end, 2u + 4u + 3u);
  one.steps(end);
  const Copy expected = one.state();
  for (const int threads : {1, 2, 3, 7}) {
    set_thread_count(threads);
    Training again;
    again.steps(end);
    expect_same(again.state(), expected);
  }
  set_thread_count(before);
  use_backend("reference");
  Training reference;
  reference.steps(end);
  expect_same(reference.state(), expected);
  use_default_backend();
}

TEST_F(ProgressiveTrainings, ResumedAcrossGrowthIsUninterrupted) {
  Training whole;
  const std::uint64_t end = whole.trainer.schedule().steps();
  whole.steps(end);
  const Copy expected = whole.state();
  for (const std::uint64_t stop :
       {2u, 3u, 5u, 6u, 7u}) {  // at a boundary, within a fade-in, before and after the last
    Training first;
    first.steps(stop);
    Copy saved = first.state();
    saved.restore_ = true;
    Training second;
    second.trainer.visit_state(saved);
    EXPECT_EQ(second.trainer.growth(), first.trainer.growth());
    const Tensor z = RandomSource(1).normal("z", {2, 5});
    EXPECT_TRUE(same_bits(second.trainer.samples(z), first.trainer.samples(z)));
    second.steps(end);
    expect_same(second.state(), expected);
  }
}

// Layers that have not come yet, and those whose part is over, keep their values; the others move.
TEST_F(ProgressiveTrainings, OnlyWhatTakesPartIsTrained) {
  Training training;
  const auto moved = [&](const Copy& before, const Copy& after) {
    std::vector<std::string> names;
    for (const auto& [name, value] : before.tensors)
      if (name.ends_with("weight") && name.starts_with("generator") &&
          !same_bits(value, after.tensors.at(name)))
        names.push_back(name);
    return names;
  };
  const Copy start = training.state();
  training.steps(2);
  const Copy grown = training.state();
  for (const std::string& name : moved(start, grown)) EXPECT_EQ(name.find("generator.4x4"), 0u) << name;
  EXPECT_EQ(moved(start, grown).size(), 3u);
  training.steps(3);
  const Copy fading = training.state();
  EXPECT_EQ(moved(grown, fading).size(), 6u);  // both blocks and both layers to images
  training.steps(5);
  const Copy faded = training.state();
  training.steps(6);
  const std::vector<std::string> late = moved(faded, training.state());
  EXPECT_EQ(late.size(), 5u);  // without the layer to images of 4x4
  for (const std::string& name : late) EXPECT_EQ(name.find("4x4_to_image"), std::string::npos) << name;
}

TEST_F(ProgressiveTrainings, AStepIsTheLossesOfThePaper) {
  Training training;
  training.steps(2);
  RandomSource random(7);
  random.begin_step(3);
  const Growth growth = training.trainer.schedule().at(3);
  const Tensor real = images_at(random.uniform("images", {kBatch, 1, 16, 16}) * 2 - 1, growth);
  training.generator.set_growth(growth);
  training.discriminator.set_growth(growth);
  const auto score = [&](const Tensor& x) { return training.discriminator.evaluate(x); };
  const Tensor fake =
      training.generator.evaluate(random.normal("latents/discriminator", {kBatch, kNetwork.latent}));
  const double gap = mean(score(real)).item_as_double() - mean(score(fake)).item_as_double();
  const Tensor u = random.uniform("between", {kBatch});
  const double penalty = nn::gradient_penalty(score, nn::between(real, fake, u)).item_as_double();
  const Tensor scores = score(real);
  const double drift = mean(scores * scores).item_as_double();
  training.steps(3);
  EXPECT_NEAR(training.losses.gap, gap, 1e-6);
  EXPECT_NEAR(training.losses.penalty, penalty, 1e-6);
  EXPECT_NEAR(training.losses.discriminator, -gap + 10 * penalty + 0.001 * drift, 1e-5);
}

TEST_F(ProgressiveTrainings, SamplesComeFromTheAverage) {
  Training training;
  const Tensor z = RandomSource(1).normal("z", {2, 5});
  EXPECT_EQ(training.trainer.samples(z).shape(), (Shape{2, 1, 4, 4}));
  training.steps(1);  // the first observation is the weights
  training.generator.set_growth({0, 1});
  EXPECT_TRUE(same_bits(training.trainer.samples(z), training.generator.evaluate(z)));
  training.steps(9);
  EXPECT_EQ(training.trainer.samples(z).shape(), (Shape{2, 1, 16, 16}));
  const Copy state = training.state();
  EXPECT_FALSE(same_bits(training.trainer.samples(z), training.generator.evaluate(z)));
  EXPECT_THROW(training.trainer.samples(zeros({2, 3})), Error);
  expect_same(training.state(), state);  // the weights are back, also after an error
}

TEST_F(ProgressiveTrainings, ErrorsOfSettingsAndSteps) {
  ProgressiveGenerator generator(kNetwork);
  ProgressiveDiscriminator discriminator(kNetwork), other({.channels = {4, 4}});
  EXPECT_THROW(ProgressiveTrainer(generator, other, kTraining), Error);
  EXPECT_THROW(ProgressiveTrainer(generator, discriminator, {.stages = {{0, 8}}, .batch = 4}), Error);
  ProgressiveTraining settings = kTraining;
  settings.penalty = -1;
  EXPECT_THROW(ProgressiveTrainer(generator, discriminator, settings), Error);
  settings = kTraining;
  settings.batch = 5;  // the deviation's group is 2
  EXPECT_THROW(ProgressiveTrainer(generator, discriminator, settings), Error);
  Training training;
  training.random.begin_step(2);
  EXPECT_THROW(training.trainer.step(zeros({kBatch, 1, 16, 16}), training.random), Error);  // out of order
  RandomSource random(1);
  random.begin_step(1);
  EXPECT_THROW(training.trainer.step(zeros({kBatch + 1, 1, 16, 16}), random), Error);
  EXPECT_THROW(training.trainer.step(zeros({kBatch, 1, 12, 12}), random), Error);
}

}  // namespace
}  // namespace tessera::models
