#include "tessera/backends/cpu/convolution_plan.h"

#include <algorithm>

#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kBoxPositions = 384;
constexpr std::int64_t kLeastBoxPositions = 64;

// Boxes of about `positions` positions, whole rows where they fit, of equal sizes.
Extent box_of(const Extent& grid, std::int64_t positions) {
  Extent box{};
  for (std::size_t axis = 3; axis-- > 0;) {
    const std::int64_t parts = divide_up(grid[axis], std::clamp<std::int64_t>(positions, 1, grid[axis]));
    box[axis] = divide_up(grid[axis], parts);
    positions /= box[axis];
  }
  return box;
}

Extent boxes_of(const Extent& grid, const Extent& box) {
  return {divide_up(grid[0], box[0]), divide_up(grid[1], box[1]), divide_up(grid[2], box[2])};
}

// Positions that lanes run over in a slice of a box, halo included.
std::int64_t flat_positions(const Extent& box, std::int64_t pitch) {
  return (box[1] - 1) * pitch + box[2];
}

}  // namespace

template <typename T>
SumPlan<T>::SumPlan(const ConvolutionKernels<T>& kernels, const VolumeView<T>& source, std::int64_t images,
                    std::int64_t groups, std::int64_t channels, std::int64_t outputs, const Extent& out_size,
                    std::vector<TapSums<T>> sums)
    : kernels_(kernels),
      source_(source),
      images_(images),
      groups_(groups),
      channels_(channels),
      outputs_(outputs),
      out_size_(out_size),
      sums_(std::move(sums)),
      panels_(outputs, kernels.lanes, kernels.vectors) {
  for (TapSums<T>& one : sums_) choose_boxes(one);
}

// Smaller boxes where there would not be enough of them for the threads; and the tile that wastes less.
template <typename T>
void SumPlan<T>::choose_boxes(TapSums<T>& sums) const {
  const std::int64_t wanted = thread_count() == 1 ? 1 : 4 * thread_count();
  std::int64_t positions = kBoxPositions;
  do {
    sums.box = box_of(sums.grid, positions);
    sums.boxes = boxes_of(sums.grid, sums.box);
    positions /= 2;
  } while (positions >= kLeastBoxPositions && images_ * groups_ * volume(sums.boxes) < wanted);
  sums.layout = SourceBox(sums.taps, sums.box, channels_);
  sums.offsets = sums.layout.tap_offsets();
  const std::int64_t flat = divide_up(flat_positions(sums.box, sums.layout.pitch()[1]), kernels_.lanes);
  // A line tile of few rows waits for its loads.
  constexpr double kSpeed[] = {0, 0.45, 0.65, 0.75, 0.8, 0.85, 0.9};
  const std::int64_t rows = divide_up(outputs_, divide_up(outputs_, kernels_.line_rows));
  const double by_lines = kSpeed[rows] * static_cast<double>(sums.box[1] * sums.box[2]) /
                          static_cast<double>(flat * kernels_.lanes);
  const double by_positions = 0.9 * static_cast<double>(outputs_) / static_cast<double>(panels_.width);
  sums.lines = by_lines > by_positions;
}

// ---- Weights ----

// Stretches of k whose weights lie side by side are transposed together.
template <typename T>
void SumPlan<T>::pack_panel(const TapSums<T>& sums, const T* weight, const ChannelPanels::Panel& panel,
                            T* to) const {
  const auto& offsets = sums.weights.k;
  const std::int64_t width = panel.vectors * kernels_.lanes;
  const auto depth = static_cast<std::int64_t>(offsets.size());
  if (panel.channels < width) std::fill(to, to + depth * width, T(0));
  weight += panel.first * sums.weights.output;
  for (std::int64_t k = 0; k < depth;) {
    const std::int64_t start = offsets[static_cast<std::size_t>(k)];
    std::int64_t length = 1;
    while (k + length < depth && offsets[static_cast<std::size_t>(k + length)] == start + length) ++length;
    kernels_.transpose(weight + start, sums.weights.output, panel.channels, length, to + k * width, width);
    k += length;
  }
}

