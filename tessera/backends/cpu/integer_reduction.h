// Sums and extremes of integers and flags. They are the same in any order, so lists are read as they lie in memory.
#pragma once

#include <cstdint>

#include "tessera/tensor/backend.h"

namespace tessera::backends {

// Of elements of type T with results of type Result (std::int64_t of sums, which wrap).
template <typename T, typename Result>
struct IntegerLoops {
  // *result takes x[0 ... n-1]; results[j] takes x[j], j = 0 ... n-1.
  void (*list)(const T* x, std::int64_t n, Result* result);
  void (*row)(const T* x, std::int64_t n, Result* results);
  Result (*combine)(Result a, Result b);  // two partial results
  Result start;                           // of nothing
};

// For Sum and SumSquares; for Max and Min. Flags are bytes of 0 and 1. Null at no SIMD level.
template <typename T>
const IntegerLoops<T, std::int64_t>* integer_sum_loops(Op op);
template <typename T>
const IntegerLoops<T, T>* integer_extreme_loops(Op op);

// A whole call of these four; false where the reference backend is the better way.
bool run_integer_reduction(const KernelCall& call);

}  // namespace tessera::backends
