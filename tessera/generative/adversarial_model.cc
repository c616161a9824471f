// Kinds "gan" and "dcgan".
#include <algorithm>
#include <array>

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/generative/kinds.h"
#include "tessera/models/dcgan.h"
#include "tessera/models/gan.h"
#include "tessera/tensor/ops.h"

namespace tessera::generative {
namespace {

constexpr double kBeta2 = 0.999;
constexpr std::int64_t kFeatureGrid = 4;      // of DCGAN, section 5
constexpr std::int64_t kPart = 64;            // images that are evaluated at a time
constexpr std::uint64_t kEvaluationSeed = 0;  // of the noise that held-out images are compared with

struct Players : Stateful {
  std::unique_ptr<nn::Module> generator, discriminator;
  Players(std::unique_ptr<nn::Module> makes, std::unique_ptr<nn::Module> judges)
      : generator(std::move(makes)), discriminator(std::move(judges)) {}
  void visit_state(
      StateVisitor& visitor) override {  // "generator...." and "discriminator....": their root paths
    generator->visit_state(visitor);
    discriminator->visit_state(visitor);
  }
};

Players make_players(const GenerationConfig& config, const Shape& image) {
  if (config.text("model.kind") == "gan") {
    const models::GanSettings settings{.sample = image,
                                       .latent = config.integer("model.latent"),
                                       .hidden = config.integers("model.hidden"),
                                       .leak = config.real("model.leak"),
                                       .drop = config.real("model.drop")};
    return {std::make_unique<models::GanGenerator>(settings),
            std::make_unique<models::GanDiscriminator>(settings)};
  }
  const models::DcganSettings settings{
      .image = image,
      .latent = config.integer("model.latent"),
      .channels = config.integers("model.channels"),
      .leak = config.real("model.leak"),
      .normalize_discriminator = config.boolean("model.normalize_discriminator")};
  return {std::make_unique<models::DcganGenerator>(settings),
          std::make_unique<models::DcganDiscriminator>(settings)};
}

class AdversarialModel : public GenerativeModel {
 public:
  AdversarialModel(const GenerationConfig& config, const Shape& image)
      : image_(image),
        players_(make_players(config, image)),
        settings_(adversarial_settings(config)),
        latent_(config.integer("model.latent")),
        generator_rate_(config.real("training.generator_rate")),
        discriminator_rate_(config.real("training.discriminator_rate")),
        beta1_(config.real("training.beta1")) {}

  void initialize(RandomSource& random) override {
    players_.generator->initialize(random);
    players_.discriminator->initialize(random);
    generator_optimizer_ = make_optimizer(*players_.generator);
    discriminator_optimizer_ = make_optimizer(*players_.discriminator);
  }

  std::vector<std::pair<std::string, Stateful*>> state() override {
    return {{"model", &players_},
            {"generator_optimizer", generator_optimizer_.get()},
            {"discriminator_optimizer", discriminator_optimizer_.get()}};
  }

  std::vector<StepScalar> step(const Tensor& images, RandomSource& random) override {
    const models::AdversarialNoise noise = models::adversarial_noise(random, images.size(0), {latent_});
    const models::AdversarialResult result =
        models::adversarial_step({*players_.generator, *generator_optimizer_, generator_rate_},
                                 {*players_.discriminator, *discriminator_optimizer_, discriminator_rate_},
                                 to_signed(images), noise, settings_, random);
    std::vector<StepScalar> scalars = {{"discriminator_loss", result.discriminator_loss},
                                       {"discriminator_accuracy", result.accuracy}};
    if (result.generator_loss) scalars.push_back({"generator_loss", *result.generator_loss});
    if (settings_.penalty > 0) scalars.push_back({"gradient_penalty", result.penalty});
    return scalars;
  }

  // The generator has its turn.
  std::uint64_t least_steps() const override {
    return static_cast<std::uint64_t>(settings_.discriminator_steps);
  }

  // How well the discriminator tells held-out images from as many generated ones: 0.5 is chance.
  std::vector<StepScalar> evaluate(const Tensor& images) override {
    const auto score = [&](const Tensor& x) { return players_.discriminator->evaluate(x); };
    const Tensor real = in_parts(to_signed(images), score),
                 made = in_parts(to_signed(pictures(images.size(0), kEvaluationSeed, {})), score);
    return {{"held_out_discriminator_accuracy", models::discriminator_accuracy(real, made, settings_.loss)}};
  }

  Tensor pictures(std::int64_t count, std::uint64_t seed, const Tensor& /*images*/) override {
    return in_parts(RandomSource(seed).normal("samples", {count, latent_}),
                    [&](const Tensor& noise) { return from_signed(players_.generator->evaluate(noise)); });
  }

  Tensor features(const Tensor& images) override {
    auto* discriminator = dynamic_cast<models::DcganDiscriminator*>(players_.discriminator.get());
    if (discriminator == nullptr) return GenerativeModel::features(images);
    return in_parts(to_signed(images), [&](const Tensor& part) {
      return models::discriminator_features(*discriminator, part, kFeatureGrid);
    });
  }

  std::vector<ModelFunction> functions() override {
    return {{"generator", "noise", "images", Shape{latent_},
             [this](const Tensor& noise) { return from_signed(players_.generator->evaluate(noise)); }},
            {"discriminator", "images", "scores", image_,
             [this](const Tensor& images) { return players_.discriminator->evaluate(to_signed(images)); }}};
  }

  std::string describe() const override {
    return fmt::format("{} and {}", players_.generator->describe(), players_.discriminator->describe());
  }

 private:
  std::unique_ptr<nn::Optimizer> make_optimizer(nn::Module& network) const {
    return std::make_unique<nn::Adam>(network.parameters(),
                                      nn::AdamSettings{.beta1 = beta1_, .beta2 = kBeta2});
  }

  Shape image_;
  Players players_;
  models::AdversarialSettings settings_;
  std::int64_t latent_;
  double generator_rate_, discriminator_rate_, beta1_;
  std::unique_ptr<nn::Optimizer> generator_optimizer_, discriminator_optimizer_;
};

}  // namespace

std::unique_ptr<GenerativeModel> make_adversarial(const GenerationConfig& config, const Shape& image) {
  return std::make_unique<AdversarialModel>(config, image);
}

models::AdversarialSettings adversarial_settings(const GenerationConfig& config) {
  constexpr std::array kLosses = {std::pair("non_saturating", nn::Adversarial::kNonSaturating),
                                  std::pair("hinge", nn::Adversarial::kHinge),
                                  std::pair("wasserstein", nn::Adversarial::kWasserstein),
                                  std::pair("least_squares", nn::Adversarial::kLeastSquares)};
  models::AdversarialSettings settings;
  for (const auto& [name, loss] : kLosses)
    if (config.text("training.adversarial_loss") == name) settings.loss = loss;
  settings.penalty = config.real("training.gradient_penalty");
  settings.penalty_target = config.text("training.penalty_at") == "between" ? 1 : 0;
  settings.discriminator_steps = config.integer("training.discriminator_steps");
  return settings;
}

Tensor to_signed(const Tensor& images) {
  return images * 2 - 1;
}

Tensor from_signed(const Tensor& images) {
  return (images + 1) * 0.5;
}

Tensor in_parts(const Tensor& images, const std::function<Tensor(const Tensor&)>& function) {
  const NoTape constant;
  std::vector<Tensor> parts;
  for (std::int64_t first = 0; first < images.size(0); first += kPart)
    parts.push_back(function(slice(images, {Range(first, std::min(first + kPart, images.size(0)))})));
  return concatenate(parts, 0);
}

}  // namespace tessera::generative
