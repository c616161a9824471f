#include <algorithm>
#include <array>

#include "tessera/tensor/ops_arguments.h"

namespace tessera {

using internal::apply_unary;
using internal::tensor_argument;

// A 1-D argument becomes a matrix of one row or one column, whose axis is then taken out of the result.
Tensor matmul(const Operand& a, const Operand& b) {
  const Tensor &left = tensor_argument(Op::kMatrixMultiply, a),
               &right = tensor_argument(Op::kMatrixMultiply, b);
  if (left.rank() == 0 || right.rank() == 0)
    fail("matmul: {} x {}: a scalar has no rows and columns; use multiply", left.shape().to_string(),
         right.shape().to_string());
  const bool row = left.rank() == 1, column = right.rank() == 1;
  if ((row || column) && left.shape()[left.rank() - 1] != right.shape()[std::max(0, right.rank() - 2)])
    fail("matmul: {} x {}: the inner lengths differ (axis {} of the left is {}, axis {} of the right is {})",
         left.shape().to_string(), right.shape().to_string(), left.rank() - 1, left.shape()[left.rank() - 1],
         std::max(0, right.rank() - 2), right.shape()[std::max(0, right.rank() - 2)]);
  const std::array<Tensor, 2> inputs = {
      row ? reshape(Operand(left, a.where()), {1, left.size(0)}) : left,
      column ? reshape(Operand(right, a.where()), {right.size(0), 1}) : right};
  const Tensor product = apply(Op::kMatrixMultiply, inputs, NoAttributes{}, a.where());
  if (!row && !column) return product;
  Shape shape;
  for (int axis = 0; axis < product.rank(); ++axis) {
    const bool added = (row && axis == product.rank() - 2) || (column && axis == product.rank() - 1);
    if (!added) shape.append(product.shape()[axis]);
  }
  return reshape(Operand(product, a.where()), shape);
}

Tensor linear(const Operand& x, const Tensor& weight, const Tensor& bias, Activation activation) {
  const std::array<Tensor, 3> inputs = {tensor_argument(Op::kLinear, x), weight, bias};
  return apply(Op::kLinear, inputs, FinishAttributes{.activation = activation}, x.where());
}

namespace {

template <typename Options>
Tensor convolve(Op op, int axes, const Operand& x, const Tensor& weight, const Options& options) {
  const std::array<Tensor, 2> inputs = {tensor_argument(op, x), weight};
  WindowAttributes window;
  window.axes = axes;
  for (int i = 0; i < axes; ++i) {
    window.kernel[i] = weight.defined() && weight.rank() == 2 + axes ? weight.shape()[2 + i] : 1;
    window.stride[i] = options.stride[i];
    window.padding[i] = options.padding[i];
    window.dilation[i] = options.dilation[i];
  }
  window.groups = options.groups;
  return apply(op, inputs, window, x.where());
}

}  // namespace

Tensor conv2d(const Operand& x, const Tensor& weight, const Conv2dOptions& options) {
  return convolve(Op::kConv2d, 2, x, weight, options);
}

Tensor conv3d(const Operand& x, const Tensor& weight, const Conv3dOptions& options) {
  return convolve(Op::kConv3d, 3, x, weight, options);
}

namespace {

// What the rule of conv2d would refuse in its own words, which are of rows and columns that the caller does not have.
void require_conv1d(const Tensor& x, const Tensor& weight, const Conv1dOptions& options) {
  const auto at_least = [](const char* what, std::int64_t value, std::int64_t least) {
    if (value < least || value > (std::int64_t{1} << 31))
      fail("conv1d: the {} is {}, expected {} to 2^31", what, value, least);
  };
  if (x.dtype() != weight.dtype())
    fail("conv1d: x is {} and weight is {}, expected one type", dtype_name(x.dtype()),
         dtype_name(weight.dtype()));
  if (!is_floating(x.dtype()))
    fail("conv1d: x and weight are {}, expected float32, float64 or bfloat16", dtype_name(x.dtype()));
  at_least("number of groups", options.groups, 1);
  at_least("stride", options.stride, 1);
  at_least("padding", options.padding, 0);
  at_least("dilation", options.dilation, 1);
  at_least("length of the weight", weight.size(2), 1);
  const Shape &of_x = x.shape(), &of_weight = weight.shape();
  if (of_x[1] % options.groups != 0 || of_weight[1] != of_x[1] / options.groups)
    fail(
        "conv1d: x {} and weight {} with {} groups: axis 1 of x is {}, axis 1 of weight is {}, expected x's "
        "divided by "
        "groups",
        of_x.to_string(), of_weight.to_string(), options.groups, of_x[1], of_weight[1]);
  if (of_weight[0] % options.groups != 0)
    fail("conv1d: axis 0 of weight {} does not divide into {} groups", of_weight.to_string(), options.groups);
  if (of_x[2] + 2 * options.padding < options.dilation * (of_weight[2] - 1) + 1)
    fail("conv1d: a window of {} (dilation {}) does not fit axis 2 of {}, even with padding {}", of_weight[2],
         options.dilation, of_x.to_string(), options.padding);
}

}  // namespace

Tensor conv1d(const Operand& x, const Tensor& weight, const Conv1dOptions& options) {
  const Tensor& line = tensor_argument(Op::kConv2d, x);
  if (!weight.defined() || line.rank() != 3 || weight.rank() != 3)
    fail("conv1d: {} and {}: expected x [N,C,L] and weight [O,C/groups,S]", line.shape().to_string(),
         weight.defined() ? weight.shape().to_string() : "an undefined tensor");
  require_conv1d(line, weight, options);
  const auto of_one_row = [&](const Tensor& lines) {
    return reshape(Operand(lines, x.where()), {lines.size(0), lines.size(1), 1, lines.size(2)});
  };
  Conv2dOptions row;
  row.stride[1] = options.stride;
  row.padding[1] = options.padding;
  row.dilation[1] = options.dilation;
  row.groups = options.groups;
  const Tensor y = conv2d(Operand(of_one_row(line), x.where()), of_one_row(weight), row);
  return reshape(Operand(y, x.where()), {y.size(0), y.size(1), y.size(3)});
}

namespace {

Tensor pool(Op op, const Operand& x, const Pool2dOptions& options) {
  WindowAttributes window;
  for (int i = 0; i < 2; ++i) {
    window.kernel[i] = options.kernel[i];
    window.stride[i] = options.stride[i];
    window.padding[i] = options.padding[i];
    window.dilation[i] = options.dilation[i];
  }
  window.count_padding = options.count_padding;
  window.round_up = options.round_up;
  return apply_unary(op, x, window);
}

}  // namespace

Tensor max_pool2d(const Operand& x, const Pool2dOptions& options) {
  return pool(Op::kMaxPool2d, x, options);
}
Tensor max_pool2d_indices(const Operand& x, const Pool2dOptions& options) {
  return pool(Op::kMaxPool2dIndices, x, options);
}
Tensor average_pool2d(const Operand& x, const Pool2dOptions& options) {
  return pool(Op::kAveragePool2d, x, options);
}

}  // namespace tessera
