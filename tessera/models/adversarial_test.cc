// GAN, DCGAN and their training: PyTorch's numbers, gradients, batches, noise by counter, wrong inputs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/message_test.h"
#include "tessera/models/adversarial_training.h"
#include "tessera/models/dcgan.h"
#include "tessera/models/gan.h"
#include "tessera/models/generative_facts_test.h"

namespace tessera::models {
namespace {

using testing::HasSubstr;

class AdversarialModels : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
};

const DcganSettings kTiny{.image = {1, 8, 8}, .latent = 3, .channels = {2, 3}, .dtype = DType::kFloat64};
const GanSettings kPoints{
    .sample = {3}, .latent = 2, .hidden = {4}, .bounded = false, .dtype = DType::kFloat64};
constexpr nn::AdamSettings kAdam{.beta1 = 0.5, .beta2 = 0.999};

TEST_F(AdversarialModels, ThreeStepsOfDcganAreThoseOfPyTorch) {
  DcganGenerator generator(kTiny);
  DcganDiscriminator discriminator(kTiny);
  fill(generator, 1);
  fill(discriminator, 30);
  nn::Adam generator_adam(generator.parameters(), kAdam),
      discriminator_adam(discriminator.parameters(), kAdam);
  RandomSource random(1);
  std::vector<double> losses;
  for (std::int64_t step = 1; step <= 3; ++step) {
    random.begin_step(static_cast<std::uint64_t>(step));
    const AdversarialNoise noise{pattern(50 + step, {4, 3}), pattern(60 + step, {4, 3}), {}};
    const AdversarialResult result =
        adversarial_step({generator, generator_adam, 0.01}, {discriminator, discriminator_adam, 0.01},
                         pattern(70 + step, {4, 1, 8, 8}), noise, {}, random);
    losses.push_back(result.discriminator_loss);
    losses.push_back(result.generator_loss.value());
  }
  expect_fact("dcgan losses", {Tensor::from(losses, {6})}, 1e-10);
  expect_fact("dcgan state", state_of({&generator, &discriminator}), 1e-9);
}

TEST_F(AdversarialModels, AccuracyIsTakenAtTheBoundaryOfTheLoss) {
  // What each loss wants of a discriminator is right, whatever the numbers that it wants: 1 and 0 with least squares.
  const Tensor real = Tensor::from<float>({1, 0.75F, 0.25F, 2}, {4, 1}),
               fake = Tensor::from<float>({0, 0.25F}, {2, 1});
  EXPECT_EQ(discriminator_accuracy(real, fake, nn::Adversarial::kLeastSquares), (0.75 + 1) / 2);
  EXPECT_EQ(discriminator_accuracy(real, fake, nn::Adversarial::kNonSaturating), 0.5);  // 0 is no answer
  EXPECT_EQ(discriminator_accuracy(real, fake * -1, nn::Adversarial::kHinge), (1 + 0.5) / 2);
  const Tensor unknown = real * NAN;
  EXPECT_EQ(discriminator_accuracy(unknown, unknown, nn::Adversarial::kHinge), 0);
}

TEST_F(AdversarialModels, StepsWithAGradientPenaltyAreThoseOfPyTorch) {
  for (const bool between : {true, false}) {
    GanGenerator generator(kPoints);
    GanDiscriminator critic(kPoints);
    fill(generator, 1);
    fill(critic, 30);
    nn::Adam generator_adam(generator.parameters(), kAdam), critic_adam(critic.parameters(), kAdam);
    RandomSource random(1);
    std::vector<double> found;
    for (std::int64_t step = 1; step <= 2; ++step) {
      random.begin_step(static_cast<std::uint64_t>(step));
      const AdversarialNoise noise{pattern(50 + step, {4, 2}), pattern(60 + step, {4, 2}),
                                   (pattern(80 + step, {4}) + 1) / 2};
      const AdversarialSettings settings{
          .loss = between ? nn::Adversarial::kWasserstein : nn::Adversarial::kNonSaturating,
          .penalty = 10,
          .penalty_target = between ? 1.0 : 0.0};
      const AdversarialResult result =
          adversarial_step({generator, generator_adam, 0.01}, {critic, critic_adam, 0.01},
                           pattern(70 + step, {4, 3}), noise, settings, random);
      for (const double value : {result.discriminator_loss, result.penalty, result.generator_loss.value()})
        found.push_back(value);
    }
    std::vector<Tensor> values = {Tensor::from(found, {6})};
    for (const Tensor& value : state_of({&generator, &critic})) values.push_back(value);
    expect_fact(between ? "penalty between" : "penalty real", values, 1e-9);
  }
}

// Of the generator's loss in every weight of both networks, through batch normalisation in training.
TEST_F(AdversarialModels, GradientsAgreeWithDifferences) {
  DcganGenerator generator(kTiny);
  DcganDiscriminator discriminator(kTiny);
  fill(generator, 1);
  fill(discriminator, 30);
  std::vector<nn::Parameter*> parameters = generator.parameters();
  for (nn::Parameter* parameter : discriminator.parameters()) parameters.push_back(parameter);
  std::vector<Tensor> weights;
  for (const nn::Parameter* parameter : parameters) weights.push_back(parameter->value);
  const Tensor noise = pattern(60, {4, 3});
  const auto loss = [&](const std::vector<Tensor>& values) {
    for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i]->value = values[i];
    nn::Context context{.training = true};
    return nn::generator_loss(discriminator.forward(generator.forward(noise, context), context),
                              nn::Adversarial::kNonSaturating);
  };
  const GradcheckResult result = gradcheck(loss, weights);
  EXPECT_TRUE(result.passed) << result.message;
}

