// Position tiles that read the source where it lies, without a padded copy of it (convolution.h).
//
// What a copy would have as +0 is left out here instead. That leaves the same bits, although the contract has taps outside executed: with
// finite weights such a tap adds +0 or -0 to a chain, which changes no sum but -0 into +0. A sum is -0 only if a product too small for
// the type was rounded to it. So: where a weight is infinite or NaN, nothing is direct; and where a tile that left taps out finds -0,
// it sums that row again, with the zeros.
//
// Positions of the output that share their taps are a class: the first, the inner and the last ones of each axis, and of a transposed
// convolution one for each remainder by the stride. A class has a table of its steps of k, and tiles are cut from its positions, over rows and
// images: of a small image many go together, so that tiles are full and a box of the output is stored in one piece.
//
//     kernel 3, padding 1, columns 0 ... 5        column 0: taps 1, 2     columns 1 ... 4: taps 0, 1, 2     column 5: taps 0, 1
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tessera/backends/cpu/convolution_plan.h"

namespace tessera::backends {

template <typename T>
class DirectSums {
 public:
  // The sums are those of a plan, with their packed weights. Everything is kept by reference.
  DirectSums(const ConvolutionKernels<T>& kernels, const VolumeView<T>& source, const SumSizes& sizes,
             const ChannelPanels& panels, const std::vector<TapSums<T>>& sums);

  // Whether positions are many enough for the tables, and channels do not compete for the same sets of the cache.
  bool pays() const;
  void run(T* out);

 private:
  // The positions along one axis that share their taps.
  struct Place {
    std::int64_t source,
        line;  // where the first of the taps reads, counted from the image; line of the output
  };
  struct AxisClass {
    std::vector<std::int64_t> taps;
    std::vector<Place> places;
  };
  using AxisClasses = std::array<std::vector<AxisClass>, 3>;
  struct PositionClass {
    const TapSums<T>* sums;
    std::array<const AxisClass*, 3> axes;
    bool whole;                           // no tap was left out
    std::vector<TapStep> steps = {};      // of a whole group
    std::vector<std::int64_t> ends = {};  // in steps, of the chunks that have any
  };
  struct Box {
    std::int64_t first_image, images, group;
    Extent origin, size;
  };
  // The positions of a class in a box.
  struct Rows {
    const T** source;
    std::int64_t* target;  // counted in positions of the box
    std::int64_t count;
  };

  std::vector<AxisClass> axis_classes(const TapSums<T>& sums, std::size_t axis) const;
  void add_classes(const TapSums<T>& sums, const AxisClasses& axes);
  void list_steps(PositionClass& one) const;
  void choose_boxes();
  Box box_of_task(std::int64_t task) const;
  Rows rows_of(const PositionClass& one, const Box& box, ScratchScope& scratch) const;
  void run_box(const Box& box, T* out) const;
  void multiply(const PositionClass& one, const Rows& rows, const T* b, int vectors, T* c) const;
  void sum_with_zeros(const PositionClass& one, const T* source, const T* b, int vectors, T* c) const;
  void store(const Box& box, const ChannelPanels::Panel& panel, const T* c, T* out) const;

  const ConvolutionKernels<T>& kernels_;
  const VolumeView<T>& source_;
  const SumSizes& sizes_;
  const ChannelPanels& panels_;
  std::vector<AxisClasses> axes_;  // of each sums
  std::vector<PositionClass> classes_;
  std::int64_t steps_ = 0;     // of all classes
  bool covers_all_;            // each position of the output has a class
  std::int64_t together_ = 1;  // images of a box
  Extent box_{}, boxes_{};
};

}  // namespace tessera::backends
