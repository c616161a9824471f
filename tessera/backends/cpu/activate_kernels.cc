// The curves of tensor/activate.h and their gradients, one vector at a time.

#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/activate_kernels.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include "tessera/backends/cpu/activate_kernels.h"
#include "tessera/backends/cpu/simd_level.h"
#include "tessera/tensor/activate.h"

#if TESSERA_SIMD_TARGET
#include "tessera/backends/cpu/each_vector-inl.h"
#include "tessera/numerics/hwy_ops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace fn = tessera::numerics::HWY_NAMESPACE;

template <class D>
struct Curves {
  using V = hn::Vec<D>;
  using Ops = fn::HwyOps<D>;
  using T = hn::TFromD<D>;
  static HWY_INLINE V set(double value) { return hn::Set(D(), static_cast<T>(value)); }
  static HWY_INLINE auto positive(V x) { return hn::Gt(x, hn::Zero(D())); }

  static HWY_INLINE V softplus(V x) {
    const V zero = hn::Zero(D());
    const V part = hn::IfThenElse(hn::Or(hn::IsNaN(x), positive(x)), x, zero);
    const V size = hn::IfThenElse(hn::Lt(x, zero), x, hn::Neg(x));
    return hn::Add(part, fn::log1p<Ops>(fn::exp<Ops>(size)));
  }
  static HWY_INLINE V gelu_tanh(V x) {
    const V cube = hn::Mul(hn::Mul(hn::Mul(x, x), x), set(kGeluCubic));
    return fn::tanh<Ops>(hn::Mul(hn::Add(x, cube), set(kSqrt2OverPi)));
  }
  static HWY_INLINE V one_plus_erf(V x) { return hn::Add(set(1), fn::erf<Ops>(hn::Mul(x, set(kSqrtHalf)))); }

  template <Curve kCurve>
  static HWY_INLINE V value(V x, V parameter) {
    if constexpr (kCurve == Curve::kLeakyRelu) return hn::IfThenElse(positive(x), x, hn::Mul(x, parameter));
    if constexpr (kCurve == Curve::kElu)
      return hn::IfThenElse(positive(x), x, hn::Mul(fn::expm1<Ops>(x), parameter));
    if constexpr (kCurve == Curve::kSoftplus) return softplus(x);
    if constexpr (kCurve == Curve::kGelu) return hn::Mul(hn::Mul(x, set(0.5)), one_plus_erf(x));
    if constexpr (kCurve == Curve::kGeluTanh)
      return hn::Mul(hn::Mul(x, set(0.5)), hn::Add(set(1), gelu_tanh(x)));
    if constexpr (kCurve == Curve::kSilu) return hn::Mul(x, fn::sigmoid<Ops>(x));
    if constexpr (kCurve == Curve::kMish) return hn::Mul(x, fn::tanh<Ops>(softplus(x)));
  }

  template <Curve kCurve>
  static HWY_INLINE V slope(V x, V parameter) {
    if constexpr (kCurve == Curve::kLeakyRelu) return parameter;
    if constexpr (kCurve == Curve::kElu) return hn::Mul(fn::exp<Ops>(x), parameter);
    if constexpr (kCurve == Curve::kSoftplus) return fn::sigmoid<Ops>(x);
    if constexpr (kCurve == Curve::kGelu) {
      const V bell = hn::Mul(fn::exp<Ops>(hn::Mul(hn::Mul(x, x), set(-0.5))), set(kInverseSqrt2Pi));
      return hn::Add(hn::Mul(set(0.5), one_plus_erf(x)), hn::Mul(x, bell));
    }
    if constexpr (kCurve == Curve::kGeluTanh) {
      const V t = gelu_tanh(x), half = hn::Mul(x, set(0.5));
      const V inner =
          hn::Mul(hn::Add(hn::Mul(hn::Mul(x, x), set(3 * kGeluCubic)), set(1)), set(kSqrt2OverPi));
      return hn::Add(hn::Mul(set(0.5), hn::Add(set(1), t)),
                     hn::Mul(hn::Mul(half, hn::Sub(set(1), hn::Mul(t, t))), inner));
    }
    if constexpr (kCurve == Curve::kSilu) {
      const V s = fn::sigmoid<Ops>(x);
      return hn::Mul(s, hn::Add(hn::Mul(x, hn::Sub(set(1), s)), set(1)));
    }
    if constexpr (kCurve == Curve::kMish) {
      const V w = fn::tanh<Ops>(softplus(x));
      return hn::Add(hn::Mul(x, hn::Mul(hn::Sub(set(1), hn::Mul(w, w)), fn::sigmoid<Ops>(x))), w);
    }
  }

  template <Curve kCurve, bool kGradient>
  static HWY_INLINE V apply(V g, V x, V parameter) {
    if constexpr (!kGradient) return value<kCurve>(x, parameter);
    const V product = hn::Mul(g, slope<kCurve>(x, parameter));
    constexpr bool kOneSide = kCurve == Curve::kLeakyRelu || kCurve == Curve::kElu;
    return kOneSide ? hn::IfThenElse(positive(x), g, product) : product;
  }
};

template <Curve kCurve, bool kGradient, typename T>
void map_curve(const T* g, const T* x, T parameter, T* out, std::int64_t n) {
  using C = Curves<hn::ScalableTag<T>>;
  const auto of = hn::Set(hn::ScalableTag<T>(), parameter);
  for_each_vector<T>(n, [&](const auto& lanes) HWY_ATTR {
    const auto at = lanes.load(x);
    lanes.store(C::template apply<kCurve, kGradient>(kGradient ? lanes.load(g) : at, at, of), out);
  });
}

template <typename T, bool kGradient>
CurveLoop<T> loop_of_curve(Curve curve) {
  switch (curve) {
#define TESSERA_CURVE(kName) \
  case Curve::kName:         \
    return &map_curve<Curve::kName, kGradient, T>;
    TESSERA_CURVE(kLeakyRelu)
    TESSERA_CURVE(kElu)
    TESSERA_CURVE(kSoftplus)
    TESSERA_CURVE(kGelu)
    TESSERA_CURVE(kGeluTanh)
    TESSERA_CURVE(kSilu)
    TESSERA_CURVE(kMish)
#undef TESSERA_CURVE
  }
  return nullptr;
}

template <typename T>
CurveLoop<T> curve_with(Curve curve, bool gradient) {
  return gradient ? loop_of_curve<T, true>(curve) : loop_of_curve<T, false>(curve);
}

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // TESSERA_SIMD_TARGET

#if HWY_ONCE
namespace tessera::backends {

template <typename T>
CurveLoop<T> curve_loop([[maybe_unused]] Curve curve, [[maybe_unused]] bool gradient) {
  TESSERA_SIMD_SWITCH(curve_with<T>(curve, gradient))
}
template CurveLoop<float> curve_loop<float>(Curve, bool);
template CurveLoop<double> curve_loop<double>(Curve, bool);

}  // namespace tessera::backends
#endif  // HWY_ONCE
