#include "tessera/nn/transformer.h"

#include <memory>

#include "tessera/base/error.h"
#include "tessera/nn/activations.h"
#include "tessera/nn/attention.h"
#include "tessera/nn/layer_parts.h"
#include "tessera/nn/layers.h"
#include "tessera/nn/normalization.h"
#include "tessera/tensor/op_scope.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {

TransformerEncoderLayer::TransformerEncoderLayer(std::int64_t features, std::int64_t heads,
                                                 const TransformerEncoderSettings& settings)
    : features_(features),
      heads_(heads),
      feed_forward_(settings.feed_forward == 0 ? 4 * features : settings.feed_forward),
      settings_(settings) {
  parts::positive("TransformerEncoderLayer", "feed_forward", feed_forward_);
  const DType dtype = settings.dtype;
  const LayerNormSettings norm{.epsilon = settings.epsilon, .dtype = dtype};
  attention_ = &add_child(
      "self_attn", std::make_unique<MultiheadAttention>(features, heads, AttentionSettings{.dtype = dtype}));
  linear1_ = &add_child("linear1",
                        std::make_unique<Linear>(features, feed_forward_, LinearSettings{.dtype = dtype}));
  if (settings.gelu)
    activation_ = &add_child("activation", std::make_unique<GELU>());
  else
    activation_ = &add_child("activation", std::make_unique<ReLU>());
  dropout_ = &add_child("dropout", std::make_unique<Dropout>(settings.drop));
  linear2_ = &add_child("linear2",
                        std::make_unique<Linear>(feed_forward_, features, LinearSettings{.dtype = dtype}));
  norm1_ = &add_child("norm1", std::make_unique<LayerNorm>(Shape{features}, norm));
  norm2_ = &add_child("norm2", std::make_unique<LayerNorm>(Shape{features}, norm));
  dropout1_ = &add_child("dropout1", std::make_unique<Dropout>(settings.drop));
  dropout2_ = &add_child("dropout2", std::make_unique<Dropout>(settings.drop));
}

Tensor TransformerEncoderLayer::run(Module* part, const Tensor& x, Context& context) const {
  const OpScope scope("layer " + part->path());
  return part->forward(x, context);
}

Tensor TransformerEncoderLayer::attended(const Tensor& x, Context& context) {
  return run(dropout1_, run(attention_, x, context), context);
}

Tensor TransformerEncoderLayer::fed_forward(const Tensor& x, Context& context) {
  const Tensor inside = run(activation_, run(linear1_, x, context), context);
  return run(dropout2_, run(linear2_, run(dropout_, inside, context), context), context);
}

Tensor TransformerEncoderLayer::forward(const Tensor& x, Context& context) {
  output_shape(x.shape());
  if (settings_.norm_first) {
    const Tensor y = x + attended(run(norm1_, x, context), context);
    return y + fed_forward(run(norm2_, y, context), context);
  }
  const Tensor y = run(norm1_, x + attended(x, context), context);
  return run(norm2_, y + fed_forward(y, context), context);
}

Shape TransformerEncoderLayer::output_shape(const Shape& input) const {
  if (input.rank() != 3 || input[2] != features_)
    fail("{}: the input has shape {}, expected [N, L, {}]", where(), input.to_string(), features_);
  return input;
}

std::string TransformerEncoderLayer::describe() const {
  return fmt::format("TransformerEncoderLayer({}, {} heads, feed-forward {}, {}, drop {}{})", features_,
                     heads_, feed_forward_, settings_.gelu ? "GELU" : "ReLU", settings_.drop,
                     settings_.norm_first ? ", norm first" : "");
}

PositionalEncoding::PositionalEncoding(std::int64_t features) : features_(features) {
  if (features < 2 || features % 2 != 0)
    fail("PositionalEncoding: there are {} features, expected an even number of them, at least 2", features);
}

Tensor PositionalEncoding::forward(const Tensor& x, Context& /*context*/) {
  output_shape(x.shape());
  const std::int64_t times = x.size(1), pairs = features_ / 2;
  const Tensor pair = arange(pairs).to(DType::kFloat64);
  const Tensor rates = pow(10000.0, pair * (-2.0 / static_cast<double>(features_)));
  const Tensor angles = reshape(arange(times).to(DType::kFloat64), {times, 1}) * reshape(rates, {1, pairs});
  const Tensor both =
      concatenate({reshape(sin(angles), {times, pairs, 1}), reshape(cos(angles), {times, pairs, 1})}, 2);
  return x + reshape(both, {1, times, features_}).to(x.dtype());
}

Shape PositionalEncoding::output_shape(const Shape& input) const {
  if (input.rank() != 3 || input[2] != features_)
    fail("{}: the input has shape {}, expected [N, L, {}]", where(), input.to_string(), features_);
  return input;
}

std::string PositionalEncoding::describe() const {
  return fmt::format("PositionalEncoding({})", features_);
}

}  // namespace tessera::nn
