// The formulas: the one source of the elementary functions, for scalar, SIMD and device code.
//
// This text is included inside a namespace, once per instruction set, by functions.cc (scalar) and by
// hwy_ops-inl.h (SIMD); hence no include guard and no includes. `Ops` is the policy of scalar_ops.h.
// Every line is written in operations that are exactly rounded or on integers, so all compilations give the
// same bits.
//
// Most vectors hold ordinary numbers only: no argument is an edge and no result leaves the normal range. There
// `ordinary_exp` and the like give the bits of the whole formula with fewer operations; exp and its like ask
// and choose. (ordinary_exp can be called alone where the caller knows.)
//
// Notation in comments: ulp is the spacing of the result's type; [a, b] intervals; "fused" where one rounding
// is meant.

template <class Ops>
using ConstantsOf = FormulaConstants<typename Ops::Scalar>;

template <class Ops>
inline constexpr bool kIsSingle = sizeof(typename Ops::Scalar) == 4;

// c0 + x (c1 + x (c2 + ...)), fused. Coefficients are exact in Scalar.
template <class Ops>
TESSERA_INLINE typename Ops::Float polynomial(typename Ops::Float, double c0) {
  return Ops::set(static_cast<typename Ops::Scalar>(c0));
}
template <class Ops, typename... Rest>
TESSERA_INLINE typename Ops::Float polynomial(typename Ops::Float x, double c0, double c1, Rest... rest) {
  return Ops::fma(polynomial<Ops>(x, c1, rest...), x, Ops::set(static_cast<typename Ops::Scalar>(c0)));
}

template <class Ops>
TESSERA_INLINE typename Ops::Float special(typename ConstantsOf<Ops>::Bits bits) {
  return Ops::from_bits(Ops::set_int(bits));
}

template <class Ops>
TESSERA_INLINE typename Ops::Float absolute(typename Ops::Float x) {
  return Ops::from_bits(Ops::int_and(Ops::bits(x), Ops::set_int(~ConstantsOf<Ops>::kSignMask)));
}

// `magnitude` (not negative) with the sign of x.
template <class Ops>
TESSERA_INLINE typename Ops::Float with_sign_of(typename Ops::Float magnitude, typename Ops::Float x) {
  return Ops::from_bits(Ops::int_or(Ops::bits(magnitude),
                                    Ops::int_and(Ops::bits(x), Ops::set_int(ConstantsOf<Ops>::kSignMask))));
}

// 2^n where `magic` is kRound + n, or the bits of n itself: the exponent field keeps the low bits of n only.
template <class Ops>
TESSERA_INLINE typename Ops::Float power_of_two(typename Ops::Int magic) {
  using C = ConstantsOf<Ops>;
  return Ops::from_bits(
      Ops::template shift_left<C::kMantissaBits>(Ops::int_add(magic, Ops::set_int(C::kBias))));
}

// ---- exp -------------------------------------------------------------------------------------------------

// x = n ln 2 + r, |r| <= ln 2 / 2. `magic` = kRound + n.
template <class Ops>
struct ExpArgument {
  typename Ops::Float magic, n, r;
};

template <class Ops>
TESSERA_INLINE ExpArgument<Ops> reduce_exp(typename Ops::Float x) {
  using C = ConstantsOf<Ops>;
  const auto magic = Ops::fma(x, Ops::set(C::kLog2E), Ops::set(C::kRound));
  const auto n = Ops::sub(magic, Ops::set(C::kRound));
  const auto high = Ops::fnma(n, Ops::set(C::kLn2High), x);  // exact
  return {magic, n, Ops::fnma(n, Ops::set(C::kLn2Low), high)};
}

// (e^r - 1 - r) / r^2 on |r| <= ln 2 / 2; error of e^r below 2^-30 (fp32), 2^-60 (fp64).
template <class Ops>
TESSERA_INLINE typename Ops::Float exp_polynomial(typename Ops::Float r) {
  if constexpr (kIsSingle<Ops>) {
    return polynomial<Ops>(r, 0.5, 0.16666667163372039794921875, 4.16665114462375640869140625e-2,
                           8.333177305757999420166015625e-3, 1.393050537444651126861572265625e-3,
                           1.99723188416101038455963134765625e-4);
  } else {
    return polynomial<Ops>(r, 0x1p-1, 0x1.5555555555557p-3, 0x1.5555555555557p-5, 0x1.1111111110052p-7,
                           0x1.6c16c16c156a5p-10, 0x1.a01a01ac1d225p-13, 0x1.a01a01ab9877ep-16,
                           0x1.71de01afce41fp-19, 0x1.27e4cfaf49edfp-22, 0x1.af4ec44e54597p-26,
                           0x1.1f86f01118c57p-29);
  }
}

