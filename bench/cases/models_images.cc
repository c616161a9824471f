// Models of images: multilayer perceptron, the convolutional network of examples/train/fashion_mnist_deep.toml, one of maxout units, autoencoders.
#include "bench/cases/models.h"
#include "tessera/models/autoencoder.h"
#include "tessera/nn/layers.h"
#include "tessera/nn/losses.h"

namespace bench {

using tessera::Tensor;
namespace nn = tessera::nn;
namespace models = tessera::models;

namespace {

constexpr nn::Conv2dSettings kSame{.kernel = {3, 3}, .padding = {1, 1}, .bias = false};

Draws new_draws() {
  return std::make_shared<tessera::RandomSource>(1);
}

Model classifier(const std::shared_ptr<nn::Sequential>& network, const tessera::Shape& shape,
                 std::shared_ptr<nn::Optimizer> optimizer, double rate, const Draws& draws) {
  const Tensor x = normal(shape), y = labels(shape[0], 10);
  return trained_model(
      network, {x, y}, std::move(optimizer), rate,
      [=](nn::Context& context) { return nn::cross_entropy_loss(network->forward(x, context), y); }, draws);
}

Model mlp(const ModelSettings& settings) {
  const Draws draws = new_draws();
  auto network = std::make_shared<nn::Sequential>();
  network->add<nn::Linear>(784, 256);
  network->add<nn::ReLU>();
  network->add<nn::Linear>(256, 128);
  network->add<nn::ReLU>();
  network->add<nn::Linear>(128, 10);
  network->initialize(*draws);
  return classifier(network, {settings.batch, 784}, std::make_shared<nn::Adam>(network->parameters()), 1e-3,
                    draws);
}

void add_block(nn::Sequential& network, std::int64_t from, std::int64_t to) {
  network.add<nn::Conv2d>(from, to, kSame);
  network.add<nn::BatchNorm>(to);
  network.add<nn::ReLU>();
}

Model cnn(const ModelSettings& settings) {
  const Draws draws = new_draws();
  auto network = std::make_shared<nn::Sequential>();
  add_block(*network, 1, 32);
  network->add<nn::MaxPool2d>();
  add_block(*network, 32, 64);
  auto body = std::make_unique<nn::Sequential>();
  add_block(*body, 64, 64);
  body->add<nn::Conv2d>(64, 64, kSame);
  body->add<nn::BatchNorm>(64);
  network->add<nn::Residual>(std::move(body));
  network->add<nn::ReLU>();
  network->add<nn::MaxPool2d>();
  network->add<nn::Flatten>();
  if (settings.dropout) network->add<nn::Dropout>(0.4);
  network->add<nn::Linear>(64 * 7 * 7, 10);
  network->initialize(*draws);
  return classifier(network, {settings.batch, 1, 28, 28}, std::make_shared<nn::AdamW>(network->parameters()),
                    2e-3, draws);
}

// Goodfellow et al., "Maxout networks", ICML 2013: each unit is the largest of two linear pieces; trained by momentum.
Model maxout_cnn(const ModelSettings& settings) {
  constexpr std::int64_t kPieces = 2;
  constexpr nn::Conv2dSettings kLarge{.kernel = {5, 5}, .padding = {2, 2}};
  const Draws draws = new_draws();
  auto network = std::make_shared<nn::Sequential>();
  std::int64_t width = 1;
  for (const std::int64_t units : {32, 64}) {
    network->add<nn::Conv2d>(width, kPieces * units, kLarge);
    network->add<nn::Maxout>(kPieces);
    network->add<nn::MaxPool2d>();
    width = units;
  }
  network->add<nn::Flatten>();
  if (settings.dropout) network->add<nn::Dropout>(0.5);
  network->add<nn::Linear>(width * 7 * 7, 10);
  network->initialize(*draws);
  return classifier(network, {settings.batch, 1, 28, 28},
                    std::make_shared<nn::SGD>(network->parameters(), nn::SgdSettings{.momentum = 0.9}), 1e-3,
                    draws);
}

Tensor pixels(std::int64_t batch) {
  return tessera::sigmoid(normal({batch, 1, 28, 28}));
}

Model autoencoder_model(const std::shared_ptr<models::Autoencoder>& network, std::int64_t batch,
                        models::Reconstruction kind, const Draws& draws) {
  const Tensor x = pixels(batch);
  return trained_model(
      network, {x}, std::make_shared<nn::Adam>(network->parameters()), 1e-3,
      [=](nn::Context& context) {
        return models::reconstruction_loss(network->logits(network->codes(x, context), context), x, kind);
      },
      draws);
}

Model autoencoder(const ModelSettings& settings) {
  const Draws draws = new_draws();
  const auto network =
      initialized<models::DenseAutoencoder>(draws, models::AutoencoderSettings{.code = 64, .hidden = {256}});
  return autoencoder_model(network, settings.batch, models::Reconstruction::kMse, draws);
}

Model convolutional_autoencoder(const ModelSettings& settings) {
  const Draws draws = new_draws();
  return autoencoder_model(initialized<models::ConvolutionalAutoencoder>(draws), settings.batch,
                           models::Reconstruction::kCrossEntropy, draws);
}

}  // namespace

std::vector<ModelRow> image_models() {
  return {{"MLP", mlp},
          {"CNN", cnn},
          {"maxout CNN", maxout_cnn},
          {"autoencoder", autoencoder},
          {"convolutional autoencoder", convolutional_autoencoder}};
}

}  // namespace bench
