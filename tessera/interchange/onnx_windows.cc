#include "tessera/interchange/onnx_windows.h"

#include <algorithm>

#include "tessera/base/error.h"

namespace tessera::onnx {
namespace {

constexpr std::int64_t kLargest = 1'000'000'000;  // so that sizes can be multiplied and added

std::vector<std::int64_t> numbers(const NodeCall& call, const char* name, std::size_t count,
                                  std::int64_t otherwise, std::int64_t lowest) {
  const std::vector<std::int64_t> found =
      call.integers(name).value_or(std::vector<std::int64_t>(count, otherwise));
  if (found.size() != count) fail("'{}' has {} numbers, expected {}", name, found.size(), count);
  for (const std::int64_t number : found)
    if (number < lowest || number > kLargest) fail("'{}' has the number {}", name, number);
  return found;
}

// SAME_UPPER and SAME_LOWER: as many outputs as input / stride, rounded up; an odd element of padding goes behind or in front.
void pad_to_same(Window& window, const Tensor& x, bool lower) {
  for (std::size_t i = 0; i < window.axes(); ++i) {
    const std::int64_t length = x.size(2 + static_cast<std::int64_t>(i));
    const std::int64_t outputs = (length + window.stride[i] - 1) / window.stride[i];
    const std::int64_t reach = window.dilation[i] * (window.kernel[i] - 1) + 1;
    const std::int64_t total = std::max<std::int64_t>((outputs - 1) * window.stride[i] + reach - length, 0);
    window.before[i] = lower ? total - total / 2 : total / 2;
    window.after[i] = total - window.before[i];
  }
}

}  // namespace

Window window_of(const NodeCall& call, const Tensor& x, const std::vector<std::int64_t>& kernel) {
  const std::size_t axes = kernel.size();
  if (axes == 0 || static_cast<std::size_t>(x.rank()) != axes + 2)
    fail("a window of {} axes for an input of shape {}", axes, x.shape().to_string());
  Window window;
  window.kernel = kernel;
  for (const std::int64_t length : kernel)
    if (length < 1 || length > kLargest) fail("the kernel has a length of {}", length);
  window.stride = numbers(call, "strides", axes, 1, 1);
  window.dilation = numbers(call, "dilations", axes, 1, 1);
  const std::vector<std::int64_t> pads = numbers(call, "pads", 2 * axes, 0, 0);
  window.before.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(axes));
  window.after.assign(pads.begin() + static_cast<std::ptrdiff_t>(axes), pads.end());
  const std::string automatic = call.text("auto_pad", "NOTSET");
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    pad_to_same(window, x, automatic == "SAME_LOWER");
  } else if (automatic == "VALID") {
    window.before.assign(axes, 0);
    window.after.assign(axes, 0);
  } else if (automatic != "NOTSET" && !automatic.empty()) {
    fail("'auto_pad' is '{}'", automatic);
  }
  return window;
}

Tensor with_padding(const Tensor& x, const Window& window, double value) {
  std::vector<std::int64_t> before = {0, 0}, after = {0, 0};
  before.insert(before.end(), window.before.begin(), window.before.end());
  after.insert(after.end(), window.after.begin(), window.after.end());
  return padded(x, before, after, value);
}

Tensor with_row_axis(const Tensor& x) {
  return reshape(x, {x.size(0), x.size(1), 1, x.size(2)});
}

Tensor without_row_axis(const Tensor& x) {
  return reshape(x, {x.size(0), x.size(1), x.size(3)});
}

}  // namespace tessera::onnx
