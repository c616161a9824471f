// The operations of scalar_ops.h on SIMD vectors, and the formulas compiled with them, once per Highway
// target.
//
// For .cc files that use hwy/foreach_target.h: include after hwy/highway.h, outside any namespace. Then,
// inside the target's namespace and for a Highway tag `d` of float or double:
//
//     namespace fn = tessera::numerics::HWY_NAMESPACE;
//     auto y = fn::exp<fn::HwyOps<decltype(d)>>(x);
//
// Lanes beyond the data are computed like any other: harmless, since lanes never mix. Only targets with a
// fused multiply-add are allowed (AVX2 and later, NEON): on the others Highway's MulAdd rounds twice.
#if defined(TESSERA_NUMERICS_HWY_OPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TESSERA_NUMERICS_HWY_OPS_INL_H_
#undef TESSERA_NUMERICS_HWY_OPS_INL_H_
#else
#define TESSERA_NUMERICS_HWY_OPS_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "tessera/numerics/formula_constants.h"
#include "tessera/numerics/philox.h"
#include "tessera/numerics/scalar_ops.h"

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128 || HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4
#error "This target has no fused multiply-add: leave it out when including this header."
#endif

HWY_BEFORE_NAMESPACE();
namespace tessera::numerics {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class D>
struct HwyOps {
  using Scalar = hn::TFromD<D>;
  using Bits = typename FormulaConstants<Scalar>::Bits;
  using DI = hn::RebindToUnsigned<D>;
  using Float = hn::Vec<D>;
  using Int = hn::Vec<DI>;
  using Mask = hn::Mask<D>;

  static TESSERA_INLINE Float set(Scalar value) { return hn::Set(D(), value); }
  static TESSERA_INLINE Int set_int(Bits value) { return hn::Set(DI(), value); }

  static TESSERA_INLINE Float add(Float a, Float b) { return hn::Add(a, b); }
  static TESSERA_INLINE Float sub(Float a, Float b) { return hn::Sub(a, b); }
  static TESSERA_INLINE Float mul(Float a, Float b) { return hn::Mul(a, b); }
  static TESSERA_INLINE Float div(Float a, Float b) { return hn::Div(a, b); }
  static TESSERA_INLINE Float sqrt(Float a) { return hn::Sqrt(a); }
  static TESSERA_INLINE Float fma(Float a, Float b, Float c) { return hn::MulAdd(a, b, c); }
  static TESSERA_INLINE Float fnma(Float a, Float b, Float c) { return hn::NegMulAdd(a, b, c); }

  // x86 returns the second operand if one is NaN, Arm NaN: both are right for a number a.
  static TESSERA_INLINE Float min(Float a, Float b) { return hn::Min(a, b); }
  static TESSERA_INLINE Float max(Float a, Float b) { return hn::Max(a, b); }

  static TESSERA_INLINE Int bits(Float a) { return hn::BitCast(DI(), a); }
  static TESSERA_INLINE Float from_bits(Int a) { return hn::BitCast(D(), a); }
  static TESSERA_INLINE Int int_add(Int a, Int b) { return hn::Add(a, b); }
  static TESSERA_INLINE Int int_sub(Int a, Int b) { return hn::Sub(a, b); }
  static TESSERA_INLINE Int int_and(Int a, Int b) { return hn::And(a, b); }
  static TESSERA_INLINE Int int_or(Int a, Int b) { return hn::Or(a, b); }
  static TESSERA_INLINE Int int_xor(Int a, Int b) { return hn::Xor(a, b); }
  template <int kCount>
  static TESSERA_INLINE Int shift_left(Int a) {
    return hn::ShiftLeft<kCount>(a);
  }
  template <int kCount>
  static TESSERA_INLINE Int shift_right(Int a) {
    return hn::ShiftRight<kCount>(a);
  }

  // 32-bit lanes: products of even and of odd lanes, then the halves put together. 64-bit lanes: one product.
  static TESSERA_INLINE void wide_product(Int a, std::uint32_t b, Int* high, Int* low) {
    const hn::Repartition<std::uint32_t, D> d32;
    const hn::Repartition<std::uint64_t, D> d64;
    const auto a32 = hn::BitCast(d32, a);
    const auto even = hn::MulEven(a32, hn::Set(d32, b));
    if constexpr (sizeof(Scalar) == 8) {
      *high = hn::ShiftRight<32>(even);
      *low = hn::And(even, hn::Set(d64, 0xFFFFFFFFu));
    } else {
      const auto odd_lanes = hn::BitCast(d32, hn::ShiftRight<32>(hn::BitCast(d64, a)));
      const auto odd = hn::MulEven(odd_lanes, hn::Set(d32, b));
      *high = hn::OddEven(hn::BitCast(d32, odd), hn::BitCast(d32, hn::ShiftRight<32>(even)));
      *low = hn::OddEven(hn::BitCast(d32, hn::ShiftLeft<32>(odd)), hn::BitCast(d32, even));
    }
  }

  static TESSERA_INLINE Mask lt(Float a, Float b) { return hn::Lt(a, b); }
  static TESSERA_INLINE Mask le(Float a, Float b) { return hn::Le(a, b); }
  static TESSERA_INLINE Mask eq(Float a, Float b) { return hn::Eq(a, b); }
  static TESSERA_INLINE Mask int_eq(Int a, Int b) { return hn::RebindMask(D(), hn::Eq(a, b)); }
  static TESSERA_INLINE Mask both(Mask a, Mask b) { return hn::And(a, b); }
  static TESSERA_INLINE Mask either(Mask a, Mask b) { return hn::Or(a, b); }
  static TESSERA_INLINE Mask negate(Mask a) { return hn::Not(a); }
  static TESSERA_INLINE bool any(Mask a) { return !hn::AllFalse(D(), a); }
  static TESSERA_INLINE bool all(Mask a) { return hn::AllTrue(D(), a); }
  static TESSERA_INLINE Float select(Mask m, Float yes, Float no) { return hn::IfThenElse(m, yes, no); }

  static HWY_NOINLINE void reduce_lanes(Mask mask, Float x, Float* high, Float* low, Int* quadrant) {
    constexpr std::size_t kLanes = hn::MaxLanes(D());
    HWY_ALIGN Scalar x_lanes[kLanes], high_lanes[kLanes], low_lanes[kLanes], chosen[kLanes];
    HWY_ALIGN Bits quadrant_lanes[kLanes];
    hn::Store(x, D(), x_lanes);
    hn::Store(*high, D(), high_lanes);
    hn::Store(*low, D(), low_lanes);
    hn::Store(*quadrant, DI(), quadrant_lanes);
    hn::Store(hn::IfThenElseZero(mask, hn::Set(D(), Scalar{1})), D(), chosen);
    for (std::size_t i = 0; i < hn::Lanes(D()); ++i) {
      if (chosen[i] == Scalar{0}) continue;
      quadrant_lanes[i] =
          static_cast<Bits>(internal::reduce_huge_angle(x_lanes[i], &high_lanes[i], &low_lanes[i]));
    }
    *high = hn::Load(D(), high_lanes);
    *low = hn::Load(D(), low_lanes);
    *quadrant = hn::Load(DI(), quadrant_lanes);
  }
};

#include "tessera/numerics/functions-inl.h"
#include "tessera/numerics/random-inl.h"

}  // namespace HWY_NAMESPACE
}  // namespace tessera::numerics
HWY_AFTER_NAMESPACE();

#endif
