// A plan for sums over taps (convolution.h): what conv2d and its input gradient, in any number of axes, come
// down to.
#pragma once

#include <cstdint>
#include <vector>

#include "tessera/backends/cpu/convolution.h"
#include "tessera/backends/cpu/scratch.h"

namespace tessera::backends {

inline constexpr std::int64_t kBoxPositions = 384, kLeastBoxPositions = 64;  // of a box of the output

// Where the weight of (group, output, k) stands: group * group + output * output + k[k].
struct WeightOffsets {
  std::int64_t group, output;
  std::vector<std::int64_t> k;
};

// Channels and outputs are those of a group.
struct SumSizes {
  std::int64_t images, groups, channels, outputs;
  Extent out_size;
};

// The vectors of a slice of a box for line tiles.
struct LineVectors {
  std::int64_t rows = 1;  // that the vectors lie in, each as many
  bool flat = false;      // they run on through the halo; else each lies in one row of the box
  // From the slice's first position: in the box, in the output; and one behind the other.
  std::vector<std::int64_t> source, target, packed;
  std::int64_t count() const { return static_cast<std::int64_t>(source.size()); }
};

// Sums for a grid of positions; position i along an axis is line first + i * step of the output.
template <typename T>
struct TapSums {
  TapAxes taps;
  Extent grid, first, step;
  WeightOffsets weights;
  // Made by SumPlan:
  Extent box{}, boxes{};       // sizes of a box, boxes along each axis
  std::int64_t tasks_end = 0;  // tasks of these sums and of all before
  SourceBox layout;
  std::vector<std::int64_t> offsets;  // of each k
  std::vector<TapStep> steps;         // the same for position tiles, counted within a chunk
  bool lines = false;                 // computed by line tiles
  LineVectors vectors;                // for them, of a whole box
  T* packed = nullptr;                // [group][panel][k][width], for line tiles [group][tile][k][rows]
};

template <typename T>
class SumPlan {
 public:
  // `sums` cover each position of the output at most once, and those that none
  // covers, or one without any k, become zero.
  SumPlan(const ConvolutionKernels<T>& kernels, const VolumeView<T>& source, const SumSizes& sizes,
          std::vector<TapSums<T>> sums);
  void run(const T* weight, T* out);

 private:
  void choose_boxes(TapSums<T>& sums, std::int64_t positions) const;
  void choose_tile(TapSums<T>& sums) const;
  LineVectors line_vectors(const TapSums<T>& sums, const Extent& box) const;
  void pack_factors(const TapSums<T>& sums, const T* weight) const;
  void pack_weights(const TapSums<T>& sums, const T* weight) const;
  void pack_panel(const TapSums<T>& sums, const T* weight, const ChannelPanels::Panel& panel, T* to) const;
  bool run_direct(T* out) const;
  void fill_zeros(T* out) const;
  void run_task(std::int64_t task, T* out) const;
  void run_box(const TapSums<T>& sums, std::int64_t task, T* out) const;
  void run_positions(const TapSums<T>& sums, const T* source, std::int64_t group, const Extent& origin,
                     const Extent& box, T* out) const;
  void run_lines(const TapSums<T>& sums, const T* source, std::int64_t group, const Extent& origin,
                 const Extent& box, T* out) const;
  void multiply_lines(const TapSums<T>& sums, const T* source, std::int64_t group, const LineVectors& vectors,
                      T* c, std::int64_t c_row, bool direct) const;
  bool is_stencil(const TapSums<T>& sums, const LineVectors& vectors, std::int64_t rows) const;
  void run_stencil(const TapSums<T>& sums, const T* slice, std::int64_t group, const LineVectors& vectors,
                   std::int64_t rows, T* out) const;
  void store_vectors(const TapSums<T>& sums, const LineVectors& vectors, const T* c, T* to) const;
  void store_panel(const TapSums<T>& sums, const T* sums_of_panel, const ChannelPanels::Panel& panel,
                   const Extent& origin, const Extent& box, T* out) const;
  void store_line(const TapSums<T>& sums, const T* from, std::int64_t from_row, std::int64_t rows,
                  std::int64_t columns, T* to) const;
  T* place(const TapSums<T>& sums, const Extent& position, T* out) const;

  const ConvolutionKernels<T>&kernels_, &line_kernels_;
  VolumeView<T> source_;
  SumSizes sizes_;
  std::vector<TapSums<T>> sums_;
  std::int64_t tasks_ = 0;
  bool gaps_ = false;  // positions that no sum covers
  ChannelPanels panels_;
};

}  // namespace tessera::backends
