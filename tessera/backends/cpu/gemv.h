// A row times a matrix: y = x B, on the calling thread. Reading B once is all the work there is, so the kernels are made for
// the order in which its elements lie.
//
// Where B's rows lie side by side, lanes run along them: eight rows at a time stream by, and each element of y takes
// its eight fused multiply-adds in a register. Where B's columns do (a matrix times a column, seen from the other side), an element
// of y is one chain along memory: lanes are columns, whose elements are transposed in registers.
//
// A single element has as many chains as k has chunks: eight of them are computed side by side.
//
// The same chains as in gemm.h: chunks of 256 steps, each from +0, added in ascending order.
#pragma once

#include <cstdint>

#include "tessera/backends/cpu/gemm.h"

namespace tessera::backends {

// The active SIMD level's kernels; null when there is none.
template <typename T>
struct RowKernels {
  std::int64_t lanes;
  // y[j] = sum over i of x[i * x_step] b[i * row + j], i < k, j < n.
  void (*rows)(std::int64_t n, std::int64_t k, const T* x, std::int64_t x_step, const T* b, std::int64_t row,
               T* y);
  // y[j] = sum over i of x[i] b[i + j * column], n at least `lanes`.
  void (*columns)(std::int64_t n, std::int64_t k, const T* x, const T* b, std::int64_t column, T* y);
  // The sum over i of x[i * x_step] b[i * b_step].
  T (*element)(std::int64_t k, const T* x, std::int64_t x_step, const T* b, std::int64_t b_step);
};
template <typename T>
const RowKernels<T>* row_kernels();

// y[j * y_step] = sum over i of x[i * x_step] b[i][j]. False, and nothing done, where neither kernel fits: few columns or
// other strides.
template <typename T>
bool multiply_row(std::int64_t n, std::int64_t k, const T* x, std::int64_t x_step, MatrixView<const T> b,
                  T* y, std::int64_t y_step);

}  // namespace tessera::backends
