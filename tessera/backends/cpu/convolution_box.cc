// Loading a box with its halo, and the tables that address it.

#include <algorithm>

#include "tessera/backends/cpu/convolution.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kLine = 16;  // elements

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  return a >= 0 ? a / b : -((b - 1 - a) / b);
}

// The lines that exist of `lines` lines first, first + step, ... of a source of `size`: begin <= i < end.
struct Inside {
  std::int64_t begin, end;
};
Inside lines_inside(std::int64_t first, std::int64_t step, std::int64_t lines, std::int64_t size) {
  const std::int64_t begin =
      std::clamp<std::int64_t>(divide_up(std::max<std::int64_t>(-first, 0), step), 0, lines);
  const std::int64_t end =
      std::clamp<std::int64_t>(divide_up(std::max<std::int64_t>(size - first, 0), step), begin, lines);
  return {begin, end};
}

}  // namespace

ConvolutionSizes convolution_sizes(const Shape& x, const Shape& weight, const Shape& output,
                                   const WindowAttributes& window) {
  ConvolutionSizes sizes{x[0], window.groups, weight[1], weight[0] / window.groups, {}, {}, {}, {}, {}, {}};
  sizes.input = sizes.filter = sizes.output = sizes.stride = sizes.dilation = {1, 1, 1};
  const int spatial = x.rank() - 2;
  for (int i = 0; i < spatial; ++i) {
    const auto axis = static_cast<std::size_t>(3 - spatial + i);
    sizes.input[axis] = x[2 + i];
    sizes.filter[axis] = weight[2 + i];
    sizes.output[axis] = output[2 + i];
    sizes.stride[axis] = window.stride[i];
    sizes.padding[axis] = window.padding[i];
    sizes.dilation[axis] = window.dilation[i];
  }
  return sizes;
}

bool reaches_far(const ConvolutionSizes& sizes) {
  constexpr double kLargestBox = 1 << 24;  // elements
  // As double: products of lengths beyond 2^31 would overflow.
  const auto channels = static_cast<double>(std::max({sizes.channels, sizes.outputs, std::int64_t{16}}));
  double reach = channels, source = channels;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    reach *= static_cast<double>(sizes.filter[axis] - 1) * static_cast<double>(sizes.dilation[axis]) + 1;
    source *= static_cast<double>(sizes.input[axis]);
  }
  return reach > std::max(kLargestBox, 8 * source);
}

template <typename T>
VolumeView<T>::VolumeView(const TensorView& view)
    : data(view.as<const T>()),
      image(view.strides[0]),
      channel(view.strides[1]),
      step{0, 0, 0},
      size{1, 1, 1} {
  const int spatial = view.shape.rank() - 2;
  for (int i = 0; i < spatial; ++i) {
    const auto axis = static_cast<std::size_t>(3 - spatial + i);
    step[axis] = view.strides[2 + i];
    size[axis] = view.shape[2 + i];
  }
}

TapAxes filter_axes(const ConvolutionSizes& sizes) {
  TapAxes axes;
  for (std::size_t a = 0; a < 3; ++a) {
    axes[a].step = sizes.stride[a];
    for (std::int64_t tap = 0; tap < sizes.filter[a]; ++tap)
      axes[a].starts.push_back(tap * sizes.dilation[a] - sizes.padding[a]);
  }
  return axes;
}

SourceBox::SourceBox(const TapAxes& axes, const Extent& box, std::int64_t channels) : channels_(channels) {
  std::int64_t parts = 1;
  for (std::size_t a = 0; a < 3; ++a) {
    const TapAxis& taps = axes[a];
    Axis& axis = axes_[a];
    axis.step = taps.step;
    std::int64_t most = 0;
    for (std::size_t t = 0; t < taps.starts.size(); ++t) {
      const std::int64_t line = floor_divide(taps.starts[t], taps.step);
      axis.tap_line.push_back(line);
      axis.least = t == 0 ? line : std::min(axis.least, line);
      most = t == 0 ? line : std::max(most, line);
      const std::int64_t remainder = taps.starts[t] - line * taps.step;
      const auto known = std::find(axis.remainders.begin(), axis.remainders.end(), remainder);
      axis.tap_remainder.push_back(known - axis.remainders.begin());
      if (known == axis.remainders.end()) axis.remainders.push_back(remainder);
    }
    for (std::int64_t& line : axis.tap_line) line -= axis.least;
    axis.lines = most - axis.least + box[a];
    parts *= static_cast<std::int64_t>(axis.remainders.size());
  }
  pitch_ = {axes_[1].lines * axes_[2].lines, axes_[2].lines, 1};
  part_pitch_ = axes_[0].lines * pitch_[0];
  // Channels at an odd number of cache lines from each other do not compete for the same sets of the cache. At
  // least one line lies between them, for what copy_with_halo spoils.
  channel_pitch_ = ((divide_up(parts * part_pitch_, kLine) + 1) | 1) * kLine;
}