template <typename T>
void SumPlan<T>::pack_weights(const TapSums<T>& sums, const T* weight) const {
  const auto depth = static_cast<std::int64_t>(sums.weights.k.size());
  if (sums.lines) {
    T* to = sums.packed;
    for (std::int64_t group = 0; group < groups_; ++group)
      for (std::int64_t o = 0; o < outputs_; ++o)
        for (const std::int64_t k : sums.weights.k)
          *to++ = weight[group * sums.weights.group + o * sums.weights.output + k];
    return;
  }
  const auto count = static_cast<std::int64_t>(panels_.panels.size());
  parallel_for(groups_ * count, [&](std::int64_t task) {
    const std::int64_t group = task / count;
    const auto& panel = panels_.panels[static_cast<std::size_t>(task % count)];
    pack_panel(sums, weight + group * sums.weights.group, panel,
               sums.packed + (group * panels_.width + panel.start) * depth);
  });
}

// ---- Boxes ----

template <typename T>
void SumPlan<T>::run(const T* weight, T* out) {
  ScratchScope scratch;
  std::int64_t tasks = 0;
  for (TapSums<T>& sums : sums_) {
    const auto depth = static_cast<std::int64_t>(sums.weights.k.size());
    sums.packed = scratch.allocate<T>(groups_ * depth * (sums.lines ? outputs_ : panels_.width));
    pack_weights(sums, weight);
    tasks += images_ * groups_ * volume(sums.boxes);
  }
  parallel_for(tasks, [&](std::int64_t task) {
    for (const TapSums<T>& sums : sums_) {
      const std::int64_t own = images_ * groups_ * volume(sums.boxes);
      if (task < own) return run_box(sums, task, out);
      task -= own;
    }
  });
}

template <typename T>
void SumPlan<T>::run_box(const TapSums<T>& sums, std::int64_t task, T* out) const {
  const std::int64_t count = volume(sums.boxes), number = task % count, part = task / count;
  const std::int64_t group = part % groups_, image = part / groups_;
  const Extent index{number / (sums.boxes[1] * sums.boxes[2]), number / sums.boxes[2] % sums.boxes[1],
                     number % sums.boxes[2]};
  Extent origin{}, box{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    origin[axis] = index[axis] * sums.box[axis];
    box[axis] = std::min(sums.box[axis], sums.grid[axis] - origin[axis]);
    if (box[axis] <= 0) return;
  }
  ScratchScope scratch;
  T* source = scratch.allocate<T>(sums.layout.elements());
  sums.layout.load(kernels_, source_, image, group * channels_, 0, channels_, origin, source);
  out += part * outputs_ * volume(out_size_);
  if (sums.lines)
    run_lines(sums, source, group, origin, box, out);
  else
    run_positions(sums, source, group, origin, box, out);
}

template <typename T>
void SumPlan<T>::run_positions(const TapSums<T>& sums, const T* source, std::int64_t group,
                               const Extent& origin, const Extent& box, T* out) const {
  const auto depth = static_cast<std::int64_t>(sums.offsets.size());
  const std::int64_t positions = volume(box);
  ScratchScope scratch;
  auto* rows = scratch.allocate<std::int64_t>(positions);
  list_positions(box, sums.layout.pitch(), rows);
  T* c = scratch.allocate<T>(positions * kernels_.vectors * kernels_.lanes);
  for (const auto& panel : panels_.panels) {
    const std::int64_t width = panel.vectors * kernels_.lanes;
    const T* b = sums.packed + (group * panels_.width + panel.start) * depth;
    if (depth == 0) std::fill(c, c + positions * width, T(0));
    for (std::int64_t k = 0; k < depth; k += kChunk)
      run_position_tiles(kernels_, source, rows, positions, sums.offsets.data() + k, std::min(kChunk, depth - k),
                         b + k * width, panel.vectors, c, k > 0);
    store_panel(sums, c, panel, origin, box, out + panel.first * volume(out_size_));
  }
}

