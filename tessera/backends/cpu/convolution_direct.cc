#include "tessera/backends/cpu/convolution_direct.h"

#include <algorithm>
#include <numeric>

#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kMostSteps = 1 << 20;                  // of all tables: 16 MB
constexpr std::int64_t kMostClasses = 4096, kMostTaps = 512;  // taps along an axis

// Each tap has at most one class that begins with it and one that ends with it. Large filters would have too many to list.
template <typename T>
bool few_classes(const std::vector<TapSums<T>>& sums) {
  std::int64_t total = 0;
  for (const TapSums<T>& one : sums) {
    std::int64_t classes = 1;
    for (std::size_t a = 0; a < 3; ++a) {
      const auto taps = static_cast<std::int64_t>(one.taps[a].starts.size());
      if (taps > kMostTaps) return false;
      classes *= std::min(one.grid[a], 2 * taps + 1);
      if (classes > kMostClasses) return false;
    }
    total += classes;
  }
  return total <= kMostClasses;
}

}  // namespace

template <typename T>
DirectSums<T>::DirectSums(const ConvolutionKernels<T>& kernels, const VolumeView<T>& source,
                          const SumSizes& sizes, const ChannelPanels& panels,
                          const std::vector<TapSums<T>>& sums)
    : kernels_(kernels), source_(source), sizes_(sizes), panels_(panels) {
  listed_ = few_classes(sums);
  if (!listed_) return;
  axes_.reserve(sums.size());
  std::int64_t covered = 0;
  for (const TapSums<T>& one : sums) {
    AxisClasses& axes = axes_.emplace_back();
    for (std::size_t a = 0; a < 3; ++a) axes[a] = axis_classes(one, a);
    add_classes(one, axes);
    covered += volume(one.grid);
  }
  covers_all_ = covered == volume(sizes.out_size);
}

// ---- Classes ----

template <typename T>
std::vector<typename DirectSums<T>::AxisClass> DirectSums<T>::axis_classes(const TapSums<T>& sums,
                                                                           std::size_t axis) const {
  const TapAxis& all = sums.taps[axis];
  std::vector<AxisClass> classes;
  std::vector<std::int64_t> taps;
  for (std::int64_t i = 0; i < sums.grid[axis]; ++i) {
    taps.clear();
    for (std::size_t t = 0; t < all.starts.size(); ++t) {
      const std::int64_t line = all.starts[t] + i * all.step;
      if (line >= 0 && line < source_.size[axis]) taps.push_back(static_cast<std::int64_t>(t));
    }
    auto known = std::ranges::find(classes, taps, &AxisClass::taps);
    if (known == classes.end()) known = classes.insert(known, {taps, {}});
    const std::int64_t first =
        taps.empty() ? 0 : all.starts[static_cast<std::size_t>(taps[0])] + i * all.step;
    known->places.push_back({first * source_.step[axis], sums.first[axis] + i * sums.step[axis]});
  }
  return classes;
}

template <typename T>
void DirectSums<T>::add_classes(const TapSums<T>& sums, const AxisClasses& axes) {
  for (const AxisClass& depth : axes[0])
    for (const AxisClass& rows : axes[1])
      for (const AxisClass& columns : axes[2]) {
        const std::size_t taps = depth.taps.size() * rows.taps.size() * columns.taps.size();
        const std::size_t all =
            sums.taps[0].starts.size() * sums.taps[1].starts.size() * sums.taps[2].starts.size();
        classes_.push_back({&sums, {&depth, &rows, &columns}, taps == all});
        steps_ += sizes_.channels * static_cast<std::int64_t>(taps);
      }
}

