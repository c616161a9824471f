#include "tessera/backends/cpu/convolution_plan.h"

#include <algorithm>

#include "tessera/backends/cpu/convolution_direct.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kMostBoxPositions = 4096;
constexpr std::int64_t kBoxElements = 32768;  // of boxes for line tiles, about
constexpr std::int64_t kLeastWork = 200'000;  // multiplications of a task

// Positions that lanes run over in a slice of a box, halo included.
std::int64_t flat_positions(const Extent& box, std::int64_t pitch) {
  return (box[1] - 1) * pitch + box[2];
}

}  // namespace

template <typename T>
SumPlan<T>::SumPlan(const ConvolutionKernels<T>& kernels, const VolumeView<T>& source, const SumSizes& sizes,
                    std::vector<TapSums<T>> sums)
    : kernels_(kernels),
      // A single row of vectors waits for its loads, of which short ones cross fewer cache lines.
      line_kernels_(sizes.outputs == 1 ? *convolution_kernels<T>(true) : kernels),
      source_(source),
      sizes_(sizes),
      sums_(std::move(sums)),
      panels_(sizes.outputs, kernels.lanes, kernels.vectors) {
  std::erase_if(sums_, [](const TapSums<T>& one) { return one.weights.k.empty(); });
  std::int64_t covered = 0;
  for (TapSums<T>& one : sums_) {
    choose_tile(one);
    covered += volume(one.grid);
    tasks_ += sizes_.images * sizes_.groups * volume(one.boxes);
    one.tasks_end = tasks_;
  }
  gaps_ = covered < volume(sizes_.out_size);
}

// Smaller boxes where there would not be enough of them for the threads.
template <typename T>
void SumPlan<T>::choose_boxes(TapSums<T>& sums, std::int64_t positions) const {
  const std::int64_t wanted = thread_count() == 1 ? 1 : 4 * thread_count();
  do {
    sums.box = box_of(sums.grid, positions);
    sums.boxes = boxes_of(sums.grid, sums.box);
    positions /= 2;
  } while (positions >= kLeastBoxPositions && sizes_.images * sizes_.groups * volume(sums.boxes) < wanted);
  sums.layout = SourceBox(sums.taps, sums.box, sizes_.channels);
  sums.offsets = sums.layout.tap_offsets();
}

// The tile with fewer steps per position, each step being one fused multiply-add of a whole vector.
template <typename T>
void SumPlan<T>::choose_tile(TapSums<T>& sums) const {
  choose_boxes(sums, std::clamp(kBoxElements / std::max<std::int64_t>(1, sizes_.channels), kBoxPositions,
                                kMostBoxPositions));
  sums.vectors = line_vectors(sums, sums.box);
  // A line tile of few rows waits for its loads; a position tile's results have to be transposed.
  constexpr double kSpeed[] = {0, 0.6, 0.8, 0.9, 0.9, 0.93, 0.93};
  constexpr double kTransposing = 10;
  const auto depth = static_cast<double>(sums.offsets.size());
  const std::int64_t rows = divide_up(sizes_.outputs, divide_up(sizes_.outputs, line_kernels_.line_rows));
  const double used = static_cast<double>(sums.box[1] * sums.box[2]) /
                      static_cast<double>(sums.vectors.count() * line_kernels_.lanes);
  const double by_lines = depth / (kSpeed[rows] * used);
  const double by_positions =
      depth * static_cast<double>(panels_.width) / static_cast<double>(sizes_.outputs) / 0.95;
  sums.lines = by_lines <= by_positions + kTransposing;
  if (sums.lines) return;
  choose_boxes(sums, kBoxPositions);
  sums.steps.reserve(sums.offsets.size());
  for (std::size_t k = 0; k < sums.offsets.size(); ++k)
    sums.steps.push_back({sums.offsets[k], static_cast<std::int64_t>(k) % kChunk});
}

