// Pooling, one [H, W] plane at a time: 2 x 2 windows with stride 2, and largest values of windows of one column, by vectors, any other window by loops
// whose taps are clipped to the plane beforehand.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <variant>

#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/move.h"
#include "tessera/backends/cpu/pooling_kernels.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kWindowsPerTask = 4096;

struct Planes {
  std::int64_t count, height, width;  // of the input
  std::int64_t out_height, out_width;
  const WindowAttributes& window;
};

Planes planes_of(const Shape& input, const Shape& output, const WindowAttributes& window) {
  return {input[0] * input[1], input[2], input[3], output[2], output[3], window};
}

// body(plane) for every plane, several per task.
template <typename Body>
void for_each_plane(const Planes& planes, Body&& body) {
  const std::int64_t windows = std::max<std::int64_t>(1, planes.out_height * planes.out_width);
  const std::int64_t per_task = std::max<std::int64_t>(1, kWindowsPerTask / windows);
  parallel_for((planes.count + per_task - 1) / per_task, [&](std::int64_t task) {
    for (std::int64_t plane = task * per_task; plane < std::min(planes.count, (task + 1) * per_task); ++plane)
      body(plane);
  });
}

// The taps of output `position` along one axis that lie inside the input: first, first + dilation, ... below
// end.
struct Taps {
  std::int64_t first, end;
};

Taps taps_of(std::int64_t position, std::int64_t size, const WindowAttributes& window, int axis) {
  const std::int64_t start = position * window.stride[axis] - window.padding[axis],
                     step = window.dilation[axis];
  const std::int64_t skipped = start < 0 ? (-start + step - 1) / step : 0;
  return {start + skipped * step, std::min(size, start + (window.kernel[axis] - 1) * step + 1)};
}

// body(output position, row taps, column taps) for every window of a plane.
template <typename Body>
void for_each_window(const Planes& planes, Body&& body) {
  std::int64_t position = 0;
  for (std::int64_t y = 0; y < planes.out_height; ++y) {
    const Taps rows = taps_of(y, planes.height, planes.window, 0);
    for (std::int64_t x = 0; x < planes.out_width; ++x)
      body(position++, rows, taps_of(x, planes.width, planes.window, 1), y, x);
  }
}

// body(position in the plane) for every tap of a window, row by row.
template <typename Body>
void for_each_tap(const Planes& planes, const Taps& rows, const Taps& columns, Body&& body) {
  for (std::int64_t h = rows.first; h < rows.end; h += planes.window.dilation[0])
    for (std::int64_t w = columns.first; w < columns.end; w += planes.window.dilation[1])
      body(h * planes.width + w);
}

template <typename T>
bool beats(T candidate, T best) {
  return candidate > best || (candidate != candidate && best == best);
}

bool is_pair_window(const Planes& planes) {
  const WindowAttributes& window = planes.window;
  for (int axis = 0; axis < 2; ++axis)
    if (window.kernel[axis] != 2 || window.stride[axis] != 2 || window.padding[axis] != 0 ||
        window.dilation[axis] != 1)
      return false;
  return 2 * planes.out_height <= planes.height && 2 * planes.out_width <= planes.width &&
         planes.width <= kPairPoolMaxWidth;
}

// Of one column each, side by side, with a tap inside.
bool is_column_window(const Planes& planes) {
  const WindowAttributes& window = planes.window;
  if (window.kernel[1] != 1 || window.stride[1] != 1 || window.padding[1] != 0 ||
      planes.out_width != planes.width || window.kernel[0] > kColumnPoolMostTaps)
    return false;
  for (std::int64_t y = 0; y < planes.out_height; ++y) {
    const Taps rows = taps_of(y, planes.height, window, 0);
    if (rows.first >= rows.end) return false;
  }
  return true;
}

template <typename T>
void largest_of_plane(const Planes& planes, const T* pixels, T* out) {
  using Limits = std::numeric_limits<T>;
  for_each_window(planes,
                  [&](std::int64_t i, const Taps& rows, const Taps& columns, std::int64_t, std::int64_t) {
                    T best = Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
                    for_each_tap(planes, rows, columns, [&](std::int64_t position) {
                      if (beats(pixels[position], best)) best = pixels[position];
                    });
                    out[i] = best == T(0) ? T(0) : best;
                  });
}

template <typename T>
void places_of_plane(const Planes& planes, const T* pixels, std::int64_t start, std::int64_t* out) {
  for_each_window(planes,
                  [&](std::int64_t i, const Taps& rows, const Taps& columns, std::int64_t, std::int64_t) {
                    std::int64_t best = -1;
                    for_each_tap(planes, rows, columns, [&](std::int64_t position) {
                      if (best < 0 || beats(pixels[position], pixels[best])) best = position;
                    });
                    out[i] = best < 0 ? -1 : start + best;
                  });
}

