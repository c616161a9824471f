// Blocks of 1,024 elements reduced in the contract's order (rule 3: 16 lanes, then lane j += lane j+s) for
// each SIMD level.
#pragma once

#include <cstdint>

#include "tessera/numerics/reduce.h"
#include "tessera/tensor/op.h"

namespace tessera::backends {

template <typename T>
struct ReductionLoops {
  // results[b] = block b of x[0 ... n-1], n >= 1.
  void (*blocks)(const T* x, std::int64_t n, T* results);
  // One block of several lists that lie side by side: list j has elements x[offsets[i] + j], i = 0 ...
  // count-1 <= 1024; results[j], j < lists <= column_width.
  void (*columns)(const T* x, const std::int64_t* offsets, std::int64_t count, std::int64_t lists,
                  T* results);
  T (*combine)(T a, T b);  // the step of the tree
};
inline constexpr std::int64_t kColumnWidth = 16;

// For Sum, SumSquares, Max, Min at the active SIMD level.
template <typename T>
const ReductionLoops<T>* reduction_loops(Op op);

template <typename T>
using MomentsLoop = numerics::Moments<T> (*)(const T* x, std::int64_t n);  // of one block, 1 <= n <= 1024
template <typename T>
MomentsLoop<T> moments_loop();

}  // namespace tessera::backends
