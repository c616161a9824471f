// Arithmetic, extremes, comparisons and choice, one vector at a time. Every operation here is exactly rounded
// or moves bits, so vectors and scalars agree by IEEE-754.

#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/elementwise_kernels.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include "tessera/backends/cpu/elementwise_kernels.h"
#include "tessera/backends/cpu/simd_level.h"

#if TESSERA_SIMD_TARGET
HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// ---- One argument ----

struct Negate {
  template <class D, class V>
  static HWY_INLINE V apply(D, V x) {
    return hn::Neg(x);
  }
};
struct Absolute {
  template <class D, class V>
  static HWY_INLINE V apply(D, V x) {
    return hn::Abs(x);
  }
};
struct SquareRoot {
  template <class D, class V>
  static HWY_INLINE V apply(D, V x) {
    return hn::Sqrt(x);
  }
};
struct Relu {  // NaN stays, -0 gives +0
  template <class D, class V>
  static HWY_INLINE V apply(D d, V x) {
    return hn::IfThenElse(hn::Le(x, hn::Zero(d)), hn::Zero(d), x);
  }
};
struct Sign {  // NaN stays, -0 gives +0
  template <class D, class V>
  static HWY_INLINE V apply(D d, V x) {
    const V zero = hn::Zero(d);
    const V one = hn::Set(d, hn::TFromD<D>(1));
    const V not_zero = hn::IfThenElse(hn::Gt(x, zero), one, hn::IfThenElse(hn::Lt(x, zero), hn::Neg(one), x));
    return hn::IfThenElse(hn::Eq(x, zero), zero, not_zero);
  }
};

template <class F, typename T>
void map(const T* HWY_RESTRICT x, T* HWY_RESTRICT out, std::int64_t n) {
  const hn::ScalableTag<T> d;
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(F::apply(d, hn::LoadU(d, x + i)), d, out + i);
  if (i == n) return;
  const auto mask = hn::FirstN(d, static_cast<std::size_t>(n - i));
  hn::BlendedStore(F::apply(d, hn::MaskedLoad(mask, d, x + i)), mask, d, out + i);
}

template <typename T>
UnaryLoop<T> unary(Op op) {
  switch (op) {
    case Op::kNegate:
      return &map<Negate, T>;
    case Op::kAbsolute:
      return &map<Absolute, T>;
    case Op::kSqrt:
      return &map<SquareRoot, T>;
    case Op::kRelu:
      return &map<Relu, T>;
    case Op::kSign:
      return &map<Sign, T>;
    default:
      return nullptr;
  }
}

// ---- Two arguments ----

struct Add {
  template <class D, class V>
  static HWY_INLINE V apply(D, V a, V b) {
    return hn::Add(a, b);
  }
};
struct Subtract {
  template <class D, class V>
  static HWY_INLINE V apply(D, V a, V b) {
    return hn::Sub(a, b);
  }
};
struct Multiply {
  template <class D, class V>
  static HWY_INLINE V apply(D, V a, V b) {
    return hn::Mul(a, b);
  }
};
struct Divide {
  template <class D, class V>
  static HWY_INLINE V apply(D, V a, V b) {
    return hn::Div(a, b);
  }
};
// NaN if any is (b's passes through the comparison, a's is asked for); adding +0 turns -0 into +0.
struct Maximum {
  template <class D, class V>
  static HWY_INLINE V apply(D d, V a, V b) {
    return hn::Add(hn::IfThenElse(hn::Or(hn::Gt(a, b), hn::IsNaN(a)), a, b), hn::Zero(d));
  }
};
struct Minimum {
  template <class D, class V>
  static HWY_INLINE V apply(D d, V a, V b) {
    return hn::Add(hn::IfThenElse(hn::Or(hn::Lt(a, b), hn::IsNaN(a)), a, b), hn::Zero(d));
  }
};

