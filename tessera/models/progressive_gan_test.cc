// The layers and networks that grow, beside PyTorch's numbers; what growing keeps; second derivatives.
#include "tessera/models/progressive_gan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tessera/autograd/functional.h"
#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/models/progressive_layers.h"
#include "tessera/nn/adversarial.h"
#include "tessera/nn/torch_facts_test.h"

namespace tessera::models {
namespace {

using nn::pattern;

class Progressive : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
};

// All elements of these tensors, one after the other, against what progressive_facts.py had from PyTorch.
void expect_fact(const std::string& name, const std::vector<Tensor>& found) {
  static const facts::Table kFacts = {
#include "tessera/models/progressive_facts_test.inc"
  };
  facts::expect_fact(kFacts, name, found, 1e-11);
}

// The output, then its slopes in the input and the weights, as value_and_slopes of progressive_facts.py.
void expect_layer(const std::string& name, nn::Module& layer, const Tensor& x) {
  std::vector<Tensor> inputs = {x};
  for (const nn::Parameter* parameter : layer.parameters()) inputs.push_back(parameter->value);
  Tape tape;
  tape.watch(inputs);
  const Tensor y = layer.evaluate(x);
  std::vector<Tensor> found = tape.gradient(sum(y * pattern(9, y.shape())), inputs);
  found.insert(found.begin(), y);
  expect_fact(name, found);
}

TEST_F(Progressive, LayersAsPyTorch) {
  EqualizedConv2d conv(3, 4, {.kernel = 3, .padding = 1, .dtype = DType::kFloat64});
  conv.weight().value = pattern(2, {4, 3, 3, 3});
  conv.bias().value = pattern(3, {4});
  expect_layer("conv", conv, pattern(1, {2, 3, 5, 4}));
  EqualizedLinear linear(6, 3, {.gain = 1, .dtype = DType::kFloat64});
  linear.weight().value = pattern(5, {3, 6});
  linear.bias().value = pattern(6, {3});
  expect_layer("linear", linear, pattern(4, {5, 6}));
  const Tensor x = pattern(7, {6, 2, 3, 2});
  for (const int group : {2, 3}) {
    MinibatchDeviation deviation(group);
    expect_layer("deviation " + std::to_string(group), deviation, x);
  }
  for (const int group : {0, 6, 100}) {  // the whole batch
    MinibatchDeviation deviation(group);
    expect_layer("deviation 6", deviation, x);
  }
  nn::PixelNorm norm(1e-8);
  expect_layer("pixel norm", norm, x);
}

TEST_F(Progressive, EqualizedWeightsAreStandardNormalAndUnitOutput) {
  EqualizedConv2d layer(16, 64, {.padding = 1});
  RandomSource random(1);
  layer.initialize(random);
  const double elements = 64 * 16 * 9;
  EXPECT_NEAR(mean(layer.weight().value).item_as_double(), 0, 4 / std::sqrt(elements));
  EXPECT_NEAR(variance(layer.weight().value).item_as_double(), 1, 4 * std::sqrt(2 / elements));
  EXPECT_EQ(max(absolute(layer.bias().value)).item_as_double(), 0);
  // He's constant with gain sqrt(2) doubles the variance, which a ReLU halves.
  const Tensor y = layer.evaluate(random.normal("x", {8, 16, 20, 20}));
  EXPECT_NEAR(variance(slice(y, {Range::all(), Range::all(), Range(1, 19), Range(1, 19)})).item_as_double(),
              2, 0.2);
}

TEST_F(Progressive, DeviationOfEqualSamplesIsNearZeroAndGroupsAreApart) {
  MinibatchDeviation layer(2);
  const Tensor one = pattern(1, {1, 3, 2, 2}), other = pattern(2, {1, 3, 2, 2});
  // With a group of 2 in a batch of 4, samples 0 and 2 are one group, 1 and 3 the other.
  const Tensor y = layer.evaluate(concatenate({one, one, one, other}, 0));
  EXPECT_NEAR(y.at<double>({0, 3, 0, 0}), 1e-4, 1e-12);
  EXPECT_EQ(y.at<double>({2, 3, 1, 1}), y.at<double>({0, 3, 0, 0}));
  EXPECT_GT(y.at<double>({1, 3, 0, 0}), 0.1);
  EXPECT_EQ(y.at<double>({1, 3, 0, 1}), y.at<double>({3, 3, 1, 0}));
  EXPECT_THROW(layer.evaluate(pattern(1, {3, 3, 2, 2})), Error);
  EXPECT_THROW(MinibatchDeviation(-1), Error);
}

const ProgressiveSettings kSmall{.latent = 4, .channels = {6, 5, 4}, .colours = 2, .deviation_group = 2};

struct Networks {
  explicit Networks(const ProgressiveSettings& settings = kSmall)
      : generator(settings), discriminator(settings) {
    generator.initialize(random);
    discriminator.initialize(random);
  }
  void grow(std::int64_t stage, double alpha) {
    generator.set_growth({stage, alpha});
    discriminator.set_growth({stage, alpha});
  }
  RandomSource random{3};
  ProgressiveGenerator generator;
  ProgressiveDiscriminator discriminator;
};

TEST_F(Progressive, GrowingKeepsWhatWasThere) {
  Networks nets;
  const Tensor z = nets.random.normal("z", {4, 4});
  for (const std::int64_t stage : {1, 2}) {
    nets.grow(stage - 1, 1);
    const Tensor before = nets.generator.evaluate(z);
    const Tensor image = nets.random.uniform("image " + std::to_string(stage),
                                             {4, 2, resolution_of(stage), resolution_of(stage)});
    const Tensor score = nets.discriminator.evaluate(halve_images(image));
    nets.grow(stage, 0);
    EXPECT_TRUE(same_bits(nets.generator.evaluate(z), double_images(before)));
    EXPECT_TRUE(same_bits(nets.discriminator.evaluate(image), score));
    nets.grow(stage, 1.0 / 64);  // continuous: a little of the new changes little
    EXPECT_LT(max(absolute(nets.generator.evaluate(z) - double_images(before))).item_as_double(), 0.1);
    EXPECT_FALSE(same_bits(nets.generator.evaluate(z), double_images(before)));
    EXPECT_FALSE(same_bits(nets.discriminator.evaluate(image), score));
  }
}

// What has no part is not even looked at: NaN in it does not show.
TEST_F(Progressive, OldBranchHasNoInfluenceInTheEndNorTheNewOneAtTheBeginning) {
  const auto spoil = [](nn::Module& network, const std::string& part) {
    int spoilt = 0;
    for (nn::Parameter* parameter : network.parameters())
      if (parameter->name.find(part) != std::string::npos) {
        parameter->value = parameter->value * std::numeric_limits<double>::quiet_NaN();
        ++spoilt;
      }
    EXPECT_GT(spoilt, 0) << part;
  };
  for (const bool grown : {true, false}) {
    Networks nets;
    const Tensor z = nets.random.normal("z", {2, 4}), image = nets.random.uniform("image", {2, 2, 8, 8});
    nets.grow(1, grown ? 1 : 0);
    const Tensor made = nets.generator.evaluate(z), score = nets.discriminator.evaluate(image);
    const std::string old = grown ? "4x4_" : "8x8";  // the layers to and from images of 4x4; all of 8x8
    spoil(nets.generator, old);
    spoil(nets.discriminator, old);
    spoil(nets.generator, "16x16");
    spoil(nets.discriminator, "16x16");
    EXPECT_TRUE(same_bits(nets.generator.evaluate(z), made));
    EXPECT_TRUE(same_bits(nets.discriminator.evaluate(image), score));
    nets.grow(1, 0.5);
    EXPECT_FALSE(same_bits(nets.generator.evaluate(z), made));
  }
}

TEST_F(Progressive, FeaturesOfTheGeneratorHaveUnitSize) {
  nn::PixelNorm norm(1e-8);
  const Tensor y = norm.evaluate(RandomSource(1).normal("x", {3, 16, 5, 5}) * 7 + 2);
  EXPECT_LT(max(absolute(sqrt(mean(y * y, {1})) - 1)).item_as_double(), 1e-6);
}

TEST_F(Progressive, AnImageDoesNotDependOnItsBatch) {
  Networks nets;
  nets.grow(2, 0.75);
  const Tensor z = nets.random.normal("z", {5, 4});
  const Tensor all = nets.generator.evaluate(z);
  EXPECT_EQ(all.shape(), (Shape{5, 2, 16, 16}));
  EXPECT_TRUE(same_bits(nets.generator.evaluate(slice(z, {Range(3, 4)})), copy(slice(all, {Range(3, 4)}))));
}

// The networks of progressive_facts.py, whose weights are patterns.
struct Patterned : Networks {
  Patterned()
      : Networks(
            {.latent = 3, .channels = {3, 2}, .colours = 2, .deviation_group = 2, .dtype = DType::kFloat64}) {
    std::int64_t seed = 20;
    for (nn::Module* network : std::initializer_list<nn::Module*>{&generator, &discriminator})
      for (nn::Parameter* parameter : network->parameters())
        parameter->value = pattern(seed++, parameter->value.shape(), 2);
    grow(1, 0.25);
  }
};

std::vector<Tensor> values_of(nn::Module& network) {
  std::vector<Tensor> values;
  for (const nn::Parameter* parameter : network.parameters()) values.push_back(parameter->value);
  return values;
}

TEST_F(Progressive, NetworksAndStepsAsPyTorch) {
  Patterned nets;
  const Tensor z = pattern(10, {4, 3}), u = (pattern(12, {4}) + 1) / 2;
  const Tensor real = images_at(pattern(11, {4, 2, 8, 8}), nets.generator.growth());
  const Tensor fake = nets.generator.evaluate(z);
  expect_fact("generated", {fake});
  const auto score = [&](const Tensor& x) { return nets.discriminator.evaluate(x); };
  {
    const std::vector<Tensor> values = values_of(nets.discriminator);
    Tape tape;
    tape.watch(values);
    const Tensor scores = score(real), penalty = nn::gradient_penalty(score, nn::between(real, fake, u));
    const Tensor loss = nn::discriminator_loss(scores, score(fake), nn::Adversarial::kWasserstein) +
                        penalty * 10 + mean(scores * scores) * 0.001;
    std::vector<Tensor> found = tape.gradient(loss, values);
    found.insert(found.begin(), {loss, penalty});
    expect_fact("discriminator step", found);
  }
  const std::vector<Tensor> values = values_of(nets.generator);
  Tape tape;
  tape.watch(values);
  const Tensor loss = nn::generator_loss(score(nets.generator.evaluate(z)), nn::Adversarial::kWasserstein);
  std::vector<Tensor> found = tape.gradient(loss, values);
  found.insert(found.begin(), loss);
  expect_fact("generator step", found);
}

// The gradient penalty's own gradient against differences: the derivative of a derivative through every layer of the discriminator.
TEST_F(Progressive, PenaltyOfTheDiscriminatorHasTheSlopeOfDifferences) {
  Patterned nets;
  const Tensor x = pattern(13, {2, 2, 8, 8});
  const std::vector<nn::Parameter*> parameters = nets.discriminator.parameters();
  const auto penalty = [&](const std::vector<Tensor>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) parameters[i]->value = values[i];
    return nn::gradient_penalty([&](const Tensor& at) { return nets.discriminator.evaluate(at); }, x);
  };
  const GradcheckResult result = gradcheck(penalty, values_of(nets.discriminator), {.tolerance = 1e-5});
  EXPECT_TRUE(result.passed) << result.message;
}

