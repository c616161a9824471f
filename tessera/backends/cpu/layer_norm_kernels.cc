#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/layer_norm_kernels.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "tessera/backends/cpu/normalization_kernels.h"
#include "tessera/backends/cpu/simd_level.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce.h"

#if TESSERA_SIMD_TARGET
#include "tessera/backends/cpu/row_passes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <typename T>
struct RowMeans {
  T mean, slope;
};

template <typename T>
struct LayerNorm : RowPasses<T> {
  using Passes = RowPasses<T>;
  using Passes::each, Passes::set, Passes::two_sums;
  using typename Passes::D, typename Passes::V;
  using Moments = numerics::Moments<T>;

  static HWY_INLINE Moments merge(const Moments& a, const Moments& b) { return numerics::merge(a, b); }

  // The sum and the moments of a row: the mean is sum / n, the variance M2 / n by Chan's merge.
  static HWY_INLINE RowStatistics<T> statistics(const T* HWY_RESTRICT x, std::int64_t n, T epsilon) {
    const auto add = [](T a, T b) { return a + b; };
    const auto merge_both = [](const Moments& a, const Moments& b) { return merge(a, b); };
    const auto block = [&](std::int64_t begin, std::int64_t count, T* total) {
      *total = Passes::template sum_of_block<false>(
          begin, count, [&](const auto& at, std::int64_t i) { return at.load(x + i); });
      const T mean = *total / static_cast<T>(count);
      const auto difference = [&](const auto& at, std::int64_t i) {
        return hn::Sub(at.load(x + i), set(mean));
      };
      return Moments{count, mean, Passes::template sum_of_block<true>(begin, count, difference)};
    };
    T total;
    Moments moments;
    if (n <= kBlock) {
      moments = block(0, n, &total);
    } else {
      GrowingTree<T, decltype(add)> totals(add);
      GrowingTree<Moments, decltype(merge_both)> all(merge_both);
      for (std::int64_t begin = 0; begin < n; begin += kBlock) {
        all.add(block(begin, n - begin < kBlock ? n - begin : kBlock, &total));
        totals.add(total);
      }
      total = totals.root();
      moments = all.root();
    }
    const T count = static_cast<T>(n);
    return {total / count, T(1) / numerics::sqrt(moments.m2 / count + epsilon)};
  }

  // (x - mean) * inverse
  static HWY_INLINE V normalized(V x, const RowStatistics<T>& of_x) {
    return hn::Mul(hn::Sub(x, set(of_x.mean)), set(of_x.inverse));
  }

  static void layer_norm(const T* x, const T* scale, const T* shift, std::int64_t n, T epsilon,
                         const RowResult<T>& to) {
    const RowStatistics<T> of_x = statistics(x, n, epsilon);
    each(n, to, [&](const auto& at, std::int64_t i) {
      hwy::Prefetch(x + n + i);
      at.store(hn::Add(hn::Mul(normalized(at.load(x + i), of_x), at.load(scale + i)), at.load(shift + i)),
               to.out + i);
    });
  }

  static HWY_INLINE V u(const auto& at, const T* g, const T* scale, std::int64_t i) {
    return hn::Mul(at.load(g + i), at.load(scale + i));
  }

  // What every element of a row's input gradient needs of the row: mean(u) and mean(u * normalized). The row that comes
  // `next` elements later is fetched meanwhile.
  static HWY_INLINE RowMeans<T> means(const LayerNormRow<T>& row, const RowStatistics<T>& of_x) {
    T total, weighted;
    two_sums(
        row.n,
        [&](const auto& at, std::int64_t i, V& a, V& b) {
          hwy::Prefetch(row.g + row.next + i);
          hwy::Prefetch(row.x + row.next + i);
          a = u(at, row.g, row.scale, i);
          b = hn::Mul(a, normalized(at.load(row.x + i), of_x));
        },
        &total, &weighted);
    const T count = static_cast<T>(row.n);
    return {total / count, weighted / count};
  }

  // inverse * ((u - mean(u)) - normalized * mean(u * normalized)) with u = g * scale
  static HWY_INLINE V input_gradient(V u_here, V normalized_here, const RowStatistics<T>& of_x,
                                     const RowMeans<T>& of_u) {
    return hn::Mul(set(of_x.inverse),
                   hn::Sub(hn::Sub(u_here, set(of_u.mean)), hn::Mul(normalized_here, set(of_u.slope))));
  }

  static void to_input(const LayerNormRow<T>& row, const RowResult<T>& to) {
    const RowStatistics<T> of_x = statistics(row.x, row.n, row.epsilon);
    const RowMeans<T> of_u = means(row, of_x);
    each(row.n, to, [&](const auto& at, std::int64_t i) {
      const V here = normalized(at.load(row.x + i), of_x);
      at.store(input_gradient(u(at, row.g, row.scale, i), here, of_x, of_u), to.out + i);
    });
  }

  static void to_scale(const LayerNormRow<T>& row, T* scale_lane) {
    const RowStatistics<T> of_x = statistics(row.x, row.n, row.epsilon);
    T* HWY_RESTRICT lane = scale_lane;
    each(row.n, [&](const auto& at, std::int64_t i) {
      hwy::Prefetch(row.g + row.next + i);
      hwy::Prefetch(row.x + row.next + i);
      const V term = hn::Mul(at.load(row.g + i), normalized(at.load(row.x + i), of_x));
      at.store(hn::Add(at.load(lane + i), term), lane + i);
    });
  }

  template <class At>
  static HWY_INLINE void all_of(const LayerNormRow<T>& row, T* HWY_RESTRICT out, T* HWY_RESTRICT scale_lane,
                                T* HWY_RESTRICT shift_lane) {
    const RowStatistics<T> of_x = statistics(row.x, row.n, row.epsilon);
    const RowMeans<T> of_u = means(row, of_x);
    const typename Passes::Whole whole;
    const auto step = [&](const auto& at, const auto& result, std::int64_t i) {
      const V g = at.load(row.g + i), here = normalized(at.load(row.x + i), of_x);
      result.store(input_gradient(hn::Mul(g, at.load(row.scale + i)), here, of_x, of_u), out + i);
      at.store(hn::Add(at.load(scale_lane + i), hn::Mul(g, here)), scale_lane + i);
      at.store(hn::Add(at.load(shift_lane + i), g), shift_lane + i);
    };
    std::int64_t i = 0;
    for (; i + Passes::kWidth <= row.n; i += Passes::kWidth) step(whole, At(), i);
    if (i == row.n) return;
    const auto part = Passes::first(row.n - i);
    step(part, part, i);
  }
  static void to_all(const LayerNormRow<T>& row, const RowResult<T>& to, T* scale_lane, T* shift_lane) {
    if (to.streams)
      all_of<typename Passes::Streamed>(row, to.out, scale_lane, shift_lane);
    else
      all_of<typename Passes::Whole>(row, to.out, scale_lane, shift_lane);
  }
};

template <typename T>
const LayerNormLoops<T>* layer_norm_with() {
  using L = LayerNorm<T>;
  static constexpr LayerNormLoops<T> kLoops{&L::layer_norm, &L::to_input, &L::to_scale, &L::to_all};
  return &kLoops;
}

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // TESSERA_SIMD_TARGET

#if HWY_ONCE
namespace tessera::backends {

template <typename T>
const LayerNormLoops<T>* layer_norm_loops() {
  TESSERA_SIMD_SWITCH(layer_norm_with<T>())
}
template const LayerNormLoops<float>* layer_norm_loops<float>();
template const LayerNormLoops<double>* layer_norm_loops<double>();

}  // namespace tessera::backends
#endif  // HWY_ONCE
