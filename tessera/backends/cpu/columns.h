// Convolution as a matrix product: the matrix of taps (im2col), made panel by panel from a zero-padded copy
// of an image.
//
// Row k of the matrix is one tap (channel, row, column); column n is one position (i, j) of a grid. Its
// element is
//     padded[offset[k] + i * row_step + j * column_step]
// so a tap outside the image reads the padding's +0 and is multiplied like any other (contract rule 2).
#pragma once

#include <cstdint>
#include <vector>

#include "tessera/backends/cpu/gemm.h"
#include "tessera/tensor/tensor.h"

namespace tessera::backends {

// The sizes of a stack of planes with `before` lines of zeros above (and left) and `after` below (and right).
struct PaddedPlanes {
  std::int64_t channels, height, width;  // of the image
  std::int64_t before[2], after[2];      // rows, columns; never negative
  std::int64_t rows() const { return before[0] + height + after[0]; }
  std::int64_t columns() const { return before[1] + width + after[1]; }
  std::int64_t plane() const { return rows() * columns(); }
  std::int64_t elements() const { return channels * plane(); }
};

// Copies image `image`, channels first_channel ..., of a [N, C, H, W] view of any strides, with its padding.
template <typename T>
void copy_padded(const TensorView& images, std::int64_t image, std::int64_t first_channel,
                 const PaddedPlanes& planes, T* padded);

template <typename T>
class ColumnSource : public PanelSource<T> {
 public:
  // `grid_columns`: positions per line of the grid.
  ColumnSource(const GemmKernels<T>& kernels, const T* padded, const std::vector<std::int64_t>& offsets,
               std::int64_t grid_columns, std::int64_t row_step, std::int64_t column_step)
      : kernels_(kernels),
        padded_(padded),
        offsets_(offsets),
        grid_columns_(grid_columns),
        row_step_(row_step),
        column_step_(column_step) {}

  // Writes up to kOverrun elements behind the last column of every row, and reads as far behind a run of the
  // image.
  static constexpr std::int64_t kOverrun = 64 / sizeof(T);
  void pack(std::int64_t k0, std::int64_t depth, std::int64_t n0, std::int64_t columns, T* panel,
            std::int64_t step) const override;

 private:
  const GemmKernels<T>& kernels_;
  const T* padded_;
  const std::vector<std::int64_t>& offsets_;
  std::int64_t grid_columns_, row_step_, column_step_;
};

}  // namespace tessera::backends
