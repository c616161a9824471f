#include "tessera/models/gan.h"

#include "tessera/base/error.h"
#include "tessera/models/image_settings.h"

namespace tessera::models {
namespace {

void check(const char* model, const GanSettings& settings) {
  require_widths(model, "hidden", settings.hidden);
  require_widths(model, "latent", {settings.latent});
  if (settings.sample.rank() < 1 || settings.sample.elements() < 1)
    fail("{}: a sample has shape {}, expected at least one value", model, settings.sample.to_string());
}

}  // namespace

GanGenerator::GanGenerator(const GanSettings& settings, std::string path)
    : Module(std::move(path)), sample_(settings.sample), latent_(settings.latent) {
  check("GanGenerator", settings);
  layers_ = static_cast<nn::Sequential*>(&add_child("layers", std::make_unique<nn::Sequential>()));
  const nn::LinearSettings linear{.dtype = settings.dtype};
  std::int64_t width = settings.latent;
  for (const std::int64_t hidden : settings.hidden) {
    layers_->add<nn::Linear>(width, hidden, linear);
    layers_->add<nn::ReLU>();
    width = hidden;
  }
  layers_->add<nn::Linear>(width, sample_.elements(), linear);
  if (settings.bounded) layers_->add<nn::Tanh>();
}

Tensor GanGenerator::forward(const Tensor& noise, nn::Context& context) {
  const Shape output = output_shape(noise.shape());
  return reshape(layers_->forward(noise, context), output);
}

Shape GanGenerator::output_shape(const Shape& input) const {
  return batch_shape(require_samples(where(), input, {latent_}), sample_);
}

std::string GanGenerator::describe() const {
  return fmt::format("GanGenerator({} numbers -> {})", latent_, sample_.to_string());
}

GanDiscriminator::GanDiscriminator(const GanSettings& settings, std::string path)
    : Module(std::move(path)), sample_(settings.sample) {
  check("GanDiscriminator", settings);
  layers_ = static_cast<nn::Sequential*>(&add_child("layers", std::make_unique<nn::Sequential>()));
  const nn::LinearSettings linear{.dtype = settings.dtype};
  std::int64_t width = sample_.elements();
  for (auto hidden = settings.hidden.rbegin(); hidden != settings.hidden.rend(); ++hidden) {
    layers_->add<nn::Linear>(width, *hidden, linear);
    layers_->add<nn::LeakyReLU>(settings.leak);
    if (settings.drop > 0) layers_->add<nn::Dropout>(settings.drop);
    width = *hidden;
  }
  layers_->add<nn::Linear>(width, 1, linear);
}

Tensor GanDiscriminator::forward(const Tensor& samples, nn::Context& context) {
  output_shape(samples.shape());
  return layers_->forward(reshape(samples, {samples.size(0), sample_.elements()}), context);
}

Shape GanDiscriminator::output_shape(const Shape& input) const {
  return {require_samples(where(), input, sample_), 1};
}

std::string GanDiscriminator::describe() const {
  return fmt::format("GanDiscriminator({} -> score)", sample_.to_string());
}

}  // namespace tessera::models
