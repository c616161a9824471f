#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/reduction_kernels.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include <cstring>
#include <limits>
#include <type_traits>

#include "tessera/backends/cpu/reduction_kernels.h"
#include "tessera/backends/cpu/simd_level.h"

#if TESSERA_SIMD_TARGET
#include "tessera/backends/cpu/row_passes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// What a reduction does: where its lanes start, how they take an element, how two partial results become one.
// An element equal to start() leaves a lane as it is, which serves for the lanes of a partial vector. (A
// sum's lane is never -0.)
struct SumStep {
  static constexpr bool kAnyOrder = false;
  template <typename T>
  static constexpr T start() {
    return T(0);
  }
  template <class D, class V>
  static HWY_INLINE V step(D, V lane, V x) {
    return hn::Add(lane, x);
  }
  template <typename T>
  static T combine(T a, T b) {
    return a + b;
  }
};
struct SquareStep : SumStep {
  template <class D, class V>
  static HWY_INLINE V step(D, V lane, V x) {
    return hn::MulAdd(x, x, lane);
  }
};
// Maximum and minimum do not depend on the order; NaN if any element is, a zero result is +0.
struct MaxStep {
  static constexpr bool kAnyOrder = true;
  template <typename T>
  static constexpr T start() {
    return -std::numeric_limits<T>::infinity();
  }
  template <class D, class V>
  static HWY_INLINE V step(D, V lane, V x) {
    return hn::IfThenElse(hn::Or(hn::Gt(lane, x), hn::IsNaN(lane)), lane, x);
  }
  // The same where no element is NaN.
  template <class V>
  static HWY_INLINE V step_of_numbers(V lane, V x) {
    return hn::Max(x, lane);
  }
  template <class D, class V>
  static HWY_INLINE hn::TFromD<D> of_numbers(D d, V lanes) {
    return hn::GetLane(hn::MaxOfLanes(d, lanes)) + hn::TFromD<D>(0);
  }
  template <typename T>
  static T combine(T a, T b) {
    return (a > b || a != a ? a : b) + T(0);
  }
};
struct MinStep {
  static constexpr bool kAnyOrder = true;
  template <typename T>
  static constexpr T start() {
    return std::numeric_limits<T>::infinity();
  }
  template <class D, class V>
  static HWY_INLINE V step(D, V lane, V x) {
    return hn::IfThenElse(hn::Or(hn::Lt(lane, x), hn::IsNaN(lane)), lane, x);
  }
  template <class V>
  static HWY_INLINE V step_of_numbers(V lane, V x) {
    return hn::Min(x, lane);
  }
  template <class D, class V>
  static HWY_INLINE hn::TFromD<D> of_numbers(D d, V lanes) {
    return hn::GetLane(hn::MinOfLanes(d, lanes)) + hn::TFromD<D>(0);
  }
  template <typename T>
  static T combine(T a, T b) {
    return (a < b || a != a ? a : b) + T(0);
  }
};

template <class S, typename T>
struct Reduction {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  static constexpr std::int64_t kWidth = static_cast<std::int64_t>(hn::MaxLanes(D()));
  static constexpr std::int64_t kVectors = kChains / kWidth;  // that hold the 16 lanes

  static HWY_INLINE T combine_lanes(T* lanes) {
    for (std::int64_t s = kChains / 2; s >= 1; s /= 2)
      for (std::int64_t j = 0; j < s; ++j) lanes[j] = S::combine(lanes[j], lanes[j + s]);
    return lanes[0];
  }

  static HWY_INLINE T combine_vectors(const V (&sums)[kVectors]) {
    if constexpr (std::is_base_of_v<SumStep, S>) return RowPasses<T>::combine_lanes(sums);
    HWY_ALIGN T lanes[kChains];
    TESSERA_UNROLL
    for (std::int64_t v = 0; v < kVectors; ++v) hn::Store(sums[v], D(), lanes + v * kWidth);
    return combine_lanes(lanes);
  }

  // kBlocks whole blocks side by side, since the chains of one block wait for each other.
  template <int kBlocks>
  static HWY_INLINE void whole_blocks(const T* HWY_RESTRICT x, T* HWY_RESTRICT results) {
    const D d;
    V sums[kBlocks][kVectors];
    TESSERA_UNROLL
    for (int b = 0; b < kBlocks; ++b) {
      TESSERA_UNROLL
      for (std::int64_t v = 0; v < kVectors; ++v) sums[b][v] = hn::Set(d, S::template start<T>());
    }
    for (std::int64_t i = 0; i < kBlock; i += kChains) {
      TESSERA_UNROLL
      for (int b = 0; b < kBlocks; ++b) {
        TESSERA_UNROLL
        for (std::int64_t v = 0; v < kVectors; ++v)
          sums[b][v] = S::step(d, sums[b][v], hn::LoadU(d, x + b * kBlock + i + v * kWidth));
      }
    }
    TESSERA_UNROLL
    for (int b = 0; b < kBlocks; ++b) results[b] = combine_vectors(sums[b]);
  }

