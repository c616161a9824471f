// Convolution and its input gradient as sums over taps (convolution.h): which taps there are, and where their
// weights stand.

#include "tessera/backends/cpu/convolution.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "tessera/backends/cpu/convolution_plan.h"
#include "tessera/backends/cpu/kernels.h"

namespace tessera::backends {
namespace {

// ---- Forward: one sum for the whole output, k = (channel, depth, row, column) of the filter ----

template <typename T>
TapSums<T> forward_sums(const ConvolutionSizes& sizes, const VolumeView<T>& weight) {
  TapSums<T> sums{};
  sums.grid = sizes.output;
  sums.step = {1, 1, 1};
  sums.taps = filter_axes(sizes);
  sums.weights = {sizes.outputs * weight.image, weight.image, {}};
  sums.weights.k.reserve(
      static_cast<std::size_t>(sizes.channels * sizes.filter[0] * sizes.filter[1] * sizes.filter[2]));
  for (std::int64_t c = 0; c < sizes.channels; ++c)
    for (std::int64_t d = 0; d < sizes.filter[0]; ++d)
      for (std::int64_t r = 0; r < sizes.filter[1]; ++r)
        for (std::int64_t s = 0; s < sizes.filter[2]; ++s)
          sums.weights.k.push_back(c * weight.channel + d * weight.step[0] + r * weight.step[1] +
                                   s * weight.step[2]);
  return sums;
}

template <typename T>
bool forward(const KernelCall& call) {
  const ConvolutionKernels<T>* kernels = convolution_kernels<T>();
  if (kernels == nullptr) return false;
  if (call.output.elements() == 0) return true;
  const TensorView &x = call.inputs[0], &weight = call.inputs[1];
  const ConvolutionSizes sizes = convolution_sizes(x.shape, weight.shape, call.output.shape,
                                                   std::get<WindowAttributes>(call.attributes));
  if (reaches_far(sizes)) return false;
  SumPlan<T> plan(*kernels, VolumeView<T>(x),
                  {sizes.images, sizes.groups, sizes.channels, sizes.outputs, sizes.output},
                  {forward_sums<T>(sizes, VolumeView<T>(weight))});
  plan.run(weight.as<const T>(), call.output.as<T>());
  return true;
}

// ---- Input gradient: one sum per phase, k = (output channel, depth, row, column) over the phase's taps ----

// The positions first, first + stride, ... of an axis of the input, and the taps that reach them: at least one.
// With a stride far beyond the filter most positions have none, and phases for them would be too many.
struct Phase {
  std::int64_t first, count;
  std::vector<std::int64_t> taps;  // ascending
  TapAxis axis;
};

std::vector<Phase> list_phases(const ConvolutionSizes& sizes, std::size_t a) {
  std::vector<Phase> phases;
  const std::int64_t stride = sizes.stride[a];
  for (std::int64_t first = 0; first < std::min(stride, sizes.input[a]); ++first) {
    Phase phase{first, divide_up(sizes.input[a] - first, stride), {}, {1, {}}};
    for (std::int64_t tap = 0; tap < sizes.filter[a]; ++tap) {
      const std::int64_t position = first + sizes.padding[a] - tap * sizes.dilation[a];
      if (position % stride != 0) continue;
      phase.taps.push_back(tap);
      phase.axis.starts.push_back(position / stride);
    }
    if (!phase.taps.empty()) phases.push_back(std::move(phase));
  }
  return phases;
}

template <typename T>
TapSums<T> backward_sums(const ConvolutionSizes& sizes, const VolumeView<T>& weight, const Phase& depth,
                         const Phase& rows, const Phase& columns) {
  TapSums<T> sums{};
  sums.taps = {depth.axis, rows.axis, columns.axis};
  sums.grid = {depth.count, rows.count, columns.count};
  sums.first = {depth.first, rows.first, columns.first};
  sums.step = sizes.stride;
  sums.weights = {sizes.outputs * weight.image, weight.channel, {}};
  sums.weights.k.reserve(static_cast<std::size_t>(sizes.outputs) * depth.taps.size() * rows.taps.size() *
                         columns.taps.size());
  for (std::int64_t o = 0; o < sizes.outputs; ++o)
    for (const std::int64_t d : depth.taps)
      for (const std::int64_t r : rows.taps)
        for (const std::int64_t s : columns.taps)
          sums.weights.k.push_back(o * weight.image + d * weight.step[0] + r * weight.step[1] +
                                   s * weight.step[2]);
  return sums;
}

template <typename T>
bool backward(const KernelCall& call) {
  const ConvolutionKernels<T>* kernels = convolution_kernels<T>();
  if (kernels == nullptr) return false;
  if (call.output.elements() == 0) return true;
  const TensorView &gradient = call.inputs[0], &weight = call.inputs[1];
  const ConvolutionSizes sizes = convolution_sizes(call.output.shape, weight.shape, gradient.shape,
                                                   std::get<WindowAttributes>(call.attributes));
  if (reaches_far(sizes)) return false;
  std::vector<TapSums<T>> phases;
  for (const Phase& depth : list_phases(sizes, 0))
    for (const Phase& rows : list_phases(sizes, 1))
      for (const Phase& columns : list_phases(sizes, 2))
        phases.push_back(backward_sums<T>(sizes, VolumeView<T>(weight), depth, rows, columns));
  SumPlan<T> plan(*kernels, VolumeView<T>(gradient),
                  {sizes.images, sizes.groups, sizes.outputs, sizes.channels, sizes.input},
                  std::move(phases));
  plan.run(weight.as<const T>(), call.output.as<T>());
  return true;
}

}  // namespace

bool run_convolution(const KernelCall& call) {
  if (call.output.dtype == DType::kFloat32) return forward<float>(call);
  if (call.output.dtype == DType::kFloat64) return forward<double>(call);
  return false;
}

bool run_convolution_input_gradient(const KernelCall& call) {
  if (call.output.dtype == DType::kFloat32) return backward<float>(call);
  if (call.output.dtype == DType::kFloat64) return backward<double>(call);
  return false;
}

}  // namespace tessera::backends
