#include "tessera/models/progressive_gan.h"

#include <cmath>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/models/progressive_layers.h"
#include "tessera/tensor/ops.h"

namespace tessera::models {
namespace {

constexpr double kSlope = 0.2;
constexpr double kNormEpsilon = 1e-8;

const ProgressiveSettings& checked(const char* network, const ProgressiveSettings& settings) {
  const auto stages = static_cast<std::int64_t>(settings.channels.size());
  if (stages < 1 || stages > kMostStages)
    fail("{}: channels for {} stages, expected 1 to {}", network, stages, kMostStages);
  for (const std::int64_t channels : settings.channels)
    if (channels < 1) fail("{}: a stage of {} channels, expected at least 1", network, channels);
  if (settings.latent < 1) fail("{}: latent is {}, expected at least 1", network, settings.latent);
  if (settings.colours < 1) fail("{}: colours is {}, expected at least 1", network, settings.colours);
  return settings;
}

void check_growth(const char* network, const Growth& growth, std::size_t stages) {
  if (growth.stage < 0 || growth.stage >= static_cast<std::int64_t>(stages))
    fail("{}: set_growth: stage {}, expected 0 to {}", network, growth.stage, stages - 1);
  if (!(growth.alpha >= 0 && growth.alpha <= 1))
    fail("{}: set_growth: alpha is {}, expected 0 to 1", network, growth.alpha);
  if (growth.stage == 0 && growth.alpha != 1)
    fail("{}: set_growth: the first stage has nothing to fade from, but alpha is {}", network, growth.alpha);
}

// "8x8", for the names of layers.
std::string size_text(std::int64_t stage) {
  return fmt::format("{0}x{0}", resolution_of(stage));
}

Tensor mixed(const Tensor& before, const Tensor& after, double alpha) {
  const FloatEnvironment contract;
  return before * (1 - alpha) + after * alpha;
}

std::vector<nn::Parameter*> joined(nn::Module& first, nn::Module& second) {
  std::vector<nn::Parameter*> all = first.parameters();
  for (nn::Parameter* parameter : second.parameters()) all.push_back(parameter);
  return all;
}

// A convolution and what follows it in the generator (normalised) or the discriminator.
struct Convolved {
  std::int64_t in, out, kernel, padding;
};
void add_convolution(nn::Sequential& block, const Convolved& shape, bool normalize, DType dtype) {
  block.add<EqualizedConv2d>(
      shape.in, shape.out,
      EqualizedConv2dSettings{.kernel = shape.kernel, .padding = shape.padding, .dtype = dtype});
  block.add<nn::LeakyReLU>(kSlope);
  if (normalize) block.add<nn::PixelNorm>(kNormEpsilon);
}

}  // namespace

Tensor double_images(const Tensor& images) {
  return nn::Upsample(2).evaluate(images);
}

Tensor halve_images(const Tensor& images) {
  return average_pool2d(images);
}

Tensor images_at(const Tensor& images, const Growth& growth) {
  const std::int64_t wanted = resolution_of(growth.stage);
  Tensor x = images;
  while (x.rank() == 4 && x.size(2) > wanted && x.size(2) % 2 == 0 && x.size(3) == x.size(2))
    x = halve_images(x);
  if (x.rank() != 4 || x.size(2) != wanted || x.size(3) != wanted)
    fail("images_at: images of {}, expected [N, C, R, R] with R = {} or that doubled once or more",
         images.shape().to_string(), wanted);
  if (growth.alpha == 1) return x;
  return mixed(double_images(halve_images(x)), x, growth.alpha);
}

// ---- Generator ----

ProgressiveGenerator::ProgressiveGenerator(const ProgressiveSettings& settings, std::string path)
    : Module(std::move(path)), settings_(checked("ProgressiveGenerator", settings)) {
  const std::vector<std::int64_t>& channels = settings.channels;
  const DType dtype = settings.dtype;
  for (std::size_t stage = 0; stage < channels.size(); ++stage) {
    auto block = std::make_unique<nn::Sequential>();
    if (stage == 0)  // from [N, L, 1, 1]: each of the 4x4 pixels meets one tap
      add_convolution(*block, {settings.latent, channels[0], 4, 3}, true, dtype);
    else {
      block->add<nn::Upsample>(2);
      add_convolution(*block, {channels[stage - 1], channels[stage], 3, 1}, true, dtype);
    }
    add_convolution(*block, {channels[stage], channels[stage], 3, 1}, true, dtype);
    const std::string size = size_text(static_cast<std::int64_t>(stage));
    blocks_.push_back(static_cast<nn::Sequential*>(&add_child(size, std::move(block))));
    to_image_.push_back(
        &add_child(size + "_to_image",
                   std::make_unique<EqualizedConv2d>(
                       channels[stage], settings.colours,
                       EqualizedConv2dSettings{.kernel = 1, .padding = 0, .gain = 1, .dtype = dtype})));
  }
  growth_.stage = static_cast<std::int64_t>(channels.size()) - 1;
}

void ProgressiveGenerator::set_growth(const Growth& growth) {
  check_growth("ProgressiveGenerator", growth, blocks_.size());
  growth_ = growth;
}

// What the block of this stage gives.
Tensor ProgressiveGenerator::features(const Tensor& latents, std::int64_t stage, nn::Context& context) {
  const Tensor normal = nn::PixelNorm(kNormEpsilon).forward(latents, context);
  Tensor x = reshape(normal, {latents.size(0), settings_.latent, 1, 1});
  for (std::int64_t i = 0; i <= stage; ++i) x = blocks_[static_cast<std::size_t>(i)]->forward(x, context);
  return x;
}

Tensor ProgressiveGenerator::forward(const Tensor& latents, nn::Context& context) {
  output_shape(latents.shape());
  const auto stage = static_cast<std::size_t>(growth_.stage);
  if (growth_.alpha == 1)
    return to_image_[stage]->forward(features(latents, growth_.stage, context), context);
  const Tensor x = features(latents, growth_.stage - 1, context);
  const Tensor before = double_images(to_image_[stage - 1]->forward(x, context));
  if (growth_.alpha == 0) return before;
  const Tensor after = to_image_[stage]->forward(blocks_[stage]->forward(x, context), context);
  return mixed(before, after, growth_.alpha);
}

Shape ProgressiveGenerator::output_shape(const Shape& input) const {
  if (input.rank() != 2 || input[1] != settings_.latent)
    fail("{}: the latents have shape {}, expected [N, {}]", where(), input.to_string(), settings_.latent);
  const std::int64_t side = resolution_of(growth_.stage);
  return {input[0], settings_.colours, side, side};
}

std::string ProgressiveGenerator::describe() const {
  return fmt::format("ProgressiveGenerator({} -> {}, channels {})", settings_.latent,
                     size_text(growth_.stage), fmt::join(settings_.channels, ", "));
}

std::vector<nn::Parameter*> ProgressiveGenerator::parameters_of(std::int64_t stage) {
  const auto i = static_cast<std::size_t>(stage);
  TESSERA_CHECK(stage >= 0 && i < blocks_.size(), "stage {} of {}", stage, blocks_.size());
  return joined(*blocks_[i], *to_image_[i]);
}

// ---- Discriminator ----

ProgressiveDiscriminator::ProgressiveDiscriminator(const ProgressiveSettings& settings, std::string path)
    : Module(std::move(path)), settings_(checked("ProgressiveDiscriminator", settings)) {
  const std::vector<std::int64_t>& channels = settings.channels;
  const DType dtype = settings.dtype;
  for (std::size_t stage = 0; stage < channels.size(); ++stage) {
    const std::int64_t width = channels[stage];
    auto block = std::make_unique<nn::Sequential>();
    if (stage == 0) {
      block->add<MinibatchDeviation>(settings.deviation_group);
      add_convolution(*block, {width + 1, width, 3, 1}, false, dtype);
      add_convolution(*block, {width, width, 4, 0}, false, dtype);
      block->add<nn::Flatten>();
      block->add<EqualizedLinear>(width, 1, EqualizedLinearSettings{.gain = 1, .dtype = dtype});
    } else {
      add_convolution(*block, {width, width, 3, 1}, false, dtype);
      add_convolution(*block, {width, channels[stage - 1], 3, 1}, false, dtype);
      block->add<nn::AvgPool2d>();
    }
    auto from_image = std::make_unique<nn::Sequential>();
    add_convolution(*from_image, {settings.colours, width, 1, 0}, false, dtype);
    const std::string size = size_text(static_cast<std::int64_t>(stage));
    blocks_.push_back(static_cast<nn::Sequential*>(&add_child(size, std::move(block))));
    from_image_.push_back(
        static_cast<nn::Sequential*>(&add_child(size + "_from_image", std::move(from_image))));
  }
  growth_.stage = static_cast<std::int64_t>(channels.size()) - 1;
}

void ProgressiveDiscriminator::set_growth(const Growth& growth) {
  check_growth("ProgressiveDiscriminator", growth, blocks_.size());
  growth_ = growth;
}

Tensor ProgressiveDiscriminator::forward(const Tensor& images, nn::Context& context) {
  output_shape(images.shape());
  auto stage = static_cast<std::size_t>(growth_.stage);
  const double alpha = growth_.alpha;
  Tensor x;
  if (alpha > 0) x = blocks_[stage]->forward(from_image_[stage]->forward(images, context), context);
  if (alpha < 1) {
    const Tensor before = from_image_[stage - 1]->forward(halve_images(images), context);
    x = alpha == 0 ? before : mixed(before, x, alpha);
  }
  while (stage-- > 0) x = blocks_[stage]->forward(x, context);
  return x;
}

Shape ProgressiveDiscriminator::output_shape(const Shape& input) const {
  const std::int64_t side = resolution_of(growth_.stage);
  if (input.rank() != 4 || input[1] != settings_.colours || input[2] != side || input[3] != side)
    fail("{}: the images have shape {}, expected [N, {}, {}, {}]", where(), input.to_string(),
         settings_.colours, side, side);
  return {input[0], 1};
}

std::string ProgressiveDiscriminator::describe() const {
  return fmt::format("ProgressiveDiscriminator({}, channels {})", size_text(growth_.stage),
                     fmt::join(settings_.channels, ", "));
}

std::vector<nn::Parameter*> ProgressiveDiscriminator::parameters_of(std::int64_t stage) {
  const auto i = static_cast<std::size_t>(stage);
  TESSERA_CHECK(stage >= 0 && i < blocks_.size(), "stage {} of {}", stage, blocks_.size());
  return joined(*blocks_[i], *from_image_[i]);
}

}  // namespace tessera::models
