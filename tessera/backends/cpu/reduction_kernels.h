// Blocks of 1,024 elements reduced in the contract's order (rule 3: 16 lanes, then lane j += lane j+s) for
// each SIMD level.
#pragma once

#include <cstdint>

#include "tessera/numerics/reduce.h"
#include "tessera/tensor/op.h"

namespace tessera::backends {

template <typename T>
struct ReductionLoops {
  // results[b] = block b of x[0 ... n-1], n >= 1. `together`: several blocks side by side, which is faster from
  // a near cache, since the chain of one waits for itself, and slower from memory, which likes one stream.
  void (*blocks)(const T* x, std::int64_t n, T* results, bool together);
  // One block of several lists that lie side by side: list j has elements x[offsets[i] + j], i = 0 ...
  // count-1 <= 1024; results[j], j < lists. `lanes` is aligned and has room for 16 rows of lists, each rounded
  // up to a vector.
  void (*columns)(const T* x, const std::int64_t* offsets, std::int64_t count, std::int64_t lists, T* lanes,
                  T* results);
  T (*combine)(T a, T b);  // the step of the tree
};

// For Sum, SumSquares, Max, Min at the active SIMD level.
template <typename T>
const ReductionLoops<T>* reduction_loops(Op op);

inline constexpr std::int64_t kMomentsWidth = 64;  // lists per call of `columns`, at most

template <typename T>
struct MomentsLoops {
  numerics::Moments<T> (*block)(const T* x, std::int64_t n);  // of one block, 1 <= n <= 1024
  void (*columns)(const T* x, const std::int64_t* offsets, std::int64_t count, std::int64_t lists, T* lanes,
                  numerics::Moments<T>* results);  // as above
};
template <typename T>
const MomentsLoops<T>* moments_loops();

template <typename T>
struct PlaceLoops {
  std::int64_t (*first)(const T* x, std::int64_t n,
                        T value);  // the first that equals value, or is NaN as it is
  // The positions in whole lists; best and places have room for a row of lists, rounded up to a vector; count
  // must fit an integer of T's size.
  void (*columns)(const T* x, const std::int64_t* offsets, std::int64_t count, std::int64_t lists, T* best,
                  T* places, std::int64_t* results);
};
template <typename T>
const PlaceLoops<T>* place_loops();

}  // namespace tessera::backends
