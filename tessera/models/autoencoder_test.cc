// Autoencoders: shapes, gradients, losses, batches, corruption, learning.
#include "tessera/models/autoencoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/autograd/functional.h"
#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/models/generative_facts_test.h"
#include "tessera/nn/optimizers.h"

namespace tessera::models {
namespace {

using testing::HasSubstr;

class Autoencoders : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
};

std::unique_ptr<Autoencoder> make(bool dense, const AutoencoderSettings& settings) {
  if (dense) return std::make_unique<DenseAutoencoder>(settings);
  return std::make_unique<ConvolutionalAutoencoder>(settings);
}

AutoencoderSettings small(DType dtype) {
  return {.image = {2, 8, 4}, .code = 3, .hidden = {5, 4}, .channels = {2, 3}, .dtype = dtype};
}

TEST_F(Autoencoders, GradientsAgreeWithDifferences) {
  for (const bool dense : {true, false})
    for (const Reconstruction kind : {Reconstruction::kMse, Reconstruction::kCrossEntropy}) {
      const auto network = make(dense, small(DType::kFloat64));
      fill(*network, 1);
      std::vector<Tensor> weights;
      for (const nn::Parameter* parameter : network->parameters()) weights.push_back(parameter->value);
      const Tensor images = (pattern(40, {3, 2, 8, 4}) + 1) / 2;
      const auto loss = [&](const std::vector<Tensor>& values) {
        for (std::size_t i = 0; i < values.size(); ++i) network->parameters()[i]->value = values[i];
        nn::Context context{.training = true};
        return reconstruction_loss(network->logits(network->codes(images, context), context), images, kind);
      };
      const GradcheckResult result = gradcheck(loss, weights);
      EXPECT_TRUE(result.passed) << network->describe() << ": " << result.message;
    }
}

TEST_F(Autoencoders, AReconstructionDoesNotDependOnItsBatchByABit) {
  for (const bool dense : {true, false}) {
    const auto network = make(dense, small(DType::kFloat32));
    RandomSource random(2);
    network->initialize(random);
    const Tensor images = random.uniform("images", {7, 2, 8, 4}), all = network->evaluate(images);
    for (std::int64_t i = 0; i < 7; i += 3)
      EXPECT_TRUE(
          same_bits(network->evaluate(slice(images, {Range(i, i + 1)})), slice(all, {Range(i, i + 1)})));
    EXPECT_TRUE(same_bits(network->decode(network->encode(images)), all));
  }
}

// Images of two numbers each, squeezed into two numbers: nothing needs to be lost.
TEST_F(Autoencoders, LearnsWhatFitsIntoTheCode) {
  RandomSource random(3);
  const Tensor corners = random.uniform("numbers", {64, 1, 2, 1});
  const Tensor images =
      reshape(broadcast_to(reshape(corners, {64, 1, 2, 1, 1}), {64, 1, 2, 4, 8}), {64, 1, 8, 8});
  for (const bool dense : {true, false}) {
    const auto network = make(dense, {.image = {1, 8, 8}, .code = 2, .hidden = {32}, .channels = {8, 8}});
    network->initialize(random);
    nn::Adam adam(network->parameters());
    double first = 0, last = 0;
    for (int step = 0; step < 400; ++step) {
      std::vector<Tensor> weights;
      for (const nn::Parameter* parameter : network->parameters()) weights.push_back(parameter->value);
      Tape tape;
      tape.watch(weights);
      nn::Context context{.training = true};
      const Tensor loss = reconstruction_loss(network->logits(network->codes(images, context), context),
                                              images, Reconstruction::kMse);
      tape.stop();
      adam.step(tape.gradient(loss, weights), 0.01);
      (step == 0 ? first : last) = loss.item_as_double();
    }
    EXPECT_LT(last, first / 20) << network->describe();
    random.begin_step(random.step() + 1);
  }
}

TEST_F(Autoencoders, CorruptionIsNoiseAndMask) {
  RandomSource random(5);
  random.begin_step(1);
  const Tensor images = full({50, 1, 20, 20}, 0.5);
  const Tensor masked = corrupted(images, {.masked = 0.3}, random);
  EXPECT_NEAR(mean(cast(equal(masked, 0), DType::kFloat32)).item<float>(), 0.3, 0.01);
  random.begin_step(2);
  const Tensor noisy = corrupted(images, {.deviation = 0.1}, random) - 0.5;
  EXPECT_NEAR(std::sqrt(mean(noisy * noisy).item_as_double()), 0.1, 0.003);
  EXPECT_TRUE(same_bits(corrupted(images, {}, random), images));
  EXPECT_THROW(corrupted(images, {.masked = 1}, random), Error);
}

TEST_F(Autoencoders, WrongInputsAreNamed) {
  const auto message = [](const auto& action) {
    try {
      action();
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(message([] { ConvolutionalAutoencoder({.image = {1, 28, 27}}); }), HasSubstr("halved 2 times"));
  EXPECT_THAT(message([] { DenseAutoencoder({.image = {28, 28}}); }), HasSubstr("[channels, height, width]"));
  EXPECT_THAT(message([] { DenseAutoencoder({.code = 0}); }), HasSubstr("code has the number 0"));
  EXPECT_THAT(message([] {
                DenseAutoencoder().evaluate(zeros({2, 3, 28, 28}));
              }),
              HasSubstr("expected samples of shape [1, 28, 28]"));
}

}  // namespace
}  // namespace tessera::models
