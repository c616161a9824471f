// Products of which one factor is a few rows (2 to 10) and the other lies in lines along k: a layer with ten classes, or few samples times
// weights [n, k]. c[i][j] = sum over k of a[i][k] b[k][j], where column j of b is a line of memory.
//
// Lanes along the few rows would idle (10 of 16 work), and a packed panel of b would be used by one tile only, which is less work than
// packing it. So lanes are lines, transposed in registers on their way to the multiplications (shuffles and multiplications
// have units of their own): a tile is all of the few rows by one vector of lines.
//
// The same chains as in gemm.h: chunks of 256 steps, each from +0, added in ascending order.
#pragma once

#include <cstdint>

#include "tessera/backends/cpu/gemm.h"

namespace tessera::backends {

inline constexpr int kMostFewRows = 10;

// c = a b; false, and nothing done, where this is not the fastest way.
template <typename T>
bool multiply_lines(const GemmKernels<T>& kernels, std::int64_t m, std::int64_t n, std::int64_t k,
                    MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c);

}  // namespace tessera::backends
