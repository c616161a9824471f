// Kind "autoencoder".
#include <algorithm>

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/generative/kinds.h"
#include "tessera/models/autoencoder.h"
#include "tessera/nn/losses.h"
#include "tessera/nn/optimizers.h"
#include "tessera/tensor/ops.h"

namespace tessera::generative {
namespace {

std::unique_ptr<models::Autoencoder> make_network(const GenerationConfig& config, const Shape& image) {
  models::AutoencoderSettings settings{.image = image,
                                       .code = config.integer("model.code"),
                                       .hidden = config.integers("model.hidden"),
                                       .channels = config.integers("model.channels")};
  if (config.text("model.network") == "dense") return std::make_unique<models::DenseAutoencoder>(settings);
  return std::make_unique<models::ConvolutionalAutoencoder>(settings);
}

class AutoencoderModel : public GenerativeModel {
 public:
  AutoencoderModel(const GenerationConfig& config, const Shape& image)
      : image_(image),
        code_(config.integer("model.code")),
        network_(make_network(config, image)),
        loss_(config.text("training.reconstruction_loss") == "mse" ? models::Reconstruction::kMse
                                                                   : models::Reconstruction::kCrossEntropy),
        corruption_{config.real("noise.deviation"), config.real("noise.masked")},
        rate_(config.real("training.learning_rate")) {}

  void initialize(RandomSource& random) override {
    network_->initialize(random);
    optimizer_ = std::make_unique<nn::Adam>(network_->parameters());
  }

  std::vector<std::pair<std::string, Stateful*>> state() override {
    return {{"model", network_.get()}, {"optimizer", optimizer_.get()}};
  }

  std::vector<StepScalar> step(const Tensor& images, RandomSource& random) override {
    const Tensor input = models::corrupted(images, corruption_, random);
    std::vector<Tensor> weights;
    for (const nn::Parameter* parameter : optimizer_->parameters()) weights.push_back(parameter->value);
    Tape tape;
    tape.watch(weights);
    nn::Context context{.training = true, .random = &random};
    const Tensor logits = network_->logits(network_->codes(input, context), context);
    const Tensor loss = models::reconstruction_loss(logits, images, loss_);
    tape.stop();
    optimizer_->step(tape.gradient(loss, weights), rate_);
    return {{"loss", loss.item_as_double()}};
  }

  // Whatever the loss: of clean images, so that trainings can be compared.
  std::vector<StepScalar> evaluate(const Tensor& images) override {
    return {{"held_out_squared_error", nn::mse_loss(reconstructed(images), images).item_as_double()}};
  }

  bool paints_from_images() const override { return true; }
  Tensor pictures(std::int64_t count, std::uint64_t /*seed*/, const Tensor& images) override {
    const Tensor shown = slice(images, {Range(0, std::min((count + 1) / 2, images.size(0)))});
    Shape pairs = shown.shape();
    pairs[0] *= 2;
    Shape beside{shown.size(0), 1};
    for (int axis = 1; axis < shown.rank(); ++axis) beside.append(shown.size(axis));
    return reshape(concatenate({reshape(shown, beside), reshape(reconstructed(shown), beside)}, 1), pairs);
  }

  Tensor features(const Tensor& images) override {
    return in_parts(images, [&](const Tensor& part) { return network_->encode(part); });
  }

  std::vector<ModelFunction> functions() override {
    const auto& network = network_;
    return {
        {"autoencoder", "images", "reconstructions", image_,
         [&](const Tensor& images) { return network->evaluate(images); }},
        {"encoder", "images", "codes", image_, [&](const Tensor& images) { return network->encode(images); }},
        {"decoder", "codes", "images", Shape{code_},
         [&](const Tensor& codes) { return network->decode(codes); }}};
  }

  std::string describe() const override { return network_->describe(); }

 private:
  Tensor reconstructed(const Tensor& images) {
    return in_parts(images, [&](const Tensor& part) { return network_->evaluate(part); });
  }

  Shape image_;
  std::int64_t code_;
  std::unique_ptr<models::Autoencoder> network_;
  std::unique_ptr<nn::Optimizer> optimizer_;
  models::Reconstruction loss_;
  models::Corruption corruption_;
  double rate_;
};

}  // namespace

std::unique_ptr<GenerativeModel> make_autoencoder(const GenerationConfig& config, const Shape& image) {
  return std::make_unique<AutoencoderModel>(config, image);
}

}  // namespace tessera::generative
