// Batch and group normalisation, one vector at a time.

#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/batch_norm_kernels.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include "tessera/backends/cpu/batch_norm_kernels.h"
#include "tessera/backends/cpu/simd_level.h"

#if TESSERA_SIMD_TARGET
HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr std::int64_t kChains = numerics::kReduceLanes;
#define TESSERA_UNROLL _Pragma("GCC unroll 16")

template <typename T>
struct Channel {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  using M = hn::Mask<D>;
  using Numbers = ChannelNumbers<T>;
  static constexpr std::int64_t kWidth = static_cast<std::int64_t>(hn::MaxLanes(D()));
  static constexpr std::int64_t kVectors = kChains / kWidth;  // that hold the 16 lanes

  struct Whole {
    HWY_INLINE V load(const T* from) const { return hn::LoadU(D(), from); }
    HWY_INLINE void store(V v, T* to) const { hn::StoreU(v, D(), to); }
    HWY_INLINE V or_zero(V v) const { return v; }
  };
  struct Part {
    M mask;
    HWY_INLINE V load(const T* from) const { return hn::MaskedLoad(mask, D(), from); }
    HWY_INLINE void store(V v, T* to) const { hn::BlendedStore(v, mask, D(), to); }
    HWY_INLINE V or_zero(V v) const { return hn::IfThenElseZero(mask, v); }
  };
  static HWY_INLINE Part first(std::int64_t count) {
    return {hn::FirstN(D(), static_cast<std::size_t>(count < kWidth ? count : kWidth))};
  }
  static HWY_INLINE V set(T value) { return hn::Set(D(), value); }

  static HWY_INLINE T combine_lanes(const V (&sums)[kVectors]) {
    HWY_ALIGN T lanes[kChains];
    TESSERA_UNROLL
    for (std::int64_t v = 0; v < kVectors; ++v) hn::Store(sums[v], D(), lanes + v * kWidth);
    for (std::int64_t s = kChains / 2; s >= 1; s /= 2)
      for (std::int64_t j = 0; j < s; ++j) lanes[j] = lanes[j] + lanes[j + s];
    return lanes[0];
  }

  // step(at, v, i): vector v of the lanes takes the elements from i on.
  template <class Step>
  static HWY_INLINE void each_of_block(std::int64_t count, Step step) {
    std::int64_t i = 0;
    for (; i + kChains <= count; i += kChains) {
      TESSERA_UNROLL
      for (std::int64_t v = 0; v < kVectors; ++v) step(Whole(), v, i + v * kWidth);
    }
    for (std::int64_t v = 0; v < kVectors && i + v * kWidth < count; ++v)
      step(first(count - i - v * kWidth), v, i + v * kWidth);
  }
  static HWY_INLINE void clear(V (&sums)[kVectors]) {
    TESSERA_UNROLL
    for (std::int64_t v = 0; v < kVectors; ++v) sums[v] = hn::Zero(D());
  }

  static numerics::Moments<T> moments(const T* x, std::int64_t count, T* total) {
    V sums[kVectors];
    clear(sums);
    each_of_block(count, [&](const auto& at, std::int64_t v, std::int64_t i) {
      sums[v] = hn::Add(sums[v], at.load(x + i));
    });
    *total = combine_lanes(sums);
    const T mean = *total / static_cast<T>(count);
    const V center = set(mean);
    clear(sums);
    each_of_block(count, [&](const auto& at, std::int64_t v, std::int64_t i) {
      const V difference = at.or_zero(hn::Sub(at.load(x + i), center));
      sums[v] = hn::MulAdd(difference, difference, sums[v]);
    });
    return {count, mean, combine_lanes(sums)};
  }

  static void sums(const T* g, const T* x, T mean, T inverse, std::int64_t count, T* total, T* weighted) {
    V plain[kVectors], products[kVectors];
    clear(plain);
    clear(products);
    const V center = set(mean), factor = set(inverse);
    each_of_block(count, [&](const auto& at, std::int64_t v, std::int64_t i) {
      const V slope = at.load(g + i), normal = hn::Mul(hn::Sub(at.load(x + i), center), factor);
      plain[v] = hn::Add(plain[v], slope);
      products[v] = hn::Add(products[v], at.or_zero(hn::Mul(slope, normal)));
    });
    *total = combine_lanes(plain);
    *weighted = combine_lanes(products);
  }

  // body(at, i) for the vectors of a run.
  template <class Body>
  static HWY_INLINE void each(std::int64_t n, Body body) {
    std::int64_t i = 0;
    for (; i + 2 * kWidth <= n; i += 2 * kWidth) {
      body(Whole(), i);
      body(Whole(), i + kWidth);
    }
    for (; i < n; i += kWidth) body(first(n - i), i);
  }