template <class F, typename T, bool kRepeatFirst, bool kRepeatSecond>
HWY_INLINE void map_pairs(const T* HWY_RESTRICT a, const T* HWY_RESTRICT b, T* HWY_RESTRICT out,
                          std::int64_t n) {
  const hn::ScalableTag<T> d;
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto first = hn::Set(d, a[0]), second = hn::Set(d, b[0]);
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    hn::StoreU(
        F::apply(d, kRepeatFirst ? first : hn::LoadU(d, a + i), kRepeatSecond ? second : hn::LoadU(d, b + i)),
        d, out + i);
  if (i == n) return;
  const auto mask = hn::FirstN(d, static_cast<std::size_t>(n - i));
  hn::BlendedStore(F::apply(d, kRepeatFirst ? first : hn::MaskedLoad(mask, d, a + i),
                            kRepeatSecond ? second : hn::MaskedLoad(mask, d, b + i)),
                   mask, d, out + i);
}

template <class F, typename T>
void combine(const T* a, const T* b, T* out, std::int64_t n, Repeat repeat) {
  if (n == 0) return;
  switch (repeat) {
    case Repeat::kNone:
      return map_pairs<F, T, false, false>(a, b, out, n);
    case Repeat::kFirst:
      return map_pairs<F, T, true, false>(a, b, out, n);
    case Repeat::kSecond:
      return map_pairs<F, T, false, true>(a, b, out, n);
  }
}

template <typename T>
BinaryLoop<T> binary(Op op) {
  switch (op) {
    case Op::kAdd:
      return &combine<Add, T>;
    case Op::kSubtract:
      return &combine<Subtract, T>;
    case Op::kMultiply:
      return &combine<Multiply, T>;
    case Op::kDivide:
      return &combine<Divide, T>;
    case Op::kMaximum:
      return &combine<Maximum, T>;
    case Op::kMinimum:
      return &combine<Minimum, T>;
    default:
      return nullptr;
  }
}

// ---- Comparison: no arithmetic; the compiler vectorises these loops for the target ----

struct Equal {
  template <typename T>
  static HWY_INLINE bool apply(T a, T b) {
    return a == b;
  }
};
struct NotEqual {
  template <typename T>
  static HWY_INLINE bool apply(T a, T b) {
    return a != b;
  }
};
struct Less {
  template <typename T>
  static HWY_INLINE bool apply(T a, T b) {
    return a < b;
  }
};
struct LessEqual {
  template <typename T>
  static HWY_INLINE bool apply(T a, T b) {
    return a <= b;
  }
};

template <class F, typename T>
void compare_pairs(const T* HWY_RESTRICT a, const T* HWY_RESTRICT b, bool* HWY_RESTRICT out, std::int64_t n,
                   Repeat repeat) {
  if (n == 0) return;
  const T first = a[0], second = b[0];
  if (repeat == Repeat::kFirst)
    for (std::int64_t i = 0; i < n; ++i) out[i] = F::apply(first, b[i]);
  else if (repeat == Repeat::kSecond)
    for (std::int64_t i = 0; i < n; ++i) out[i] = F::apply(a[i], second);
  else
    for (std::int64_t i = 0; i < n; ++i) out[i] = F::apply(a[i], b[i]);
}
template <class F, typename T>
void compare_reversed(const T* a, const T* b, bool* out, std::int64_t n, Repeat repeat) {
  const Repeat reversed = repeat == Repeat::kFirst    ? Repeat::kSecond
                          : repeat == Repeat::kSecond ? Repeat::kFirst
                                                      : Repeat::kNone;
  compare_pairs<F, T>(b, a, out, n, reversed);
}

template <typename T>
CompareLoop<T> compare(Op op) {
  switch (op) {
    case Op::kEqual:
      return &compare_pairs<Equal, T>;
    case Op::kNotEqual:
      return &compare_pairs<NotEqual, T>;
    case Op::kLess:
      return &compare_pairs<Less, T>;
    case Op::kLessEqual:
      return &compare_pairs<LessEqual, T>;
    case Op::kGreater:
      return &compare_reversed<Less, T>;
    case Op::kGreaterEqual:
      return &compare_reversed<LessEqual, T>;
    default:
      return nullptr;
  }
}

