// Convolution on the CPU: one algorithm for one, two and three spatial axes, forward and for both gradients.
//
// The matrix of taps (im2col) is never made. What the three passes have in common is a sum over taps
//     out[o][p] = sum over k = (channel, tap) of weight[o][k] * source[place(p) + offset[k]]
// and in a padded copy of the source `offset[k]` is one table for all positions p. So a register tile needs
// only an address per position and the table (Dukhan, "The indirect convolution algorithm", 2019, without its
// buffer of pointers: the copy makes them affine). Where many output channels share an element of the source, even the copy is not made, and the taps
// outside are left out: convolution_direct.h. What follows is the way of all others.
//
// **Forward and input gradient.** The output is cut into boxes of some hundred positions (depth x rows x
// columns). A task loads the part of the source under its box into scratch memory that fits the second-level
// cache, and computes all output channels of the box from there. Boxes touch, but what they read overlaps: a
// box of b lines needs (b - 1) * stride + (taps - 1) * dilation + 1 lines, and what exceeds b * stride is the
// halo, which neighbours load again. Halo lines outside the source are written as +0, and multiplied like any
// other (contract rule 2), so no tile ever asks where it stands. With a stride, lines are sorted by their
// remainder while they are loaded, and remainders without a tap left out: the next position then always reads
// the next line, whatever the stride.
//
//     source   . . . . . . . . . .            one row, kernel 3, padding 1, boxes of 5:
//     box 0  0 a b c d e f                    loads 0 + 6 columns (halo: 0 and f)
//     box 1            e f g h i j 0          loads 6 columns + 0 (halo: e and 0)
//
// The input gradient is the same sum over the output gradient. Input lines whose position has the same
// remainder by the stride share their taps: each combination of remainders ("phase") is a product of its own,
// with the taps that reach it and no other. With stride 1 there is one phase, the filter turned around. Lines
// that no tap reaches belong to no phase: the output is zeroed beforehand.
//
// Two tiles compute a box, and the plan takes the one that wastes less of its lanes:
//   position tile   lanes are output channels. Weights are packed once per call and shared by all tasks,
//                   [k][channels]; a source element is broadcast from the box. Results are transposed from the
//                   cache into the output planes.
//   line tile       lanes are positions side by side, for few output channels (LeNet, gradients of images,
//                   depthwise). A box's rows follow each other at one pitch, so lanes run on over the end of
//                   a row through its halo; what they compute there is dropped.
//
// **Weight gradient** (convolution_weight.cc): k runs over output positions instead, and rows of a position
// tile are taps: the same tile with the two tables exchanged, over x itself where there is no padding. One group per channel (depthwise) has a tile of
// its own with groups as lanes (convolution_depthwise.cc).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tessera/backends/cpu/convolution_tiles.h"
#include "tessera/tensor/backend.h"

namespace tessera::backends {

using Extent = std::array<std::int64_t, 3>;  // depth, rows, columns; missing axes have length 1

inline std::int64_t volume(const Extent& extent) {
  return extent[0] * extent[1] * extent[2];
}

inline std::int64_t divide_up(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

// The sizes of one convolution; channels and outputs are those of a group.
struct ConvolutionSizes {
  std::int64_t images, groups, channels, outputs;
  Extent input, filter, output, stride, padding, dilation;
  std::int64_t taps() const { return channels * volume(filter); }
};
// x [N, C, spatial...], weight [O, C / groups, spatial...], output [N, O, spatial...].
ConvolutionSizes convolution_sizes(const Shape& x, const Shape& weight, const Shape& output,
                                   const WindowAttributes& window);

// [N, C, spatial...] with any strides.
template <typename T>
struct VolumeView {
  explicit VolumeView(const TensorView& view);
  const T* data;
  std::int64_t image, channel;  // steps
  Extent step;
  Extent size;
};

// What a sum over taps reads along one spatial axis: tap t at position i is source line starts[t] + i * step,
// and +0 where there is no such line.
struct TapAxis {
  std::int64_t step;
  std::vector<std::int64_t> starts;
};
using TapAxes = std::array<TapAxis, 3>;
// What the forward pass reads: tap * dilation - padding + i * stride.
TapAxes filter_axes(const ConvolutionSizes& sizes);

// The layout of the part of a source that a box of positions reads, with its halo:
//   [channel][remainder of depth, row, column by the step][lines of depth][of rows][of columns]
class SourceBox {
 public:
  SourceBox() = default;
  SourceBox(const TapAxes& axes, const Extent& box, std::int64_t channels);

  std::int64_t elements() const { return channels_ * channel_pitch_; }
  // Where k = (channel, tap of depth, row, column) reads for position (0, 0, 0) of the box.
  std::vector<std::int64_t> tap_offsets() const;
  // The step from position to position along each axis.
  const Extent& pitch() const { return pitch_; }

  // Loads channels first ... end-1 (counted within the box; channel 0 of it is `base` of the view) around the
  // positions from `origin` on. Writes up to 64 bytes behind them.
  template <typename T>
  void load(const ConvolutionKernels<T>& kernels, const VolumeView<T>& view, std::int64_t image,
            std::int64_t base, std::int64_t first, std::int64_t end, const Extent& origin, T* box) const;

  // The same around a whole image, of `lanes` channels at most, transposed as it is read: [place][lane]. Only what
  // the source has is written; halo and missing channels must be zero. False, and nothing done, where lines are sorted or
  // columns do not lie side by side.
  template <typename T>
  bool load_lanes(const ConvolutionKernels<T>& kernels, const VolumeView<T>& view, std::int64_t image,
                  std::int64_t base, std::int64_t channels, T* lanes) const;

 private:
  struct Axis {
    std::int64_t step = 1, lines = 1,
                 least = 0;  // line 0 of a remainder is source line (origin + least) * step + it
    std::vector<std::int64_t> remainders;
    std::vector<std::int64_t> tap_remainder, tap_line;  // of each tap: which remainder, which line
  };
  template <typename T>
  void load_plane(const ConvolutionKernels<T>& kernels, const T* from, const VolumeView<T>& view,
                  const Extent& first_line, T* to) const;

  std::array<Axis, 3> axes_;
  std::int64_t channels_ = 0, channel_pitch_ = 0, part_pitch_ = 0;
  Extent pitch_{};
};

// Positions of a box, row by row: their offsets by `pitch`.
void list_positions(const Extent& box, const Extent& pitch, std::int64_t* offsets);

// How channels are divided into panels of vectors for position tiles.
struct ChannelPanels {
  ChannelPanels(std::int64_t channels, int lanes, int most_vectors);
  struct Panel {
    std::int64_t first, channels;  // without padding
    int vectors;
    std::int64_t start;  // in lanes, of all panels before
  };
  std::vector<Panel> panels;
  std::int64_t width;  // of all panels, in lanes
};

// All tiles of `positions` rows against one panel and one chunk: c = [positions][width of the panel].
template <typename T>
void run_position_tiles(const ConvolutionKernels<T>& kernels, const T* source, const std::int64_t* rows,
                        std::int64_t positions, const TapStep* steps, std::int64_t depth, const T* b,
                        int vectors, T* c, bool accumulate);

// The weight gradient of a convolution with one channel and one filter per group.
template <typename T>
void depthwise_weight_gradient(const ConvolutionKernels<T>& kernels, const ConvolutionSizes& sizes,
                               const VolumeView<T>& gradient, const VolumeView<T>& x, T* weight);

}  // namespace tessera::backends
