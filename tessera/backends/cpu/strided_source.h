// Panels of a matrix that lies in memory under any strides, for the products of gemm.h.
#pragma once

#include <algorithm>
#include <cstdint>

#include "tessera/backends/cpu/gemm.h"

namespace tessera::backends {

inline std::int64_t round_up(std::int64_t value, std::int64_t step) {
  return (value + step - 1) / step * step;
}

template <typename T>
class StridedSource : public PanelSource<T> {
 public:
  StridedSource(const GemmKernels<T>& kernels, MatrixView<const T> b, bool pack_pays)
      : kernels_(kernels), b_(b), pack_pays_(pack_pays) {}

  void pack(std::int64_t k0, std::int64_t depth, std::int64_t n0, std::int64_t columns, T* panel,
            std::int64_t step) const override {
    const T* from = b_.data + k0 * b_.row + n0 * b_.column;
    // Leftovers behind the columns would be harmless to the result, but slow to multiply if they happen to be subnormal.
    if (columns < step)
      for (std::int64_t k = 0; k < depth; ++k)
        std::fill(panel + k * step + columns, panel + (k + 1) * step, T(0));
    if (b_.column == 1) {
      kernels_.pack_rows(from, b_.row, depth, columns, panel, step);
    } else if (b_.row == 1) {
      kernels_.pack_transposed(from, b_.column, depth, columns, panel, step);
    } else {
      for (std::int64_t k = 0; k < depth; ++k)
        for (std::int64_t j = 0; j < columns; ++j) panel[k * step + j] = from[k * b_.row + j * b_.column];
    }
  }

  const T* in_place(std::int64_t k0, std::int64_t n0, std::int64_t columns,
                    std::int64_t* step) const override {
    if (pack_pays_ || b_.column != 1 || columns % kernels_.lanes != 0) return nullptr;
    *step = b_.row;
    return b_.data + k0 * b_.row + n0;
  }

  const T* rows(std::int64_t k0, std::int64_t n0, std::int64_t* step) const override {
    *step = b_.row;
    return b_.column == 1 ? b_.data + k0 * b_.row + n0 : nullptr;
  }

 private:
  const GemmKernels<T>& kernels_;
  MatrixView<const T> b_;
  bool pack_pays_;
};

}  // namespace tessera::backends
