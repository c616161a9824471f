// conv2d and its input gradient as products of the filters with the matrix of taps, one image and group at a
// time.
//
// The input gradient at row h takes the taps r for which h + padding - r * dilation is a multiple of the
// stride, so rows with the same remainder share their taps: each remainder ("phase") is one product with its
// own, shorter k. With stride 1 there is one phase and every tap belongs to it.

#include <algorithm>
#include <cstdint>
#include <variant>
#include <vector>

#include "tessera/backends/cpu/columns.h"
#include "tessera/backends/cpu/gemm.h"
#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

// One product per image and group: out[channels, grid] = filters[channels, taps] * taps[taps, grid].
template <typename T>
struct TapProduct {
  const T* filters;                   // of the first group, rows contiguous
  std::int64_t group_filters;         // elements between groups
  std::vector<std::int64_t> offsets;  // of the taps in the padded image
  std::int64_t grid_rows, grid_columns;
  std::int64_t row_step, column_step;           // of the grid in the padded image
  std::int64_t out_start, out_row, out_column;  // of the grid in an output plane of out_width columns
};

template <typename T>
struct TapPlan {
  const TensorView* images;
  PaddedPlanes planes;                // per group
  std::int64_t groups, out_channels;  // per group
  std::int64_t out_width, out_plane;
  std::vector<TapProduct<T>> products;
};

std::int64_t divide_up(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

// A product of some lines of the grid; directly into the output when the grid is the whole plane.
template <typename T>
void run_product(const GemmKernels<T>& kernels, const TapPlan<T>& plan, const TapProduct<T>& product,
                 const T* padded, std::int64_t group, std::int64_t first_row, std::int64_t rows, T* out) {
  const std::int64_t taps = static_cast<std::int64_t>(product.offsets.size());
  const std::int64_t columns = product.grid_columns, positions = rows * columns;
  if (positions <= 0) return;
  const ColumnSource<T> source(kernels, padded + first_row * product.row_step, product.offsets, columns,
                               product.row_step, product.column_step);
  const MatrixView<const T> filters{product.filters + group * product.group_filters, taps, 1};
  out += product.out_start + first_row * product.out_row;
  if (product.out_column == 1 && product.out_row == columns) {
    gemm_with_source<T>(kernels, plan.out_channels, positions, taps, filters, source,
                        {out, plan.out_plane, 1});
    return;
  }
  ScratchScope scratch;
  T* grid = scratch.allocate<T>(plan.out_channels * positions);
  gemm_with_source<T>(kernels, plan.out_channels, positions, taps, filters, source, {grid, positions, 1});
  for (std::int64_t channel = 0; channel < plan.out_channels; ++channel, out += plan.out_plane)
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = 0; j < columns; ++j) out[i * product.out_row + j * product.out_column] = *grid++;
}

template <typename T>
void run_plan(const GemmKernels<T>& kernels, const TapPlan<T>& plan, std::int64_t images, T* out) {
  std::int64_t most_rows = 1;
  for (const auto& product : plan.products) most_rows = std::max(most_rows, product.grid_rows);
  // Enough tasks for the threads: lines of the grid are divided only when there are few images.
  const std::int64_t parts =
      std::min(most_rows, divide_up(thread_count() == 1 ? 1 : 4 * thread_count(), images * plan.groups));
  parallel_for(images * plan.groups * parts, [&](std::int64_t task) {
    const std::int64_t part = task % parts, group = task / parts % plan.groups,
                       image = task / parts / plan.groups;
    ScratchScope scratch;
    T* padded = scratch.allocate<T>(plan.planes.elements());
    copy_padded<T>(*plan.images, image, group * plan.planes.channels, plan.planes, padded);
    T* target = out + (image * plan.groups + group) * plan.out_channels * plan.out_plane;
    for (const auto& product : plan.products) {
      const std::int64_t first = product.grid_rows * part / parts,
                         end = product.grid_rows * (part + 1) / parts;
      run_product(kernels, plan, product, padded, group, first, end - first, target);
    }
  });
}

