// Conversions with a vector of the wider side at a time where the instructions differ from a C++ cast (saturation, NaN, bfloat16), and as
// plain loops, which compilers turn into vectors for the target, where they do not.

#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/cast_kernels.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include <concepts>
#include <limits>

#include "tessera/backends/cpu/cast_kernels.h"
#include "tessera/backends/cpu/simd_level.h"
#include "tessera/backends/reference/convert.h"

#if TESSERA_SIMD_TARGET
HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr std::int64_t kBetween = 256;  // elements of a type in between that are at hand at a time

// ---- Floating point to integers: truncated, saturated, NaN gives 0 ----

template <class V>
HWY_INLINE auto to_int64(V x) {
  const hn::DFromV<V> d;
  const hn::RebindToSigned<decltype(d)> di;
#if HWY_TARGET != HWY_AVX3
  // Added to 1.5 * 2^52, a whole number below 2^51 is the lower half of the sum; there is no instruction for larger ones.
  const V whole = hn::Trunc(x), magic = hn::Set(d, 0x1.8p52);
  if (hn::AllTrue(d, hn::Lt(hn::Abs(whole), hn::Set(d, 0x1p51))))
    return hn::Sub(hn::BitCast(di, hn::Add(whole, magic)), hn::BitCast(di, magic));
#endif
  return hn::IfThenElseZero(hn::RebindMask(di, hn::Eq(x, x)), hn::ConvertTo(di, x));  // saturates
}

template <class V>
HWY_INLINE V within_a_byte(V x) {
  const hn::DFromV<V> d;
  const V above_zero = hn::IfThenElseZero(hn::Gt(x, hn::Zero(d)), x);  // also of NaN
  return hn::Min(above_zero, hn::Set(d, hn::TFromD<decltype(d)>(255)));
}

// A vector of `From`, as many as doubles or floats are in one, at a time; the last ones by the definition.
template <typename From, typename To, std::int64_t kStep, class Body>
HWY_INLINE void in_steps(const From* HWY_RESTRICT from, To* HWY_RESTRICT to, std::int64_t n, Body body) {
  std::int64_t i = 0;
  for (; i + kStep <= n; i += kStep) body(from + i, to + i);
  for (; i < n; ++i) to[i] = reference::convert<To>(from[i]);
}
constexpr std::int64_t kFloats = static_cast<std::int64_t>(hn::MaxLanes(hn::ScalableTag<float>()));
constexpr std::int64_t kDoubles = kFloats / 2;

HWY_INLINE void float_to_int64(const float* from, std::int64_t* to, std::int64_t n) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> narrow;
  const hn::Rebind<std::int64_t, decltype(d)> di;
  in_steps<float, std::int64_t, kDoubles>(from, to, n, [&](const float* x, std::int64_t* y) {
    hn::StoreU(to_int64(hn::PromoteTo(d, hn::LoadU(narrow, x))), di, y);
  });
}

HWY_INLINE void double_to_int64(const double* from, std::int64_t* to, std::int64_t n) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<std::int64_t, decltype(d)> di;
  in_steps<double, std::int64_t, kDoubles>(
      from, to, n, [&](const double* x, std::int64_t* y) { hn::StoreU(to_int64(hn::LoadU(d, x)), di, y); });
}

HWY_INLINE void float_to_byte(const float* from, std::uint8_t* to, std::int64_t n) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<std::int32_t, decltype(d)> di;
  const hn::Rebind<std::uint8_t, decltype(d)> bytes;
  in_steps<float, std::uint8_t, kFloats>(from, to, n, [&](const float* x, std::uint8_t* y) {
    hn::StoreU(hn::DemoteTo(bytes, hn::ConvertTo(di, within_a_byte(hn::LoadU(d, x)))), bytes, y);
  });
}

HWY_INLINE void double_to_byte(const double* from, std::uint8_t* to, std::int64_t n) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<std::int32_t, decltype(d)> di;
  const hn::Rebind<std::uint8_t, decltype(d)> bytes;
  in_steps<double, std::uint8_t, kDoubles>(from, to, n, [&](const double* x, std::uint8_t* y) {
    hn::StoreU(hn::DemoteTo(bytes, hn::DemoteTo(di, within_a_byte(hn::LoadU(d, x)))), bytes, y);
  });
}