  static HWY_INLINE T part_of_block(const T* HWY_RESTRICT x, std::int64_t n) {
    const D d;
    const V start = hn::Set(d, S::template start<T>());
    V sums[kVectors];
    TESSERA_UNROLL
    for (std::int64_t v = 0; v < kVectors; ++v) sums[v] = start;
    std::int64_t i = 0;
    for (; i + kChains <= n; i += kChains) {
      TESSERA_UNROLL
      for (std::int64_t v = 0; v < kVectors; ++v)
        sums[v] = S::step(d, sums[v], hn::LoadU(d, x + i + v * kWidth));
    }
    TESSERA_UNROLL
    for (std::int64_t v = 0; v < kVectors; ++v) {
      const std::int64_t left = n - i - v * kWidth;
      if (left <= 0) continue;
      const auto mask = hn::FirstN(d, static_cast<std::size_t>(left < kWidth ? left : kWidth));
      sums[v] = S::step(d, sums[v], hn::IfThenElse(mask, hn::MaskedLoad(mask, d, x + i + v * kWidth), start));
    }
    return combine_vectors(sums);
  }

  // Elements that may go to any lane, n of them, four vectors or a multiple: four chains instead of one that waits for itself. Sums of
  // the elements tell whether one may be NaN (infinities of both signs look like it): an addition for each rather
  // than a comparison and a choice.
  static HWY_INLINE T in_any_order(const T* HWY_RESTRICT x, std::int64_t n) {
    const D d;
    V best[4], sums[4];
    TESSERA_UNROLL
    for (int q = 0; q < 4; ++q) {
      best[q] = hn::Set(d, S::template start<T>());
      sums[q] = hn::Zero(d);
    }
    _Pragma("GCC unroll 1")  // whole, it loads everything before it adds anything, and spills
        for (std::int64_t i = 0; i < n; i += 4 * kWidth) {
      TESSERA_UNROLL
      for (int q = 0; q < 4; ++q) {
        const V v = hn::LoadU(d, x + i + q * kWidth);
        best[q] = S::step_of_numbers(best[q], v);
        sums[q] = hn::Add(sums[q], v);
      }
    }
    const V sum = hn::Add(hn::Add(sums[0], sums[1]), hn::Add(sums[2], sums[3]));
    if (!hn::AllFalse(d, hn::IsNaN(sum))) return part_of_block(x, n);
    return S::of_numbers(
        d, S::step_of_numbers(S::step_of_numbers(best[0], best[1]), S::step_of_numbers(best[2], best[3])));
  }

  static HWY_INLINE T any_block(const T* HWY_RESTRICT x, std::int64_t n) {
    if constexpr (S::kAnyOrder && kVectors <= 4) {
      const std::int64_t even = n - n % (4 * kWidth);
      if (even == 0) return part_of_block(x, n);
      const T most = in_any_order(x, even);
      return even == n ? most : S::combine(most, part_of_block(x + even, n - even));
    }
    if (n < kBlock) return part_of_block(x, n);
    T result;
    whole_blocks<1>(x, &result);
    return result;
  }

  static void blocks(const T* x, std::int64_t n, T* results, bool together) {
    constexpr int kTogether = kVectors >= 4 ? 2 : 4;
    if (together && !S::kAnyOrder)
      for (; n >= kTogether * kBlock; n -= kTogether * kBlock, x += kTogether * kBlock, results += kTogether)
        whole_blocks<kTogether>(x, results);
    for (; n > 0; n -= kBlock, x += kBlock) *results++ = any_block(x, n < kBlock ? n : kBlock);
  }

