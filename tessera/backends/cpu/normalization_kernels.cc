#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/normalization_kernels.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <limits>

#include "tessera/backends/cpu/normalization_kernels.h"
#include "tessera/backends/cpu/simd_level.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce.h"

#if TESSERA_SIMD_TARGET
#include "tessera/backends/cpu/row_passes-inl.h"
#include "tessera/numerics/hwy_ops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace fn = tessera::numerics::HWY_NAMESPACE;

template <typename T>
struct SoftmaxRow : RowPasses<T> {
  using Passes = RowPasses<T>;
  using Passes::each, Passes::set, Passes::sum;
  using typename Passes::D, typename Passes::V;
  using typename Passes::M;
  using Ops = fn::HwyOps<D>;
  static constexpr T kEasyRange = sizeof(T) == 4 ? T(60) : T(600);

  struct Extent {
    T max;
    bool easy;
  };

  // The greatest element (NaN if any is), and whether all differences from it are within the easy range.
  static HWY_INLINE Extent extent_of(const T* HWY_RESTRICT x, std::int64_t n) {
    const D d;
    V high = hn::Set(d, x[0]), low = high;
    M nan = hn::IsNaN(high);
    each(n, [&](const auto& at, std::int64_t i) {
      const V v = at.or_else(at.load(x + i), high);
      nan = hn::Or(nan, hn::IsNaN(v));
      high = hn::Max(v, high);  // either is NaN: the row is not easy, whatever these become
      low = hn::Min(v, low);
    });
    if (!hn::AllFalse(d, nan)) return {std::numeric_limits<T>::quiet_NaN(), false};
    const T max = hn::GetLane(hn::MaxOfLanes(d, high)) + T(0);
    return {max, hn::GetLane(hn::MinOfLanes(d, low)) - max > -kEasyRange};
  }

  // The sum of exp(x - max) over a row; each is handed to keep(at, exponential, i).
  template <class Keep>
  static HWY_INLINE T sum_of_exponentials(const T* HWY_RESTRICT x, std::int64_t n, const Extent& extent,
                                          Keep keep) {
    const V max = set(extent.max);
    if (extent.easy)
      return sum(n, [&](const auto& at, std::int64_t i) {
        const V e = fn::ordinary_exp<Ops>(hn::Sub(at.load(x + i), max));
        hwy::Prefetch(x + n + i);
        keep(at, e, i);
        return e;
      });
    return sum(n, [&](const auto& at, std::int64_t i) {
      const V e = fn::exp<Ops>(hn::Sub(at.load(x + i), max));
      keep(at, e, i);
      return e;
    });
  }

  // finish(at, exponential / total, i) over a row of exponentials.
  template <class Finish>
  static HWY_INLINE void divide_row(std::int64_t n, T total, bool easy, const RowResult<T>& to,
                                    Finish finish) {
    const V divisor = set(total), inverse = set(T(1) / total);
    if (easy)
      return each(n, to, [&](const auto& at, std::int64_t i) {
        const V e = at.load(to.room + i), quotient = hn::Mul(e, inverse);
        finish(at, hn::MulAdd(hn::NegMulAdd(quotient, divisor, e), inverse, quotient), i);
      });
    each(n, to,
         [&](const auto& at, std::int64_t i) { finish(at, hn::Div(at.load(to.room + i), divisor), i); });
  }

  static void softmax(const T* x, std::int64_t n, const RowResult<T>& to) {
    const Extent extent = extent_of(x, n);
    const T total = sum_of_exponentials(
        x, n, extent, [&](const auto& at, V e, std::int64_t i) { at.store(e, to.room + i); });
    divide_row(n, total, extent.easy, to,
               [&](const auto& at, V y, std::int64_t i) { at.store(y, to.out + i); });
  }

  static void log_softmax(const T* x, std::int64_t n, const RowResult<T>& to) {
    const Extent extent = extent_of(x, n);
    const T total = sum_of_exponentials(x, n, extent, [](const auto&, V, std::int64_t) {});
    const V max = set(extent.max), log_total = set(numerics::log(total));
    each(n, to, [&](const auto& at, std::int64_t i) {
      at.store(hn::Sub(hn::Sub(at.load(x + i), max), log_total), to.out + i);
    });
  }

  static T cross_entropy(const T* x, std::int64_t n, std::int64_t label) {
    const Extent extent = extent_of(x, n);
    const T total = sum_of_exponentials(x, n, extent, [](const auto&, V, std::int64_t) {});
    return -((x[label] - extent.max) - numerics::log(total));
  }

  // y * (g - sum(g * y))
  static void softmax_gradient(const T* y, const T* g, std::int64_t n, const RowResult<T>& to) {
    const V total = set(sum(n, [&](const auto& at, std::int64_t i) {
      hwy::Prefetch(y + n + i);
      hwy::Prefetch(g + n + i);
      return hn::Mul(at.load(g + i), at.load(y + i));
    }));
    each(n, to, [&](const auto& at, std::int64_t i) {
      at.store(hn::Mul(at.load(y + i), hn::Sub(at.load(g + i), total)), to.out + i);
    });
  }

  // g - exp(y) * sum(g)
  static void log_softmax_gradient(const T* y, const T* g, std::int64_t n, const RowResult<T>& to) {
    const V total = set(sum(n, [&](const auto& at, std::int64_t i) { return at.load(g + i); }));
    each(n, to, [&](const auto& at, std::int64_t i) {
      hwy::Prefetch(y + n + i);
      hwy::Prefetch(g + n + i);
      at.store(hn::Sub(at.load(g + i), hn::Mul(fn::exp<Ops>(at.load(y + i)), total)), to.out + i);
    });
  }

  // (softmax(x) - one-hot(label)) * g. Subtracting +0 changes no softmax: only the label's place is done apart.
  static void cross_entropy_gradient(const T* x, std::int64_t n, std::int64_t label, T g,
                                     const RowResult<T>& to) {
    const Extent extent = extent_of(x, n);
    const T total = sum_of_exponentials(
        x, n, extent, [&](const auto& at, V e, std::int64_t i) { at.store(e, to.room + i); });
    const T own = to.room[label] / total;
    const V factor = set(g);
    divide_row(n, total, extent.easy, to,
               [&](const auto& at, V y, std::int64_t i) { at.store(hn::Mul(y, factor), to.out + i); });
    to.out[label] = (own - T(1)) * g;
  }
};

template <typename T>
const RowLoops<T>* rows_with() {
  using R = SoftmaxRow<T>;
  static constexpr RowLoops<T> kLoops{
      &R::softmax,          &R::log_softmax,          &R::cross_entropy,
      &R::softmax_gradient, &R::log_softmax_gradient, &R::cross_entropy_gradient};
  return &kLoops;
}

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // TESSERA_SIMD_TARGET

#if HWY_ONCE
namespace tessera::backends {

template <typename T>
const RowLoops<T>* row_loops() {
  TESSERA_SIMD_SWITCH(rows_with<T>())
}
template const RowLoops<float>* row_loops<float>();
template const RowLoops<double>* row_loops<double>();

}  // namespace tessera::backends
#endif  // HWY_ONCE