std::vector<std::int64_t> SourceBox::tap_offsets() const {
  std::vector<std::int64_t> offsets;
  const Axis &depth = axes_[0], &rows = axes_[1], &columns = axes_[2];
  const auto row_parts = static_cast<std::int64_t>(rows.remainders.size()),
             column_parts = static_cast<std::int64_t>(columns.remainders.size());
  offsets.reserve(static_cast<std::size_t>(channels_) * depth.tap_line.size() * rows.tap_line.size() *
                  columns.tap_line.size());
  for (std::int64_t c = 0; c < channels_; ++c)
    for (std::size_t d = 0; d < depth.tap_line.size(); ++d)
      for (std::size_t r = 0; r < rows.tap_line.size(); ++r)
        for (std::size_t s = 0; s < columns.tap_line.size(); ++s) {
          const std::int64_t part =
              (depth.tap_remainder[d] * row_parts + rows.tap_remainder[r]) * column_parts +
              columns.tap_remainder[s];
          offsets.push_back(c * channel_pitch_ + part * part_pitch_ + depth.tap_line[d] * pitch_[0] +
                            rows.tap_line[r] * pitch_[1] + columns.tap_line[s]);
        }
  return offsets;
}

// One plane [rows][columns] of one part; first_line: the source lines of its first element.
template <typename T>
void SourceBox::load_plane(const ConvolutionKernels<T>& kernels, const T* from, const VolumeView<T>& view,
                           const Extent& first_line, T* to) const {
  const Axis &rows = axes_[1], &columns = axes_[2];
  const Inside down = lines_inside(first_line[1], rows.step, rows.lines, view.size[1]);
  const Inside across = lines_inside(first_line[2], columns.step, columns.lines, view.size[2]);
  from += (first_line[1] + down.begin * rows.step) * view.step[1] +
          (first_line[2] + across.begin * columns.step) * view.step[2];
  const std::int64_t row_step = rows.step * view.step[1], column_step = columns.step * view.step[2];
  const std::int64_t length = across.end - across.begin, after = columns.lines - across.end;
  if (column_step == 1)
    return kernels.copy_with_halo({from, row_step, down.begin, down.end - down.begin, rows.lines - down.end,
                                   across.begin, length, after, to});
  std::fill(to, to + down.begin * pitch_[1], T(0));
  std::fill(to + down.end * pitch_[1], to + rows.lines * pitch_[1], T(0));
  to += down.begin * pitch_[1];
  for (std::int64_t i = down.begin; i < down.end; ++i, from += row_step, to += pitch_[1]) {
    std::fill(to, to + across.begin, T(0));
    for (std::int64_t j = 0; j < length; ++j) to[across.begin + j] = from[j * column_step];
    std::fill(to + across.end, to + columns.lines, T(0));
  }
}

template <typename T>
void SourceBox::load(const ConvolutionKernels<T>& kernels, const VolumeView<T>& view, std::int64_t image,
                     std::int64_t base, std::int64_t first, std::int64_t end, const Extent& origin,
                     T* box) const {
  const Axis &depth = axes_[0], &rows = axes_[1], &columns = axes_[2];
  const auto start = [&](const Axis& axis, std::size_t a, std::int64_t remainder) {
    return (origin[a] + axis.least) * axis.step + remainder;
  };
  for (std::int64_t c = first; c < end; ++c) {
    const T* from = view.data + image * view.image + (base + c) * view.channel;
    T* to = box + c * channel_pitch_;
    for (const std::int64_t d : depth.remainders)
      for (const std::int64_t r : rows.remainders)
        for (const std::int64_t s : columns.remainders)
          for (std::int64_t i = 0; i < depth.lines; ++i, to += pitch_[0]) {
            const std::int64_t slice = start(depth, 0, d) + i * depth.step;
            if (slice < 0 || slice >= view.size[0])
              std::fill(to, to + pitch_[0], T(0));
            else
              load_plane(kernels, from + slice * view.step[0], view,
                         {slice, start(rows, 1, r), start(columns, 2, s)}, to);
          }
    // Lanes that run on over the last row read here; what they find must not be slow to multiply.
    std::fill(to, to + kLine, T(0));
  }
}