  // Elements offsets[0], offsets[16], ... of many lists, all of one lane.
  template <int kDeep>
  static HWY_INLINE void take_rows(const T* HWY_RESTRICT x, const std::int64_t* HWY_RESTRICT offsets,
                                   std::int64_t lists, T* HWY_RESTRICT lane) {
    const D d;
    std::int64_t j = 0;
    for (; j + kWidth <= lists; j += kWidth) {
      V sum = hn::Load(d, lane + j);
      TESSERA_UNROLL
      for (int g = 0; g < kDeep; ++g) sum = S::step(d, sum, hn::LoadU(d, x + offsets[g * kChains] + j));
      hn::Store(sum, d, lane + j);
    }
    if (j == lists) return;
    const auto mask = hn::FirstN(d, static_cast<std::size_t>(lists - j));
    V sum = hn::Load(d, lane + j);
    for (int g = 0; g < kDeep; ++g)
      sum = S::step(d, sum, hn::MaskedLoad(mask, d, x + offsets[g * kChains] + j));
    hn::Store(sum, d, lane + j);
  }

  // Row after row, as they lie in memory; eight rows of one lane at a time, since the lanes of many lists fill
  // the second-level cache and are to be read and written seldom.
  static void columns(const T* x, const std::int64_t* offsets, std::int64_t count, std::int64_t lists,
                      T* lanes, T* results) {
    constexpr int kDeep = 8;
    const std::int64_t width = (lists + kWidth - 1) / kWidth * kWidth;
    for (std::int64_t j = 0; j < kChains * width; ++j) lanes[j] = S::template start<T>();
    std::int64_t i = 0;
    for (; i + kDeep * kChains <= count; i += kDeep * kChains)
      for (std::int64_t lane = 0; lane < kChains; ++lane)
        take_rows<kDeep>(x, offsets + i + lane, lists, lanes + lane * width);
    for (; i < count; ++i) take_rows<1>(x, offsets + i, lists, lanes + i % kChains * width);
    for (std::int64_t s = kChains / 2; s >= 1; s /= 2)
      for (std::int64_t j = 0; j < s * width; ++j) lanes[j] = S::combine(lanes[j], lanes[j + s * width]);
    for (std::int64_t j = 0; j < lists; ++j) results[j] = lanes[j];
  }
};

template <class S, typename T>
const ReductionLoops<T>* loops_of() {
  static constexpr ReductionLoops<T> kLoops{&Reduction<S, T>::blocks, &Reduction<S, T>::columns,
                                            &S::template combine<T>};
  return &kLoops;
}

template <typename T>
const ReductionLoops<T>* loops(Op op) {
  switch (op) {
    case Op::kSum:
      return loops_of<SumStep, T>();
    case Op::kSumSquares:
      return loops_of<SquareStep, T>();
    case Op::kMax:
      return loops_of<MaxStep, T>();
    case Op::kMin:
      return loops_of<MinStep, T>();
    default:
      return nullptr;
  }
}

// Mean of a block, then the sum of squared differences from it.
template <typename T>
numerics::Moments<T> moments_of_block(const T* x, std::int64_t n) {
  const hn::ScalableTag<T> d;
  HWY_ALIGN T differences[kBlock];
  T sum;
  Reduction<SumStep, T>::blocks(x, n, &sum, false);
  const T mean = sum / static_cast<T>(n);
  const std::int64_t width = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + width <= n; i += width)
    hn::Store(hn::Sub(hn::LoadU(d, x + i), hn::Set(d, mean)), d, differences + i);
  for (; i < n; ++i) differences[i] = x[i] - mean;
  T m2;
  Reduction<SquareStep, T>::blocks(differences, n, &m2, false);
  return {n, mean, m2};
}

// The same of lists that lie side by side; `lanes` has room for 16 of each, `differences` for a row of them.
template <typename T>
void moments_of_columns(const T* x, const std::int64_t* offsets, std::int64_t count, std::int64_t lists,
                        T* lanes, numerics::Moments<T>* results) {
  const hn::ScalableTag<T> d;
  constexpr std::int64_t kWidth = static_cast<std::int64_t>(hn::MaxLanes(d));
  const std::int64_t width = (lists + kWidth - 1) / kWidth * kWidth;
  HWY_ALIGN T means[kMomentsWidth], m2[kMomentsWidth];
  Reduction<SumStep, T>::columns(x, offsets, count, lists, lanes, means);
  for (std::int64_t j = 0; j < lists; ++j) means[j] = means[j] / static_cast<T>(count);
  for (std::int64_t j = 0; j < kChains * width; ++j) lanes[j] = T(0);
  for (std::int64_t i = 0; i < count; ++i) {
    const T* row = x + offsets[i];
    T* lane = lanes + i % kChains * width;
    for (std::int64_t j = 0; j < lists; j += kWidth) {
      const auto mask = hn::FirstN(d, static_cast<std::size_t>(lists - j < kWidth ? lists - j : kWidth));
      const auto difference = hn::Sub(hn::MaskedLoad(mask, d, row + j), hn::Load(d, means + j));
      hn::Store(hn::MulAdd(difference, difference, hn::Load(d, lane + j)), d, lane + j);
    }
  }
  for (std::int64_t s = kChains / 2; s >= 1; s /= 2)
    for (std::int64_t j = 0; j < s * width; ++j) lanes[j] = lanes[j] + lanes[j + s * width];
  for (std::int64_t j = 0; j < lists; ++j) m2[j] = lanes[j];
  for (std::int64_t j = 0; j < lists; ++j) results[j] = {count, means[j], m2[j]};
}