// value * 2^n, rounded once: two powers, since n leaves the exponent's range at either end.
template <class Ops>
TESSERA_INLINE typename Ops::Float scale(typename Ops::Float value, const ExpArgument<Ops>& a) {
  using C = ConstantsOf<Ops>;
  const auto half = Ops::bits(Ops::fma(a.n, Ops::set(0.5), Ops::set(C::kRound)));
  const auto rest = Ops::int_sub(Ops::bits(a.magic), half);
  return Ops::mul(Ops::mul(value, power_of_two<Ops>(half)), power_of_two<Ops>(rest));
}

// NaN passes.
template <class Ops>
TESSERA_INLINE typename Ops::Float clamp(typename Ops::Float x, typename Ops::Scalar low,
                                         typename Ops::Scalar high) {
  return Ops::min(Ops::set(high), Ops::max(Ops::set(low), x));
}

// e^r, between 0.7 and 1.42.
template <class Ops>
TESSERA_INLINE typename Ops::Float exp_of_rest(typename Ops::Float r) {
  const auto tail = Ops::mul(Ops::mul(r, r), exp_polynomial<Ops>(r));
  const auto lead = Ops::add(Ops::set(1), r);  // what it rounds away is added to the tail (Dekker)
  const auto lead_error = Ops::sub(r, Ops::sub(lead, Ops::set(1)));
  return Ops::add(lead, Ops::add(lead_error, tail));
}

// e^x for |x| < kExpOrdinary: n is added to the exponent, since the result stays normal.
template <class Ops>
TESSERA_INLINE typename Ops::Float ordinary_exp(typename Ops::Float x) {
  const auto a = reduce_exp<Ops>(x);
  const auto n = Ops::template shift_left<ConstantsOf<Ops>::kMantissaBits>(Ops::bits(a.magic));
  return Ops::from_bits(Ops::int_add(Ops::bits(exp_of_rest<Ops>(a.r)), n));
}

template <class Ops>
TESSERA_INLINE bool all_ordinary_for_exp(typename Ops::Float x) {
  return Ops::all(Ops::lt(absolute<Ops>(x), Ops::set(ConstantsOf<Ops>::kExpOrdinary)));
}

template <class Ops>
TESSERA_INLINE typename Ops::Float exp(typename Ops::Float x) {
  using C = ConstantsOf<Ops>;
  if (all_ordinary_for_exp<Ops>(x)) return ordinary_exp<Ops>(x);
  const auto a = reduce_exp<Ops>(clamp<Ops>(x, C::kExpLowest, C::kExpHighest));
  return scale<Ops>(exp_of_rest<Ops>(a.r), a);
}

// 2^n e^r - 1 = (h - 1/2 + h r + h r^2 q) * 2 with h = 2^(n-1), so that n may be as large as the exponents
// go.
template <class Ops>
TESSERA_INLINE typename Ops::Float expm1(typename Ops::Float x) {
  using C = ConstantsOf<Ops>;
  const auto a = reduce_exp<Ops>(clamp<Ops>(x, C::kExpm1Lowest, C::kExpHighest));
  const auto h = power_of_two<Ops>(Ops::int_sub(Ops::bits(a.magic), Ops::set_int(1)));
  const auto tail = Ops::mul(Ops::mul(a.r, a.r), exp_polynomial<Ops>(a.r));
  const auto start = Ops::fma(h, a.r, Ops::sub(h, Ops::set(0.5)));
  const auto sum = Ops::fma(h, tail, start);
  return Ops::select(Ops::lt(absolute<Ops>(x), Ops::set(C::kTiny)), x, Ops::add(sum, sum));
}

// ---- log -------------------------------------------------------------------------------------------------

// x = 2^exponent * mantissa, mantissa in [sqrt(1/2), sqrt(2)), for positive normal x. `biased` = exponent +
// kBias.
template <class Ops>
struct LogArgument {
  typename Ops::Int biased;
  typename Ops::Float exponent, mantissa;
};

