// Gradients of the classes Product and Window.
#include "tessera/autograd/gradients.h"

namespace tessera::internal::gradients {
namespace {

// d(a b)/db = a^T g. When b is the transpose of a contiguous matrix (a layer's weight), the transposed product is computed
// instead: the same multiplications and additions in the same order, but the transposition of b then leads to a
// contiguous gradient without a copy.
Tensor right_factor_gradient(const Tensor& a, const Tensor& b, const Tensor& g) {
  if (!b.contiguous() && transpose(b).contiguous()) return transpose(matmul(transpose(g), a));
  return matmul(transpose(a), g);
}

Tensor as_rows(const Tensor& x) {
  return reshape(x, {x.elements() / x.size(-1), x.size(-1)});
}

}  // namespace

Contributions MatrixMultiply(const GradientCall& call) {
  const Tensor &a = call.inputs[0], &b = call.inputs[1], &g = call.gradient;
  Contributions result(2);
  if (call.wanted[0]) result[0] = unbroadcast(matmul(g, transpose(b)), a.shape());
  if (call.wanted[1]) {
    // One matrix shared by a batch: the batch is part of the summed index of one product.
    const bool shared = b.rank() == 2 && a.rank() > 2 && a.elements() > 0 && g.elements() > 0;
    result[1] = shared ? right_factor_gradient(as_rows(a), b, as_rows(g))
                       : unbroadcast(right_factor_gradient(a, b, g), b.shape());
  }
  return result;
}

namespace {

// The gradient before the activation that gave y.
Tensor before_activation(Activation activation, const Tensor& y, const Tensor& g) {
  switch (activation) {
    case Activation::kRelu:
      return before_relu(y, g);
    case Activation::kTanh:
      return g * (1 - y * y);
    case Activation::kSigmoid:
      return g * (y * (1 - y));
    case Activation::kNone:
      break;
  }
  return g;
}

// [..., n] as [count, n], also where n is 0.
Tensor as_matrix(const Tensor& x, std::int64_t count) {
  return x.rank() == 2 ? x : reshape(x, {count, x.size(-1)});
}

}  // namespace

// The gradients of matmul, add and the activation, one after the other; leading axes are part of the summed index of the weight's.
Contributions Linear(const GradientCall& call) {
  const Tensor &x = call.inputs[0], &weight = call.inputs[1];
  const Activation activation = std::get<FinishAttributes>(call.attributes).activation;
  const Tensor g = before_activation(activation, call.output, call.gradient);
  Contributions result(3);
  std::int64_t rows = 1;
  for (int axis = 0; axis + 1 < x.rank(); ++axis) rows *= x.shape()[axis];
  const Tensor of_rows = as_matrix(g, rows);
  if (call.wanted[0]) {
    const Tensor of_x = matmul(of_rows, weight);
    result[0] = x.rank() == 2 ? of_x : reshape(of_x, x.shape());
  }
  if (call.wanted[1]) result[1] = matmul(transpose(of_rows), as_matrix(x, rows));
  if (call.wanted[2]) result[2] = unbroadcast(g, call.inputs[2].shape());
  return result;
}

// ---- Convolution: with t(x, w, g) = sum(g * conv2d(x, w)), linear in each of its three arguments, the three operations are the
// derivatives of t, and their gradients are each other. conv3d likewise, with one axis more ----
namespace {

Tensor convolve(const Tensor& x, const Tensor& weight, WindowAttributes window) {
  window.input_shape = Shape{};
  return apply(window.axes == 3 ? Op::kConv3d : Op::kConv2d, std::array{x, weight}, window);
}

WindowAttributes leading_back_to(WindowAttributes window, const Tensor& weight, const Shape& shape) {
  for (int i = 0; i < window.axes; ++i) window.kernel[i] = weight.size(2 + i);
  window.input_shape = shape;
  return window;
}

// `weight` and `x` beside the operation's own arguments give shapes only where they are results.
Tensor input_gradient(const Tensor& g, const Tensor& weight, const WindowAttributes& window,
                      const Shape& x_shape) {
  return apply(window.axes == 3 ? Op::kConv3dInputGradient : Op::kConv2dInputGradient, std::array{g, weight},
               leading_back_to(window, weight, x_shape));
}
Tensor weight_gradient(const Tensor& g, const Tensor& x, const WindowAttributes& window,
                       const Tensor& weight) {
  return apply(window.axes == 3 ? Op::kConv3dWeightGradient : Op::kConv2dWeightGradient, std::array{g, x},
               leading_back_to(window, weight, weight.shape()));
}

const WindowAttributes& window_of(const GradientCall& call) {
  return std::get<WindowAttributes>(call.attributes);
}

}  // namespace

Contributions Conv2d(const GradientCall& call) {
  const Tensor &x = call.inputs[0], &weight = call.inputs[1], &g = call.gradient;
  Contributions result(2);
  if (call.wanted[0]) result[0] = input_gradient(g, weight, window_of(call), x.shape());
  if (call.wanted[1]) result[1] = weight_gradient(g, x, window_of(call), weight);
  return result;
}

Contributions Conv2dInputGradient(const GradientCall& call) {
  const Tensor &g = call.inputs[0], &weight = call.inputs[1], &x = call.gradient;
  Contributions result(2);
  if (call.wanted[0]) result[0] = convolve(x, weight, window_of(call));
  if (call.wanted[1]) result[1] = weight_gradient(g, x, window_of(call), weight);
  return result;
}

Contributions Conv2dWeightGradient(const GradientCall& call) {
  const Tensor &g = call.inputs[0], &x = call.inputs[1], &weight = call.gradient;
  Contributions result(2);
  if (call.wanted[0]) result[0] = convolve(x, weight, window_of(call));
  if (call.wanted[1]) result[1] = input_gradient(g, weight, window_of(call), x.shape());
  return result;
}

Contributions Conv3d(const GradientCall& call) {
  return Conv2d(call);
}
Contributions Conv3dInputGradient(const GradientCall& call) {
  return Conv2dInputGradient(call);
}
Contributions Conv3dWeightGradient(const GradientCall& call) {
  return Conv2dWeightGradient(call);
}

// ---- Pooling ----

// Each output is a copy of one input element, which max_pool2d_indices names. (Taken by gather, whose adjoint is
// index_add, the gradient differentiates again.) Only the gaps of a dilated window can leave it without any input element; its
// output is constant then, its position -1.
Contributions MaxPool2d(const GradientCall& call) {
  const Tensor& x = call.inputs[0];
  const WindowAttributes& window = window_of(call);
  Tensor positions = apply(Op::kMaxPool2dIndices, std::array{x}, call.attributes), g = call.gradient;
  if (window.dilation[0] > 1 || window.dilation[1] > 1) {
    const Tensor empty = less(positions, 0);
    positions = select(empty, 0, positions);
    g = select(empty, 0, g);
  }
  const std::int64_t outputs = call.output.elements();
  const Tensor none = broadcast_to(zeros({}, x.dtype()), {x.elements()});
  const Tensor flat = index_add(none, reshape(positions, {outputs}), reshape(g, {outputs}));
  return {reshape(flat, x.shape())};
}

Contributions AveragePool2d(const GradientCall& call) {
  WindowAttributes window = window_of(call);
  window.input_shape = call.inputs[0].shape();
  return {apply(Op::kAveragePool2dGradient, std::array{call.gradient}, window)};
}

Contributions AveragePool2dGradient(const GradientCall& call) {
  WindowAttributes window = window_of(call);
  window.input_shape = Shape{};
  return {apply(Op::kAveragePool2d, std::array{call.gradient}, window)};
}

}  // namespace tessera::internal::gradients