// ---- Positions of the largest element: NaN is greatest, then the lowest position ----

template <typename T>
std::int64_t first_place(const T* x, std::int64_t n, T value) {
  const hn::ScalableTag<T> d;
  const std::int64_t width = static_cast<std::int64_t>(hn::Lanes(d));
  const auto wanted = hn::Set(d, value);
  const bool nan = value != value;
  std::int64_t i = 0;
  for (; i + width <= n; i += width) {
    const auto v = hn::LoadU(d, x + i);
    const std::intptr_t found = hn::FindFirstTrue(d, nan ? hn::IsNaN(v) : hn::Eq(v, wanted));
    if (found >= 0) return i + found;
  }
  for (; i < n; ++i)
    if (nan ? x[i] != x[i] : x[i] == value) return i;
  return n;
}

// Row by row over lists that lie side by side: a greater element takes the place of the best so far.
template <typename T>
void places_of_columns(const T* x, const std::int64_t* offsets, std::int64_t count, std::int64_t lists,
                       T* best, T* places, std::int64_t* results) {
  const hn::ScalableTag<T> d;
  const hn::RebindToSigned<decltype(d)> di;
  using I = hn::TFromD<decltype(di)>;
  constexpr std::int64_t kWidth = static_cast<std::int64_t>(hn::MaxLanes(d));
  for (std::int64_t i = 0; i < count; ++i) {
    const T* row = x + offsets[i];
    for (std::int64_t j = 0; j < lists; j += kWidth) {
      const auto mask = hn::FirstN(d, static_cast<std::size_t>(lists - j < kWidth ? lists - j : kWidth));
      const auto value = hn::MaskedLoad(mask, d, row + j), old = hn::Load(d, best + j);
      const auto greater = hn::And(hn::Or(hn::Gt(value, old), hn::IsNaN(value)), hn::Eq(old, old));
      const auto takes = i == 0 ? mask : greater;
      const auto place = hn::BitCast(d, hn::Set(di, static_cast<I>(i)));
      hn::Store(hn::IfThenElse(takes, value, old), d, best + j);
      hn::Store(hn::IfThenElse(takes, place, hn::Load(d, places + j)), d, places + j);
    }
  }
  for (std::int64_t j = 0; j < lists; ++j) {
    I place;
    std::memcpy(&place, places + j, sizeof(place));
    results[j] = place;
  }
}

template <typename T>
const PlaceLoops<T>* place_with() {
  static constexpr PlaceLoops<T> kLoops{&first_place<T>, &places_of_columns<T>};
  return &kLoops;
}

template <typename T>
const MomentsLoops<T>* moments_with() {
  static constexpr MomentsLoops<T> kLoops{&moments_of_block<T>, &moments_of_columns<T>};
  return &kLoops;
}

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // TESSERA_SIMD_TARGET

#if HWY_ONCE
namespace tessera::backends {

template <typename T>
const ReductionLoops<T>* reduction_loops([[maybe_unused]] Op op) {
  TESSERA_SIMD_SWITCH(loops<T>(op))
}
template <typename T>
const MomentsLoops<T>* moments_loops() {
  TESSERA_SIMD_SWITCH(moments_with<T>())
}
template <typename T>
const PlaceLoops<T>* place_loops() {
  TESSERA_SIMD_SWITCH(place_with<T>())
}

template const ReductionLoops<float>* reduction_loops<float>(Op);
template const ReductionLoops<double>* reduction_loops<double>(Op);
template const MomentsLoops<float>* moments_loops<float>();
template const MomentsLoops<double>* moments_loops<double>();
template const PlaceLoops<float>* place_loops<float>();
template const PlaceLoops<double>* place_loops<double>();

}  // namespace tessera::backends
#endif  // HWY_ONCE
