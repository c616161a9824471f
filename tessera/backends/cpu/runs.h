// Walking over several broadcast, strided operands at once, run by run.
//
// Axes that every operand passes without a gap are joined first, so that contiguous tensors become one axis
// and a bias [1, C, 1, 1] beside [N, C, H, W] becomes three. A run is a stretch along the innermost joined
// axis: there every operand has one step (1: side by side, 0: the same element again).
//
// ```
// RunSpace<2> space(output.shape, {&a, &b});
// space.for_each_run(begin, end, [&](std::int64_t out, std::int64_t length, const std::int64_t (&in)[2]) {
// ... });
// ```
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "tessera/tensor/tensor.h"

namespace tessera::backends {

template <int kOperands>
class RunSpace {
 public:
  // Operands broadcast to `shape` by NumPy's rule.
  RunSpace(const Shape& shape, const std::array<const TensorView*, kOperands>& operands) {
    for (int axis = 0; axis < shape.rank(); ++axis) {
      Axis next{};
      next.length = shape[axis];
      for (int i = 0; i < kOperands; ++i) {
        const TensorView& view = *operands[static_cast<std::size_t>(i)];
        const int own = axis - (shape.rank() - view.shape.rank());
        next.step[i] = own >= 0 && view.shape[own] != 1 ? view.strides[own] : 0;
      }
      add(next);
    }
    if (rank_ == 0) axes_[rank_++].length = 1;
  }

  std::int64_t step(int operand) const { return axes_[rank_ - 1].step[operand]; }  // along a run
  std::int64_t run_length() const { return axes_[rank_ - 1].length; }
  int rank() const { return rank_; }
  // The joined axis around the runs; only if rank() > 1.
  std::int64_t step_outside(int operand) const { return axes_[rank_ - 2].step[operand]; }
  std::int64_t length_outside() const { return axes_[rank_ - 2].length; }

  // Where an operand has the element of a row-major position.
  std::int64_t offset(std::int64_t position, int operand) const {
    std::int64_t result = 0;
    for (int axis = rank_ - 1; axis >= 0; --axis) {
      result += position % axes_[axis].length * axes_[axis].step[operand];
      position /= axes_[axis].length;
    }
    return result;
  }

  // body(position, length, offsets): the runs that make up positions begin ... end-1 of the row-major output.
  template <typename Body>
  void for_each_run(std::int64_t begin, std::int64_t end, Body&& body) const {
    if (begin >= end) return;
    std::int64_t place[kMaxRank];
    std::int64_t offsets[kOperands] = {};
    std::int64_t rest = begin;
    for (int axis = rank_ - 1; axis >= 0; --axis) {
      place[axis] = rest % axes_[axis].length;
      rest /= axes_[axis].length;
      for (int i = 0; i < kOperands; ++i) offsets[i] += place[axis] * axes_[axis].step[i];
    }
    const int last = rank_ - 1;
    for (std::int64_t position = begin;;) {
      const std::int64_t length = std::min(axes_[last].length - place[last], end - position);
      body(position, length, offsets);
      position += length;
      if (position >= end) return;
      // The run ended with its axis: back to its start, one step along the axes outside.
      for (int i = 0; i < kOperands; ++i) offsets[i] -= place[last] * axes_[last].step[i];
      place[last] = 0;
      advance(last - 1, place, offsets);
    }
  }

 private:
  struct Axis {
    std::int64_t length;
    std::int64_t step[kOperands];
  };

  void add(const Axis& next) {
    if (next.length == 1) return;
    if (rank_ > 0) {
      Axis& before = axes_[rank_ - 1];
      bool joins = true;
      for (int i = 0; i < kOperands; ++i) joins = joins && before.step[i] == next.step[i] * next.length;
      if (joins) {
        before.length *= next.length;
        std::copy(next.step, next.step + kOperands, before.step);
        return;
      }
    }
    axes_[rank_++] = next;
  }

  void advance(int axis, std::int64_t* place, std::int64_t* offsets) const {
    for (; axis >= 0; --axis) {
      for (int i = 0; i < kOperands; ++i) offsets[i] += axes_[axis].step[i];
      if (++place[axis] < axes_[axis].length) return;
      for (int i = 0; i < kOperands; ++i) offsets[i] -= axes_[axis].length * axes_[axis].step[i];
      place[axis] = 0;
    }
  }

  Axis axes_[kMaxRank + 1] = {};
  int rank_ = 0;
};

}  // namespace tessera::backends
