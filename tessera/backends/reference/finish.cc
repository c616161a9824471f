// Bias, activation and dropout, and their gradient, one element after the other: the formulas of tensor/finish.h.
#include <optional>

#include "tessera/backends/reference/activation.h"
#include "tessera/backends/reference/common.h"
#include "tessera/backends/reference/kernels.h"

namespace tessera::backends::reference {
namespace {

// The gradient before the activation of x, from the one behind it.
template <typename T>
T before_activation(Activation activation, T x, T g) {
  const T y = activated(activation, x);
  switch (activation) {
    case Activation::kRelu:
      return x > T(0) ? g : T(0);
    case Activation::kTanh:
      return g * (T(1) - y * y);
    case Activation::kSigmoid:
      return g * (y * (T(1) - y));
    case Activation::kNone:
      break;
  }
  return g;
}

template <typename T>
void finish_elements(const KernelCall& call, bool gradient) {
  const auto& finish = attributes_of<FinishAttributes>(call);
  const Shape& shape = call.output.shape;
  const std::size_t first = gradient ? 1 : 0;
  const Dense<T> x(call.inputs[first]), g(call.inputs[0]);
  std::optional<Dense<T>> bias;
  std::optional<Dense<float>> draws;
  if (finish.bias) bias.emplace(call.inputs[first + 1]);
  if (finish.drops) draws.emplace(call.inputs.back());
  const std::int64_t inner = finish.bias ? elements_between(shape, finish.axis + 1, shape.rank()) : 1;
  const std::int64_t channels = finish.bias ? shape[finish.axis] : 1;
  const float drop = static_cast<float>(finish.drop);
  const T scale = static_cast<T>(finish.scale);
  T* out = call.output.as<T>();
  for_each_output(shape.elements(), kElementsPerTask, [&](std::int64_t i) {
    const T sum = finish.bias ? x[i] + (*bias)[i / inner % channels] : x[i];
    const T factor = finish.drops && (*draws)[i] < drop ? T(0) : scale;
    if (gradient)
      out[i] = before_activation(finish.activation, sum, finish.drops ? g[i] * factor : g[i]);
    else
      out[i] = finish.drops ? activated(finish.activation, sum) * factor : activated(finish.activation, sum);
  });
}

}  // namespace

void finish_kernel(const KernelCall& call) {
  dispatch<float, double>(call.output.dtype,
                          [&](auto zero) { finish_elements<decltype(zero)>(call, false); });
}
void finish_gradient_kernel(const KernelCall& call) {
  dispatch<float, double>(call.output.dtype, [&](auto zero) { finish_elements<decltype(zero)>(call, true); });
}

}  // namespace tessera::backends::reference
