// Models of images: multilayer perceptron, the convolutional network of examples/train/fashion_mnist_deep.toml, autoencoder, DCGAN.
#include "bench/cases/models.h"
#include "tessera/autograd/tape.h"
#include "tessera/nn/layers.h"
#include "tessera/nn/losses.h"

namespace bench {

using tessera::Tensor;
namespace nn = tessera::nn;

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

Model autoencoder(const ModelSettings& settings) {
  const Draws draws = new_draws();
  auto network = std::make_shared<nn::Sequential>();
  for (const auto& [from, to] : {std::pair(784, 256), std::pair(256, 64), std::pair(64, 256)}) {
    network->add<nn::Linear>(from, to);
    network->add<nn::ReLU>();
  }
  network->add<nn::Linear>(256, 784);
  network->initialize(*draws);
  const Tensor x = normal({settings.batch, 784});
  return trained_model(
      network, {x}, std::make_shared<nn::Adam>(network->parameters()), 1e-3,
      [=](nn::Context& context) { return nn::mse_loss(network->forward(x, context), x); }, draws);
}

// ---- DCGAN (Radford, Metz & Chintala, ICLR 2016) for images of 32x32 ----

constexpr std::int64_t kNoise = 100, kWidth = 32;

void add_up(nn::Sequential& network, std::int64_t from, std::int64_t to, std::int64_t stride) {
  const std::int64_t padding = stride == 1 ? 0 : 1;
  network.add<nn::ConvTranspose2d>(
      from, to,
      nn::ConvTranspose2dSettings{
          .kernel = {4, 4}, .stride = {stride, stride}, .padding = {padding, padding}, .bias = false});
}

std::shared_ptr<nn::Sequential> generator() {
  auto network = std::make_shared<nn::Sequential>("generator");
  const std::vector<std::int64_t> widths = {kNoise, 4 * kWidth, 2 * kWidth, kWidth};
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    add_up(*network, widths[i], widths[i + 1], i == 0 ? 1 : 2);
    network->add<nn::BatchNorm>(widths[i + 1]);
    network->add<nn::ReLU>();
  }
  add_up(*network, kWidth, 1, 2);
  network->add<nn::Tanh>();
  return network;
}

std::shared_ptr<nn::Sequential> discriminator() {
  auto network = std::make_shared<nn::Sequential>("discriminator");
  const nn::Conv2dSettings halve{.kernel = {4, 4}, .stride = {2, 2}, .padding = {1, 1}, .bias = false};
  const std::vector<std::int64_t> widths = {1, kWidth, 2 * kWidth, 4 * kWidth};
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    network->add<nn::Conv2d>(widths[i], widths[i + 1], halve);
    if (i > 0) network->add<nn::BatchNorm>(widths[i + 1]);
    network->add<nn::LeakyReLU>(0.2);
  }
  network->add<nn::Conv2d>(4 * kWidth, 1, nn::Conv2dSettings{.kernel = {4, 4}, .bias = false});
  network->add<nn::Flatten>();
  return network;
}

// The discriminator on real and made images, then the generator through the discriminator as it is now: the images are made once.
struct DcganStep {
  std::shared_ptr<nn::Sequential> generator, discriminator;
  Tensor noise, images;
  nn::Adam generator_steps, discriminator_steps;
  Draws draws;

  Tensor operator()() {
    Tensor criticism;
    draws->begin_step(draws->step() + 1);
    const Tensor pretence = update(
        generator_steps, kRate,
        [&](nn::Context& context) {
          const Tensor made = generator->forward(noise, context);
          criticism = criticise(made);
          return judged(made, 1, context);
        },
        draws);
    return criticism + pretence;
  }

 private:
  static constexpr double kRate = 2e-4;

  Tensor judged(const Tensor& x, double as, nn::Context& context) {
    return nn::binary_cross_entropy_loss(discriminator->forward(x, context),
                                         tessera::full({x.size(0), 1}, as));
  }

  // Apart from the generator's tape.
  Tensor criticise(const Tensor& made) {
    const tessera::NoTape apart;
    return update(
        discriminator_steps, kRate,
        [&](nn::Context& context) {
          const Tensor of_real = judged(images, 1, context);
          return of_real + judged(made, 0, context);
        },
        draws);
  }
};

Model dcgan(const ModelSettings& settings) {
  const Draws draws = new_draws();
  const auto makes = generator(), judges = discriminator();
  for (const auto& network : {makes, judges}) network->initialize(*draws);
  const Tensor noise = normal({settings.batch, kNoise, 1, 1}), images = normal({settings.batch, 1, 32, 32});
  const nn::AdamSettings betas{.beta1 = 0.5};
  Model model;
  model.networks = {makes, judges};
  model.inputs = {noise, images};
  model.step = [step = std::make_shared<DcganStep>(
                    DcganStep{makes, judges, noise, images, nn::Adam(makes->parameters(), betas),
                              nn::Adam(judges->parameters(), betas), draws})] { return (*step)(); };
  model.predict = [makes, noise] { return makes->evaluate(noise); };
  return model;
}

}  // namespace

std::vector<ModelRow> image_models() {
  return {{"MLP", mlp}, {"CNN", cnn}, {"autoencoder", autoencoder}, {"DCGAN", dcgan}};
}

}  // namespace bench
