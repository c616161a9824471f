// The operations that formulas are written in, for one number at a time: the definition.
//
// A formula (functions-inl.h) is a template over a policy `Ops` and is compiled with ScalarOps here, with
// HwyOps (hwy_ops-inl.h) for SIMD. Both give the same bits since each operation is IEEE-correct or an
// operation on integers. No std:: function appears, so that the text is also valid device code.
//
// Integers wrap; they have the width of Float and are unsigned inside, which makes wrapping defined.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "tessera/numerics/contract.h"
#include "tessera/numerics/trig_reduction.h"

namespace tessera::numerics {

// Exactly rounded operations that the compiler turns into one instruction where there is one.
TESSERA_INLINE float fused_multiply_add(float a, float b, float c) {
  return __builtin_fmaf(a, b, c);
}
TESSERA_INLINE double fused_multiply_add(double a, double b, double c) {
  return __builtin_fma(a, b, c);
}
TESSERA_INLINE float square_root(float x) {
  return __builtin_sqrtf(x);
}
TESSERA_INLINE double square_root(double x) {
  return __builtin_sqrt(x);
}

template <typename T>
struct ScalarOps {
  using Scalar = T;
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  using Float = T;
  using Int = Bits;
  using Mask = bool;

  static TESSERA_INLINE Float set(T value) { return value; }
  static TESSERA_INLINE Int set_int(Bits value) { return value; }

  static TESSERA_INLINE Float add(Float a, Float b) { return a + b; }
  static TESSERA_INLINE Float sub(Float a, Float b) { return a - b; }
  static TESSERA_INLINE Float mul(Float a, Float b) { return a * b; }
  static TESSERA_INLINE Float div(Float a, Float b) { return a / b; }
  static TESSERA_INLINE Float sqrt(Float a) { return square_root(a); }
  static TESSERA_INLINE Float fma(Float a, Float b, Float c) { return fused_multiply_add(a, b, c); }  // a*b+c
  static TESSERA_INLINE Float fnma(Float a, Float b, Float c) {
    return fused_multiply_add(-a, b, c);
  }  // c-a*b

  // Of two numbers that differ unless they have the same bits; NaN if b is.
  static TESSERA_INLINE Float min(Float a, Float b) { return a < b ? a : b; }
  static TESSERA_INLINE Float max(Float a, Float b) { return a > b ? a : b; }

  static TESSERA_INLINE Int bits(Float a) { return std::bit_cast<Bits>(a); }
  static TESSERA_INLINE Float from_bits(Int a) { return std::bit_cast<T>(a); }
  static TESSERA_INLINE Int int_add(Int a, Int b) { return a + b; }
  static TESSERA_INLINE Int int_sub(Int a, Int b) { return a - b; }
  static TESSERA_INLINE Int int_and(Int a, Int b) { return a & b; }
  static TESSERA_INLINE Int int_or(Int a, Int b) { return a | b; }
  static TESSERA_INLINE Int int_xor(Int a, Int b) { return a ^ b; }
  template <int kCount>
  static TESSERA_INLINE Int shift_left(Int a) {
    return a << kCount;
  }
  template <int kCount>
  static TESSERA_INLINE Int shift_right(Int a) {  // logical: zeros enter
    return a >> kCount;
  }

  // The two halves of the 64-bit product of the low 32 bits of a and of b.
  static TESSERA_INLINE void wide_product(Int a, std::uint32_t b, Int* high, Int* low) {
    const std::uint64_t product = std::uint64_t{static_cast<std::uint32_t>(a)} * b;
    *high = static_cast<Bits>(product >> 32);
    *low = static_cast<Bits>(product & 0xFFFFFFFFu);
  }

  static TESSERA_INLINE Mask lt(Float a, Float b) { return a < b; }
  static TESSERA_INLINE Mask le(Float a, Float b) { return a <= b; }
  static TESSERA_INLINE Mask eq(Float a, Float b) { return a == b; }
  static TESSERA_INLINE Mask int_eq(Int a, Int b) { return a == b; }
  static TESSERA_INLINE Mask both(Mask a, Mask b) { return a && b; }
  static TESSERA_INLINE Mask either(Mask a, Mask b) { return a || b; }
  static TESSERA_INLINE Mask negate(Mask a) { return !a; }
  static TESSERA_INLINE bool any(Mask a) { return a; }
  static TESSERA_INLINE bool all(Mask a) { return a; }
  static TESSERA_INLINE Float select(Mask m, Float yes, Float no) { return m ? yes : no; }

  // For the lanes in `mask`: the reduction of trig_reduction.h instead of what high, low and quadrant hold.
  static TESSERA_INLINE void reduce_lanes(Mask mask, Float x, Float* high, Float* low, Int* quadrant) {
    if (mask) *quadrant = static_cast<Bits>(internal::reduce_huge_angle(x, high, low));
  }
};

}  // namespace tessera::numerics