TEST_F(AdversarialModels, ASampleDoesNotDependOnItsBatchByABit) {
  const DcganSettings settings{.image = {3, 12, 8}, .latent = 5, .channels = {6, 7}};
  DcganGenerator generator(settings);
  DcganDiscriminator discriminator(settings);
  RandomSource random(4);
  generator.initialize(random);
  discriminator.initialize(random);
  nn::Context context{.training = true};
  generator.forward(random.normal("warm", {8, 5}),
                    context);  // running statistics that are not those of the start
  const Tensor noise = random.normal("noise", {9, 5}), all = generator.evaluate(noise);
  const Tensor scores = discriminator.evaluate(all), features = discriminator_features(discriminator, all);
  for (const std::int64_t i : {0, 4, 8}) {
    const auto one = [&](const Tensor& x) { return slice(x, {Range(i, i + 1)}); };
    EXPECT_TRUE(same_bits(generator.evaluate(one(noise)), one(all)));
    EXPECT_TRUE(same_bits(discriminator.evaluate(one(all)), one(scores)));
    EXPECT_TRUE(same_bits(discriminator_features(discriminator, one(all)), one(features)));
  }
}

// The paper's beginning: weights of deviation 0.02, scales of batch normalisation around 1, no bias.
TEST_F(AdversarialModels, DcganBeginsAsThePaperSays) {
  DcganGenerator generator;
  RandomSource random(5);
  generator.initialize(random);
  for (const nn::Parameter* parameter : generator.parameters()) {
    const Tensor& value = parameter->value;
    if (parameter->name.ends_with("bias")) {
      EXPECT_EQ(max(absolute(value)).item<float>(), 0);
      continue;
    }
    const double mean_value = mean(value).item_as_double(), size = static_cast<double>(value.elements());
    EXPECT_NEAR(mean_value, value.rank() == 1 ? 1 : 0, 0.1 / std::sqrt(size)) << parameter->name;
    EXPECT_NEAR(std::sqrt(mean((value - mean_value) * (value - mean_value)).item_as_double()), 0.02,
                0.1 / std::sqrt(size))
        << parameter->name;
  }
}

TEST_F(AdversarialModels, TheGeneratorWaitsForItsTurn) {
  GanGenerator generator(kPoints);
  GanDiscriminator discriminator(kPoints);
  fill(generator, 1);
  fill(discriminator, 30);
  nn::Adam generator_adam(generator.parameters()), discriminator_adam(discriminator.parameters());
  RandomSource random(1);
  for (std::uint64_t step = 1; step <= 6; ++step) {
    random.begin_step(step);
    const Tensor before = generator.parameters()[0]->value;
    const AdversarialResult result = adversarial_step(
        {generator, generator_adam, 0.01}, {discriminator, discriminator_adam, 0.01}, pattern(70, {4, 3}),
        adversarial_noise(random, 4, {2}, DType::kFloat64), {.discriminator_steps = 3}, random);
    EXPECT_EQ(result.generator_loss.has_value(), step % 3 == 0);
    EXPECT_EQ(same_bits(before, generator.parameters()[0]->value), step % 3 != 0);
  }
  EXPECT_EQ(discriminator_adam.steps(), 6);
}