// ---- Choice ----

// A vector of flags, one byte each, as a mask for floats or doubles.
template <class D>
HWY_INLINE hn::Mask<D> mask_of_flags(D d, const bool* HWY_RESTRICT flags) {
  const hn::Rebind<std::uint8_t, D> bytes;
  const hn::Rebind<std::uint32_t, D> words;
  const hn::RebindToUnsigned<D> bits;
  const auto wide = hn::PromoteTo(words, hn::LoadU(bytes, reinterpret_cast<const std::uint8_t*>(flags)));
  if constexpr (sizeof(hn::TFromD<D>) == 4)
    return hn::RebindMask(d, hn::Ne(wide, hn::Zero(words)));
  else
    return hn::RebindMask(d, hn::Ne(hn::PromoteTo(bits, wide), hn::Zero(bits)));
}

// Written with vectors: compilers leave bytes that choose between floats as a loop of branches.
template <typename T, bool kRepeatFirst, bool kRepeatSecond>
HWY_INLINE void choose_pairs(const bool* HWY_RESTRICT condition, const T* HWY_RESTRICT a,
                             const T* HWY_RESTRICT b, T* HWY_RESTRICT out, std::int64_t n) {
  const hn::ScalableTag<T> d;
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto first = hn::Set(d, a[0]), second = hn::Set(d, b[0]);
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto yes = kRepeatFirst ? first : hn::LoadU(d, a + i);
    const auto no = kRepeatSecond ? second : hn::LoadU(d, b + i);
    hn::StoreU(hn::IfThenElse(mask_of_flags(d, condition + i), yes, no), d, out + i);
  }
  for (; i < n; ++i) out[i] = condition[i] ? a[kRepeatFirst ? 0 : i] : b[kRepeatSecond ? 0 : i];
}

template <typename T>
void choose(const bool* condition, const T* a, const T* b, T* out, std::int64_t n, std::int64_t a_step,
            std::int64_t b_step) {
  if (n == 0) return;
  if (a_step == 0 && b_step == 0) return choose_pairs<T, true, true>(condition, a, b, out, n);
  if (a_step == 0) return choose_pairs<T, true, false>(condition, a, b, out, n);
  if (b_step == 0) return choose_pairs<T, false, true>(condition, a, b, out, n);
  choose_pairs<T, false, false>(condition, a, b, out, n);
}

template <typename T>
SelectLoop<T> select_with() {
  return &choose<T>;
}

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // TESSERA_SIMD_TARGET

#if HWY_ONCE
namespace tessera::backends {

template <typename T>
UnaryLoop<T> unary_loop([[maybe_unused]] Op op) {
  TESSERA_SIMD_SWITCH(unary<T>(op))
}
template <typename T>
BinaryLoop<T> binary_loop([[maybe_unused]] Op op) {
  TESSERA_SIMD_SWITCH(binary<T>(op))
}
template <typename T>
CompareLoop<T> compare_loop([[maybe_unused]] Op op) {
  TESSERA_SIMD_SWITCH(compare<T>(op))
}
template <typename T>
SelectLoop<T> select_loop() {
  TESSERA_SIMD_SWITCH(select_with<T>())
}

template UnaryLoop<float> unary_loop<float>(Op);
template UnaryLoop<double> unary_loop<double>(Op);
template BinaryLoop<float> binary_loop<float>(Op);
template BinaryLoop<double> binary_loop<double>(Op);
template CompareLoop<float> compare_loop<float>(Op);
template CompareLoop<double> compare_loop<double>(Op);
template CompareLoop<std::int64_t> compare_loop<std::int64_t>(Op);
template SelectLoop<float> select_loop<float>();
template SelectLoop<double> select_loop<double>();

}  // namespace tessera::backends
#endif  // HWY_ONCE
