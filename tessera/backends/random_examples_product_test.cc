// Random examples of matrix products, convolutions and pooling.
#include <algorithm>

#include "tessera/backends/random_examples_test.h"

namespace tessera {
namespace {

// Few results of long sums: there threads share whole chunks of k.
Examples random_long_product() {
  const DType dtype = draw_floating();
  const std::int64_t m = *rc::gen::inRange<std::int64_t>(1, 9), n = *rc::gen::inRange<std::int64_t>(1, 40),
                     k = *rc::gen::inRange<std::int64_t>(3800, 9000);
  const Tensor a = draw_tensor({m, k}, dtype), b = draw_tensor({k, n}, dtype);
  return {{Op::kMatrixMultiply, {a, b}, {}},
          {Op::kLinear,
           {draw_tensor({m, k}, dtype), draw_tensor({n, k}, dtype), draw_tensor({n}, dtype)},
           FinishAttributes{.activation = draw_activation()}}};
}

}  // namespace

Examples random_matrix_product() {
  if (*rc::gen::inRange(0, 12) == 0) return random_long_product();
  const DType dtype = draw_floating();
  const std::int64_t m = draw_length(600), k = draw_length(900);
  const std::int64_t n = draw_length(std::clamp<std::int64_t>(3'000'000 / (m * k + 1), 9, 600));
  const Shape batch = draw_shape(0, 2, 6), other = draw_broadcastable(batch);
  Shape a = batch, b = other;
  for (const std::int64_t length : {m, k}) a.append(length);
  for (const std::int64_t length : {k, n}) b.append(length);
  Shape rows = batch;
  if (*rc::gen::arbitrary<bool>()) rows.append(m);
  rows.append(k);
  const FinishAttributes finish{.activation = draw_activation()};
  return {
      {Op::kMatrixMultiply, {draw_tensor(a, dtype), draw_tensor(b, dtype)}, {}},
      {Op::kLinear, {draw_tensor(rows, dtype), draw_tensor({n, k}, dtype), draw_tensor({n}, dtype)}, finish}};
}

namespace {

struct Convolved {
  WindowAttributes window;
  Shape input, weight, output;
};

// Images a little longer than the least on which the window fits.
void draw_spatial_axes(Convolved& c, std::int64_t longer) {
  const WindowAttributes& window = c.window;
  for (int axis = 0; axis < window.axes; ++axis) {
    const std::int64_t least =
        window.dilation[axis] * (window.kernel[axis] - 1) + 1 - 2 * window.padding[axis];
    c.input.append(std::max<std::int64_t>(1, least) + *rc::gen::inRange<std::int64_t>(0, longer + 1));
    c.weight.append(window.kernel[axis]);
    c.output.append(window_output_size(c.input[2 + axis], window, axis));
  }
}

void draw_any_window(WindowAttributes& window) {
  for (int axis = 0; axis < window.axes; ++axis) {
    window.kernel[axis] = *rc::gen::inRange<std::int64_t>(1, window.axes == 2 ? 5 : 4);
    window.stride[axis] = *rc::gen::inRange<std::int64_t>(1, 4);
    window.padding[axis] = *rc::gen::inRange<std::int64_t>(0, 3);
    window.dilation[axis] = *rc::gen::inRange<std::int64_t>(1, 3);
  }
}

// What kernels of their own are for comes often enough to meet every combination of strides and paddings.
void draw_depthwise_window(WindowAttributes& window) {
  const bool stencil = *rc::gen::arbitrary<bool>();
  for (int axis = 0; axis < window.axes; ++axis) {
    window.kernel[axis] = stencil ? 3 : *rc::gen::inRange<std::int64_t>(1, 6);
    window.dilation[axis] = stencil ? 1 : *rc::gen::inRange<std::int64_t>(1, 3);
    window.stride[axis] = *rc::gen::element<std::int64_t>(1, 1, 1, 2, 3, 4, 5);
    window.padding[axis] = *rc::gen::element<std::int64_t>(0, 0, 1, 2);
  }
}

// Half of the time one channel and one filter to a group: those have kernels of their own, whose vectors and boxes
// take longer images to fill. None of either is a convolution, too.
Convolved draw_convolution() {
  Convolved c;
  const bool depthwise = *rc::gen::arbitrary<bool>();
  const auto draw_count = [&]() -> std::int64_t {
    if (*rc::gen::inRange(0, 30) == 0) return 0;
    return depthwise ? 1 : *rc::gen::inRange<std::int64_t>(1, 40);
  };
  c.window.axes = *rc::gen::element(2, 2, 3);
  c.window.groups =
      depthwise ? *rc::gen::inRange<std::int64_t>(1, 21) : *rc::gen::element<std::int64_t>(1, 1, 1, 2, 3);
  const std::int64_t channels = draw_count(), filters = draw_count();
  c.input = {*rc::gen::inRange<std::int64_t>(1, 4), channels * c.window.groups};
  c.weight = {filters * c.window.groups, channels};
  c.output = {c.input[0], c.weight[0]};
  if (depthwise) {
    draw_depthwise_window(c.window);
    draw_spatial_axes(c, c.window.axes == 2 ? 60 : 14);
  } else {
    draw_any_window(c.window);
    draw_spatial_axes(c, c.window.axes == 2 ? 11 : 4);
  }
  return c;
}

}  // namespace

Examples random_convolution() {
  const DType dtype = draw_floating();
  const Convolved c = draw_convolution();
  const Tensor x = draw_tensor(c.input, dtype), w = draw_tensor(c.weight, dtype),
               gradient = draw_tensor(c.output, dtype);
  WindowAttributes to_input = c.window, to_weight = c.window;
  to_input.input_shape = c.input;
  to_weight.input_shape = c.weight;
  const bool volumes = c.window.axes == 3;
  return {{volumes ? Op::kConv3d : Op::kConv2d, {x, w}, c.window},
          {volumes ? Op::kConv3dInputGradient : Op::kConv2dInputGradient, {gradient, w}, to_input},
          {volumes ? Op::kConv3dWeightGradient : Op::kConv2dWeightGradient, {gradient, x}, to_weight}};
}

Examples random_pooling() {
  const DType dtype = draw_floating();
  WindowAttributes window;
  window.count_padding = *rc::gen::arbitrary<bool>();
  window.round_up = *rc::gen::arbitrary<bool>();
  Shape input{*rc::gen::inRange<std::int64_t>(1, 4), *rc::gen::inRange<std::int64_t>(1, 20)};
  for (const int axis : {0, 1}) {
    window.kernel[axis] = *rc::gen::inRange<std::int64_t>(1, 5);
    window.stride[axis] = *rc::gen::inRange<std::int64_t>(1, 4);
    window.padding[axis] = *rc::gen::inRange<std::int64_t>(0, window.kernel[axis] / 2 + 1);
    input.append(window.kernel[axis] + *rc::gen::inRange<std::int64_t>(0, 15));
  }
  const Shape output{input[0], input[1], window_output_size(input[2], window, 0),
                     window_output_size(input[3], window, 1)};
  const Tensor x = draw_tensor(input, dtype), any = draw_tensor(input, draw_dtype());
  WindowAttributes back = window, dilated = window;
  back.input_shape = input;
  for (const int axis : {0, 1}) {  // as far as the window fits; some then lie beside the image
    const std::int64_t room = input[axis + 2] + 2 * window.padding[axis] - 1;
    const std::int64_t most = room / std::max<std::int64_t>(1, window.kernel[axis] - 1);
    dilated.dilation[axis] = *rc::gen::inRange<std::int64_t>(1, std::max<std::int64_t>(1, most) + 1);
  }
  return {
      {Op::kMaxPool2d, {x}, window},     {Op::kMaxPool2dIndices, {x}, window},
      {Op::kMaxPool2d, {any}, window},   {Op::kMaxPool2dIndices, {any}, window},
      {Op::kMaxPool2d, {x}, dilated},    {Op::kMaxPool2dIndices, {x}, dilated},
      {Op::kAveragePool2d, {x}, window}, {Op::kAveragePool2dGradient, {draw_tensor(output, dtype)}, back}};
}

}  // namespace tessera