TEST_F(AdversarialModels, NoiseDependsOnSeedAndStepOnly) {
  RandomSource one(7), other(7);
  other.begin_step(1);
  adversarial_noise(other, 3, {2});
  one.begin_step(2);
  other.begin_step(2);
  const AdversarialNoise a = adversarial_noise(one, 3, {2}), b = adversarial_noise(other, 3, {2});
  EXPECT_TRUE(same_bits(a.discriminator, b.discriminator) && same_bits(a.generator, b.generator));
  EXPECT_FALSE(same_bits(a.discriminator, a.generator));
}

// Two rings' worth of modes is asked of the example; here: a generator that begins far away finds one place.
TEST_F(AdversarialModels, LearnsAPlaceInThePlane) {
  const GanSettings settings{.sample = {2}, .latent = 2, .hidden = {16}, .bounded = false};
  GanGenerator generator(settings);
  GanDiscriminator discriminator(settings);
  RandomSource random(3);
  generator.initialize(random);
  discriminator.initialize(random);
  nn::Adam generator_adam(generator.parameters(), kAdam),
      discriminator_adam(discriminator.parameters(), kAdam);
  for (std::uint64_t step = 1; step <= 600; ++step) {
    random.begin_step(step);
    const Tensor real = random.normal("real", {64, 2}) * 0.2 + Tensor::from<float>({2, -1}, {2});
    adversarial_step({generator, generator_adam, 0.005}, {discriminator, discriminator_adam, 0.005}, real,
                     adversarial_noise(random, 64, {2}), {.penalty = 1, .penalty_target = 0}, random);
  }
  const std::vector<float> centre =
      mean(generator.evaluate(RandomSource(9).normal("noise", {500, 2})), {0}).to_vector<float>();
  EXPECT_NEAR(centre[0], 2, 0.3);
  EXPECT_NEAR(centre[1], -1, 0.3);
}

TEST_F(AdversarialModels, WrongInputsAreNamed) {
  EXPECT_THAT(message_of([] {
                DcganGenerator({.image = {1, 30, 28}});
              }),
              HasSubstr("that can be halved 2 times"));
  EXPECT_THAT(message_of([] { DcganDiscriminator({.channels = {}}); }), HasSubstr("channels is empty"));
  EXPECT_THAT(message_of([] { GanGenerator({.hidden = {8, 0}}); }), HasSubstr("hidden has the number 0"));
  DcganGenerator generator(kTiny);
  DcganDiscriminator discriminator(kTiny);
  EXPECT_THAT(message_of([&] {
                generator.evaluate(zeros({2, 4}, DType::kFloat64));
              }),
              HasSubstr("DcganGenerator(3 numbers -> [1, 8, 8]): the input has shape [2, 4], expected "
                        "samples of shape [3]"));
  nn::Adam one(generator.parameters()), other(discriminator.parameters());
  RandomSource random(1);
  const AdversarialNoise noise{pattern(1, {2, 3}), pattern(2, {2, 3}), pattern(3, {2})};
  const auto step = [&](const AdversarialSettings& settings) {
    return message_of([&] {
      adversarial_step({generator, one, 0.1}, {discriminator, other, 0.1}, pattern(4, {2, 1, 8, 8}), noise,
                       settings, random);
    });
  };
  EXPECT_THAT(step({.penalty = 1}), HasSubstr("batch normalisation ('discriminator.layers.3')"));
  EXPECT_THAT(step({.penalty_target = 0.5}), HasSubstr("penalty_target is 0.5"));
  EXPECT_THAT(step({.discriminator_steps = 0}), HasSubstr("discriminator_steps is 0"));
}

}  // namespace
}  // namespace tessera::models