// Vectors within rows, the last one of a row moved back over the one before; or through the halo from row to
// row where that takes so much fewer that the copy at the end pays. Rows without a gap anywhere are one.
template <typename T>
LineVectors SumPlan<T>::line_vectors(const TapSums<T>& sums, const Extent& box) const {
  const std::int64_t lanes = line_kernels_.lanes, pitch = sums.layout.pitch()[1];
  const bool joined =
      pitch == box[2] && box[2] == sizes_.out_size[2] && sums.step[1] == 1 && sums.step[2] == 1;
  const std::int64_t rows = joined ? 1 : box[1], columns = joined ? box[1] * box[2] : box[2];
  const std::int64_t flat = divide_up(flat_positions(box, pitch), lanes);
  LineVectors vectors;
  vectors.rows = rows;
  vectors.flat = columns < lanes || 6 * flat < 5 * rows * divide_up(columns, lanes);
  const std::int64_t count = vectors.flat ? flat : rows * divide_up(columns, lanes);
  for (auto* places : {&vectors.packed, &vectors.source, &vectors.target})
    places->reserve(static_cast<std::size_t>(count));
  for (std::int64_t v = 0; v < count; ++v) vectors.packed.push_back(v * lanes);
  if (vectors.flat) {
    vectors.source = vectors.packed;
    return vectors;
  }
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t v = 0; v < divide_up(columns, lanes); ++v) {
      const std::int64_t column = std::min(v * lanes, columns - lanes);
      vectors.source.push_back(row * pitch + column);
      vectors.target.push_back(row * sums.step[1] * sizes_.out_size[2] + column * sums.step[2]);
    }
  return vectors;
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
void SumPlan<T>::pack_factors(const TapSums<T>& sums, const T* weight) const {
  const std::int64_t tiles = divide_up(sizes_.outputs, line_kernels_.line_rows);
  T* to = sums.packed;
  for (std::int64_t group = 0; group < sizes_.groups; ++group, weight += sums.weights.group)
    for (std::int64_t tile = 0; tile < tiles; ++tile)
      for (const std::int64_t k : sums.weights.k)
        for (std::int64_t o = sizes_.outputs * tile / tiles; o < sizes_.outputs * (tile + 1) / tiles; ++o)
          *to++ = weight[o * sums.weights.output + k];
}

template <typename T>
void SumPlan<T>::pack_weights(const TapSums<T>& sums, const T* weight) const {
  const auto depth = static_cast<std::int64_t>(sums.weights.k.size());
  if (sums.lines) return pack_factors(sums, weight);
  const auto count = static_cast<std::int64_t>(panels_.panels.size());
  parallel_for(sizes_.groups * count, [&](std::int64_t task) {
    const std::int64_t group = task / count;
    const auto& panel = panels_.panels[static_cast<std::size_t>(task % count)];
    pack_panel(sums, weight + group * sums.weights.group, panel,
               sums.packed + (group * panels_.width + panel.start) * depth);
  });
}

// ---- Boxes ----

// Infinite weights and NaN make NaN of the zeros outside the source, which may not be left out then.
template <typename T>
bool SumPlan<T>::run_direct(T* out) const {
  DirectSums<T> direct(kernels_, source_, sizes_, panels_, sums_);
  if (!direct.pays()) return false;
  for (const TapSums<T>& sums : sums_) {
    const auto depth = static_cast<std::int64_t>(sums.weights.k.size());
    if (!kernels_.all_finite(sums.packed, sizes_.groups * depth * panels_.width)) return false;
  }
  direct.run(out);
  return true;
}

template <typename T>
void SumPlan<T>::run(const T* weight, T* out) {
  if (sums_.empty()) return fill_zeros(out);
  ScratchScope scratch;
  for (TapSums<T>& sums : sums_) {
    const auto depth = static_cast<std::int64_t>(sums.weights.k.size());
    sums.packed = scratch.allocate<T>(sizes_.groups * depth * (sums.lines ? sizes_.outputs : panels_.width));
    pack_weights(sums, weight);
  }
  if (std::ranges::none_of(sums_, &TapSums<T>::lines) && run_direct(out)) return;
  if (gaps_) fill_zeros(out);
  // Boxes of little work go several at a time.
  const std::int64_t work =
      volume(sums_[0].box) * sizes_.outputs * static_cast<std::int64_t>(sums_[0].offsets.size());
  const std::int64_t together =
      std::clamp<std::int64_t>(std::min(kLeastWork / (work + 1), tasks_ / (8 * thread_count())), 1, tasks_);
  parallel_for(divide_up(tasks_, together), [&](std::int64_t part) {
    for (std::int64_t task = part * together; task < std::min(tasks_, (part + 1) * together); ++task)
      run_task(task, out);
  });
}