void pair_values_of_plane(const Planes& planes, PairPoolLoop loop, const float* pixels, float* out) {
  for (std::int64_t y = 0; y < planes.out_height; ++y, pixels += 2 * planes.width, out += planes.out_width)
    loop(pixels, planes.width, planes.out_width, out, nullptr, 0);
}

void pair_places_of_plane(const Planes& planes, PairPoolLoop loop, const float* pixels, std::int64_t start,
                          std::int64_t* out) {
  for (std::int64_t y = 0; y < planes.out_height; ++y, out += planes.out_width) {
    const std::int64_t row = 2 * y * planes.width;
    loop(pixels + row, planes.width, planes.out_width, nullptr, out, start + row);
  }
}

// Values, or places where there are any.
void pool_columns_of_plane(const Planes& planes, ColumnPoolLoop loop, const float* pixels, float* values,
                           std::int64_t* places, std::int64_t start) {
  const std::int64_t width = planes.width, dilation = planes.window.dilation[0];
  for (std::int64_t y = 0; y < planes.out_height; ++y) {
    const Taps rows = taps_of(y, planes.height, planes.window, 0);
    const std::int64_t taps = (rows.end - rows.first + dilation - 1) / dilation, first = rows.first * width;
    loop(pixels + first, dilation * width, taps, width, values == nullptr ? nullptr : values + y * width,
         places == nullptr ? nullptr : places + y * width, start + first);
  }
}

template <typename T>
bool pool_largest(const KernelCall& call) {
  const auto& window = std::get<WindowAttributes>(call.attributes);
  const Planes planes = planes_of(call.inputs[0].shape, call.output.shape, window);
  ScratchScope scratch;
  const TensorView& x = call.inputs[0];
  const T* pixels = dense<T>(x, scratch);
  T* out = call.output.as<T>();
  const PairPoolLoop loop = is_pair_window(planes) ? pair_pool_loop() : nullptr;
  [[maybe_unused]] const ColumnPoolLoop columns = is_column_window(planes) ? column_pool_loop() : nullptr;
  for_each_plane(planes, [&](std::int64_t plane) {
    const T* from = pixels + plane * planes.height * planes.width;
    T* to = out + plane * planes.out_height * planes.out_width;
    if constexpr (sizeof(T) == 4)
      if (loop != nullptr) return pair_values_of_plane(planes, loop, from, to);
    if constexpr (sizeof(T) == 4)
      if (columns != nullptr) return pool_columns_of_plane(planes, columns, from, to, nullptr, 0);
    largest_of_plane(planes, from, to);
  });
  return true;
}

template <typename T>
bool pool_places(const KernelCall& call) {
  const auto& window = std::get<WindowAttributes>(call.attributes);
  const Planes planes = planes_of(call.inputs[0].shape, call.output.shape, window);
  ScratchScope scratch;
  const TensorView& x = call.inputs[0];
  const T* pixels = dense<T>(x, scratch);
  std::int64_t* out = call.output.as<std::int64_t>();
  const PairPoolLoop loop = is_pair_window(planes) ? pair_pool_loop() : nullptr;
  [[maybe_unused]] const ColumnPoolLoop columns = is_column_window(planes) ? column_pool_loop() : nullptr;
  for_each_plane(planes, [&](std::int64_t plane) {
    const std::int64_t start = plane * planes.height * planes.width;
    std::int64_t* to = out + plane * planes.out_height * planes.out_width;
    if constexpr (sizeof(T) == 4)
      if (loop != nullptr) return pair_places_of_plane(planes, loop, pixels + start, start, to);
    if constexpr (sizeof(T) == 4)
      if (columns != nullptr)
        return pool_columns_of_plane(planes, columns, pixels + start, nullptr, to, start);
    places_of_plane(planes, pixels + start, start, to);
  });
  return true;
}

// What a window of average pooling divides by; with count_padding the window's positions in the padded image,
// cut where `round_up` lets it hang over the end.
std::int64_t window_count(const Planes& planes, const Taps& rows, const Taps& columns, std::int64_t y,
                          std::int64_t x) {
  const WindowAttributes& window = planes.window;
  if (!window.count_padding) {
    std::int64_t count = 0;
    for_each_tap(planes, rows, columns, [&](std::int64_t) { ++count; });
    return count;
  }
  const std::int64_t down = planes.height + 2 * window.padding[0] - y * window.stride[0];
  const std::int64_t across = planes.width + 2 * window.padding[1] - x * window.stride[1];
  return std::min(window.kernel[0], down) * std::min(window.kernel[1], across);
}