template <class Ops>
TESSERA_INLINE LogArgument<Ops> split_log(typename Ops::Float x) {
  using C = ConstantsOf<Ops>;
  const auto shifted = Ops::int_add(Ops::bits(x), Ops::set_int(C::kOneBits - C::kSqrtHalfBits));
  const auto biased = Ops::template shift_right<C::kMantissaBits>(shifted);
  const auto magic = Ops::from_bits(Ops::int_add(biased, Ops::bits(Ops::set(C::kRound))));
  const auto mantissa = Ops::from_bits(
      Ops::int_add(Ops::int_and(shifted, Ops::set_int(C::kMantissaMask)), Ops::set_int(C::kSqrtHalfBits)));
  return {biased, Ops::sub(magic, Ops::set(C::kBiasedRound)), mantissa};
}

// log(1 + f) - f for f in [sqrt(1/2) - 1, sqrt(2) - 1].
template <class Ops>
TESSERA_INLINE typename Ops::Float log_tail(typename Ops::Float f) {
  if constexpr (kIsSingle<Ops>) {
    const auto p =
        polynomial<Ops>(f, 0.3333333134651184, -0.250008225440979, 0.20001226663589478, -0.16623355448246002,
                        0.1420176774263382, -0.13160212337970734, 0.12761515378952026, -0.07634340226650238);
    return Ops::mul(Ops::mul(f, f), Ops::fma(f, p, Ops::set(-0.5)));
  } else {
    // With s = f / (2 + f): log(1+f) = 2s + s R(s^2) and 2s = f - s f, hence log(1+f) - f = s (f^2/2 + R) -
    // f^2/2.
    const auto s = Ops::div(f, Ops::add(Ops::set(2), f));
    const auto z = Ops::mul(s, s);
    const auto r =
        Ops::mul(z, polynomial<Ops>(z, 0x1.5555555555555p-1, 0x1.9999999999d58p-2, 0x1.249249242f0ap-2,
                                    0x1.c71c725c1a9d9p-3, 0x1.745cdb8fd4c96p-3, 0x1.3b2153e99b018p-3,
                                    0x1.0f4a996b427cbp-3, 0x1.101eac7a5935p-3));
    const auto half_square = Ops::mul(Ops::mul(Ops::set(0.5), f), f);
    return Ops::fma(s, Ops::add(half_square, r), Ops::sub(Ops::set(0), half_square));
  }
}

// exponent * ln 2 + log(1 + f). The leading sum is kept exactly as high + error (Dekker).
template <class Ops>
TESSERA_INLINE typename Ops::Float log_of(typename Ops::Float exponent, typename Ops::Float f) {
  using C = ConstantsOf<Ops>;
  const auto big = Ops::mul(exponent, Ops::set(C::kLn2ShortHigh));  // exact; 0 or larger than f
  const auto high = Ops::add(big, f);
  const auto error = Ops::sub(f, Ops::sub(high, big));
  const auto low = Ops::fma(exponent, Ops::set(C::kLn2ShortLow), error);
  return Ops::add(high, Ops::add(log_tail<Ops>(f), low));
}

// The edges that log and log1p share: `u` is the number whose logarithm is asked for.
template <class Ops>
TESSERA_INLINE typename Ops::Float log_edges(typename Ops::Float u, typename Ops::Float value) {
  using C = ConstantsOf<Ops>;
  const auto infinity = special<Ops>(C::kInfinityBits);
  auto result = Ops::select(Ops::lt(u, infinity), value, infinity);
  result = Ops::select(Ops::le(Ops::set(0), u), result, special<Ops>(C::kNaNBits));
  return Ops::select(Ops::eq(u, Ops::set(0)), special<Ops>(C::kInfinityBits | C::kSignMask), result);
}

// For normal x above 0.
template <class Ops>
TESSERA_INLINE typename Ops::Float ordinary_log(typename Ops::Float x) {
  const auto parts = split_log<Ops>(x);
  return log_of<Ops>(parts.exponent, Ops::sub(parts.mantissa, Ops::set(1)));
}