// ---- bfloat16: the definitions are those of bfloat16.h ----

// Words of float32 rounded to their upper halves, as words.
template <class V>
HWY_INLINE V upper_halves(V word) {
  const hn::DFromV<V> d;
  using Word = hn::TFromD<decltype(d)>;
  const V upper = hn::ShiftRight<16>(word), one = hn::Set(d, Word(1));
  const V nearest = hn::ShiftRight<16>(hn::Add(word, hn::Add(hn::Set(d, Word(0x7fff)), hn::And(upper, one))));
  const auto is_nan = hn::Gt(hn::And(word, hn::Set(d, Word(0x7fffffff))), hn::Set(d, Word(0x7f800000)));
  return hn::IfThenElse(is_nan, hn::Or(upper, hn::Set(d, Word(0x40))), nearest);
}

HWY_INLINE void float_to_bfloat16(const float* from, BFloat16* to, std::int64_t n) {
  const hn::ScalableTag<float> d;
  const hn::RebindToUnsigned<decltype(d)> words;
  const hn::Rebind<std::uint16_t, decltype(d)> halves;
  in_steps<float, BFloat16, kFloats>(from, to, n, [&](const float* x, BFloat16* y) {
    const auto rounded = upper_halves(hn::BitCast(words, hn::LoadU(d, x)));
    hn::StoreU(hn::TruncateTo(halves, rounded), halves, reinterpret_cast<std::uint16_t*>(y));
  });
}

// Bytes are exact.
HWY_INLINE void byte_to_bfloat16(const std::uint8_t* from, BFloat16* to, std::int64_t n) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::RebindToUnsigned<decltype(d)> words;
  const hn::Rebind<std::uint8_t, decltype(d)> bytes;
  const hn::Rebind<std::uint16_t, decltype(d)> halves;
  in_steps<std::uint8_t, BFloat16, kFloats>(from, to, n, [&](const std::uint8_t* x, BFloat16* y) {
    const auto word = hn::BitCast(words, hn::ConvertTo(d, hn::PromoteTo(di, hn::LoadU(bytes, x))));
    hn::StoreU(hn::TruncateTo(halves, hn::ShiftRight<16>(word)), halves, reinterpret_cast<std::uint16_t*>(y));
  });
}

// To float32 with an odd mantissa where it is not exact, then to the upper half.
template <class V>
HWY_INLINE auto narrow_by_odd(V x) {
  const hn::DFromV<V> d;
  const hn::Rebind<float, decltype(d)> narrow;
  const hn::Rebind<std::uint32_t, decltype(d)> narrow_words;
  const hn::RebindToUnsigned<decltype(d)> words;
  const auto nearest = hn::DemoteTo(narrow, x);
  const auto back = hn::PromoteTo(d, nearest);
  const auto word = hn::PromoteTo(words, hn::BitCast(narrow_words, nearest)), one = hn::Set(words, 1);
  const auto away = hn::RebindMask(words, hn::Gt(hn::Abs(back), hn::Abs(x)));
  const auto exact = hn::RebindMask(words, hn::Or(hn::Eq(back, x), hn::IsNaN(x)));
  const auto odd = hn::Or(hn::Sub(word, hn::IfThenElseZero(away, one)), one);
  return hn::TruncateTo(hn::Rebind<std::uint16_t, decltype(d)>(),
                        upper_halves(hn::IfThenElse(exact, word, odd)));
}

