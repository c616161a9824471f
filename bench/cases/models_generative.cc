// Networks that are trained against each other, with images of 32x32: GAN, DCGAN, and progressive growing, fully grown.
#include "bench/cases/models.h"
#include "tessera/models/adversarial_training.h"
#include "tessera/models/dcgan.h"
#include "tessera/models/gan.h"
#include "tessera/models/progressive_training.h"

namespace bench {

using tessera::Tensor;
namespace nn = tessera::nn;
namespace models = tessera::models;

namespace {

constexpr std::int64_t kSide = 32;
constexpr double kRate = 2e-4;
constexpr nn::AdamSettings kAdam{.beta1 = 0.5};

// A step of both, as models::adversarial_step takes it: each player has noise of its own.
struct Match {
  std::shared_ptr<nn::Module> generator, discriminator;
  models::AdversarialNoise noise;
  Tensor images;
  Draws draws;
  nn::Adam generator_steps{generator->parameters(), kAdam};
  nn::Adam discriminator_steps{discriminator->parameters(), kAdam};

  Tensor operator()() {
    draws->begin_step(draws->step() + 1);
    const models::AdversarialResult result =
        models::adversarial_step({*generator, generator_steps, kRate},
                                 {*discriminator, discriminator_steps, kRate}, images, noise, {}, *draws);
    return tessera::full({}, result.discriminator_loss + result.generator_loss.value());
  }
};

Model adversarial(std::shared_ptr<nn::Module> generator, std::shared_ptr<nn::Module> discriminator,
                  std::int64_t batch, std::int64_t latent, const Draws& draws) {
  const models::AdversarialNoise noise{normal({batch, latent}), normal({batch, latent}), {}};
  const Tensor images = normal({batch, 1, kSide, kSide});
  Model model;
  model.networks = {generator, discriminator};
  model.inputs = {noise.discriminator, noise.generator, images};
  model.step = [match = std::make_shared<Match>(Match{.generator = generator,
                                                      .discriminator = std::move(discriminator),
                                                      .noise = noise,
                                                      .images = images,
                                                      .draws = draws})] { return (*match)(); };
  model.predict = [generator = std::move(generator), noise] { return generator->evaluate(noise.generator); };
  return model;
}

Model gan(const ModelSettings& settings) {
  const auto draws = std::make_shared<tessera::RandomSource>(1);
  const models::GanSettings own{.sample = {1, kSide, kSide}};
  return adversarial(initialized<models::GanGenerator>(draws, own),
                     initialized<models::GanDiscriminator>(draws, own), settings.batch, own.latent, draws);
}

Model dcgan(const ModelSettings& settings) {
  const auto draws = std::make_shared<tessera::RandomSource>(1);
  const models::DcganSettings own{.image = {1, kSide, kSide}, .channels = {32, 64, 128}};
  return adversarial(initialized<models::DcganGenerator>(draws, own),
                     initialized<models::DcganDiscriminator>(draws, own), settings.batch, own.latent, draws);
}

// ---- Progressive growing: its last stage, without a fade-in ----

struct Growing {
  models::ProgressiveSettings own;
  std::int64_t batch;
  Draws draws;
  std::shared_ptr<models::ProgressiveGenerator> generator =
      initialized<models::ProgressiveGenerator>(draws, own);
  std::shared_ptr<models::ProgressiveDiscriminator> discriminator =
      initialized<models::ProgressiveDiscriminator>(draws, own);
  models::ProgressiveTrainer trainer{
      *generator, *discriminator, {.stages = {{}, {}, {}, {.stable_images = batch}}, .batch = batch}};

  Tensor step(const Tensor& images) {
    draws->begin_step(draws->step() + 1);
    const models::ProgressiveLosses losses = trainer.step(images, *draws);
    return tessera::full({}, losses.discriminator + losses.generator);
  }
};

// What the trainer draws in its first steps, for the other side: [steps, ...] each.
std::vector<Tensor> drawn(std::int64_t batch, std::int64_t latent) {
  tessera::RandomSource random(1);
  std::vector<Tensor> discriminator, generator, between;
  for (std::uint64_t step = 1; step <= kCheckedSteps; ++step) {
    random.begin_step(step);
    discriminator.push_back(random.normal("latents/discriminator", {1, batch, latent}));
    generator.push_back(random.normal("latents/generator", {1, batch, latent}));
    between.push_back(random.uniform("between", {1, batch}));
  }
  return {tessera::concatenate(discriminator, 0), tessera::concatenate(generator, 0),
          tessera::concatenate(between, 0)};
}

Model progressive_gan(const ModelSettings& settings) {
  const auto draws = std::make_shared<tessera::RandomSource>(1);
  const std::shared_ptr<Growing> growing(new Growing{.own = {}, .batch = settings.batch, .draws = draws});
  const Tensor latents = normal({settings.batch, growing->own.latent}),
               images = normal({settings.batch, 1, kSide, kSide});
  Model model;
  model.networks = {growing->generator, growing->discriminator};
  model.inputs = {latents, images};
  for (const Tensor& tensor : drawn(settings.batch, growing->own.latent)) model.inputs.push_back(tensor);
  model.step = [growing, images] { return growing->step(images); };
  model.predict = [growing, latents] { return growing->generator->evaluate(latents); };
  return model;
}

}  // namespace

std::vector<ModelRow> generative_models() {
  return {{"GAN", gan}, {"DCGAN", dcgan}, {"progressive GAN", progressive_gan}};
}

}  // namespace bench
