// Pooling over the last two axes of [N,C,H,W]. Window (y, x) reads input rows y * stride + r * dilation -
// padding for r = 0 ... kernel - 1, and columns likewise; positions outside the image are skipped.
#include <limits>

#include "tessera/backends/reference/common.h"
#include "tessera/backends/reference/kernels.h"
#include "tessera/numerics/reduce-inl.h"

namespace tessera::backends::reference {
namespace {

// body(position of a tap in the image [H,W]) for the taps of window (y, x) inside the image, row by row.
template <typename Body>
void for_each_tap(const WindowAttributes& window, const Shape& input, std::int64_t y, std::int64_t x,
                  Body&& body) {
  for (std::int64_t r = 0; r < window.kernel[0]; ++r)
    for (std::int64_t s = 0; s < window.kernel[1]; ++s) {
      const std::int64_t h = y * window.stride[0] + r * window.dilation[0] - window.padding[0];
      const std::int64_t w = x * window.stride[1] + s * window.dilation[1] - window.padding[1];
      if (h >= 0 && h < input[2] && w >= 0 && w < input[3]) body(h * input[3] + w);
    }
}

// body(image, window, y, x) for every output position; `image` counts (n, c).
template <typename Body>
void for_each_window(const Shape& output, Body&& body) {
  const std::int64_t windows = output[2] * output[3];
  parallel_for(output[0] * output[1], [&](std::int64_t image) {
    for (std::int64_t window = 0; window < windows; ++window)
      body(image, window, window / output[3], window % output[3]);
  });
}

// Elements that a window of average pooling divides by. With count_padding they are the window's positions in
// the padded image: a window that `round_up` lets hang over the padding's end is cut there.
template <typename T>
T window_count(const WindowAttributes& window, const Shape& input, std::int64_t y, std::int64_t x) {
  if (!window.count_padding) {
    std::int64_t count = 0;
    for_each_tap(window, input, y, x, [&](std::int64_t) { ++count; });
    return static_cast<T>(count);
  }
  std::int64_t count = 1;
  const std::int64_t position[2] = {y, x};
  for (int axis = 0; axis < 2; ++axis) {
    const std::int64_t start = position[axis] * window.stride[axis] - window.padding[axis];
    count *= std::min(window.kernel[axis], input[axis + 2] + window.padding[axis] - start);
  }
  return static_cast<T>(count);
}

// The position in the image of the largest tap (argmax: NaN greatest, then the first); -1 if the window has
// none.
template <typename T>
std::int64_t largest_tap(const T* image, const WindowAttributes& window, const Shape& input, std::int64_t y,
                         std::int64_t x) {
  std::int64_t best = -1;
  for_each_tap(window, input, y, x, [&](std::int64_t position) {
    if (best < 0 || numerics::exceeds(image[position], image[best])) best = position;
  });
  return best;
}

}  // namespace

// A window without any tap gives the lowest value.
void max_pool2d_kernel(const KernelCall& call) {
  const auto& window = attributes_of<WindowAttributes>(call);
  const Shape &input = call.inputs[0].shape, &output = call.output.shape;
  dispatch<float, double, std::int64_t, std::uint8_t>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    using Limits = std::numeric_limits<T>;
    const Dense<T> x_data(call.inputs[0]);
    T* out = call.output.as<T>();
    for_each_window(output, [&](std::int64_t image, std::int64_t i, std::int64_t y, std::int64_t x) {
      const T* pixels = x_data.data() + image * input[2] * input[3];
      T best = Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
      for_each_tap(window, input, y, x,
                   [&](std::int64_t position) { best = numerics::larger_of(best, pixels[position]); });
      out[image * output[2] * output[3] + i] = best;
    });
  });
}

void max_pool2d_indices_kernel(const KernelCall& call) {
  const auto& window = attributes_of<WindowAttributes>(call);
  const Shape &input = call.inputs[0].shape, &output = call.output.shape;
  dispatch<float, double, std::int64_t, std::uint8_t>(call.inputs[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> x_data(call.inputs[0]);
    auto* out = call.output.as<std::int64_t>();
    for_each_window(output, [&](std::int64_t image, std::int64_t i, std::int64_t y, std::int64_t x) {
      const std::int64_t start = image * input[2] * input[3];
      const std::int64_t best = largest_tap(x_data.data() + start, window, input, y, x);
      out[image * output[2] * output[3] + i] = best < 0 ? -1 : start + best;
    });
  });
}

void average_pool2d_kernel(const KernelCall& call) {
  const auto& window = attributes_of<WindowAttributes>(call);
  const Shape &input = call.inputs[0].shape, &output = call.output.shape;
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> x_data(call.inputs[0]);
    T* out = call.output.as<T>();
    for_each_window(output, [&](std::int64_t image, std::int64_t i, std::int64_t y, std::int64_t x) {
      const T* pixels = x_data.data() + image * input[2] * input[3];
      T total = 0;
      for_each_tap(window, input, y, x, [&](std::int64_t position) { total += pixels[position]; });
      out[image * output[2] * output[3] + i] = total / window_count<T>(window, input, y, x);
    });
  });
}

// Windows in row-major order add gradient / count to each of their taps, from +0.
void average_pool2d_gradient_kernel(const KernelCall& call) {
  const auto& window = attributes_of<WindowAttributes>(call);
  const Shape &input = call.output.shape, &output = call.inputs[0].shape;
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> gradient(call.inputs[0]);
    T* out = call.output.as<T>();
    std::fill_n(out, call.output.elements(), T(0));
    for_each_window(output, [&](std::int64_t image, std::int64_t i, std::int64_t y, std::int64_t x) {
      T* pixels = out + image * input[2] * input[3];
      const T share = gradient[image * output[2] * output[3] + i] / window_count<T>(window, input, y, x);
      for_each_tap(window, input, y, x, [&](std::int64_t position) { pixels[position] += share; });
    });
  });
}

}  // namespace tessera::backends::reference
