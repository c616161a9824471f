// Reductions in the one order that the contract fixes: the definition that every backend must equal bit for
// bit.
//
// A list x_0, ..., x_(n-1) is cut into blocks of 1,024; element i of a block goes to lane i mod 16; each lane
// is an ascending chain of additions from +0; lanes combine for s = 8, 4, 2, 1 as lane j += lane j+s; block
// results combine by the tree T(n) = T(first m) + T(the rest), m the largest power of two below n. The sum of
// no elements is +0. The order is independent of threads, vector width and strides, and its error grows like
// log n, not n (pairwise summation: Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition,
// section 4.2).
//
//   sum             lanes add x
//   sum_of_squares  lanes are fma(x, x, lane)
//   mean            sum / n
//   variance        moments(...).m2 / n, the population variance. Per block: mean = sum / count, then lanes
//                   are fma(x - mean, x - mean, lane). Blocks merge in T by Chan, Golub and LeVeque (1979),
//                   every operation rounded: d = mean_b - mean_a, w = n_b / (n_a + n_b), mean = mean_a + d w,
//                   m2 = (m2_a + m2_b) + (d d) (n_a w).
//   dot_chunked     contract rule 2: chunks of 256, in a chunk the chain acc = fma(a, b, acc) from +0, the
//                   first chunk's result copied, the next ones added in ascending order; +0 for n = 0.
//   max, min        NaN if any element is; a zero result is +0. n >= 1.
//   arg_max         the position of the greatest element, NaN being greatest; of several the lowest. n >= 1.
//
// Counts enter as numbers of type T (rounded above 2^24 for float). mean and variance of no elements are NaN.
// Templates over any access to elements are in reduce-inl.h. Thread-safety: pure functions, whatever rounding mode the caller has set; only merge and the templates need the default one (functions.h).
//
// ```cpp
// std::vector<float> x(5000, 0.1f);
// assert(std::abs(numerics::sum(std::span<const float>(x)) - 500.0f) < 1e-3f);  // a plain loop is 0.02 off
// assert(numerics::tree_combine(5, [](std::int64_t i) { return std::to_string(i); },
//        [](std::string a, std::string b) { return "(" + a + b + ")"; }) == "(((01)(23))4)");
// ```
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/numerics/contract.h"

namespace tessera::numerics {

inline constexpr std::int64_t kReduceBlock = 1024;  // elements per block
inline constexpr std::int64_t kReduceLanes = 16;    // interleaved chains in a block
inline constexpr std::int64_t kDotChunk = 256;      // terms per chain of a product summed over k

float sum(std::span<const float> x);
double sum(std::span<const double> x);
float sum_of_squares(std::span<const float> x);
double sum_of_squares(std::span<const double> x);
float mean(std::span<const float> x);
double mean(std::span<const double> x);
float variance(std::span<const float> x);
double variance(std::span<const double> x);

// Count, mean and sum of squared differences from the mean; merging two is the step of the tree.
template <typename T>
struct Moments {
  std::int64_t count = 0;
  T mean = 0;
  T m2 = 0;
};
Moments<float> moments(std::span<const float> x);
Moments<double> moments(std::span<const double> x);
Moments<float> merge(const Moments<float>& a, const Moments<float>& b);  // both of at least one element
Moments<double> merge(const Moments<double>& a, const Moments<double>& b);

// Sum of a[i * a_stride] * b[i * b_stride]; strides in elements.
float dot_chunked(const float* a, std::int64_t a_stride, const float* b, std::int64_t b_stride,
                  std::int64_t n);
double dot_chunked(const double* a, std::int64_t a_stride, const double* b, std::int64_t b_stride,
                   std::int64_t n);

float max(std::span<const float> x);
double max(std::span<const double> x);
float min(std::span<const float> x);
double min(std::span<const double> x);
std::int64_t arg_max(std::span<const float> x);
std::int64_t arg_max(std::span<const double> x);

// The largest power of two below n, for n >= 2: where the tree T splits n leaves.
constexpr std::int64_t tree_split(std::int64_t n) {
  std::int64_t m = 1;
  while (m * 2 < n) m *= 2;
  return m;
}

// T over leaf(first), ..., leaf(first + count - 1), count >= 1, with combine(left, right). Leaves are asked
// for in ascending order, each once.
template <typename Leaf, typename Combine>
auto tree_combine(std::int64_t first, std::int64_t count, const Leaf& leaf, const Combine& combine)
    -> decltype(leaf(first)) {
  if (count == 1) return leaf(first);
  const std::int64_t m = tree_split(count);
  auto left = tree_combine(first, m, leaf, combine);
  auto right = tree_combine(first + m, count - m, leaf, combine);
  return combine(std::move(left), std::move(right));
}
template <typename Leaf, typename Combine>
auto tree_combine(std::int64_t count, const Leaf& leaf, const Combine& combine) {
  TESSERA_CHECK(count >= 1, "a tree has at least one leaf, not {}", count);
  return tree_combine(std::int64_t{0}, count, leaf, combine);
}

}  // namespace tessera::numerics
