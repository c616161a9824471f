// Products of a matrix with itself turned, c = a a^T. Element (j, i) is the same chain as element (i, j), so that the lower triangle is enough and the
// rest is copied: the bits of gemm.h for about half of its work.
#pragma once

#include <cstdint>

#include "tessera/backends/cpu/gemm.h"

namespace tessera::backends {

// Columns of C that are computed together, from their diagonal downwards.
template <typename T>
std::int64_t symmetric_strip(const GemmKernels<T>& kernels);

// On the calling thread, into c [n, n] in rows, of which each has `c_row` elements; a: [n, k]. Above the diagonal only what strips overlap is written.
template <typename T>
void gemm_lower(const GemmKernels<T>& kernels, std::int64_t n, std::int64_t k, MatrixView<const T> a, T* c,
                std::int64_t c_row);

// The squares that [n, n] is cut into, each a task of one of `threads`: `count` along a side, the last one smaller. n: at least 1.
struct SymmetricBlocks {
  SymmetricBlocks(std::int64_t n, std::int64_t threads);
  std::int64_t side, count;
};

// All of c [n, n] in rows, by the threads of the pool, in tasks that each take all of k.
template <typename T>
void gemm_symmetric(const GemmKernels<T>& kernels, std::int64_t n, std::int64_t k, MatrixView<const T> a,
                    T* c);

// The upper triangle from the lower one.
template <typename T>
void mirror_lower(const GemmKernels<T>& kernels, std::int64_t n, T* c);

}  // namespace tessera::backends