// Everywhere rather than in the gaps, which may lie one by one between other positions.
template <typename T>
void SumPlan<T>::fill_zeros(T* out) const {
  const std::int64_t plane = volume(sizes_.out_size);
  parallel_for(sizes_.images * sizes_.groups * sizes_.outputs,
               [&](std::int64_t i) { std::fill(out + i * plane, out + (i + 1) * plane, T(0)); });
}

// Large strides make as many sums as a filter has taps: too many to look at each for every task.
template <typename T>
void SumPlan<T>::run_task(std::int64_t task, T* out) const {
  const TapSums<T>& sums = *std::ranges::upper_bound(sums_, task, {}, &TapSums<T>::tasks_end);
  run_box(sums, task - sums.tasks_end + sizes_.images * sizes_.groups * volume(sums.boxes), out);
}

template <typename T>
void SumPlan<T>::run_box(const TapSums<T>& sums, std::int64_t task, T* out) const {
  const std::int64_t count = volume(sums.boxes), number = task % count, part = task / count;
  const std::int64_t group = part % sizes_.groups, image = part / sizes_.groups;
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
  sums.layout.load(kernels_, source_, image, group * sizes_.channels, 0, sizes_.channels, origin, source);
  out += part * sizes_.outputs * volume(sizes_.out_size);
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
    for (std::int64_t k = 0; k < depth; k += kChunk)
      run_position_tiles(kernels_, source, rows, positions, sums.steps.data() + k,
                         std::min(kChunk, depth - k), b + k * width, panel.vectors, c, k > 0);
    store_panel(sums, c, panel, origin, box, out + panel.first * volume(sizes_.out_size));
  }
}

// c: the output itself (direct: vectors lie at their targets) or [output][vector].
template <typename T>
void SumPlan<T>::multiply_lines(const TapSums<T>& sums, const T* source, std::int64_t group,
                                const LineVectors& vectors, T* c, std::int64_t c_row, bool direct) const {
  const auto depth = static_cast<std::int64_t>(sums.offsets.size());
  const std::int64_t tiles = divide_up(sizes_.outputs, line_kernels_.line_rows);
  const std::int64_t most = line_kernels_.line_vectors[divide_up(sizes_.outputs, tiles)];
  const std::int64_t* targets = direct ? vectors.target.data() : vectors.packed.data();
  LineTile<T> tile{};
  tile.source = source;
  tile.c_row = c_row;
  for (std::int64_t k = 0; k < depth; k += kChunk) {
    tile.depth = std::min(kChunk, depth - k);
    tile.offsets = sums.offsets.data() + k;
    tile.accumulate = k > 0;
    for (std::int64_t v = 0; v < vectors.count();) {
      const std::int64_t left = vectors.count() - v, count = std::min(most, left);
      tile.groups = tiles == 1 ? left / count : 1;  // several tiles share their vectors in the cache
      tile.places = vectors.source.data() + v;
      tile.targets = targets + v;
      for (std::int64_t i = 0; i < tiles; ++i) {
        const std::int64_t first = sizes_.outputs * i / tiles,
                           rows = sizes_.outputs * (i + 1) / tiles - first;
        tile.factors = sums.packed + (group * sizes_.outputs + first) * depth + k * rows;
        tile.c = c + first * c_row;
        line_kernels_.line[rows][count](tile);
      }
      v += tile.groups * count;
    }
  }
}

// One channel, one output, three rows and three columns of taps, whose rows are those of the box.
template <typename T>
bool SumPlan<T>::is_stencil(const TapSums<T>& sums, const LineVectors& vectors, std::int64_t rows) const {
  const auto& offsets = sums.offsets;
  if (sizes_.outputs != 1 || offsets.size() != 9 || sums.taps[1].starts.size() != 3 || vectors.flat ||
      vectors.rows != rows)
    return false;
  const std::int64_t row = offsets[3] - offsets[0], pitch = sums.layout.pitch()[1];
  for (std::size_t s = 0; s < 3; ++s)
    if (offsets[3 + s] - offsets[s] != row || offsets[6 + s] - offsets[3 + s] != row) return false;
  return sizes_.channels == 1 && (row == pitch || row == -pitch);
}