// Where all are zero, or normal numbers in bfloat16 (or beyond its largest), the mantissa is rounded in float64; the rest is exact.
HWY_INLINE void double_to_bfloat16(const double* from, BFloat16* to, std::int64_t n) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> narrow;
  const hn::Rebind<std::uint32_t, decltype(d)> narrow_words;
  const hn::RebindToUnsigned<decltype(d)> words;
  const hn::Rebind<std::uint16_t, decltype(d)> halves;
  constexpr std::uint64_t kBelow = (std::uint64_t{1} << 45) - 1;  // the bits of the mantissa that go
  in_steps<double, BFloat16, kDoubles>(from, to, n, [&](const double* at, BFloat16* y) {
    const auto x = hn::LoadU(d, at), size = hn::Abs(x);
    auto* result = reinterpret_cast<std::uint16_t*>(y);
    if (!hn::AllTrue(d, hn::Or(hn::Ge(size, hn::Set(d, 0x1p-126)), hn::Eq(size, hn::Zero(d)))))  // NaN, too
      return hn::StoreU(narrow_by_odd(x), halves, result);
    const auto word = hn::BitCast(words, x);
    const auto is_odd = hn::And(hn::ShiftRight<45>(word), hn::Set(words, 1));
    const auto sum = hn::Add(word, hn::Add(is_odd, hn::Set(words, kBelow >> 1)));
    const auto rounded = hn::BitCast(d, hn::AndNot(hn::Set(words, kBelow), sum));
    const auto upper = hn::ShiftRight<16>(hn::BitCast(narrow_words, hn::DemoteTo(narrow, rounded)));
    hn::StoreU(hn::TruncateTo(halves, upper), halves, result);
  });
}

HWY_INLINE void bfloat16_to_float(const BFloat16* from, float* to, std::int64_t n) {
  const hn::ScalableTag<float> d;
  const hn::RebindToUnsigned<decltype(d)> words;
  const hn::Rebind<std::uint16_t, decltype(d)> halves;
  in_steps<BFloat16, float, kFloats>(from, to, n, [&](const BFloat16* x, float* y) {
    const auto word = hn::PromoteTo(words, hn::LoadU(halves, reinterpret_cast<const std::uint16_t*>(x)));
    hn::StoreU(hn::BitCast(d, hn::ShiftLeft<16>(word)), d, y);
  });
}

// Integers that are not exact in float64 with the bits that it drops gathered in one (bfloat16.h).
HWY_INLINE void int64_to_odd(const std::int64_t* from, double* to, std::int64_t n) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<std::int64_t, decltype(d)> di;
  constexpr std::int64_t kExact = std::int64_t{1} << 53, kDropped = std::int64_t{1} << 11;
  const auto least = hn::Set(di, 1 - kExact), most = hn::Set(di, kExact - 1);
  const auto dropped = hn::Set(di, kDropped - 1), sticky = hn::Set(di, kDropped);
  const auto convert = [&](auto x, double* y) {
    const auto large = hn::Or(hn::Gt(x, most), hn::Gt(least, x));
    const auto inexact = hn::And(large, hn::Ne(hn::And(x, dropped), hn::Zero(di)));
    hn::Store(hn::ConvertTo(d, hn::IfThenElse(inexact, hn::Or(hn::AndNot(dropped, x), sticky), x)), d, y);
  };
  std::int64_t i = 0;
  for (; i + kDoubles <= n; i += kDoubles) convert(hn::LoadU(di, from + i), to + i);
  if (i < n)  // `to` has room for the rest of a vector
    convert(hn::MaskedLoad(hn::FirstN(di, static_cast<std::size_t>(n - i)), di, from + i), to + i);
}

// ---- Every pair ----

template <typename From, typename To>
HWY_INLINE void convert_all(const From* HWY_RESTRICT from, To* HWY_RESTRICT to, std::int64_t n);

template <typename From, typename Between, typename To, class First>
HWY_INLINE void convert_by_way_of(const From* from, To* to, std::int64_t n, First first) {
  HWY_ALIGN Between between[kBetween];
  for (std::int64_t i = 0; i < n; i += kBetween) {
    const std::int64_t count = n - i < kBetween ? n - i : kBetween;
    first(from + i, between, count);
    convert_all<Between, To>(between, to + i, count);
  }
}