// ---- conv2d ----

template <typename T>
TapProduct<T> forward_product(const PaddedPlanes& planes, const Shape& weight, const Shape& output,
                              const WindowAttributes& window) {
  TapProduct<T> product{};
  for (std::int64_t c = 0; c < weight[1]; ++c)
    for (std::int64_t r = 0; r < weight[2]; ++r)
      for (std::int64_t s = 0; s < weight[3]; ++s)
        product.offsets.push_back(c * planes.plane() + r * window.dilation[0] * planes.columns() +
                                  s * window.dilation[1]);
  product.grid_rows = output[2];
  product.grid_columns = output[3];
  product.row_step = window.stride[0] * planes.columns();
  product.column_step = window.stride[1];
  product.out_row = output[3];
  product.out_column = 1;
  return product;
}

// Filters [O, C, R, S] of any strides as [O, C, R, S] without gaps.
template <typename T>
void copy_filters(const TensorView& weight, T* filters) {
  const Shape& shape = weight.shape;
  const Strides& strides = weight.strides;
  for (std::int64_t o = 0; o < shape[0]; ++o)
    for (std::int64_t c = 0; c < shape[1]; ++c)
      for (std::int64_t r = 0; r < shape[2]; ++r)
        for (std::int64_t s = 0; s < shape[3]; ++s)
          *filters++ =
              weight.as<const T>()[o * strides[0] + c * strides[1] + r * strides[2] + s * strides[3]];
}

template <typename T>
bool forward(const KernelCall& call) {
  const GemmKernels<T>* kernels = gemm_kernels<T>();
  if (kernels == nullptr) return false;
  if (call.output.elements() == 0) return true;
  const auto& window = std::get<WindowAttributes>(call.attributes);
  const TensorView& images = call.inputs[0];
  const Shape& weight = call.inputs[1].shape;
  const Shape& output = call.output.shape;
  ScratchScope scratch;
  T* filters = scratch.allocate<T>(weight.elements());
  copy_filters(call.inputs[1], filters);

  TapPlan<T> plan{};
  plan.images = &images;
  plan.planes = {weight[1],
                 images.shape[2],
                 images.shape[3],
                 {window.padding[0], window.padding[1]},
                 {window.padding[0], window.padding[1]}};
  plan.groups = window.groups;
  plan.out_channels = weight[0] / window.groups;
  plan.out_width = output[3];
  plan.out_plane = output[2] * output[3];
  plan.products.push_back(forward_product<T>(plan.planes, weight, output, window));
  plan.products[0].filters = filters;
  plan.products[0].group_filters =
      plan.out_channels * static_cast<std::int64_t>(plan.products[0].offsets.size());
  run_plan(*kernels, plan, images.shape[0], call.output.as<T>());
  return true;
}

// ---- input gradient ----

// Along one axis: the taps of a phase, and where each reads in the output gradient for the phase's first
// position.
struct Phase {
  std::int64_t first, count;         // positions first, first + stride, ...
  std::vector<std::int64_t> taps;    // ascending
  std::vector<std::int64_t> starts;  // may lie outside the gradient
};

std::vector<Phase> list_phases(std::int64_t input, std::int64_t filter, const WindowAttributes& window,
                               int axis) {
  std::vector<Phase> phases;
  const std::int64_t stride = window.stride[axis];
  for (std::int64_t first = 0; first < std::min(stride, input); ++first) {
    Phase phase{first, divide_up(input - first, stride), {}, {}};
    for (std::int64_t tap = 0; tap < filter; ++tap) {
      const std::int64_t position = first + window.padding[axis] - tap * window.dilation[axis];
      if (position % stride != 0) continue;
      phase.taps.push_back(tap);
      phase.starts.push_back(position / stride);
    }
    phases.push_back(phase);
  }
  return phases;
}

void pad_for_phases(const std::vector<Phase>& phases, std::int64_t size, std::int64_t* before,
                    std::int64_t* after) {
  for (const Phase& phase : phases) {
    for (const std::int64_t start : phase.starts) {
      *before = std::max(*before, -start);
      *after = std::max(*after, start + phase.count - size);
    }
  }
}