// k = (channel, depth, row, column) over all taps, also those that were left out.
template <typename T>
void DirectSums<T>::list_steps(PositionClass& one) const {
  const TapAxes& axes = one.sums->taps;
  std::array<std::vector<std::int64_t>, 3> from;  // the source of each tap, counted from the first one's
  for (std::size_t a = 0; a < 3; ++a)
    for (const std::int64_t tap : one.axes[a]->taps)
      from[a].push_back((axes[a].starts[static_cast<std::size_t>(tap)] -
                         axes[a].starts[static_cast<std::size_t>(one.axes[a]->taps[0])]) *
                        source_.step[a]);
  const auto rows = static_cast<std::int64_t>(axes[1].starts.size()),
             columns = static_cast<std::int64_t>(axes[2].starts.size());
  std::vector<TapStep> plane;
  plane.reserve(from[0].size() * from[1].size() * from[2].size());
  for (std::size_t d = 0; d < from[0].size(); ++d)
    for (std::size_t r = 0; r < from[1].size(); ++r)
      for (std::size_t s = 0; s < from[2].size(); ++s)
        plane.push_back(
            {from[0][d] + from[1][r] + from[2][s],
             (one.axes[0]->taps[d] * rows + one.axes[1]->taps[r]) * columns + one.axes[2]->taps[s]});
  const std::int64_t taps = static_cast<std::int64_t>(axes[0].starts.size()) * rows * columns;
  one.steps.resize(plane.size() * static_cast<std::size_t>(sizes_.channels));
  TapStep* next = one.steps.data();
  std::int64_t chunk_end = kChunk;
  for (std::int64_t c = 0; c < sizes_.channels; ++c)
    for (const TapStep& step : plane) {
      const std::int64_t k = step.weights + c * taps;
      if (k >= chunk_end) {
        if (next > one.steps.data()) one.ends.push_back(next - one.steps.data());
        chunk_end = (k / kChunk + 1) * kChunk;
      }
      *next++ = {step.source + c * source_.channel, k};
    }
  if (!one.steps.empty()) one.ends.push_back(next - one.steps.data());
}

// In instructions, about: a vector multiplied, a step listed, a class. A copy of the source would take some, too. And channels that lie at
// multiples of 4096 bytes from each other share their sets of the first-level cache.
template <typename T>
bool DirectSums<T>::pays() const {
  constexpr std::int64_t kVector = 100, kVectorOfBox = 105, kStep = 400, kClass = 60000;  // a fortieth each
  constexpr std::int64_t kPage = 4096, kWays = 8;
  if (!listed_) return false;
  std::int64_t work = 0, work_of_box = 0, most_channels = 0;
  for (const PositionClass& one : classes_) {
    std::int64_t vectors = sizes_.images * sizes_.channels * panels_.width / kernels_.lanes;
    std::int64_t taps = 1, all_taps = 1;
    for (std::size_t a = 0; a < 3; ++a) {
      vectors *= static_cast<std::int64_t>(one.axes[a]->places.size());
      taps *= static_cast<std::int64_t>(one.axes[a]->taps.size());
      all_taps *= static_cast<std::int64_t>(one.sums->taps[a].starts.size());
    }
    work += vectors * taps;
    work_of_box += vectors * all_taps;
    if (taps > 0) most_channels = std::max(most_channels, std::min(sizes_.channels, divide_up(kChunk, taps)));
  }
  const std::int64_t pitch = source_.channel * static_cast<std::int64_t>(sizeof(T));
  const std::int64_t different = kPage / std::gcd(kPage, pitch);
  const auto classes = static_cast<std::int64_t>(classes_.size());
  return steps_ <= kMostSteps && most_channels <= kWays * different &&
         kVector * work + kStep * steps_ + kClass * classes <= kVectorOfBox * work_of_box;
}

// ---- Boxes ----

// Many small images, or a part of a large one; less where there would not be enough boxes for the threads.
template <typename T>
void DirectSums<T>::choose_boxes() {
  const std::int64_t wanted = thread_count() == 1 ? 1 : 4 * thread_count();
  const std::int64_t parts = sizes_.groups;
  together_ = std::clamp<std::int64_t>(kBoxPositions / volume(sizes_.out_size), 1, sizes_.images);
  while (together_ > 1 && divide_up(sizes_.images, together_) * parts < wanted)
    together_ = (together_ + 1) / 2;
  std::int64_t positions = kBoxPositions;
  do {
    box_ = box_of(sizes_.out_size, positions);
    boxes_ = boxes_of(sizes_.out_size, box_);
    positions /= 2;
  } while (together_ == 1 && positions >= kLeastBoxPositions &&
           sizes_.images * parts * volume(boxes_) < wanted);
}