template <typename T>
bool SourceBox::load_lanes(const ConvolutionKernels<T>& kernels, const VolumeView<T>& view,
                           std::int64_t image, std::int64_t base, std::int64_t channels, T* lanes) const {
  const bool plain = std::ranges::all_of(axes_, [](const Axis& axis) { return axis.step == 1; });
  if (!plain || view.step[2] != 1) return false;
  std::array<Inside, 3> inside;
  for (std::size_t a = 0; a < 3; ++a)
    inside[a] = lines_inside(axes_[a].least, 1, axes_[a].lines, view.size[a]);
  const T* from = view.data + image * view.image + base * view.channel;
  for (std::int64_t d = inside[0].begin; d < inside[0].end; ++d)
    for (std::int64_t r = inside[1].begin; r < inside[1].end; ++r)
      kernels.transpose(from + (axes_[0].least + d) * view.step[0] + (axes_[1].least + r) * view.step[1] +
                            axes_[2].least + inside[2].begin,
                        view.channel, channels, inside[2].end - inside[2].begin,
                        lanes + (d * pitch_[0] + r * pitch_[1] + inside[2].begin) * kernels.lanes,
                        kernels.lanes);
  return true;
}

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

void list_positions(const Extent& box, const Extent& pitch, std::int64_t* offsets) {
  for (std::int64_t d = 0; d < box[0]; ++d)
    for (std::int64_t y = 0; y < box[1]; ++y)
      for (std::int64_t x = 0; x < box[2]; ++x) *offsets++ = d * pitch[0] + y * pitch[1] + x * pitch[2];
}

ChannelPanels::ChannelPanels(std::int64_t channels, int lanes, int most_vectors) {
  const std::int64_t vectors = divide_up(channels, lanes), count = divide_up(vectors, most_vectors);
  std::int64_t start = 0;
  for (std::int64_t p = 0; p < count; ++p) {
    const std::int64_t begin = vectors * p / count, end = vectors * (p + 1) / count;
    panels.push_back({begin * lanes, std::min(end * lanes, channels) - begin * lanes,
                      static_cast<int>(end - begin), start});
    start += (end - begin) * lanes;
  }
  width = start;
}

template <typename T>
void run_position_tiles(const ConvolutionKernels<T>& kernels, const T* source, const std::int64_t* rows,
                        std::int64_t positions, const TapStep* steps, std::int64_t depth, const T* b,
                        int vectors, T* c, bool accumulate) {
  // Balanced tiles: 8 rows are 4 + 4 rather than 6 + 2.
  const std::int64_t tiles = divide_up(positions, kernels.position_rows[vectors]);
  const std::int64_t width = vectors * kernels.lanes;
  PositionTile<T> tile{depth, {}, steps, b, {}, accumulate};
  for (std::int64_t t = 0; t < tiles; ++t) {
    const std::int64_t begin = positions * t / tiles, end = positions * (t + 1) / tiles;
    for (std::int64_t i = begin; i < end; ++i) {
      tile.rows[i - begin] = source + rows[i];
      tile.c[i - begin] = c + i * width;
    }
    kernels.position[end - begin][vectors](tile);
  }
}

#define TESSERA_INSTANTIATE(T)                                                                             \
  template struct VolumeView<T>;                                                                           \
  template void SourceBox::load<T>(const ConvolutionKernels<T>&, const VolumeView<T>&, std::int64_t,       \
                                   std::int64_t, std::int64_t, std::int64_t, const Extent&, T*) const;     \
  template bool SourceBox::load_lanes<T>(const ConvolutionKernels<T>&, const VolumeView<T>&, std::int64_t, \
                                         std::int64_t, std::int64_t, T*) const;                            \
  template void run_position_tiles<T>(const ConvolutionKernels<T>&, const T*, const std::int64_t*,         \
                                      std::int64_t, const TapStep*, std::int64_t, const T*, int, T*, bool);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera::backends
