#include "tessera/nn/activations.h"

#include "tessera/base/error.h"
#include "tessera/nn/layer_parts.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {
namespace {

constexpr double kSeluScale = 1.0507009873554804934193349852946;
constexpr double kSeluAlpha = 1.6732632423543772848170429916717;
constexpr double kInverseSqrt2 = 0.70710678118654752440084436210485;
constexpr double kSqrt2OverPi = 0.79788456080286535587989211986876;

}  // namespace

// ---- Functions ----

Tensor leaky_relu(const Tensor& x, double slope) {
  return select(greater(x, 0), x, x * slope);
}

Tensor elu(const Tensor& x, double alpha) {
  return select(greater(x, 0), x, expm1(minimum(x, 0)) * alpha);
}

Tensor selu(const Tensor& x) {
  return elu(x, kSeluAlpha) * kSeluScale;
}

Tensor softplus(const Tensor& x) {
  return maximum(x, 0) + log1p(exp(-absolute(x)));
}

Tensor gelu(const Tensor& x, GeluForm form) {
  const Tensor shape = form == GeluForm::kExact ? erf(x * kInverseSqrt2)
                                                : tanh((x + x * x * x * 0.044715) * kSqrt2OverPi);
  return x * 0.5 * (1 + shape);
}

Tensor silu(const Tensor& x) {
  return x * sigmoid(x);
}

Tensor mish(const Tensor& x) {
  return x * tanh(softplus(x));
}

Tensor maxout(const Tensor& x, std::int64_t pieces) {
  parts::positive("maxout", "pieces", pieces);
  if (x.rank() < 2 || x.size(1) % pieces != 0)
    fail("maxout: the input has shape {}, expected axis 1 to divide into pieces of {}", x.shape().to_string(),
         pieces);
  Shape cut{x.size(0), x.size(1) / pieces, pieces};
  for (int axis = 2; axis < x.rank(); ++axis) cut.append(x.size(axis));
  return max(reshape(x, cut), {2});
}

// ---- Layers ----

Tensor ReLU::forward(const Tensor& x, Context& /*context*/) {
  return relu(x);
}
Tensor Tanh::forward(const Tensor& x, Context& /*context*/) {
  return tanh(x);
}
Tensor Sigmoid::forward(const Tensor& x, Context& /*context*/) {
  return sigmoid(x);
}
Tensor SELU::forward(const Tensor& x, Context& /*context*/) {
  return selu(x);
}
Tensor Softplus::forward(const Tensor& x, Context& /*context*/) {
  return softplus(x);
}
Tensor SiLU::forward(const Tensor& x, Context& /*context*/) {
  return silu(x);
}
Tensor Mish::forward(const Tensor& x, Context& /*context*/) {
  return mish(x);
}

Tensor LeakyReLU::forward(const Tensor& x, Context& /*context*/) {
  return leaky_relu(x, slope_);
}
std::string LeakyReLU::describe() const {
  return fmt::format("LeakyReLU(slope {})", slope_);
}

Tensor ELU::forward(const Tensor& x, Context& /*context*/) {
  return elu(x, alpha_);
}
std::string ELU::describe() const {
  return fmt::format("ELU(alpha {})", alpha_);
}

Tensor GELU::forward(const Tensor& x, Context& /*context*/) {
  return gelu(x, form_);
}
std::string GELU::describe() const {
  return form_ == GeluForm::kExact ? "GELU" : "GELU(tanh)";
}

Tensor Softmax::forward(const Tensor& x, Context& /*context*/) {
  return softmax(x, axis_);
}
std::string Softmax::describe() const {
  return fmt::format("Softmax(axis {})", axis_);
}

Tensor LogSoftmax::forward(const Tensor& x, Context& /*context*/) {
  return log_softmax(x, axis_);
}
std::string LogSoftmax::describe() const {
  return fmt::format("LogSoftmax(axis {})", axis_);
}

Maxout::Maxout(std::int64_t pieces) : pieces_(parts::positive("Maxout", "pieces", pieces)) {}

Tensor Maxout::forward(const Tensor& x, Context& /*context*/) {
  output_shape(x.shape());
  return maxout(x, pieces_);
}

Shape Maxout::output_shape(const Shape& input) const {
  if (input.rank() < 2 || input[1] % pieces_ != 0)
    fail("{}: the input has shape {}, expected axis 1 to divide into pieces of {}", where(), input.to_string(),
         pieces_);
  Shape output = input;
  output[1] /= pieces_;
  return output;
}

std::string Maxout::describe() const {
  return fmt::format("Maxout({} pieces)", pieces_);
}

}  // namespace tessera::nn
