// A matrix packed once and multiplied many times with a few rows, as recurrent layers do at each time. The columns may stand in groups of
// equal size (gates), whose panels of one place lie side by side, so that what belongs together is ready together.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "tessera/backends/cpu/gemm.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {

template <typename T>
class PackedPanels {
 public:
  // `b` is [depth, groups * columns].
  PackedPanels(const GemmKernels<T>& kernels, MatrixView<const T> b, std::int64_t depth, std::int64_t columns,
               std::int64_t groups)
      : kernels_(kernels), b_(b), depth_(depth), columns_(columns), groups_(groups) {}

  std::int64_t width() const { return kernels_.lanes * kernels_.vectors; }    // of a panel
  std::int64_t blocks() const { return (columns_ + width() - 1) / width(); }  // panels per group
  std::int64_t columns_of(std::int64_t block) const { return std::min(width(), columns_ - block * width()); }
  std::int64_t elements() const { return blocks() * groups_ * depth_ * width(); }

  // `memory` holds elements().
  void pack(T* memory) {
    memory_ = memory;
    parallel_for(blocks() * groups_, [&](std::int64_t i) { pack_panel(i / groups_, i % groups_); });
  }

  // c = a times the columns of one block of one group; c takes whole vectors. By contract rule 2.
  void multiply(const T* a, std::int64_t a_row, std::int64_t rows, std::int64_t block, std::int64_t group,
                T* c, std::int64_t c_row) const {
    const std::int64_t columns = columns_of(block);
    const auto vectors = (columns + kernels_.lanes - 1) / kernels_.lanes;
    const std::int64_t most_rows = kernels_.most_rows[vectors];
    const std::int64_t row_groups = (rows + most_rows - 1) / most_rows;
    for (std::int64_t k = 0; k < depth_; k += kChunk) {
      const std::int64_t chunk = std::min(kChunk, depth_ - k);
      const T* const panel = panel_at(block, group) + k * width();
      std::int64_t row = 0;
      for (std::int64_t i = 0; i < row_groups; ++i) {
        const auto tile_rows = (rows - row + row_groups - i - 1) / (row_groups - i);
        kernels_.tile[tile_rows][vectors]({chunk,
                                           a + row * a_row + k,
                                           a_row,
                                           1,
                                           panel,
                                           width(),
                                           c + row * c_row,
                                           c_row,
                                           columns,
                                           k > 0,
                                           {}});
        row += tile_rows;
      }
    }
  }

 private:
  T* panel_at(std::int64_t block, std::int64_t group) const {
    return memory_ + (block * groups_ + group) * depth_ * width();
  }

  void pack_panel(std::int64_t block, std::int64_t group) {
    const std::int64_t columns = columns_of(block);
    T* const panel = panel_at(block, group);
    const T* const from = b_.data + (group * columns_ + block * width()) * b_.column;
    if (columns < width())  // what is multiplied beside the columns
      std::fill(panel, panel + depth_ * width(), T(0));
    if (b_.row == 1) return kernels_.pack_transposed(from, b_.column, depth_, columns, panel, width());
    for (std::int64_t k = 0; k < depth_; ++k)
      std::memcpy(panel + k * width(), from + k * b_.row, static_cast<std::size_t>(columns) * sizeof(T));
  }

  const GemmKernels<T>& kernels_;
  MatrixView<const T> b_;  // row or column is 1
  std::int64_t depth_, columns_, groups_;
  T* memory_ = nullptr;
};

}  // namespace tessera::backends