TEST_F(Progressive, RealImagesFadeAsTheGeneratorDoes) {
  const Tensor images = pattern(14, {2, 1, 16, 16});
  EXPECT_TRUE(same_bits(images_at(images, {2, 1}), images));
  EXPECT_TRUE(same_bits(images_at(images, {0, 1}), halve_images(halve_images(images))));
  const Tensor small = halve_images(images), blurred = double_images(halve_images(small));
  EXPECT_TRUE(same_bits(images_at(images, {1, 0.25}), blurred * 0.75 + small * 0.25));
  EXPECT_THROW(images_at(pattern(1, {2, 1, 12, 12}), {1, 1}), Error);
  EXPECT_THROW(images_at(pattern(1, {2, 1, 8, 8}), {2, 1}), Error);
}

TEST_F(Progressive, ErrorsSayWhatWasExpected) {
  Networks nets;
  EXPECT_THROW(nets.generator.set_growth({3, 1}), Error);
  EXPECT_THROW(nets.generator.set_growth({0, 0.5}), Error);
  EXPECT_THROW(nets.discriminator.set_growth({1, 1.5}), Error);
  EXPECT_THROW(nets.discriminator.set_growth({1, std::numeric_limits<double>::quiet_NaN()}), Error);
  EXPECT_THROW(nets.generator.evaluate(zeros({2, 5})), Error);
  EXPECT_THROW(nets.discriminator.evaluate(zeros({2, 2, 8, 8})), Error);
  EXPECT_THROW(ProgressiveGenerator({.channels = {}}), Error);
  EXPECT_THROW(ProgressiveDiscriminator({.channels = {4, 0}}), Error);
  EXPECT_THROW(EqualizedConv2d(2, 2, {.gain = 0}), Error);
  try {
    nets.generator.evaluate(zeros({2, 5}));
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("the latents have shape [2, 5], expected [N, 4]"));
  }
}

}  // namespace
}  // namespace tessera::models