template <typename T>
typename DirectSums<T>::Box DirectSums<T>::box_of_task(std::int64_t task) const {
  const std::int64_t count = volume(boxes_), number = task % count, part = task / count;
  Box box{};
  box.group = part % sizes_.groups;
  box.first_image = part / sizes_.groups * together_;
  box.images = std::min(together_, sizes_.images - box.first_image);
  const Extent index{number / (boxes_[1] * boxes_[2]), number / boxes_[2] % boxes_[1], number % boxes_[2]};
  for (std::size_t a = 0; a < 3; ++a) {
    box.origin[a] = index[a] * box_[a];
    box.size[a] = std::min(box_[a], sizes_.out_size[a] - box.origin[a]);
  }
  return box;
}

template <typename T>
typename DirectSums<T>::Rows DirectSums<T>::rows_of(const PositionClass& one, const Box& box,
                                                    ScratchScope& scratch) const {
  std::array<std::pair<const Place*, const Place*>, 3> inside;
  std::int64_t most = box.images;
  for (std::size_t a = 0; a < 3; ++a) {
    const auto& places = one.axes[a]->places;
    const auto first = std::ranges::lower_bound(places, box.origin[a], {}, &Place::line);
    const auto end = std::ranges::lower_bound(places, box.origin[a] + box.size[a], {}, &Place::line);
    inside[a] = {places.data() + (first - places.begin()), places.data() + (end - places.begin())};
    most *= end - first;
  }
  Rows rows{scratch.allocate<const T*>(most), scratch.allocate<std::int64_t>(most), 0};
  const T* from = source_.data + box.group * sizes_.channels * source_.channel;
  for (std::int64_t i = 0; i < box.images; ++i)
    for (const Place* d = inside[0].first; d < inside[0].second; ++d)
      for (const Place* y = inside[1].first; y < inside[1].second; ++y) {
        const T* line = from + (box.first_image + i) * source_.image + d->source + y->source;
        const std::int64_t target =
            ((i * box.size[0] + d->line - box.origin[0]) * box.size[1] + y->line - box.origin[1]) *
            box.size[2];
        for (const Place* x = inside[2].first; x < inside[2].second; ++x) {
          rows.source[rows.count] = line + x->source;
          rows.target[rows.count++] = target + x->line - box.origin[2];
        }
      }
  return rows;
}

template <typename T>
void DirectSums<T>::run(T* out) {
  choose_boxes();
  parallel_for(static_cast<std::int64_t>(classes_.size()),
               [&](std::int64_t i) { list_steps(classes_[static_cast<std::size_t>(i)]); });
  const std::int64_t tasks = divide_up(sizes_.images, together_) * sizes_.groups * volume(boxes_);
  parallel_for(tasks, [&](std::int64_t task) { run_box(box_of_task(task), out); });
}

template <typename T>
void DirectSums<T>::run_box(const Box& box, T* out) const {
  ScratchScope scratch;
  const std::int64_t positions = box.images * volume(box.size);
  std::vector<Rows> rows;
  rows.reserve(classes_.size());
  for (const PositionClass& one : classes_) rows.push_back(rows_of(one, box, scratch));
  T* c = scratch.allocate<T>(positions * kernels_.vectors * kernels_.lanes);
  for (const auto& panel : panels_.panels) {
    const std::int64_t width = panel.vectors * kernels_.lanes;
    if (!covers_all_) std::fill(c, c + positions * width, T(0));
    for (std::size_t i = 0; i < classes_.size(); ++i) {
      const TapSums<T>& sums = *classes_[i].sums;
      const auto depth = static_cast<std::int64_t>(sums.weights.k.size());
      multiply(classes_[i], rows[i], sums.packed + (box.group * panels_.width + panel.start) * depth,
               panel.vectors, c);
    }
    store(box, panel, c, out);
  }
}