  static void add(const T* x, std::int64_t n, T* lane) {
    each(n, [&](const auto& at, std::int64_t i) {
      at.store(hn::Add(at.load(lane + i), at.load(x + i)), lane + i);
    });
  }
  static void add_squares(const T* x, const T* mean, std::int64_t n, T* lane) {
    each(n, [&](const auto& at, std::int64_t i) {
      const V difference = hn::Sub(at.load(x + i), at.load(mean + i));
      at.store(hn::MulAdd(difference, difference, at.load(lane + i)), lane + i);
    });
  }
  static void add_products(const T* g, const T* x, const T* mean, const T* inverse, std::int64_t n, T* lane,
                           T* weighted) {
    each(n, [&](const auto& at, std::int64_t i) {
      const V slope = at.load(g + i),
              normal = hn::Mul(hn::Sub(at.load(x + i), at.load(mean + i)), at.load(inverse + i));
      at.store(hn::Add(at.load(lane + i), slope), lane + i);
      at.store(hn::Add(at.load(weighted + i), hn::Mul(slope, normal)), weighted + i);
    });
  }

  // A number of each channel for the vector at i.
  struct One {
    V value;
    template <class At>
    HWY_INLINE V operator()(const At&, std::int64_t) const {
      return value;
    }
  };
  struct Own {
    const T* values;
    template <class At>
    HWY_INLINE V operator()(const At& at, std::int64_t i) const {
      return at.load(values + i);
    }
  };
  template <bool kOne>
  static HWY_INLINE auto numbers(const T* values) {
    if constexpr (kOne)
      return One{set(values[0])};
    else
      return Own{values};
  }

  template <bool kOne>
  static HWY_INLINE void normalize_run(const T* x, std::int64_t n, const Numbers& of, T* out) {
    const auto mean = numbers<kOne>(of.mean), inverse = numbers<kOne>(of.inverse),
               factor = numbers<kOne>(of.factor), level = numbers<kOne>(of.level);
    each(n, [&](const auto& at, std::int64_t i) {
      const V normal = hn::Mul(hn::Sub(at.load(x + i), mean(at, i)), inverse(at, i));
      at.store(hn::Add(hn::Mul(normal, factor(at, i)), level(at, i)), out + i);
    });
  }
  static void normalize(const T* x, std::int64_t n, const Numbers& of, T* out) {
    of.one ? normalize_run<true>(x, n, of, out) : normalize_run<false>(x, n, of, out);
  }

  template <bool kOne>
  static HWY_INLINE void gradient_run(const T* g, const T* x, std::int64_t n, const Numbers& of, T* out) {
    const auto mean = numbers<kOne>(of.mean), inverse = numbers<kOne>(of.inverse),
               factor = numbers<kOne>(of.factor), level = numbers<kOne>(of.level),
               slope = numbers<kOne>(of.slope);
    each(n, [&](const auto& at, std::int64_t i) {
      const V normal = hn::Mul(hn::Sub(at.load(x + i), mean(at, i)), inverse(at, i));
      const V inner = hn::Sub(hn::Sub(at.load(g + i), level(at, i)), hn::Mul(normal, slope(at, i)));
      at.store(hn::Mul(factor(at, i), inner), out + i);
    });
  }
  static void gradient(const T* g, const T* x, std::int64_t n, const Numbers& of, T* out) {
    of.one ? gradient_run<true>(g, x, n, of, out) : gradient_run<false>(g, x, n, of, out);
  }

  template <bool kOne>
  static HWY_INLINE void group_run(const T* g, const T* x, std::int64_t n, const Numbers& of, T* out) {
    const auto mean = numbers<kOne>(of.mean), inverse = numbers<kOne>(of.inverse),
               factor = numbers<kOne>(of.factor), level = numbers<kOne>(of.level),
               slope = numbers<kOne>(of.slope);
    each(n, [&](const auto& at, std::int64_t i) {
      const V scale = inverse(at, i), normal = hn::Mul(hn::Sub(at.load(x + i), mean(at, i)), scale);
      const V u = hn::Mul(at.load(g + i), factor(at, i));
      at.store(hn::Mul(scale, hn::Sub(hn::Sub(u, level(at, i)), hn::Mul(normal, slope(at, i)))), out + i);
    });
  }
  static void group_gradient(const T* g, const T* x, std::int64_t n, const Numbers& of, T* out) {
    of.one ? group_run<true>(g, x, n, of, out) : group_run<false>(g, x, n, of, out);
  }

  template <bool kOne>
  static HWY_INLINE void constant_run(const T* g, std::int64_t n, const Numbers& of, T* out) {
    const auto factor = numbers<kOne>(of.factor);
    each(n,
         [&](const auto& at, std::int64_t i) { at.store(hn::Mul(at.load(g + i), factor(at, i)), out + i); });
  }
  static void constant_gradient(const T* g, std::int64_t n, const Numbers& of, T* out) {
    of.one ? constant_run<true>(g, n, of, out) : constant_run<false>(g, n, of, out);
  }
};

template <typename T>
const ChannelLoops<T>* channels_with() {
  using C = Channel<T>;
  static constexpr ChannelLoops<T> kLoops{
      &C::moments,       &C::sums,      &C::add,      &C::add_squares,
      &C::add_products,  &C::normalize, &C::gradient, &C::constant_gradient,
      &C::group_gradient};
  return &kLoops;
}

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // TESSERA_SIMD_TARGET

#if HWY_ONCE
namespace tessera::backends {

template <typename T>
const ChannelLoops<T>* channel_loops() {
  TESSERA_SIMD_SWITCH(channels_with<T>())
}
template const ChannelLoops<float>* channel_loops<float>();
template const ChannelLoops<double>* channel_loops<double>();

}  // namespace tessera::backends
#endif  // HWY_ONCE
