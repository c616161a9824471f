// Shape rules of matrix products, convolution and pooling.
#include <fmt/core.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "tessera/tensor/infer.h"

namespace tessera {
namespace {

std::string_view axis_name(const WindowAttributes& window, int axis) {
  constexpr std::string_view kNames[] = {"depth", "rows", "columns"};
  return kNames[kMaxSpatialAxes - window.axes + axis];
}

}  // namespace

std::int64_t window_output_size(std::int64_t input, const WindowAttributes& window, int spatial_axis) {
  const std::int64_t kernel = window.kernel[spatial_axis], stride = window.stride[spatial_axis];
  const std::int64_t padding = window.padding[spatial_axis], dilation = window.dilation[spatial_axis];
  const std::int64_t room = input + 2 * padding - dilation * (kernel - 1) - 1;
  if (room < 0) return 0;
  std::int64_t size = room / stride + 1;
  // Rounded up, the last window may hang over the end, but it must start in the image or in the padding before it.
  if (window.round_up && room % stride != 0 && size * stride < input + padding) ++size;
  return size;
}

namespace shape_rules {
namespace {

constexpr std::int64_t kLargest = std::int64_t{1}
                                  << 31;  // keeps the arithmetic of positions far from overflow

void require_window(const RuleCall& call, const WindowAttributes& window) {
  for (int i = 0; i < window.axes; ++i) {
    const auto check = [&](std::string_view what, std::int64_t value, std::int64_t least) {
      if (value < least || value > kLargest)
        fail("{}: the {} in {} is {}, expected {} to 2^31", call.name(), what, axis_name(window, i), value,
             least);
    };
    check("kernel", window.kernel[i], 1);
    check("stride", window.stride[i], 1);
    check("padding", window.padding[i], 0);
    check("dilation", window.dilation[i], 1);
  }
}

// Kernels copy an image with its padding, and count its elements in 64 bits.
void require_padded_size(const RuleCall& call, const Shape& input, const WindowAttributes& window) {
  const auto padding = std::span(window.padding).first(static_cast<std::size_t>(window.axes));
  if (std::ranges::all_of(padding, [](std::int64_t length) { return length == 0; }))
    return;  // the image itself: it exists
  std::int64_t elements = 1;
  bool fits = true;
  for (int i = 0; i < window.axes; ++i) {
    fits = fits && input[2 + i] <= kLargest;
    const std::int64_t side = std::min(input[2 + i], kLargest) + 2 * window.padding[i];
    fits = fits && (side == 0 || elements <= kLargest / side);
    if (fits) elements *= side;
  }
  if (fits) return;
  std::string text;
  for (int i = 0; i < window.axes; ++i)
    text += fmt::format("{}{} {}",
                        i == 0                 ? ""
                        : i + 1 == window.axes ? " and "
                                               : ", ",
                        window.padding[i], axis_name(window, i));
  fail("{}: {} with a padding of {}: expected at most 2^31 elements in a padded image", call.name(),
       input.to_string(), text);
}

// [N,C,H',W'] for an input [N,C,H,W]; as many spatial axes as the window has.
Shape windowed(const RuleCall& call, const Shape& input, const WindowAttributes& window,
               std::int64_t channels) {
  require_padded_size(call, input, window);
  Shape output{input[0], channels};
  for (int i = 0; i < window.axes; ++i) {
    output.append(window_output_size(input[2 + i], window, i));
    if (output[2 + i] == 0)
      fail("{}: a window of {} (dilation {}) does not fit axis {} of {}, even with padding {}", call.name(),
           window.kernel[i], window.dilation[i], 2 + i, input.to_string(), window.padding[i]);
  }
  return output;
}

// The output shape of a convolution; `x` [N,C,spatial...], `weight` [O,C/groups,spatial...].
Shape convolved(const RuleCall& call, const Shape& x, const Shape& weight, const WindowAttributes& window) {
  const std::int64_t groups = window.groups;
  const bool volumes =
      call.op == Op::kConv3d || call.op == Op::kConv3dInputGradient || call.op == Op::kConv3dWeightGradient;
  const int axes = volumes ? 3 : 2;
  TESSERA_CHECK(window.axes == axes, "{}: the attributes have {} spatial axes", call.name(), window.axes);
  if (x.rank() != 2 + axes || weight.rank() != 2 + axes)
    fail("{}: {} and {}: expected x [N,C,{}] and weight [O,C/groups,{}]", call.name(), x.to_string(),
         weight.to_string(), volumes ? "D,H,W" : "H,W", volumes ? "Q,R,S" : "R,S");
  if (groups < 1) fail("{}: groups is {}, expected at least 1", call.name(), groups);
  if (x[1] % groups != 0 || weight[1] != x[1] / groups)
    fail(
        "{}: x {} and weight {} with {} groups: axis 1 of x is {}, axis 1 of weight is {}, expected x's "
        "divided by groups",
        call.name(), x.to_string(), weight.to_string(), groups, x[1], weight[1]);
  if (weight[0] % groups != 0)
    fail("{}: axis 0 of weight {} does not divide into {} groups", call.name(), weight.to_string(), groups);
  WindowAttributes actual = window;
  for (int i = 0; i < axes; ++i) actual.kernel[i] = weight[2 + i];
  actual.round_up = false;
  require_window(call, actual);
  return windowed(call, x, actual, weight[0]);
}

void require_gradient(const RuleCall& call, const Shape& x, const Shape& weight,
                      const WindowAttributes& window) {
  const Shape expected = convolved(call, x, weight, window);
  if (call.shape(0) != expected)
    fail("{}: the output gradient has shape {}, but {} of {} with {} gives {}", call.name(),
         call.shape(0).to_string(), window.axes == 3 ? "conv3d" : "conv2d", x.to_string(), weight.to_string(),
         expected.to_string());
}

Shape pooled(const RuleCall& call, const Shape& input, const WindowAttributes& window) {
  if (input.rank() != 4)
    fail("{}: x has shape {}, expected 4 axes [N,C,H,W]", call.name(), input.to_string());
  require_window(call, window);
  for (int i = 0; i < 2; ++i)
    if (window.padding[i] > window.kernel[i] / 2)
      fail("{}: the padding in {} is {}, expected at most half the window ({})", call.name(),
           axis_name(window, i), window.padding[i], window.kernel[i] / 2);
  return windowed(call, input, window, input[1]);
}

// Average pooling counts a window's positions; gaps in it have no meaning there.
Shape average_pooled(const RuleCall& call, const Shape& input, const WindowAttributes& window) {
  if (window.dilation[0] != 1 || window.dilation[1] != 1)
    fail("{}: the dilation is ({}, {}), expected (1, 1)", call.name(), window.dilation[0],
         window.dilation[1]);
  return pooled(call, input, window);
}

void require_pooling_dtype(const RuleCall& call) {
  require_dtype(call, 0, "x",
                {DType::kFloat32, DType::kFloat64, DType::kBFloat16, DType::kInt64, DType::kUInt8});
}

}  // namespace

TensorSpec matmul_rule(const RuleCall& call) {
  require_same_dtype(call, 0, 1);
  require_floating(call, 0, "the arguments' type");
  const Shape &a = call.shape(0), &b = call.shape(1);
  if (a.rank() < 2 || b.rank() < 2)
    fail("matmul: {} x {}: expected matrices or batches of matrices", a.to_string(), b.to_string());
  const int last = a.rank() - 1, rows = b.rank() - 2;
  if (a[last] != b[rows])
    fail("matmul: {} x {}: the inner lengths differ (axis {} of the left is {}, axis {} of the right is {})",
         a.to_string(), b.to_string(), last, a[last], rows, b[rows]);
  if (last == 1 && rows == 0) return {{a[0], b[1]}, call.input(0).dtype()};
  Shape batch_a, batch_b;
  for (int axis = 0; axis < a.rank() - 2; ++axis) batch_a.append(a[axis]);
  for (int axis = 0; axis < rows; ++axis) batch_b.append(b[axis]);
  Shape shape;
  try {
    shape = broadcast_shapes(batch_a, batch_b);
  } catch (const Error& error) {
    fail("matmul: {} x {}: the leading axes {}", a.to_string(), b.to_string(), error.what());
  }
  shape.append(a[a.rank() - 2]);
  shape.append(b[b.rank() - 1]);
  return {shape, call.input(0).dtype()};
}

TensorSpec linear_rule(const RuleCall& call) {
  require_floating(call, 0, "x");
  require_same_dtype(call, 0, 1);
  require_same_dtype(call, 0, 2);
  call.get<FinishAttributes>();
  const Shape &x = call.shape(0), &weight = call.shape(1), &bias = call.shape(2);
  require_rank(call, 1, "the weight", 2, "[n, k]");
  if (x.rank() == 0) fail("linear: x is a scalar, expected at least 1 axis");
  const int last = x.rank() - 1;
  if (x[last] != weight[1])
    fail("linear: x {} and weight {}: axis {} of x is {}, axis 1 of the weight is {}, expected the same",
         x.to_string(), weight.to_string(), last, x[last], weight[1]);
  if (bias != Shape{weight[0]})
    fail("linear: the bias has shape {}, expected [{}], axis 0 of the weight {}", bias.to_string(), weight[0],
         weight.to_string());
  Shape shape = x;
  shape[last] = weight[0];
  return {shape, call.input(0).dtype()};
}

TensorSpec conv2d_rule(const RuleCall& call) {
  require_same_dtype(call, 0, 1);
  require_floating(call, 0, "the arguments' type");
  return {convolved(call, call.shape(0), call.shape(1), call.get<WindowAttributes>()), call.input(0).dtype()};
}

TensorSpec conv2d_input_gradient_rule(const RuleCall& call) {
  require_same_dtype(call, 0, 1);
  require_floating(call, 0, "the arguments' type");
  const auto& window = call.get<WindowAttributes>();
  require_gradient(call, window.input_shape, call.shape(1), window);
  return {window.input_shape, call.input(0).dtype()};
}

TensorSpec conv2d_weight_gradient_rule(const RuleCall& call) {
  require_same_dtype(call, 0, 1);
  require_floating(call, 0, "the arguments' type");
  const auto& window = call.get<WindowAttributes>();
  require_gradient(call, call.shape(1), window.input_shape, window);
  return {window.input_shape, call.input(0).dtype()};
}

TensorSpec conv3d_rule(const RuleCall& call) {
  return conv2d_rule(call);
}
TensorSpec conv3d_input_gradient_rule(const RuleCall& call) {
  return conv2d_input_gradient_rule(call);
}
TensorSpec conv3d_weight_gradient_rule(const RuleCall& call) {
  return conv2d_weight_gradient_rule(call);
}

TensorSpec max_pool2d_rule(const RuleCall& call) {
  require_pooling_dtype(call);
  return {pooled(call, call.shape(0), call.get<WindowAttributes>()), call.input(0).dtype()};
}

TensorSpec max_pool2d_indices_rule(const RuleCall& call) {
  require_pooling_dtype(call);
  return {pooled(call, call.shape(0), call.get<WindowAttributes>()), DType::kInt64};
}

TensorSpec average_pool2d_rule(const RuleCall& call) {
  require_floating(call, 0, "x");
  return {average_pooled(call, call.shape(0), call.get<WindowAttributes>()), call.input(0).dtype()};
}

TensorSpec average_pool2d_gradient_rule(const RuleCall& call) {
  require_floating(call, 0, "the output gradient");
  const auto& window = call.get<WindowAttributes>();
  const Shape expected = average_pooled(call, window.input_shape, window);
  if (call.shape(0) != expected)
    fail("average_pool2d_gradient: the output gradient has shape {}, but pooling {} gives {}",
         call.shape(0).to_string(), window.input_shape.to_string(), expected.to_string());
  return {window.input_shape, call.input(0).dtype()};
}

}  // namespace shape_rules
}  // namespace tessera