// ---- Products ----

template <typename T>
void DirectSums<T>::multiply(const PositionClass& one, const Rows& rows, const T* b, int vectors,
                             T* c) const {
  if (rows.count == 0) return;
  const std::int64_t width = vectors * kernels_.lanes;
  if (one.steps.empty())
    for (std::int64_t i = 0; i < rows.count; ++i) std::fill_n(c + rows.target[i] * width, width, T(0));
  const std::int64_t tiles = divide_up(rows.count, kernels_.position_rows[vectors]);
  PositionTile<T> tile{};
  tile.b = b;
  for (const std::int64_t end : one.ends) {
    tile.steps = one.steps.data() + (tile.accumulate ? tile.steps - one.steps.data() + tile.depth : 0);
    tile.depth = end - (tile.steps - one.steps.data());
    for (std::int64_t t = 0; t < tiles; ++t) {
      const std::int64_t first = rows.count * t / tiles, last = rows.count * (t + 1) / tiles;
      for (std::int64_t i = first; i < last; ++i) {
        tile.rows[i - first] = rows.source[i];
        tile.c[i - first] = c + rows.target[i] * width;
      }
      kernels_.position[last - first][vectors](tile);
    }
    tile.accumulate = true;
  }
  if (one.whole) return;
  for (std::int64_t i = 0; i < rows.count; ++i) {
    T* sums = c + rows.target[i] * width;
    if (kernels_.has_negative_zero(sums, width)) sum_with_zeros(one, rows.source[i], b, vectors, sums);
  }
}

// One row, every tap.
template <typename T>
void DirectSums<T>::sum_with_zeros(const PositionClass& one, const T* source, const T* b, int vectors,
                                   T* c) const {
  const auto depth = static_cast<std::int64_t>(one.sums->weights.k.size());
  ScratchScope scratch;
  T* values = scratch.allocate<T>(depth);
  std::fill_n(values, depth, T(0));
  for (const TapStep& step : one.steps) values[step.weights] = source[step.source];
  auto* each = scratch.allocate<TapStep>(kChunk);
  for (std::int64_t k = 0; k < kChunk; ++k) each[k] = {k, k};
  for (std::int64_t k = 0; k < depth; k += kChunk)
    kernels_.position[1][vectors](
        {std::min(kChunk, depth - k), {values + k}, each, b + k * vectors * kernels_.lanes, {c}, k > 0});
}

// [image][position][channel] into the output planes, in pieces that lie in one piece there.
template <typename T>
void DirectSums<T>::store(const Box& box, const ChannelPanels::Panel& panel, const T* c, T* out) const {
  const std::int64_t width = panel.vectors * kernels_.lanes, plane = volume(sizes_.out_size);
  const bool whole_rows = box.size[2] == sizes_.out_size[2];
  const bool whole_slices = whole_rows && box.size[1] == sizes_.out_size[1];
  const std::int64_t length = whole_slices ? volume(box.size)
                              : whole_rows ? box.size[1] * box.size[2]
                                           : box.size[2];
  const std::int64_t rows = whole_rows ? 1 : box.size[1], slices = whole_slices ? 1 : box.size[0];
  for (std::int64_t i = 0; i < box.images; ++i) {
    T* first =
        out + (((box.first_image + i) * sizes_.groups + box.group) * sizes_.outputs + panel.first) * plane;
    for (std::int64_t d = 0; d < slices; ++d)
      for (std::int64_t y = 0; y < rows; ++y, c += length * width)
        kernels_.transpose(
            c, width, length, panel.channels,
            first + ((box.origin[0] + d) * sizes_.out_size[1] + box.origin[1] + y) * sizes_.out_size[2] +
                box.origin[2],
            plane);
  }
}

template class DirectSums<float>;
template class DirectSums<double>;

}  // namespace tessera::backends