template <typename T>
void average_of_plane(const Planes& planes, const T* pixels, T* out) {
  for_each_window(
      planes, [&](std::int64_t i, const Taps& rows, const Taps& columns, std::int64_t y, std::int64_t w) {
        T total = 0;
        for_each_tap(planes, rows, columns, [&](std::int64_t position) { total += pixels[position]; });
        out[i] = total / static_cast<T>(window_count(planes, rows, columns, y, w));
      });
}

template <typename T>
void spread_of_plane(const Planes& planes, const T* gradient, T* pixels) {
  std::fill_n(pixels, planes.height * planes.width, T(0));
  for_each_window(
      planes, [&](std::int64_t i, const Taps& rows, const Taps& columns, std::int64_t y, std::int64_t w) {
        const T share = gradient[i] / static_cast<T>(window_count(planes, rows, columns, y, w));
        for_each_tap(planes, rows, columns, [&](std::int64_t position) { pixels[position] += share; });
      });
}

void pair_averages_of_plane(const Planes& planes, const PairAverageLoops& loops, const float* pixels,
                            float* out) {
  for (std::int64_t y = 0; y < planes.out_height; ++y, pixels += 2 * planes.width, out += planes.out_width)
    loops.average(pixels, planes.width, planes.out_width, out);
}

// What no window covers is the last row or column, or more of them.
void pair_spread_of_plane(const Planes& planes, const PairAverageLoops& loops, const float* gradient,
                          float* pixels) {
  const std::int64_t width = planes.width, covered = 2 * planes.out_width;
  float* row = pixels;
  for (std::int64_t y = 0; y < planes.out_height; ++y, row += 2 * width) {
    loops.spread(gradient + y * planes.out_width, planes.out_width, row, width);
    for (float* line : {row, row + width}) std::fill(line + covered, line + width, 0.0f);
  }
  std::fill(row, pixels + planes.height * width, 0.0f);
}

template <typename T>
bool pool_average(const KernelCall& call) {
  const auto& window = std::get<WindowAttributes>(call.attributes);
  const Planes planes = planes_of(call.inputs[0].shape, call.output.shape, window);
  ScratchScope scratch;
  const T* pixels = dense<T>(call.inputs[0], scratch);
  T* out = call.output.as<T>();
  const PairAverageLoops* loops = is_pair_window(planes) ? pair_average_loops() : nullptr;
  for_each_plane(planes, [&](std::int64_t plane) {
    const T* from = pixels + plane * planes.height * planes.width;
    T* to = out + plane * planes.out_height * planes.out_width;
    if constexpr (sizeof(T) == 4)
      if (loops != nullptr) return pair_averages_of_plane(planes, *loops, from, to);
    average_of_plane(planes, from, to);
  });
  return true;
}

template <typename T>
bool average_gradient(const KernelCall& call) {
  const auto& window = std::get<WindowAttributes>(call.attributes);
  const Planes planes = planes_of(call.output.shape, call.inputs[0].shape, window);
  ScratchScope scratch;
  const T* gradient = dense<T>(call.inputs[0], scratch);
  T* out = call.output.as<T>();
  const PairAverageLoops* loops = is_pair_window(planes) ? pair_average_loops() : nullptr;
  for_each_plane(planes, [&](std::int64_t plane) {
    const T* from = gradient + plane * planes.out_height * planes.out_width;
    T* to = out + plane * planes.height * planes.width;
    if constexpr (sizeof(T) == 4)
      if (loops != nullptr) return pair_spread_of_plane(planes, *loops, from, to);
    spread_of_plane(planes, from, to);
  });
  return true;
}

}  // namespace

bool run_max_pool2d(const KernelCall& call) {
  if (call.output.elements() == 0) return true;
  if (call.output.dtype == DType::kFloat32) return pool_largest<float>(call);
  if (call.output.dtype == DType::kFloat64) return pool_largest<double>(call);
  return false;
}

bool run_max_pool2d_indices(const KernelCall& call) {
  if (call.output.elements() == 0) return true;
  if (call.inputs[0].dtype == DType::kFloat32) return pool_places<float>(call);
  if (call.inputs[0].dtype == DType::kFloat64) return pool_places<double>(call);
  return false;
}

bool run_average_pool2d(const KernelCall& call) {
  if (call.output.elements() == 0) return true;
  if (call.output.dtype == DType::kFloat32) return pool_average<float>(call);
  if (call.output.dtype == DType::kFloat64) return pool_average<double>(call);
  return false;
}

bool run_average_pool2d_gradient(const KernelCall& call) {
  if (call.output.dtype == DType::kFloat32) return average_gradient<float>(call);
  if (call.output.dtype == DType::kFloat64) return average_gradient<double>(call);
  return false;
}

}  // namespace tessera::backends
