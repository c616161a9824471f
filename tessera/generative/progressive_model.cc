// Kind "progressive".
#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/generative/kinds.h"
#include "tessera/metrics/sliced_wasserstein.h"
#include "tessera/models/progressive_training.h"
#include "tessera/tensor/ops.h"

namespace tessera::generative {
namespace {

constexpr std::int64_t kCompared = 512;   // held-out images, and as many samples
constexpr std::uint64_t kSampleSeed = 0;  // of the samples that held-out images are compared with

models::ProgressiveSettings network_settings(const GenerationConfig& config, const Shape& image) {
  const std::vector<std::int64_t> channels = config.integers("model.stage_channels");
  const auto stages = static_cast<std::int64_t>(channels.size());
  if (stages > models::kMostStages)
    fail_with(ExitCode::kUsage, "{}: model.stage_channels has {} stages, expected at most {}",
              config.origin("model.stage_channels"), stages, models::kMostStages);
  const std::int64_t side = models::resolution_of(stages - 1);
  if (image[1] != side || image[2] != side)
    fail_with(ExitCode::kUsage,
              "{}: model.stage_channels has {} stages, for images of {}x{}, but those of the data are {}x{}; "
              "data.pad makes them larger",
              config.origin("model.stage_channels"), stages, side, side, image[1], image[2]);
  return {.latent = config.integer("model.latent"),
          .channels = channels,
          .colours = image[0],
          .deviation_group = config.integer("model.deviation_group")};
}

// The first stage has nothing to fade from, and the last one goes on to the end of the training. Without images for the stages before, it is the only one.
models::ProgressiveTraining training_settings(const GenerationConfig& config) {
  const std::int64_t fade = config.integer("training.fade_images"),
                     stable = config.integer("training.stable_images");
  const std::size_t stages = config.integers("model.stage_channels").size();
  if (stable == 0 && fade > 0 && stages > 1)
    fail_with(
        ExitCode::kUsage,
        "{}: training.stable_images is 0, but training.fade_images is {}: the first stage would have no "
        "images to fade from; expected both 0 or training.stable_images above 0",
        config.origin("training.stable_images"), fade);
  std::vector<models::GrowthStage> images(stages, {fade, stable});
  images.front().fade_images = 0;
  images.back().stable_images = 1;
  return {.stages = images,
          .batch = config.integer("training.batch"),
          .learning_rate = config.real("training.learning_rate"),
          .average_decay = config.real("training.average_decay")};
}

class ProgressiveModel : public GenerativeModel {
 public:
  ProgressiveModel(const GenerationConfig& config, const Shape& image)
      : image_(image),
        training_(training_settings(config)),
        generator_(network_settings(config, image)),
        discriminator_(generator_.settings()) {}

  void initialize(RandomSource& random) override {
    generator_.initialize(random);
    discriminator_.initialize(random);
    trainer_ = std::make_unique<models::ProgressiveTrainer>(generator_, discriminator_, training_);
  }

  std::vector<std::pair<std::string, Stateful*>> state() override { return {{"model", trainer_.get()}}; }

  std::uint64_t least_steps() const override {
    return models::GrowthSchedule(training_.stages, training_.batch).steps();
  }

  std::vector<StepScalar> step(const Tensor& images, RandomSource& random) override {
    const models::ProgressiveLosses losses = trainer_->step(to_signed(images), random);
    const models::Growth growth = trainer_->growth();
    return {{"discriminator_loss", losses.discriminator},
            {"generator_loss", losses.generator},
            {"score_gap", losses.gap},
            {"gradient_penalty", losses.penalty},
            {"resolution", static_cast<double>(models::resolution_of(growth.stage))},
            {"alpha", growth.alpha}};
  }

  // How far samples are from held-out images, always at the images' own resolution.
  std::vector<StepScalar> evaluate(const Tensor& images) override {
    const std::int64_t count = std::min(kCompared, images.size(0));
    const Tensor real = slice(images, {Range(0, count)}), made = pictures(count, kSampleSeed, {});
    if (image_[1] < metrics::PatchDistanceSettings{}.patch) return {};
    return {{"held_out_patch_distance", metrics::mean_distance(metrics::patch_distances(
                                            real, made, {.patches_per_image = 64, .projections = 128}))}};
  }

  // Those of a network that has not grown to the end are made larger.
  Tensor pictures(std::int64_t count, std::uint64_t seed, const Tensor& /*images*/) override {
    const Tensor noise = RandomSource(seed).normal("samples", {count, generator_.settings().latent});
    return in_parts(noise, [&](const Tensor& latents) { return images_of(latents); });
  }

  std::vector<ModelFunction> functions() override {
    return {{"generator", "noise", "images", Shape{generator_.settings().latent},
             [this](const Tensor& latents) { return images_of(latents); }},
            {"discriminator", "images", "scores", image_,
             [this](const Tensor& images) { return discriminator_.evaluate(to_signed(images)); }}};
  }

  std::string describe() const override {
    return fmt::format("{} and {}, grown after {} steps", generator_.describe(), discriminator_.describe(),
                       least_steps());
  }

 private:
  Tensor images_of(const Tensor& latents) {
    Tensor made = trainer_->samples(latents);
    while (made.size(2) < image_[1]) made = models::double_images(made);
    return minimum(maximum(from_signed(made), 0), 1);  // the last layer has no bounds
  }

  Shape image_;
  models::ProgressiveTraining training_;
  models::ProgressiveGenerator generator_;
  models::ProgressiveDiscriminator discriminator_;
  std::unique_ptr<models::ProgressiveTrainer> trainer_;
};

}  // namespace

std::unique_ptr<GenerativeModel> make_progressive(const GenerationConfig& config, const Shape& image) {
  return std::make_unique<ProgressiveModel>(config, image);
}

}  // namespace tessera::generative