template <typename T>
TapProduct<T> backward_product(const PaddedPlanes& planes, const Phase& rows, const Phase& columns,
                               const WindowAttributes& window, std::int64_t out_width) {
  TapProduct<T> product{};
  for (std::int64_t o = 0; o < planes.channels; ++o)
    for (const std::int64_t row : rows.starts)
      for (const std::int64_t column : columns.starts)
        product.offsets.push_back(o * planes.plane() + (planes.before[0] + row) * planes.columns() +
                                  planes.before[1] + column);
  product.grid_rows = rows.count;
  product.grid_columns = columns.count;
  product.row_step = planes.columns();
  product.column_step = 1;
  product.out_start = rows.first * out_width + columns.first;
  product.out_row = window.stride[0] * out_width;
  product.out_column = window.stride[1];
  return product;
}

// The filters of one phase as [group][input channel][output channel, row, column].
template <typename T>
void copy_phase_filters(const TensorView& weight, std::int64_t groups, const Phase& rows,
                        const Phase& columns, T* filters) {
  const Strides& strides = weight.strides;
  const std::int64_t outputs = weight.shape[0] / groups;
  for (std::int64_t group = 0; group < groups; ++group)
    for (std::int64_t c = 0; c < weight.shape[1]; ++c)
      for (std::int64_t o = 0; o < outputs; ++o)
        for (const std::int64_t r : rows.taps)
          for (const std::int64_t s : columns.taps)
            *filters++ = weight.as<const T>()[(group * outputs + o) * strides[0] + c * strides[1] +
                                              r * strides[2] + s * strides[3]];
}

template <typename T>
bool backward(const KernelCall& call) {
  const GemmKernels<T>* kernels = gemm_kernels<T>();
  if (kernels == nullptr) return false;
  if (call.output.elements() == 0) return true;
  const auto& window = std::get<WindowAttributes>(call.attributes);
  const TensorView& gradient = call.inputs[0];
  const TensorView& weight = call.inputs[1];
  const Shape& output = call.output.shape;
  const auto row_phases = list_phases(output[2], weight.shape[2], window, 0);
  const auto column_phases = list_phases(output[3], weight.shape[3], window, 1);

  TapPlan<T> plan{};
  plan.images = &gradient;
  plan.groups = window.groups;
  plan.planes = {weight.shape[0] / window.groups, gradient.shape[2], gradient.shape[3], {0, 0}, {0, 0}};
  pad_for_phases(row_phases, gradient.shape[2], &plan.planes.before[0], &plan.planes.after[0]);
  pad_for_phases(column_phases, gradient.shape[3], &plan.planes.before[1], &plan.planes.after[1]);
  plan.out_channels = weight.shape[1];
  plan.out_width = output[3];
  plan.out_plane = output[2] * output[3];
  ScratchScope scratch;
  for (const Phase& rows : row_phases) {
    for (const Phase& columns : column_phases) {
      auto product = backward_product<T>(plan.planes, rows, columns, window, plan.out_width);
      product.group_filters = plan.out_channels * static_cast<std::int64_t>(product.offsets.size());
      T* filters = scratch.allocate<T>(product.group_filters * plan.groups);
      copy_phase_filters(weight, plan.groups, rows, columns, filters);
      product.filters = filters;
      plan.products.push_back(std::move(product));
    }
  }
  run_plan(*kernels, plan, output[0], call.output.as<T>());
  return true;
}

}  // namespace

bool run_conv2d(const KernelCall& call) {
  if (call.output.dtype == DType::kFloat32) return forward<float>(call);
  if (call.output.dtype == DType::kFloat64) return forward<double>(call);
  return false;
}

bool run_conv2d_input_gradient(const KernelCall& call) {
  if (call.output.dtype == DType::kFloat32) return backward<float>(call);
  if (call.output.dtype == DType::kFloat64) return backward<double>(call);
  return false;
}

}  // namespace tessera::backends