// In the input gradient the first row of the filter reads the last row of the source: there rows go by from the
// last to the first.
template <typename T>
void SumPlan<T>::run_stencil(const TapSums<T>& sums, const T* slice, std::int64_t group,
                             const LineVectors& vectors, std::int64_t rows, T* out) const {
  const std::int64_t source_row = sums.offsets[3] - sums.offsets[0],
                     c_row = sums.step[1] * sizes_.out_size[2];
  const std::int64_t skipped = source_row < 0 ? rows - 1 : 0;
  line_kernels_.stencil({slice - skipped * source_row, source_row, sums.offsets.data(),
                         sums.packed + group * 9, rows, vectors.source.data(), vectors.count() / rows,
                         out + skipped * c_row, source_row < 0 ? -c_row : c_row});
}

template <typename T>
void SumPlan<T>::run_lines(const TapSums<T>& sums, const T* source, std::int64_t group, const Extent& origin,
                           const Extent& box, T* out) const {
  const auto depth = static_cast<std::int64_t>(sums.offsets.size());
  const Extent& pitch = sums.layout.pitch();
  const std::int64_t plane = volume(sizes_.out_size);
  LineVectors edge;
  if (box != sums.box) edge = line_vectors(sums, box);
  const LineVectors& vectors = box == sums.box ? sums.vectors : edge;
  const bool direct = !vectors.flat && sums.step[2] == 1 && depth <= kChunk;
  const std::int64_t width = vectors.count() * line_kernels_.lanes;
  ScratchScope scratch;
  T* c = direct ? nullptr : scratch.allocate<T>(sizes_.outputs * width);
  for (std::int64_t d = 0; d < box[0]; ++d) {
    T* to = place(sums, {origin[0] + d, origin[1], origin[2]}, out);
    const T* slice = source + d * pitch[0];
    if (direct) {
      if (is_stencil(sums, vectors, box[1]))
        run_stencil(sums, slice, group, vectors, box[1], to);
      else
        multiply_lines(sums, slice, group, vectors, to, plane, true);
      continue;
    }
    multiply_lines(sums, slice, group, vectors, c, width, false);
    for (std::int64_t o = 0; o < sizes_.outputs; ++o) {
      if (vectors.flat)
        store_line(sums, c + o * width, pitch[1], box[1], box[2], to + o * plane);
      else
        store_vectors(sums, vectors, c + o * width, to + o * plane);
    }
  }
}

// ---- Results ----

template <typename T>
T* SumPlan<T>::place(const TapSums<T>& sums, const Extent& position, T* out) const {
  std::int64_t index = 0;
  for (std::size_t axis = 0; axis < 3; ++axis)
    index = index * sizes_.out_size[axis] + sums.first[axis] + position[axis] * sums.step[axis];
  return out + index;
}

// Rows of positions of one channel to where they stand in its output plane.
template <typename T>
void SumPlan<T>::store_line(const TapSums<T>& sums, const T* from, std::int64_t from_row, std::int64_t rows,
                            std::int64_t columns, T* to) const {
  const std::int64_t to_row = sums.step[1] * sizes_.out_size[2], step = sums.step[2];
  if (step == 1) return kernels_.copy_rows(from, from_row, rows, columns, to, to_row);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < columns; ++j) to[i * to_row + j * step] = from[i * from_row + j];
}

template <typename T>
void SumPlan<T>::store_vectors(const TapSums<T>& sums, const LineVectors& vectors, const T* c, T* to) const {
  const std::int64_t lanes = line_kernels_.lanes, step = sums.step[2];
  for (std::int64_t v = 0; v < vectors.count(); ++v, c += lanes) {
    T* target = to + vectors.target[static_cast<std::size_t>(v)];
    if (step == 1)
      line_kernels_.copy_rows(c, lanes, 1, lanes, target, lanes);
    else
      for (std::int64_t j = 0; j < lanes; ++j) target[j * step] = c[j];
  }
}

// [position][channel] into the output planes, which `out` has from the panel's first channel on.
template <typename T>
void SumPlan<T>::store_panel(const TapSums<T>& sums, const T* sums_of_panel,
                             const ChannelPanels::Panel& panel, const Extent& origin, const Extent& box,
                             T* out) const {
  const std::int64_t width = panel.vectors * kernels_.lanes, plane = volume(sizes_.out_size);
  const std::int64_t slice = box[1] * box[2];
  const bool whole_rows = sums.step[1] == 1 && sums.step[2] == 1 && box[2] == sizes_.out_size[2];
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
