// Pooling. What the rows max_pool2d and average_pool2d cover goes through them; everything else (three axes, padding of one side, dilated
// means) takes the taps of all windows one after the other, in the same order, so that the bits are those of the rows.
#include <algorithm>
#include <limits>

#include "tessera/base/error.h"
#include "tessera/interchange/onnx_operators.h"
#include "tessera/interchange/onnx_windows.h"

namespace tessera::onnx {
namespace {

struct Pool {
  Tensor x;
  Window window;
  std::vector<std::int64_t> outputs;  // windows along each axis
  bool round_up = false;
};

std::int64_t windows_along(std::int64_t length, const Window& window, std::size_t i, bool round_up) {
  const std::int64_t padded = length + window.before[i] + window.after[i];
  const std::int64_t room = padded - window.dilation[i] * (window.kernel[i] - 1) - 1;
  if (room < 0)
    fail("a window of {} is longer than an axis of {} with its padding", window.kernel[i], length);
  const std::int64_t stride = window.stride[i];
  std::int64_t count = (room + (round_up ? stride - 1 : 0)) / stride + 1;
  if (round_up && (count - 1) * stride >= length + window.before[i]) --count;  // a window begins inside
  return count;
}

Pool pool_of(const NodeCall& call) {
  const auto kernel = call.integers("kernel_shape");
  if (!kernel) fail("'kernel_shape' is missing");
  Pool pool{call[0], window_of(call, call[0], *kernel), {}, call.integer("ceil_mode", 0) != 0};
  std::int64_t taps = 1;
  for (std::size_t i = 0; i < kernel->size(); ++i) {
    pool.outputs.push_back(
        windows_along(pool.x.size(2 + static_cast<std::int64_t>(i)), pool.window, i, pool.round_up));
    if (__builtin_mul_overflow(taps, (*kernel)[i], &taps) || taps > 1'000'000)
      fail("a window of {} taps and more", taps);
  }
  return pool;
}

// ---- The rows ----

// One or two axes with the same padding on both sides, at most half the window.
bool covered_by_row(const Pool& pool) {
  const Window& window = pool.window;
  if (window.axes() > 2 || window.before != window.after) return false;
  for (std::size_t i = 0; i < window.axes(); ++i)
    if (window.before[i] > window.kernel[i] / 2) return false;
  return pool.x.dtype() != DType::kBool && pool.x.elements() > 0;
}

Tensor run_row(const Pool& pool, Op op, bool count_padding) {
  WindowAttributes attributes;
  const std::size_t skipped = 2 - pool.window.axes();
  for (std::size_t i = skipped; i < 2; ++i) {
    attributes.kernel[i] = pool.window.kernel[i - skipped];
    attributes.stride[i] = pool.window.stride[i - skipped];
    attributes.padding[i] = pool.window.before[i - skipped];
    attributes.dilation[i] = pool.window.dilation[i - skipped];
  }
  attributes.count_padding = count_padding;
  attributes.round_up = pool.round_up;
  const std::vector<Tensor> inputs = {skipped == 1 ? with_row_axis(pool.x) : pool.x};
  Tensor result = apply(op, inputs, attributes);
  return skipped == 1 ? without_row_axis(result) : result;
}

// ---- Tap by tap ----

// x with `value` around it, long enough for the last window.
Tensor surrounded(const Pool& pool, const Tensor& x, double value) {
  Window window = pool.window;
  for (std::size_t i = 0; i < window.axes(); ++i) {
    const std::int64_t reach =
        (pool.outputs[i] - 1) * window.stride[i] + window.dilation[i] * (window.kernel[i] - 1) + 1;
    window.after[i] =
        std::max<std::int64_t>(reach - x.size(2 + static_cast<std::int64_t>(i)) - window.before[i], 0);
  }
  return with_padding(x, window, value);
}

// The taps in row-major order: fold(fold(start, first tap), second tap) ...
Tensor over_taps(const Pool& pool, const Tensor& around, const Tensor& start,
                 const std::function<Tensor(const Tensor&, const Tensor&)>& fold) {
  const Window& window = pool.window;
  std::vector<std::int64_t> tap(window.axes(), 0);
  Tensor result = start;
  while (true) {
    std::vector<Range> ranges(2, Range::all());
    for (std::size_t i = 0; i < tap.size(); ++i) {
      const std::int64_t first = tap[i] * window.dilation[i];
      ranges.emplace_back(first, first + (pool.outputs[i] - 1) * window.stride[i] + 1, window.stride[i]);
    }
    const Tensor values = slice(around, ranges);
    result = result.defined() ? fold(result, values) : values;
    std::size_t axis = tap.size();
    while (axis > 0 && ++tap[axis - 1] == window.kernel[axis - 1]) tap[--axis] = 0;
    if (axis == 0) return result;
  }
}

Tensor sum_of_taps(const Pool& pool, const Tensor& x, double outside) {
  const Tensor around = surrounded(pool, x, outside);
  Shape shape{x.size(0), x.size(1)};
  for (const std::int64_t windows : pool.outputs) shape.append(windows);
  return over_taps(pool, around, zeros(shape, x.dtype()),
                   [](const Tensor& a, const Tensor& b) { return a + b; });
}

// Elements that each window's sum is divided by: those of x, or with the padding; never those that rounding up adds behind it.
Tensor window_counts(const Pool& pool, bool count_padding) {
  const Tensor inside = ones(pool.x.shape(), pool.x.dtype());
  if (!count_padding) return sum_of_taps(pool, inside, 0);
  Pool without = pool;
  for (std::size_t i = 0; i < pool.window.axes(); ++i) without.window.before[i] = without.window.after[i] = 0;
  return sum_of_taps(without, with_padding(inside, pool.window, 1), 0);
}

Outputs max_pool(const NodeCall& call) {
  const Pool pool = pool_of(call);
  if (call.wants_output(1) && (call.integer("storage_order", 0) != 0 || !covered_by_row(pool)))
    call.unsupported("positions in column-major order, of three axes, or with padding of one side");
  if (covered_by_row(pool)) {
    Outputs outputs = {run_row(pool, Op::kMaxPool2d, true)};
    if (call.wants_output(1)) outputs.push_back(run_row(pool, Op::kMaxPool2dIndices, true));
    return outputs;
  }
  const double lowest = is_floating(pool.x.dtype())
                            ? -std::numeric_limits<double>::infinity()
                            : static_cast<double>(std::numeric_limits<std::int64_t>::min());
  return {over_taps(pool, surrounded(pool, pool.x, lowest), {},
                    [](const Tensor& a, const Tensor& b) { return maximum(a, b); })};
}

Tensor average_pool(const NodeCall& call) {
  const Pool pool = pool_of(call);
  const bool count_padding = call.integer("count_include_pad", 0) != 0;
  const bool dilated = std::any_of(pool.window.dilation.begin(), pool.window.dilation.end(),
                                   [](std::int64_t dilation) { return dilation != 1; });
  if (covered_by_row(pool) && !dilated) return run_row(pool, Op::kAveragePool2d, count_padding);
  return sum_of_taps(pool, pool.x, 0) / window_counts(pool, count_padding);
}

// The p-norm of each window.
Tensor norm_pool(const NodeCall& call) {
  const Pool pool = pool_of(call);
  const auto p = static_cast<double>(call.integer("p", 2));
  if (p == 2) return sqrt(sum_of_taps(pool, pool.x * pool.x, 0));
  return pow(sum_of_taps(pool, pow(absolute(pool.x), p), 0), 1 / p);
}

std::vector<std::int64_t> spatial_axes(const Tensor& x) {
  if (x.rank() < 3) fail("expected [N, C, ...], found {}", x.shape().to_string());
  std::vector<std::int64_t> axes;
  for (int axis = 2; axis < x.rank(); ++axis) axes.push_back(axis);
  return axes;
}

// ---- Back to where the largest came from ----

Tensor max_unpool(const NodeCall& call) {
  const Tensor& x = call[0];
  const auto kernel = call.integers("kernel_shape");
  if (!kernel) fail("'kernel_shape' is missing");
  const Window window = window_of(call, x, *kernel);
  std::vector<std::int64_t> lengths = {x.size(0), x.size(1)};
  for (std::size_t i = 0; i < window.axes(); ++i)
    lengths.push_back((x.size(2 + static_cast<std::int64_t>(i)) - 1) * window.stride[i] + window.kernel[i] -
                      window.before[i] - window.after[i]);
  const Shape shape = shape_from(lengths);
  const Tensor flat = zeros({shape.elements()}, x.dtype());
  Tensor result =
      reshape(index_add(flat, reshape(call[1], {call[1].elements()}), reshape(x, {x.elements()}), 0), shape);
  if (!call.has(2)) return result;
  const std::vector<std::int64_t> wanted = call.input_integers(2);
  if (wanted.size() != lengths.size()) fail("MaxUnpool: output_shape has {} numbers", wanted.size());
  std::vector<std::int64_t> before(lengths.size(), 0), after;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (wanted[i] < lengths[i] || wanted[i] > lengths[i] + 1'000'000)
      fail("MaxUnpool: output_shape has {} where the windows give {}", wanted[i], lengths[i]);
    after.push_back(wanted[i] - lengths[i]);
  }
  return padded(result, before, after, 0);
}

}  // namespace

void add_pooling_operators(OperatorTable& table) {
  table[{"", "MaxPool"}] = max_pool;
  add_operator(table, "AveragePool", average_pool);
  add_operator(table, "LpPool", norm_pool);
  add_operator(table, "GlobalAveragePool",
               [](const NodeCall& call) { return mean(call[0], spatial_axes(call[0]), true); });
  add_operator(table, "GlobalMaxPool",
               [](const NodeCall& call) { return max(call[0], spatial_axes(call[0]), true); });
  add_operator(table, "MaxUnpool", max_unpool);
}

}  // namespace tessera::onnx
