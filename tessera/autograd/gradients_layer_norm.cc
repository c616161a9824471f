// The gradients of layer_norm and of its gradients.
#include <array>
#include <vector>

#include "tessera/autograd/gradients.h"

namespace tessera::internal::gradients {
namespace {

// x in rows over its trailing axes, from the operations that the rows of the table are defined by.
struct Normalized {
  Normalized(const GradientCall& call, const Tensor& x)
      : attributes(std::get<LayerNormAttributes>(call.attributes)) {
    for (int axis = 0; axis < x.rank(); ++axis)
      (axis < x.rank() - attributes.axes ? leading : trailing).push_back(axis);
    for (const std::int64_t axis : trailing) count *= x.size(static_cast<int>(axis));
    inverse = 1 / sqrt(variance(x, trailing, true) + attributes.epsilon);
    values = (x - mean(x, trailing, true)) * inverse;
  }
  Tensor row_sum(const Tensor& t) const { return sum(t, trailing, true); }
  Tensor row_mean(const Tensor& t) const { return mean(t, trailing, true); }

  const LayerNormAttributes& attributes;
  std::vector<std::int64_t> leading, trailing;
  std::int64_t count = 1;  // elements of a row
  Tensor inverse, values;
};

Tensor input_gradient(const GradientCall& call, const Tensor& g, const Tensor& x, const Tensor& scale) {
  return apply(Op::kLayerNormInputGradient, std::array{g, x, scale},
               std::get<LayerNormAttributes>(call.attributes));
}

// What leads back to x from gradients that arrived at its normalized values and, row by row, at `inverse`.
Tensor through_statistics(const GradientCall& call, const Normalized& norm, const Tensor& x,
                          const Tensor& scale, const Tensor& to_values, const Tensor& to_inverse) {
  const Tensor direct = input_gradient(call, to_values, x, ones(scale.shape(), scale.dtype()));
  return direct - ((to_inverse * (norm.inverse * norm.inverse)) / norm.count) * norm.values;
}

// The parts of layer_norm_gradient's output, as views.
struct Parts {
  Parts(const Tensor& flat, const Tensor& of_x, const Tensor& of_scale) {
    const std::int64_t all = of_x.elements(), row = of_scale.elements();
    x = reshape(slice(flat, {Range(0, all)}), of_x.shape());
    scale = reshape(slice(flat, {Range(all, all + row)}), of_scale.shape());
    shift = reshape(slice(flat, {Range::from(all + row)}), of_scale.shape());
  }
  Tensor x, scale, shift;
};

// Two contributions to one input.
Tensor both(const Tensor& a, const Tensor& b) {
  return a.defined() && b.defined() ? a + b : a.defined() ? a : b;
}

}  // namespace

Contributions LayerNorm(const GradientCall& call) {
  const Tensor &x = call.inputs[0], &scale = call.inputs[1], &g = call.gradient;
  Contributions result(3);
  if (call.wanted[0] && call.wanted[1] && call.wanted[2]) {
    const Parts parts(apply(Op::kLayerNormGradient, std::array{g, x, scale}, call.attributes), x, scale);
    return {parts.x, parts.scale, parts.shift};
  }
  if (call.wanted[0]) result[0] = input_gradient(call, g, x, scale);
  if (call.wanted[1]) result[1] = apply(Op::kLayerNormScaleGradient, std::array{g, x}, call.attributes);
  if (call.wanted[2]) {
    std::vector<std::int64_t> leading;
    for (int axis = 0; axis < x.rank() - scale.rank(); ++axis) leading.push_back(axis);
    result[2] = sum(g, leading);
  }
  return result;
}

// inverse * ((u - mean(u)) - normalized * mean(u * normalized)), u = g * scale, is linear in u and its own adjoint.
Contributions LayerNormInputGradient(const GradientCall& call) {
  const Tensor &g = call.inputs[0], &x = call.inputs[1], &scale = call.inputs[2], &h = call.gradient;
  const Normalized norm(call, x);
  Contributions result(3);
  const Tensor to_u = input_gradient(call, h, x, ones(scale.shape(), scale.dtype()));
  if (call.wanted[0]) result[0] = to_u * scale;
  if (call.wanted[2]) result[2] = sum(to_u * g, norm.leading);
  if (call.wanted[1]) {
    const Tensor u = g * scale, slope = norm.row_mean(u * norm.values);
    const Tensor inner = (u - norm.row_mean(u)) - norm.values * slope, back = h * norm.inverse;
    const Tensor to_values = -(slope * back) - u * norm.row_mean(norm.values * back);
    result[1] = through_statistics(call, norm, x, scale, to_values, norm.row_sum(h * inner));
  }
  return result;
}

// sum(g * normalized) over the leading axes.
Contributions LayerNormScaleGradient(const GradientCall& call) {
  const Tensor &g = call.inputs[0], &x = call.inputs[1], &h = call.gradient;
  Contributions result(2);
  if (call.wanted[0]) result[0] = h * Normalized(call, x).values;
  if (call.wanted[1]) result[1] = input_gradient(call, g, x, h);
  return result;
}

// Its parts are rows of the table, too.
Contributions LayerNormGradient(const GradientCall& call) {
  const Tensor &g = call.inputs[0], &x = call.inputs[1], &scale = call.inputs[2];
  const Parts h(call.gradient, x, scale);
  Contributions result =
      LayerNormInputGradient({call.inputs, call.output, call.attributes, h.x, call.wanted});
  const Contributions second =
      LayerNormScaleGradient({call.inputs, call.output, call.attributes, h.scale, call.wanted});
  for (std::size_t i = 0; i < 2; ++i) result[i] = both(result[i], second[i]);
  if (call.wanted[0]) result[0] = result[0] + broadcast_to(h.shift, g.shape());
  return result;
}

}  // namespace tessera::internal::gradients