template <class Ops>
TESSERA_INLINE typename Ops::Float log(typename Ops::Float x) {
  using C = ConstantsOf<Ops>;
  const auto low = Ops::set(C::kMinNormal), infinity = special<Ops>(C::kInfinityBits);
  if (Ops::all(Ops::both(Ops::le(low, x), Ops::lt(x, infinity)))) return ordinary_log<Ops>(x);
  const auto subnormal = Ops::lt(x, Ops::set(C::kMinNormal));
  const auto normal = Ops::select(subnormal, Ops::mul(x, Ops::set(C::kSubnormalScale)), x);
  const auto parts = split_log<Ops>(normal);
  const auto shift = Ops::select(subnormal, Ops::set(C::kSubnormalShift), Ops::set(0));
  const auto value = log_of<Ops>(Ops::sub(parts.exponent, shift), Ops::sub(parts.mantissa, Ops::set(1)));
  return log_edges<Ops>(x, value);
}

// 1 + x = 2^e (1 + f) with f = 2^-e x + (2^-e - 1), fused: one rounding, whatever was lost in 1 + x.
template <class Ops>
TESSERA_INLINE typename Ops::Float log1p(typename Ops::Float x) {
  using C = ConstantsOf<Ops>;
  const auto u = Ops::add(Ops::set(1), x);
  const auto parts = split_log<Ops>(u);
  const auto inverse = Ops::from_bits(
      Ops::template shift_left<C::kMantissaBits>(Ops::int_sub(Ops::set_int(2 * C::kBias), parts.biased)));
  const auto fused = Ops::fma(x, inverse, Ops::sub(inverse, Ops::set(1)));
  const auto tiny = Ops::lt(absolute<Ops>(x), Ops::set(C::kTiny));  // also keeps the sign of -0
  const auto ordinary = Ops::both(Ops::lt(Ops::set(-1), x), Ops::lt(x, Ops::set(C::kLarge)));
  if (Ops::all(ordinary)) return Ops::select(tiny, x, log_of<Ops>(parts.exponent, fused));
  const auto f = Ops::select(Ops::lt(x, Ops::set(C::kLarge)), fused, Ops::sub(parts.mantissa, Ops::set(1)));
  return Ops::select(tiny, x, log_edges<Ops>(u, log_of<Ops>(parts.exponent, f)));
}

// ---- tanh, sigmoid, erf ----------------------------------------------------------------------------------

// (tanh(t) - t) / t^3 in z = t^2, t <= 0.63.
template <class Ops>
TESSERA_INLINE typename Ops::Float tanh_polynomial(typename Ops::Float z) {
  if constexpr (kIsSingle<Ops>) {
    return polynomial<Ops>(z, -0.3333332836627960205078125, 0.13332743942737579345703125,
                           -5.3847484290599822998046875e-2, 2.098104916512966156005859375e-2,
                           -6.0727596282958984375e-3);
  } else {
    return polynomial<Ops>(z, -0x1.5555555555555p-2, 0x1.111111111105fp-3, -0x1.ba1ba1ba0dd0cp-5,
                           0x1.664f487ec1d41p-6, -0x1.226e34b7a56d9p-7, 0x1.d6d3af005a72p-9,
                           -0x1.7da11e6ae206ap-10, 0x1.353d7a85c4f43p-11, -0x1.f3cb623ef71d7p-13,
                           0x1.8ce655b84674dp-14, -0x1.2439c45dd8641p-15, 0x1.5470e2255f50ap-17,
                           -0x1.ae891fa7fc934p-20);
  }
}

// A polynomial near 0, and for NaN; elsewhere 1 - 2 / (e^2t + 1), whose subtrahend is below 1/2, and vanishes
// long before t = 22.
template <class Ops>
TESSERA_INLINE typename Ops::Float tanh(typename Ops::Float x) {
  const auto t = absolute<Ops>(x);
  const auto z = Ops::mul(t, t);
  const auto small = Ops::fma(t, Ops::mul(z, tanh_polynomial<Ops>(z)), t);
  const auto e = ordinary_exp<Ops>(Ops::min(Ops::set(44), Ops::add(t, t)));
  const auto large = Ops::sub(Ops::set(1), Ops::div(Ops::set(2), Ops::add(e, Ops::set(1))));
  return with_sign_of<Ops>(Ops::select(Ops::le(Ops::set(0.625), t), large, small), x);
}