template <typename From, typename To>
HWY_INLINE void convert_all(const From* HWY_RESTRICT from, To* HWY_RESTRICT to, std::int64_t n) {
  constexpr bool kToBFloat16 = std::same_as<To, BFloat16>;
  if constexpr (std::same_as<From, bool>) {  // bytes of 0 and 1; compilers widen those better
    convert_all<std::uint8_t, To>(reinterpret_cast<const std::uint8_t*>(from), to, n);
  } else if constexpr (std::same_as<From, float> && std::same_as<To, std::int64_t>) {
    float_to_int64(from, to, n);
  } else if constexpr (std::same_as<From, double> && std::same_as<To, std::int64_t>) {
    double_to_int64(from, to, n);
  } else if constexpr (std::same_as<From, float> && std::same_as<To, std::uint8_t>) {
    float_to_byte(from, to, n);
  } else if constexpr (std::same_as<From, double> && std::same_as<To, std::uint8_t>) {
    double_to_byte(from, to, n);
  } else if constexpr (std::same_as<From, float> && kToBFloat16) {
    float_to_bfloat16(from, to, n);
  } else if constexpr (std::same_as<From, double> && kToBFloat16) {
    double_to_bfloat16(from, to, n);
  } else if constexpr (std::same_as<From, BFloat16> && std::same_as<To, float>) {
    bfloat16_to_float(from, to, n);
  } else if constexpr (std::same_as<From, BFloat16>) {
    convert_by_way_of<From, float>(from, to, n, bfloat16_to_float);
  } else if constexpr (std::same_as<From, std::int64_t> && kToBFloat16) {
    convert_by_way_of<From, double>(from, to, n, int64_to_odd);
  } else if constexpr (kToBFloat16) {
    byte_to_bfloat16(from, to, n);
  } else if constexpr (std::same_as<To, bool>) {
    for (std::int64_t i = 0; i < n; ++i) to[i] = from[i] != From(0);
  } else {
    for (std::int64_t i = 0; i < n; ++i) to[i] = static_cast<To>(from[i]);
  }
}

template <typename From, typename To>
void convert_stretch(const void* from, void* to, std::int64_t n) {
  convert_all(static_cast<const From*>(from), static_cast<To*>(to), n);
}

template <typename From>
CastLoop loop_from(DType to) {
  switch (to) {
    case DType::kFloat32:
      return &convert_stretch<From, float>;
    case DType::kFloat64:
      return &convert_stretch<From, double>;
    case DType::kInt64:
      return &convert_stretch<From, std::int64_t>;
    case DType::kUInt8:
      return &convert_stretch<From, std::uint8_t>;
    case DType::kBool:
      return &convert_stretch<From, bool>;
    case DType::kBFloat16:
      return &convert_stretch<From, BFloat16>;
  }
  return nullptr;
}

inline CastLoop loop_between(DType from, DType to) {
  switch (from) {
    case DType::kFloat32:
      return loop_from<float>(to);
    case DType::kFloat64:
      return loop_from<double>(to);
    case DType::kInt64:
      return loop_from<std::int64_t>(to);
    case DType::kUInt8:
      return loop_from<std::uint8_t>(to);
    case DType::kBool:
      return loop_from<bool>(to);
    case DType::kBFloat16:
      return loop_from<BFloat16>(to);
  }
  return nullptr;
}

// ---- Progressions ----

// Positions are exact in float64, so lanes may count by themselves.
inline void progression(double start, double step, std::int64_t first, double* out, std::int64_t n) {
  const hn::ScalableTag<double> d;
  const auto begin = hn::Set(d, start), width = hn::Set(d, step);
  auto position = hn::Add(hn::Set(d, static_cast<double>(first)), hn::Iota(d, 0));
  std::int64_t i = 0;
  for (; i + kDoubles <= n; i += kDoubles) {
    hn::StoreU(hn::Add(begin, hn::Mul(position, width)), d, out + i);
    position = hn::Add(position, hn::Set(d, static_cast<double>(kDoubles)));
  }
  for (; i < n; ++i) out[i] = start + static_cast<double>(first + i) * step;
}

inline ProgressionLoop progression_with() {
  return &progression;
}

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // TESSERA_SIMD_TARGET

#if HWY_ONCE
namespace tessera::backends {

CastLoop cast_loop([[maybe_unused]] DType from, [[maybe_unused]] DType to){
    TESSERA_SIMD_SWITCH(loop_between(from, to))} ProgressionLoop progression_loop() {
  TESSERA_SIMD_SWITCH(progression_with())
}

}  // namespace tessera::backends
#endif  // HWY_ONCE
