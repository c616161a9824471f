// The reductions of reduce.h as templates over the access to elements: at(i) gives element i of the list,
// whatever its layout. One block at a time; blocks combine by tree_combine. For code inside the library
// (floating-point arithmetic in a header: compile with the contract's flags).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "tessera/numerics/reduce.h"
#include "tessera/numerics/scalar_ops.h"

namespace tessera::numerics {

template <typename T>
using ReduceLanes = std::array<T, kReduceLanes>;

// lane j += lane j+s for s = 8, 4, 2, 1.
template <typename T>
TESSERA_INLINE T combine_lanes(ReduceLanes<T> lanes) {
  for (std::int64_t s = kReduceLanes / 2; s >= 1; s /= 2)
    for (std::int64_t j = 0; j < s; ++j) lanes[j] = lanes[j] + lanes[j + s];
  return lanes[0];
}

// step(lane, x) on every element of a block of `count` <= kReduceBlock elements that starts at `begin`.
template <typename T, typename At, typename Step>
TESSERA_INLINE T reduce_block(const At& at, std::int64_t begin, std::int64_t count, const Step& step) {
  ReduceLanes<T> lanes{};
  const std::int64_t whole = count - count % kReduceLanes;
  for (std::int64_t i = 0; i < whole; i += kReduceLanes)
    for (std::int64_t j = 0; j < kReduceLanes; ++j) lanes[j] = step(lanes[j], at(begin + i + j));
  for (std::int64_t i = whole; i < count; ++i) lanes[i - whole] = step(lanes[i - whole], at(begin + i));
  return combine_lanes(lanes);
}

template <typename T>
struct AddStep {
  TESSERA_INLINE T operator()(T lane, T x) const { return lane + x; }
};
template <typename T>
struct SquareStep {
  TESSERA_INLINE T operator()(T lane, T x) const { return fused_multiply_add(x, x, lane); }
};
template <typename T>
struct SquaredDifferenceStep {
  T mean;
  TESSERA_INLINE T operator()(T lane, T x) const {
    const T difference = x - mean;
    return fused_multiply_add(difference, difference, lane);
  }
};

template <typename T, typename At>
TESSERA_INLINE Moments<T> block_moments(const At& at, std::int64_t begin, std::int64_t count) {
  const T mean = reduce_block<T>(at, begin, count, AddStep<T>()) / static_cast<T>(count);
  return {count, mean, reduce_block<T>(at, begin, count, SquaredDifferenceStep<T>{mean})};
}

template <typename T>
TESSERA_INLINE Moments<T> merge_moments(const Moments<T>& a, const Moments<T>& b) {
  const std::int64_t count = a.count + b.count;
  const T difference = b.mean - a.mean;
  const T weight = static_cast<T>(b.count) / static_cast<T>(count);
  const T mean = a.mean + difference * weight;
  const T between = (difference * difference) * (static_cast<T>(a.count) * weight);
  return {count, mean, (a.m2 + b.m2) + between};
}

// block(begin, count) of each block of a list of n >= 1 elements, combined in T.
template <typename Block, typename Combine>
auto reduce_blocks(std::int64_t n, const Block& block, const Combine& combine) {
  return tree_combine(
      (n + kReduceBlock - 1) / kReduceBlock,
      [&](std::int64_t b) { return block(b * kReduceBlock, std::min(kReduceBlock, n - b * kReduceBlock)); },
      combine);
}

template <typename T, typename At>
T sum_of(std::int64_t n, const At& at) {
  if (n == 0) return T{0};
  return reduce_blocks(
      n,
      [&](std::int64_t begin, std::int64_t count) { return reduce_block<T>(at, begin, count, AddStep<T>()); },
      [](T a, T b) { return a + b; });
}

template <typename T, typename At>
T sum_of_squares_of(std::int64_t n, const At& at) {
  if (n == 0) return T{0};
  return reduce_blocks(
      n,
      [&](std::int64_t begin, std::int64_t count) {
        return reduce_block<T>(at, begin, count, SquareStep<T>());
      },
      [](T a, T b) { return a + b; });
}

template <typename T, typename At>
Moments<T> moments_of(std::int64_t n, const At& at) {
  if (n == 0) return {};
  return reduce_blocks(
      n, [&](std::int64_t begin, std::int64_t count) { return block_moments<T>(at, begin, count); },
      [](const Moments<T>& a, const Moments<T>& b) { return merge_moments(a, b); });
}

// Sum of a_at(i) * b_at(i) in chunks of kDotChunk.
template <typename T, typename AtA, typename AtB>
TESSERA_INLINE T dot_chunked_of(std::int64_t n, const AtA& a_at, const AtB& b_at) {
  T total = 0;
  for (std::int64_t begin = 0; begin < n; begin += kDotChunk) {
    const std::int64_t end = std::min(begin + kDotChunk, n);
    T chain = 0;
    for (std::int64_t i = begin; i < end; ++i) chain = fused_multiply_add(a_at(i), b_at(i), chain);
    total = begin == 0 ? chain : total + chain;
  }
  return total;
}

// max and min of two numbers under the contract: NaN if either is, and + 0 turns a zero result into +0.
template <typename T>
TESSERA_INLINE T larger_of(T a, T b) {
  return (a != a || a > b ? a : b) + T{0};
}
template <typename T>
TESSERA_INLINE T smaller_of(T a, T b) {
  return (a != a || a < b ? a : b) + T{0};
}
// Does `candidate`, which stands further on, replace `best` in arg_max?
template <typename T>
TESSERA_INLINE bool exceeds(T candidate, T best) {
  return best == best && (candidate != candidate || candidate > best);
}

}  // namespace tessera::numerics