template <typename T>
void SumPlan<T>::run_lines(const TapSums<T>& sums, const T* source, std::int64_t group, const Extent& origin,
                           const Extent& box, T* out) const {
  const auto depth = static_cast<std::int64_t>(sums.offsets.size());
  const Extent& pitch = sums.layout.pitch();
  const std::int64_t vectors = divide_up(flat_positions(box, pitch[1]), kernels_.lanes);
  const std::int64_t flat = vectors * kernels_.lanes, row_tiles = divide_up(outputs_, kernels_.line_rows);
  ScratchScope scratch;
  T* c = scratch.allocate<T>(outputs_ * flat);
  const T* factors = sums.packed + group * outputs_ * depth;
  for (std::int64_t d = 0; d < box[0]; ++d) {
    if (depth == 0) std::fill(c, c + outputs_ * flat, T(0));
    for (std::int64_t k = 0; k < depth; k += kChunk)
      for (std::int64_t i = 0; i < row_tiles; ++i) {
        const std::int64_t first = outputs_ * i / row_tiles, rows = outputs_ * (i + 1) / row_tiles - first;
        for (std::int64_t v = 0; v < vectors;) {
          const std::int64_t count = std::min<std::int64_t>(kernels_.line_vectors[rows], vectors - v);
          const std::int64_t start = v * kernels_.lanes;
          kernels_.line[rows][count]({std::min(kChunk, depth - k), factors + first * depth + k, depth,
                                      source + d * pitch[0] + start, sums.offsets.data() + k,
                                      c + first * flat + start, flat, k > 0});
          v += count;
        }
      }
    T* to = place(sums, {origin[0] + d, origin[1], origin[2]}, out);
    for (std::int64_t o = 0; o < outputs_; ++o, to += volume(out_size_))
      store_line(sums, c + o * flat, pitch[1], box[1], box[2], to);
  }
}

// ---- Results ----

template <typename T>
T* SumPlan<T>::place(const TapSums<T>& sums, const Extent& position, T* out) const {
  std::int64_t index = 0;
  for (std::size_t axis = 0; axis < 3; ++axis)
    index = index * out_size_[axis] + sums.first[axis] + position[axis] * sums.step[axis];
  return out + index;
}

// Rows of positions of one channel to where they stand in its output plane.
template <typename T>
void SumPlan<T>::store_line(const TapSums<T>& sums, const T* from, std::int64_t from_row, std::int64_t rows,
                            std::int64_t columns, T* to) const {
  const std::int64_t to_row = sums.step[1] * out_size_[2], step = sums.step[2];
  if (step == 1) return kernels_.copy_rows(from, from_row, rows, columns, to, to_row);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < columns; ++j) to[i * to_row + j * step] = from[i * from_row + j];
}

// [position][channel] into the output planes, which `out` has from the panel's first channel on.
template <typename T>
void SumPlan<T>::store_panel(const TapSums<T>& sums, const T* sums_of_panel, const ChannelPanels::Panel& panel,
                             const Extent& origin, const Extent& box, T* out) const {
  const std::int64_t width = panel.vectors * kernels_.lanes, plane = volume(out_size_);
  const std::int64_t slice = box[1] * box[2];
  const bool whole_rows = sums.step[1] == 1 && sums.step[2] == 1 && box[2] == out_size_[2];
  ScratchScope scratch;
  T* planes = whole_rows ? nullptr : scratch.allocate<T>(panel.channels * slice);
  for (std::int64_t d = 0; d < box[0]; ++d, sums_of_panel += slice * width) {
    T* to = place(sums, {origin[0] + d, origin[1], origin[2]}, out);
    if (whole_rows) {
      kernels_.transpose(sums_of_panel, width, slice, panel.channels, to, plane);
      continue;
    }
    kernels_.transpose(sums_of_panel, width, slice, panel.channels, planes, slice);
    for (std::int64_t j = 0; j < panel.channels; ++j)
      store_line(sums, planes + j * slice, box[2], box[1], box[2], to + j * plane);
  }
}

template class SumPlan<float>;
template class SumPlan<double>;

}  // namespace tessera::backends
