#include "tessera/nn/pooling.h"

#include <algorithm>
#include <numeric>

#include "tessera/base/error.h"
#include "tessera/nn/layer_parts.h"

namespace tessera::nn {
namespace {

using parts::positive;

std::string spatial_text(int axes) {
  static constexpr const char* kNames[] = {"[N, C, L]", "[N, C, H, W]", "[N, C, D, H, W]"};
  return kNames[axes - 1];
}

// The means of the parts of one axis.
Tensor average_parts(const Tensor& x, int axis, std::int64_t size) {
  std::vector<Tensor> means;
  for (std::int64_t i = 0; i < size; ++i) {
    std::vector<Range> ranges(static_cast<std::size_t>(axis), Range::all());
    const auto [first, last] = AdaptiveAvgPool::part_of(i, size, x.size(axis));
    ranges.push_back(Range(first, last));
    means.push_back(mean(slice(x, ranges), {axis}, true));
  }
  return concatenate(means, axis);
}

}  // namespace

// ---- Windows ----

WindowPool::WindowPool(const char* name, bool maximum, int axes, Lengths kernel, Lengths stride,
                       Lengths padding, Lengths dilation, bool count_padding, bool round_up)
    : name_(name), maximum_(maximum) {
  window_.axes = axes;
  window_.count_padding = count_padding;
  window_.round_up = round_up;
  for (std::size_t i = 0; i < kernel.size(); ++i) {
    window_.kernel[i] = positive(name, "kernel", kernel[i]);
    window_.stride[i] = stride[i] == 0 ? kernel[i] : positive(name, "stride", stride[i]);
    window_.padding[i] = padding[i];
    window_.dilation[i] = positive(name, "dilation", dilation[i]);
    if (padding[i] < 0 || padding[i] > kernel[i] / 2)
      fail("{}: padding is {}, expected 0 to half the kernel ({})", name, padding[i], kernel[i] / 2);
    if (!maximum && dilation[i] != 1) fail("{}: dilation is {}, expected 1", name, dilation[i]);
  }
}

// Over the last two axes of a tensor of four, with the window's axes `rows` (-1: none) and `columns`.
Tensor WindowPool::pool_two(const Tensor& x, int rows, int columns) const {
  Pool2dOptions options;
  options.count_padding = window_.count_padding;
  options.round_up = window_.round_up;
  int to = 0;
  for (const int axis : {rows, columns}) {
    options.kernel[to] = axis < 0 ? 1 : window_.kernel[axis];
    options.stride[to] = axis < 0 ? 1 : window_.stride[axis];
    options.padding[to] = axis < 0 ? 0 : window_.padding[axis];
    options.dilation[to] = axis < 0 ? 1 : window_.dilation[axis];
    ++to;
  }
  return maximum_ ? max_pool2d(x, options) : average_pool2d(x, options);
}

Tensor WindowPool::forward(const Tensor& x, Context& /*context*/) {
  const Shape output = output_shape(x.shape());
  const std::int64_t n = x.size(0), c = x.size(1);
  if (window_.axes == 2) return pool_two(x, 0, 1);
  if (window_.axes == 1) return reshape(pool_two(reshape(x, {n, c, 1, x.size(2)}), -1, 0), output);
  const Tensor planes = pool_two(reshape(x, {n, c * x.size(2), x.size(3), x.size(4)}), 1, 2);
  return reshape(pool_two(reshape(planes, {n, c, x.size(2), output[3] * output[4]}), 0, -1), output);
}

Shape WindowPool::output_shape(const Shape& input) const {
  if (input.rank() != 2 + window_.axes)
    fail("{}: the input has shape {}, expected {}", where(), input.to_string(), spatial_text(window_.axes));
  Shape output = input;
  for (int i = 0; i < window_.axes; ++i) {
    output[2 + i] = window_output_size(input[2 + i], window_, i);
    if (output[2 + i] == 0)
      fail("{}: the window does not fit the input {}: axis {} is shorter than {}", where(), input.to_string(),
           2 + i, window_.dilation[i] * (window_.kernel[i] - 1) + 1);
  }
  return output;
}

WindowPool::Lengths WindowPool::axes_of(const std::int64_t* values) const {
  return {values, static_cast<std::size_t>(window_.axes)};
}

std::string WindowPool::describe() const {
  const auto kernel = axes_of(window_.kernel), stride = axes_of(window_.stride);
  const auto all_are = [](Lengths values, std::int64_t value) {
    return std::all_of(values.begin(), values.end(), [&](std::int64_t v) { return v == value; });
  };
  std::string text = fmt::format("{}(kernel {}", name_, parts::sizes_text(kernel));
  if (!std::equal(stride.begin(), stride.end(), kernel.begin()))
    text += fmt::format(", stride {}", parts::sizes_text(stride));
  if (!all_are(axes_of(window_.padding), 0))
    text += fmt::format(", padding {}", parts::sizes_text(axes_of(window_.padding)));
  if (!all_are(axes_of(window_.dilation), 1))
    text += fmt::format(", dilation {}", parts::sizes_text(axes_of(window_.dilation)));
  return text + ")";
}

// ---- To a given size ----

AdaptiveAvgPool::AdaptiveAvgPool(std::vector<std::int64_t> size) : size_(std::move(size)) {
  for (const std::int64_t length : size_) positive("AdaptiveAvgPool", "size", length);
}

// Where every axis divides, all of a window is one mean; else the axes follow each other.
Tensor AdaptiveAvgPool::forward(const Tensor& x, Context& /*context*/) {
  const Shape output = output_shape(x.shape());
  Shape cut{x.size(0), x.size(1)};
  std::vector<std::int64_t> inside;
  bool divides = true;
  for (int axis = 2; axis < x.rank(); ++axis) {
    divides = divides && x.size(axis) % output[axis] == 0;
    cut.append(output[axis]);
    inside.push_back(cut.rank());
    cut.append(x.size(axis) / output[axis]);
  }
  if (divides) return mean(reshape(x, cut), inside);
  Tensor y = x;
  for (int axis = 2; axis < x.rank(); ++axis) y = average_parts(y, axis, output[axis]);
  return y;
}

Shape AdaptiveAvgPool::output_shape(const Shape& input) const {
  const int axes = static_cast<int>(size_.size());
  if (input.rank() != 2 + axes)
    fail("{}: the input has shape {}, expected {}", where(), input.to_string(), spatial_text(axes));
  Shape output = input;
  for (int i = 0; i < axes; ++i) {
    if (input[2 + i] < 1) fail("{}: axis {} of the input {} is empty", where(), 2 + i, input.to_string());
    output[2 + i] = size_[static_cast<std::size_t>(i)];
  }
  return output;
}

std::string AdaptiveAvgPool::describe() const {
  return fmt::format("AdaptiveAvgPool{}d(to {})", size_.size(), parts::sizes_text(size_));
}

// ---- Over whole axes ----

GlobalPool::GlobalPool(Pooling pooling, GlobalPoolSettings settings)
    : pooling_(pooling), settings_(std::move(settings)) {}

std::vector<std::int64_t> GlobalPool::axes(const Shape& input) const {
  std::vector<std::int64_t> all = settings_.axes;
  if (all.empty())
    for (int axis = 2; axis < input.rank(); ++axis) all.push_back(axis);
  if (all.empty()) fail("{}: the input has shape {}, expected axes after [N, C]", where(), input.to_string());
  for (std::int64_t& axis : all) axis = normalize_axis(axis, input);
  return all;
}

Tensor GlobalPool::forward(const Tensor& x, Context& /*context*/) {
  output_shape(x.shape());
  const std::vector<std::int64_t> over = axes(x.shape());
  if (pooling_ == Pooling::kMax) return max(x, over, settings_.keep_axes);
  if (pooling_ == Pooling::kMean) return mean(x, over, settings_.keep_axes);
  return sum(x, over, settings_.keep_axes);
}

Shape GlobalPool::output_shape(const Shape& input) const {
  const std::vector<std::int64_t> over = axes(input);
  Shape output;
  for (int axis = 0; axis < input.rank(); ++axis) {
    const bool pooled = std::find(over.begin(), over.end(), axis) != over.end();
    if (pooled && input[axis] == 0 && pooling_ != Pooling::kSum)
      fail("{}: axis {} of the input {} is empty", where(), axis, input.to_string());
    if (!pooled)
      output.append(input[axis]);
    else if (settings_.keep_axes)
      output.append(1);
  }
  return output;
}

std::string GlobalPool::describe() const {
  static constexpr const char* kNames[] = {"max", "mean", "sum"};
  const char* name = kNames[static_cast<std::size_t>(pooling_)];
  if (settings_.axes.empty()) return fmt::format("GlobalPool({})", name);
  return fmt::format("GlobalPool({} over axes {})", name, fmt::join(settings_.axes, ", "));
}

// ---- Switches ----

namespace {

// Where each plane of [N, C, H, W] begins in the flattened tensor, as [N, C, 1, 1].
Tensor plane_starts(const Shape& shape) {
  return reshape(arange(shape[0] * shape[1]) * (shape[2] * shape[3]), {shape[0], shape[1], 1, 1});
}

}  // namespace

Pooled max_pool_with_switches(const Tensor& x, const Pool2dSettings& settings) {
  MaxPool2d(settings).output_shape(x.shape());
  Pool2dOptions options;
  options.round_up = settings.round_up;
  for (std::size_t i = 0; i < 2; ++i) {
    options.kernel[i] = settings.kernel[i];
    options.stride[i] = settings.stride[i] == 0 ? settings.kernel[i] : settings.stride[i];
    options.padding[i] = settings.padding[i];
    options.dilation[i] = settings.dilation[i];
  }
  const Tensor positions = max_pool2d_indices(x, options);
  const Tensor switches = select(less(positions, 0), -1, positions - plane_starts(x.shape()));
  return {max_pool2d(x, options), switches};
}

Tensor max_unpool2d(const Tensor& x, const Tensor& switches, const Shape& output_shape) {
  if (x.rank() != 4 || switches.shape() != x.shape() || switches.dtype() != DType::kInt64)
    fail(
        "max_unpool2d: x is {} and the switches are {} {}, expected [N, C, H', W'] and int64 of the same "
        "shape",
        x.shape().to_string(), dtype_name(switches.dtype()), switches.shape().to_string());
  if (output_shape.rank() != 4 || output_shape[0] != x.size(0) || output_shape[1] != x.size(1))
    fail("max_unpool2d: the output shape is {}, expected [{}, {}, H, W]", output_shape.to_string(), x.size(0),
         x.size(1));
  if (x.elements() == 0) return zeros(output_shape, x.dtype());
  const std::int64_t plane = output_shape[2] * output_shape[3];
  const std::int64_t last = max(switches).item<std::int64_t>(), first = min(switches).item<std::int64_t>();
  if (first < -1 || last >= plane)
    fail("max_unpool2d: a switch is {}, expected -1 to {} (the output shape is {})",
         first < -1 ? first : last, plane - 1, output_shape.to_string());
  const Tensor none = less(switches, 0);
  const Tensor positions = select(none, 0, switches + plane_starts(output_shape));
  const Tensor source = first < 0 ? select(none, 0, x) : x;
  const Tensor flat = index_add(zeros({output_shape.elements()}, x.dtype()),
                                reshape(positions, {x.elements()}), reshape(source, {x.elements()}));
  return reshape(flat, output_shape);
}

}  // namespace tessera::nn
