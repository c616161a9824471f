#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/integer_reduction_kernels.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include <limits>
#include <type_traits>

#include "tessera/backends/cpu/integer_reduction.h"
#include "tessera/backends/cpu/simd_level.h"

#if TESSERA_SIMD_TARGET
HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int kChains = 4;  // vectors side by side, since each waits for itself

// step(chain, vector) over the whole groups of vectors of x; `rest` takes the number of elements that are done.
template <class D, class V, class Step>
HWY_INLINE V over_vectors(D d, const hn::TFromD<D>* HWY_RESTRICT x, std::int64_t n, V start,
                          std::int64_t* done, Step step) {
  const std::int64_t width = static_cast<std::int64_t>(hn::Lanes(d));
  V a = start, b = start, c = start, e = start;
  std::int64_t i = 0;
  for (; i + kChains * width <= n; i += kChains * width) {
    a = step(a, hn::LoadU(d, x + i));
    b = step(b, hn::LoadU(d, x + i + width));
    c = step(c, hn::LoadU(d, x + i + 2 * width));
    e = step(e, hn::LoadU(d, x + i + 3 * width));
  }
  *done = i;
  return step(step(a, b), step(c, e));
}

// ---- Sums modulo 2^64 ----

inline void sum_int64(const std::int64_t* x, std::int64_t n, std::int64_t* result) {
  const hn::ScalableTag<std::int64_t> d;
  std::int64_t i = 0;
  const auto sums =
      over_vectors(d, x, n, hn::Zero(d), &i, [](auto sum, auto v) HWY_ATTR { return hn::Add(sum, v); });
  auto total =
      static_cast<std::uint64_t>(*result) + static_cast<std::uint64_t>(hn::GetLane(hn::SumOfLanes(d, sums)));
  for (; i < n; ++i) total += static_cast<std::uint64_t>(x[i]);
  *result = static_cast<std::int64_t>(total);
}

inline void sum_bytes(const std::uint8_t* x, std::int64_t n, std::int64_t* result) {
  const hn::ScalableTag<std::uint8_t> d;
  const hn::Repartition<std::uint64_t, decltype(d)> wide;
  const std::int64_t width = static_cast<std::int64_t>(hn::Lanes(d));
  auto sums = hn::Zero(wide), others = sums;
  std::int64_t i = 0;
  for (; i + 2 * width <= n; i += 2 * width) {
    sums = hn::Add(sums, hn::SumsOf8(hn::LoadU(d, x + i)));
    others = hn::Add(others, hn::SumsOf8(hn::LoadU(d, x + i + width)));
  }
  auto total = static_cast<std::uint64_t>(*result) + hn::GetLane(hn::SumOfLanes(wide, hn::Add(sums, others)));
  for (; i < n; ++i) total += x[i];
  *result = static_cast<std::int64_t>(total);
}

template <typename T, bool kSquare>
HWY_INLINE std::uint64_t term(T x) {
  const auto value = static_cast<std::uint64_t>(x);
  return kSquare ? value * value : value;
}

template <typename T>
void sum_squares_list(const T* HWY_RESTRICT x, std::int64_t n, std::int64_t* HWY_RESTRICT result) {
  auto total = static_cast<std::uint64_t>(*result);
  for (std::int64_t i = 0; i < n; ++i) total += term<T, true>(x[i]);
  *result = static_cast<std::int64_t>(total);
}

template <typename T, bool kSquare>
void sum_row(const T* HWY_RESTRICT x, std::int64_t n, std::int64_t* HWY_RESTRICT results) {
  for (std::int64_t j = 0; j < n; ++j)
    results[j] = static_cast<std::int64_t>(static_cast<std::uint64_t>(results[j]) + term<T, kSquare>(x[j]));
}

inline std::int64_t add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

template <typename T>
const IntegerLoops<T, std::int64_t>* sums_with(Op op) {
  static constexpr IntegerLoops<T, std::int64_t> kSquares{&sum_squares_list<T>, &sum_row<T, true>, &add, 0};
  if (op == Op::kSumSquares) return &kSquares;
  if constexpr (std::is_same_v<T, std::int64_t>) {
    static constexpr IntegerLoops<T, std::int64_t> kSums{&sum_int64, &sum_row<T, false>, &add, 0};
    return op == Op::kSum ? &kSums : nullptr;
  } else {
    static constexpr IntegerLoops<T, std::int64_t> kSums{&sum_bytes, &sum_row<T, false>, &add, 0};
    return op == Op::kSum ? &kSums : nullptr;
  }
}

// ---- Extremes ----

template <typename T, bool kLargest>
T better(T a, T b) {
  return (kLargest ? a > b : a < b) ? a : b;
}

template <typename T, bool kLargest>
void extreme_list(const T* x, std::int64_t n, T* result) {
  const hn::ScalableTag<T> d;
  std::int64_t i = 0;
  const auto lanes = over_vectors(d, x, n, hn::Set(d, *result), &i, [](auto best, auto v) HWY_ATTR {
    if constexpr (kLargest)
      return hn::Max(best, v);
    else
      return hn::Min(best, v);
  });
  HWY_ALIGN T each[hn::MaxLanes(d)];
  hn::Store(lanes, d, each);
  T best = *result;
  for (const T one : each) best = better<T, kLargest>(best, one);
  for (; i < n; ++i) best = better<T, kLargest>(best, x[i]);
  *result = best;
}

template <typename T, bool kLargest>
void extreme_row(const T* HWY_RESTRICT x, std::int64_t n, T* HWY_RESTRICT results) {
  for (std::int64_t j = 0; j < n; ++j) results[j] = better<T, kLargest>(results[j], x[j]);
}

template <typename T>
const IntegerLoops<T, T>* extremes_with(Op op) {
  using Limits = std::numeric_limits<T>;
  static constexpr IntegerLoops<T, T> kMax{&extreme_list<T, true>, &extreme_row<T, true>, &better<T, true>,
                                           Limits::min()};
  static constexpr IntegerLoops<T, T> kMin{&extreme_list<T, false>, &extreme_row<T, false>, &better<T, false>,
                                           Limits::max()};
  return op == Op::kMax ? &kMax : op == Op::kMin ? &kMin : nullptr;
}

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // TESSERA_SIMD_TARGET

#if HWY_ONCE
namespace tessera::backends {

template <typename T>
const IntegerLoops<T, std::int64_t>* integer_sum_loops([[maybe_unused]] Op op) {
  TESSERA_SIMD_SWITCH(sums_with<T>(op))
}
template <typename T>
const IntegerLoops<T, T>* integer_extreme_loops([[maybe_unused]] Op op) {
  TESSERA_SIMD_SWITCH(extremes_with<T>(op))
}
template const IntegerLoops<std::int64_t, std::int64_t>* integer_sum_loops<std::int64_t>(Op);
template const IntegerLoops<std::uint8_t, std::int64_t>* integer_sum_loops<std::uint8_t>(Op);
template const IntegerLoops<std::int64_t, std::int64_t>* integer_extreme_loops<std::int64_t>(Op);
template const IntegerLoops<std::uint8_t, std::uint8_t>* integer_extreme_loops<std::uint8_t>(Op);

}  // namespace tessera::backends
#endif  // HWY_ONCE
