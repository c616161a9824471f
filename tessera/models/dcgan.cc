#include "tessera/models/dcgan.h"

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/models/image_settings.h"
#include "tessera/nn/initialisers.h"

namespace tessera::models {
namespace {

constexpr double kDeviation = 0.02;  // of the initial weights; section 4 of the paper

// A convolution of either direction whose weights begin as the paper's.
template <typename Convolution>
class NormalConvolution : public Convolution {
 public:
  using Convolution::Convolution;

 private:
  void initialize_parameters(RandomSource& random) override {
    nn::Parameter& weight = this->weight();
    weight.value =
        nn::normal_init(random, weight.name, weight.value.shape(), kDeviation, weight.value.dtype());
    if (nn::Parameter* bias = this->bias()) bias->value = zeros(bias->value.shape(), bias->value.dtype());
  }
};

class NormalBatchNorm : public nn::BatchNorm {
 public:
  using nn::BatchNorm::BatchNorm;

 private:
  void initialize_parameters(RandomSource& random) override {
    const Tensor& before = weight()->value;
    weight()->value = 1 + nn::normal_init(random, weight()->name, before.shape(), kDeviation, before.dtype());
    bias()->value = zeros(before.shape(), before.dtype());
  }
};

using Up = NormalConvolution<nn::ConvTranspose2d>;
using Down = NormalConvolution<nn::Conv2d>;

void check(const char* model, const DcganSettings& settings) {
  require_widths(model, "channels", settings.channels);
  require_widths(model, "latent", {settings.latent});
}

// Between a 1x1 grid and the coarsest one, or one that halves. Normalised layers need no bias.
template <typename Settings>
Settings whole_grid(const Grid& grid, bool bias, DType dtype) {
  return {.kernel = {grid.height, grid.width}, .bias = bias, .dtype = dtype};
}
template <typename Settings>
Settings halving(bool bias, DType dtype) {
  return {.kernel = {4, 4}, .stride = {2, 2}, .padding = {1, 1}, .bias = bias, .dtype = dtype};
}

// Parts of rows (axis 2) or columns (axis 3).
Tensor axis_maxima(const Tensor& x, int axis, std::int64_t grid) {
  const std::int64_t length = x.size(axis);
  std::vector<Tensor> parts;
  for (std::int64_t i = 0; i < grid; ++i) {
    std::vector<Range> ranges(4, Range::all());
    ranges[static_cast<std::size_t>(axis)] = Range(i * length / grid, ((i + 1) * length + grid - 1) / grid);
    parts.push_back(max(slice(x, ranges), {axis}, true));
  }
  return concatenate(parts, axis);
}

}  // namespace

DcganGenerator::DcganGenerator(const DcganSettings& settings, std::string path)
    : Module(std::move(path)), image_(settings.image), latent_(settings.latent) {
  check("DcganGenerator", settings);
  const Grid coarsest = halved_grid("DcganGenerator", settings.image, settings.channels.size());
  layers_ = static_cast<nn::Sequential*>(&add_child("layers", std::make_unique<nn::Sequential>()));
  std::int64_t width = settings.latent;
  for (auto channels = settings.channels.rbegin(); channels != settings.channels.rend(); ++channels) {
    layers_->add<Up>(width, *channels,
                     channels == settings.channels.rbegin()
                         ? whole_grid<nn::ConvTranspose2dSettings>(coarsest, false, settings.dtype)
                         : halving<nn::ConvTranspose2dSettings>(false, settings.dtype));
    layers_->add<NormalBatchNorm>(*channels, nn::BatchNormSettings{.dtype = settings.dtype});
    layers_->add<nn::ReLU>();
    width = *channels;
  }
  layers_->add<Up>(width, image_[0], halving<nn::ConvTranspose2dSettings>(true, settings.dtype));
  layers_->add<nn::Tanh>();
}

Tensor DcganGenerator::forward(const Tensor& noise, nn::Context& context) {
  output_shape(noise.shape());
  return layers_->forward(reshape(noise, {noise.size(0), latent_, 1, 1}), context);
}

Shape DcganGenerator::output_shape(const Shape& input) const {
  return batch_shape(require_samples(where(), input, {latent_}), image_);
}

std::string DcganGenerator::describe() const {
  return fmt::format("DcganGenerator({} numbers -> {})", latent_, image_.to_string());
}

DcganDiscriminator::DcganDiscriminator(const DcganSettings& settings, std::string path)
    : Module(std::move(path)), image_(settings.image) {
  check("DcganDiscriminator", settings);
  const Grid coarsest = halved_grid("DcganDiscriminator", settings.image, settings.channels.size());
  layers_ = static_cast<nn::Sequential*>(&add_child("layers", std::make_unique<nn::Sequential>()));
  std::int64_t width = image_[0];
  for (const std::int64_t channels : settings.channels) {
    const bool normalize = settings.normalize_discriminator && layers_->children().size() > 0;
    layers_->add<Down>(width, channels, halving<nn::Conv2dSettings>(!normalize, settings.dtype));
    if (normalize) layers_->add<NormalBatchNorm>(channels, nn::BatchNormSettings{.dtype = settings.dtype});
    layers_->add<nn::LeakyReLU>(settings.leak);
    width = channels;
  }
  layers_->add<Down>(width, 1, whole_grid<nn::Conv2dSettings>(coarsest, true, settings.dtype));
}

Tensor DcganDiscriminator::forward(const Tensor& images, nn::Context& context) {
  const Shape output = output_shape(images.shape());
  return reshape(layers_->forward(images, context), output);
}

Shape DcganDiscriminator::output_shape(const Shape& input) const {
  return {require_samples(where(), input, image_), 1};
}

std::string DcganDiscriminator::describe() const {
  return fmt::format("DcganDiscriminator({} -> score)", image_.to_string());
}

std::vector<Tensor> DcganDiscriminator::activations(const Tensor& images) {
  output_shape(images.shape());
  std::vector<Tensor> found;
  Tensor x = images;
  for (const auto& layer : layers_->children()) {
    x = layer->evaluate(x);
    if (dynamic_cast<const nn::LeakyReLU*>(layer.get()) != nullptr) found.push_back(x);
  }
  return found;
}

Tensor grid_maxima(const Tensor& x, std::int64_t grid) {
  if (x.rank() != 4 || grid < 1)
    fail("grid_maxima: found a grid of {} and shape {}, expected at least 1 and [N, C, H, W]", grid,
         x.shape().to_string());
  Tensor y = x;
  for (int axis = 2; axis < 4; ++axis)
    if (y.size(axis) > grid) y = axis_maxima(y, axis, grid);
  return y;
}

Tensor discriminator_features(DcganDiscriminator& discriminator, const Tensor& images, std::int64_t grid) {
  const NoTape constant;
  std::vector<Tensor> parts;
  for (const Tensor& activation : discriminator.activations(images)) {
    const Tensor maxima = grid_maxima(activation, grid);
    parts.push_back(reshape(maxima, {maxima.size(0), -1}));
  }
  return concatenate(parts, 1);
}

}  // namespace tessera::models
