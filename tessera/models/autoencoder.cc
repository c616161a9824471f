#include "tessera/models/autoencoder.h"

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/models/image_settings.h"
#include "tessera/nn/losses.h"

namespace tessera::models {
namespace {

nn::Conv2dSettings halving(DType dtype) {
  return {.kernel = {4, 4}, .stride = {2, 2}, .padding = {1, 1}, .dtype = dtype};
}
nn::ConvTranspose2dSettings doubling(DType dtype) {
  return {.kernel = {4, 4}, .stride = {2, 2}, .padding = {1, 1}, .dtype = dtype};
}

}  // namespace

Autoencoder::Autoencoder(const char* name, const AutoencoderSettings& settings, std::string path)
    : Module(std::move(path)), name_(name), image_(settings.image), code_(settings.code) {
  require_widths(name, "code", {settings.code});
  halved_grid(name, settings.image, 0);
  const auto part = [&](const char* part_name) {
    return static_cast<nn::Sequential*>(&add_child(part_name, std::make_unique<nn::Sequential>()));
  };
  encoder_ = part("encoder");
  decoder_ = part("decoder");
  painter_ = part("painter");
}

DenseAutoencoder::DenseAutoencoder(const AutoencoderSettings& settings, std::string path)
    : Autoencoder("DenseAutoencoder", settings, std::move(path)) {
  require_widths(name_, "hidden", settings.hidden);
  const nn::LinearSettings linear{.dtype = settings.dtype};
  encoder_->add<nn::Flatten>();
  std::int64_t width = image_.elements();
  for (const std::int64_t hidden : settings.hidden) {
    encoder_->add<nn::Linear>(width, hidden, linear);
    encoder_->add<nn::ReLU>();
    width = hidden;
  }
  encoder_->add<nn::Linear>(width, code_, linear);
  width = code_;
  for (auto hidden = settings.hidden.rbegin(); hidden != settings.hidden.rend(); ++hidden) {
    decoder_->add<nn::Linear>(width, *hidden, linear);
    decoder_->add<nn::ReLU>();
    width = *hidden;
  }
  grid_ = {width};
  painter_->add<nn::Linear>(width, image_.elements(), linear);
}

ConvolutionalAutoencoder::ConvolutionalAutoencoder(const AutoencoderSettings& settings, std::string path)
    : Autoencoder("ConvolutionalAutoencoder", settings, std::move(path)) {
  require_widths(name_, "channels", settings.channels);
  const Grid coarsest = halved_grid(name_, image_, settings.channels.size());
  const nn::LinearSettings linear{.dtype = settings.dtype};
  std::int64_t width = image_[0];
  for (const std::int64_t channels : settings.channels) {
    encoder_->add<nn::Conv2d>(width, channels, halving(settings.dtype));
    encoder_->add<nn::ReLU>();
    width = channels;
  }
  grid_ = {width, coarsest.height, coarsest.width};
  encoder_->add<nn::Flatten>();
  encoder_->add<nn::Linear>(grid_.elements(), code_, linear);
  decoder_->add<nn::Linear>(code_, grid_.elements(), linear);
  decoder_->add<nn::ReLU>();
  for (auto next = settings.channels.rbegin() + 1; next != settings.channels.rend(); ++next) {
    painter_->add<nn::ConvTranspose2d>(width, *next, doubling(settings.dtype));
    painter_->add<nn::ReLU>();
    width = *next;
  }
  painter_->add<nn::ConvTranspose2d>(width, image_[0], doubling(settings.dtype));
}

Tensor Autoencoder::codes(const Tensor& images, nn::Context& context) {
  output_shape(images.shape());
  return encoder_->forward(images, context);
}

Tensor Autoencoder::logits(const Tensor& codes, nn::Context& context) {
  const std::int64_t samples = require_samples(where(), codes.shape(), {code_});
  const Tensor grid = reshape(decoder_->forward(codes, context), batch_shape(samples, grid_));
  return reshape(painter_->forward(grid, context), batch_shape(samples, image_));
}

Tensor Autoencoder::forward(const Tensor& images, nn::Context& context) {
  return sigmoid(logits(codes(images, context), context));
}

Tensor Autoencoder::encode(const Tensor& images) {
  const NoTape constant;
  nn::Context context;
  return codes(images, context);
}

Tensor Autoencoder::decode(const Tensor& codes) {
  const NoTape constant;
  nn::Context context;
  return sigmoid(logits(codes, context));
}

Shape Autoencoder::output_shape(const Shape& input) const {
  require_samples(where(), input, image_);
  return input;
}

std::string Autoencoder::describe() const {
  return fmt::format("{}({} -> {} numbers)", name_, image_.to_string(), code_);
}

Tensor reconstruction_loss(const Tensor& logits, const Tensor& images, Reconstruction kind,
                           std::int64_t batch) {
  if (kind == Reconstruction::kCrossEntropy) return nn::binary_cross_entropy_loss(logits, images, {}, batch);
  return nn::mse_loss(sigmoid(logits), images, batch);
}

Tensor corrupted(const Tensor& images, const Corruption& corruption, RandomSource& random) {
  if (!(corruption.deviation >= 0) || !(corruption.masked >= 0 && corruption.masked < 1))
    fail("corrupted: deviation is {} and masked {}, expected at least 0, and from 0 to below 1",
         corruption.deviation, corruption.masked);
  Tensor result = images;
  if (corruption.deviation > 0)
    result =
        result + random.normal("corruption/normal", images.shape(), images.dtype()) * corruption.deviation;
  if (corruption.masked > 0)
    result =
        select(less(random.uniform("corruption/mask", images.shape(), images.dtype()), corruption.masked), 0,
               result);
  return result;
}

}  // namespace tessera::models