// With e = e^-|x|: 1 / (1 + e), or e / (1 + e) for negative x. The quotient is corrected by its remainder,
// which knows what 1 + e rounded away.
template <class Ops>
TESSERA_INLINE typename Ops::Float sigmoid(typename Ops::Float x) {
  const auto one = Ops::set(1);
  const auto e = exp<Ops>(Ops::sub(Ops::set(0), absolute<Ops>(x)));
  const auto numerator = Ops::select(Ops::lt(x, Ops::set(0)), e, one);
  const auto d = Ops::add(one, e);
  const auto d_error = Ops::sub(e, Ops::sub(d, one));
  const auto inverse = Ops::div(one, d);
  const auto q = Ops::mul(numerator, inverse);
  const auto remainder = Ops::fnma(q, d_error, Ops::fnma(q, d, numerator));
  return Ops::fma(remainder, inverse, q);
}

// (erf(t) - t) / t in z = t^2, t <= 0.93.
template <class Ops>
TESSERA_INLINE typename Ops::Float erf_small_polynomial(typename Ops::Float z) {
  if constexpr (kIsSingle<Ops>) {
    return polynomial<Ops>(z, 0.128379166126251220703125, -0.3761263191699981689453125,
                           0.112836770713329315185546875, -2.685859426856040954589844e-2,
                           5.19932247698307037353515625e-3, -8.125258027575910091400146e-4,
                           8.3017905126325786113739e-5);
  } else {
    return polynomial<Ops>(z, 0x1.06eba8214db69p-3, -0x1.812746b037a02p-2, 0x1.ce2f21a043b14p-4,
                           -0x1.b82ce312c75eep-6, 0x1.565bcd176f802p-8, -0x1.c02db59a32608p-11,
                           0x1.f9a3566054684p-14, -0x1.f4d6074413aap-17, 0x1.ba17aa6de0b17p-20,
                           -0x1.6121e7071421ep-23, 0x1.07933704d6a9dp-26, -0x1.8794d57f5f4c5p-30,
                           0x1.eff55dae891f6p-34);
  }
}

// -log(1 - erf(t)) on [0.92, kErfHighest].
template <class Ops>
TESSERA_INLINE typename Ops::Float erf_large_polynomial(typename Ops::Float t) {
  if constexpr (kIsSingle<Ops>) {
    return polynomial<Ops>(t, 1.6644797869957983493804931640625e-4, 1.12779724597930908203125,
                           0.636976063251495361328125, 0.104113675653934478759765625,
                           -2.2315211594104766845703125e-2, 3.06548993103206157684326171875e-3,
                           -1.98219626327045261859893798828125e-4);
  } else {
    return polynomial<Ops>(
        t, 0x1.696165a0ccdf5p-24, 0x1.20dd661c9785ep0, 0x1.45f397b945232p-1, 0x1.a4e78898e56e7p-4,
        -0x1.38fcda40788dcp-6, -0x1.ff239ad0346e6p-13, 0x1.c4f71821e6969p-10, -0x1.3d638440381e9p-11,
        0x1.5213d113d32b3p-16, 0x1.5fef01d5f7d0cp-14, -0x1.ab9177c774f99p-15, 0x1.37c947d550433p-16,
        -0x1.48b13a7fd4d35p-18, 0x1.054603ee9cd5fp-20, -0x1.392b2523e0da7p-23, 0x1.13d16f0a53d08p-26,
        -0x1.51bc77984d9e7p-30, 0x1.01148e5b9dfeep-34, -0x1.6e814c82a3d27p-40);
  }
}

// An odd polynomial near 0, and for NaN; elsewhere 1 - e^-g(t), where g stays below 40.
template <class Ops>
TESSERA_INLINE typename Ops::Float erf(typename Ops::Float x) {
  using C = ConstantsOf<Ops>;
  const auto t = absolute<Ops>(x);
  const auto small = Ops::fma(t, erf_small_polynomial<Ops>(Ops::mul(t, t)), t);
  const auto g = erf_large_polynomial<Ops>(Ops::min(Ops::set(C::kErfHighest), t));
  const auto large = Ops::sub(Ops::set(1), ordinary_exp<Ops>(Ops::sub(Ops::set(0), g)));
  return with_sign_of<Ops>(Ops::select(Ops::le(Ops::set(C::kErfSplit), t), large, small), x);
}

#include "tessera/numerics/functions_pow-inl.h"
#include "tessera/numerics/functions_trig-inl.h"
