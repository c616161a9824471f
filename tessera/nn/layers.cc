#include "tessera/nn/layers.h"

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/nn/layer_parts.h"
#include "tessera/tensor/finish.h"
#include "tessera/tensor/op_scope.h"

namespace tessera::nn {
using parts::initialize_as_pytorch;
using parts::positive;
using parts::require_dtype;

// ---- Linear ----

Linear::Linear(std::int64_t in_features, std::int64_t out_features, const LinearSettings& settings)
    : in_features_(positive("Linear", "in_features", in_features)),
      out_features_(positive("Linear", "out_features", out_features)) {
  weight_ = &add_parameter("weight", {out_features_, in_features_}, settings.dtype);
  if (settings.bias) bias_ = &add_parameter("bias", {out_features_}, settings.dtype);
}

Tensor Linear::forward(const Tensor& x, Context& /*context*/) {
  output_shape(x.shape());
  require_dtype([this] { return where(); }, x, *weight_);
  return bias_ == nullptr ? matmul(x, transpose(weight_->value)) : linear(x, weight_->value, bias_->value);
}

Tensor Linear::forward_with(Activation next, const Tensor& x, Context& /*context*/) {
  if (bias_ == nullptr || x.dtype() == DType::kBFloat16) return {};
  output_shape(x.shape());
  require_dtype([this] { return where(); }, x, *weight_);
  return linear(x, weight_->value, bias_->value, next);
}

Shape Linear::output_shape(const Shape& input) const {
  if (input.rank() < 1 || input[input.rank() - 1] != in_features_)
    fail("{}: the input has shape {}, but the weight {} takes {} on its last axis{}", where(),
         input.to_string(), weight_->value.shape().to_string(), in_features_,
         input.rank() < 1 ? "" : fmt::format(" (axis {} is {})", input.rank() - 1, input[input.rank() - 1]));
  Shape output = input;
  output[input.rank() - 1] = out_features_;
  return output;
}

std::string Linear::describe() const {
  return fmt::format("Linear({} -> {}{})", in_features_, out_features_, bias_ == nullptr ? ", no bias" : "");
}

void Linear::initialize_parameters(RandomSource& random) {
  initialize_as_pytorch(random, *weight_, bias_);
}

// ---- Flatten ----

Tensor Flatten::forward(const Tensor& x, Context& /*context*/) {
  return reshape(x, output_shape(x.shape()));
}

Shape Flatten::output_shape(const Shape& input) const {
  if (input.rank() < 1)
    fail("{}: the input has shape {}, expected an axis of samples", where(), input.to_string());
  std::int64_t features = 1;
  for (int axis = 1; axis < input.rank(); ++axis) features *= input[axis];
  return {input[0], features};
}

// ---- Dropout ----

Dropout::Dropout(double drop) : drop_(drop) {
  if (!(drop >= 0 && drop < 1)) fail("Dropout: drop is {}, expected at least 0 and below 1", drop);
}

Tensor Dropout::forward(const Tensor& x, Context& context) {
  if (!context.training || drop_ == 0 || x.elements() == 0) return x;
  if (context.random == nullptr) fail("{}: training needs Context::random", where());
  if (x.rank() < 1)
    fail("{}: the input has shape {}, expected an axis of samples", where(), x.shape().to_string());
  const auto per_sample = static_cast<std::uint64_t>(x.elements() / x.size(0));
  // The mask is float32 for every dtype, so that a network drops the same values in both precisions.
  const Tensor u = context.random->uniform(context.stream_name(path()), x.shape(), DType::kFloat32,
                                           context.first_sample * per_sample);
  const FloatEnvironment contract;
  return finish(x, {.draws = u, .drop = drop_, .scale = 1 / (1 - drop_)});
}

std::string Dropout::describe() const {
  return fmt::format("Dropout(drop {})", drop_);
}

// ---- Sequential ----

Module& Sequential::add(std::unique_ptr<Module> layer, std::string name) {
  return add_child(name.empty() ? std::to_string(children().size()) : name, std::move(layer));
}

Tensor Sequential::forward(const Tensor& x, Context& context) {
  Tensor y = x;
  const auto& layers = children();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const OpScope scope("layer " + layers[i]->path());
    const Activation next = i + 1 < layers.size() ? layers[i + 1]->activation() : Activation::kNone;
    const Tensor both = next == Activation::kNone ? Tensor() : layers[i]->forward_with(next, y, context);
    y = both.defined() ? both : layers[i]->forward(y, context);
    if (both.defined()) ++i;
  }
  return y;
}

Shape Sequential::output_shape(const Shape& input) const {
  Shape shape = input;
  for (const auto& layer : children()) shape = layer->output_shape(shape);
  return shape;
}

std::string Sequential::describe() const {
  std::string text = "Sequential";
  for (const auto& layer : children()) text += fmt::format("\n  {}: {}", layer->path(), layer->describe());
  return text;
}

}  // namespace tessera::nn
