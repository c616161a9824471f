#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/reduction_kernels.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include <limits>

#include "tessera/backends/cpu/reduction_kernels.h"
#include "tessera/backends/cpu/simd_level.h"

#if TESSERA_SIMD_TARGET
HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr std::int64_t kBlock = numerics::kReduceBlock;
constexpr std::int64_t kChains = numerics::kReduceLanes;

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
  template <typename T>
  static T combine(T a, T b) {
    return (a < b || a != a ? a : b) + T(0);
  }
};

#define TESSERA_UNROLL _Pragma("GCC unroll 16")

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

  // One whole block whose elements may go to any lane: four chains instead of one that waits for itself.
  static HWY_INLINE T block_in_any_order(const T* HWY_RESTRICT x) {
    const D d;
    constexpr std::int64_t kQuarter = kBlock / 4;
    V best[4];
    TESSERA_UNROLL
    for (int q = 0; q < 4; ++q) best[q] = hn::Set(d, S::template start<T>());
    for (std::int64_t i = 0; i < kQuarter; i += kWidth) {
      TESSERA_UNROLL
      for (int q = 0; q < 4; ++q) best[q] = S::step(d, best[q], hn::LoadU(d, x + q * kQuarter + i));
    }
    V sums[kVectors];
    TESSERA_UNROLL
    for (int v = 0; v < static_cast<int>(kVectors); ++v) {
      sums[v] = best[v];
      TESSERA_UNROLL
      for (int q = v + static_cast<int>(kVectors); q < 4; q += static_cast<int>(kVectors))
        sums[v] = S::step(d, sums[v], best[q]);
    }
    return combine_vectors(sums);
  }

  static HWY_INLINE T whole_block(const T* HWY_RESTRICT x) {
    if constexpr (S::kAnyOrder && kVectors <= 4) return block_in_any_order(x);
    T result;
    whole_blocks<1>(x, &result);
    return result;
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

  static void blocks(const T* x, std::int64_t n, T* results) {
    constexpr int kTogether = kVectors >= 4 ? 2 : 4;
    for (; n >= kTogether * kBlock; n -= kTogether * kBlock, x += kTogether * kBlock, results += kTogether)
      whole_blocks<kTogether>(x, results);
    for (; n >= kBlock; n -= kBlock, x += kBlock) *results++ = whole_block(x);
    if (n > 0) *results = part_of_block(x, n);
  }

  // The 16 lanes of up to kWidth lists at once: lane j of all lists is one vector.
  static HWY_INLINE void columns_of_vector(const T* HWY_RESTRICT x, const std::int64_t* HWY_RESTRICT offsets,
                                           std::int64_t count, std::int64_t lists, T* HWY_RESTRICT results) {
    const D d;
    const auto mask = hn::FirstN(d, static_cast<std::size_t>(lists));
    HWY_ALIGN T lanes[kChains * kWidth];
    for (std::int64_t j = 0; j < kChains; ++j)
      hn::Store(hn::Set(d, S::template start<T>()), d, lanes + j * kWidth);
    const bool whole = lists == kWidth;
    for (std::int64_t i = 0; i < count; ++i) {
      const T* from = x + offsets[i];
      T* lane = lanes + i % kChains * kWidth;
      hn::Store(S::step(d, hn::Load(d, lane), whole ? hn::LoadU(d, from) : hn::MaskedLoad(mask, d, from)), d,
                lane);
    }
    for (std::int64_t s = kChains / 2; s >= 1; s /= 2)
      for (std::int64_t j = 0; j < s * kWidth; ++j) lanes[j] = S::combine(lanes[j], lanes[j + s * kWidth]);
    for (std::int64_t j = 0; j < lists; ++j) results[j] = lanes[j];
  }

  static void columns(const T* x, const std::int64_t* offsets, std::int64_t count, std::int64_t lists,
                      T* results) {
    for (std::int64_t j = 0; j < lists; j += kWidth)
      columns_of_vector(x + j, offsets, count, lists - j < kWidth ? lists - j : kWidth, results + j);
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
  Reduction<SumStep, T>::blocks(x, n, &sum);
  const T mean = sum / static_cast<T>(n);
  const std::int64_t width = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + width <= n; i += width)
    hn::Store(hn::Sub(hn::LoadU(d, x + i), hn::Set(d, mean)), d, differences + i);
  for (; i < n; ++i) differences[i] = x[i] - mean;
  T m2;
  Reduction<SquareStep, T>::blocks(differences, n, &m2);
  return {n, mean, m2};
}

template <typename T>
MomentsLoop<T> moments_with() {
  return &moments_of_block<T>;
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
MomentsLoop<T> moments_loop() {
  TESSERA_SIMD_SWITCH(moments_with<T>())
}

template const ReductionLoops<float>* reduction_loops<float>(Op);
template const ReductionLoops<double>* reduction_loops<double>(Op);
template MomentsLoop<float> moments_loop<float>();
template MomentsLoop<double> moments_loop<double>();

}  // namespace tessera::backends
#endif  // HWY_ONCE
