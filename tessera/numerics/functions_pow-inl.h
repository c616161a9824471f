// pow; part of functions-inl.h (same conventions).
//
// x^y = e^(y log x). The logarithm is carried as an unevaluated sum high + low of twice the precision
// (Dekker, 1971), since the exponential turns an absolute error of y log x, up to 745, into a relative error
// of the result.

template <class Ops>
struct DoubleWord {
  typename Ops::Float high, low;
};

// a + b exactly, for |a| >= |b| or a = 0.
template <class Ops>
TESSERA_INLINE DoubleWord<Ops> fast_two_sum(typename Ops::Float a, typename Ops::Float b) {
  const auto sum = Ops::add(a, b);
  return {sum, Ops::sub(b, Ops::sub(sum, a))};
}

// a * b exactly, barring underflow.
template <class Ops>
TESSERA_INLINE DoubleWord<Ops> two_product(typename Ops::Float a, typename Ops::Float b) {
  const auto product = Ops::mul(a, b);
  return {product, Ops::fma(a, b, Ops::sub(Ops::set(0), product))};
}

template <class Ops>
TESSERA_INLINE DoubleWord<Ops> multiply(DoubleWord<Ops> a, DoubleWord<Ops> b) {
  const auto p = two_product<Ops>(a.high, b.high);
  return {p.high, Ops::add(p.low, Ops::fma(a.high, b.low, Ops::mul(a.low, b.high)))};
}

// (log((1+s)/(1-s)) / s - 2) / z - 2/3, divided by z, in z = s^2 <= 0.0295.
template <class Ops>
TESSERA_INLINE typename Ops::Float pow_log_polynomial(typename Ops::Float z) {
  if constexpr (kIsSingle<Ops>) {
    return polynomial<Ops>(z, 0.4000000059604644775390625, 0.2857134342193603515625,
                           0.22217573225498199462890625, 0.188716888427734375);
  } else {
    return polynomial<Ops>(z, 0x1.999999999999ap-2, 0x1.24924924922fdp-2, 0x1.c71c71c74cc6dp-3,
                           0x1.745d173c9fadap-3, 0x1.3b13a9e77d014p-3, 0x1.11154b5493a77p-3,
                           0x1.e01a9f61de222p-4, 0x1.da993f6406d7ap-4);
  }
}

// log x to twice the precision, for positive finite x: with s = (m-1)/(m+1), log m = 2s + s z (2/3 + z Q(z)).
template <class Ops>
TESSERA_INLINE DoubleWord<Ops> log_double_word(typename Ops::Float x) {
  using C = ConstantsOf<Ops>;
  using F = typename Ops::Float;
  const auto subnormal = Ops::lt(x, Ops::set(C::kMinNormal));
  const auto parts = split_log<Ops>(Ops::select(subnormal, Ops::mul(x, Ops::set(C::kSubnormalScale)), x));
  const F shift = Ops::select(subnormal, Ops::set(C::kSubnormalShift), Ops::set(0));
  const F exponent = Ops::sub(parts.exponent, shift);

  const F f = Ops::sub(parts.mantissa, Ops::set(1));
  const F d = Ops::add(parts.mantissa, Ops::set(1));
  const F d_low = Ops::sub(parts.mantissa, Ops::sub(d, Ops::set(1)));
  DoubleWord<Ops> s{Ops::div(f, d), f};
  s.low = Ops::div(Ops::fnma(s.high, d_low, Ops::fnma(s.high, d, f)), d);

  const auto z = multiply<Ops>(s, s);
  auto factor = fast_two_sum<Ops>(Ops::set(kIsSingle<Ops> ? 0x1.555556p-1 : 0x1.5555555555555p-1),
                                  Ops::mul(z.high, pow_log_polynomial<Ops>(z.high)));
  factor.low = Ops::add(factor.low, Ops::set(kIsSingle<Ops> ? -0x1.555556p-26 : 0x1.5555555555555p-55));
  const auto tail = multiply<Ops>(multiply<Ops>(s, z), factor);
  const auto two_s = Ops::add(s.high, s.high);
  auto log_m = fast_two_sum<Ops>(two_s, tail.high);
  log_m.low = Ops::add(log_m.low, Ops::add(tail.low, Ops::add(s.low, s.low)));

  auto sum = fast_two_sum<Ops>(Ops::mul(exponent, Ops::set(C::kLn2ShortHigh)), log_m.high);
  sum.low = Ops::add(sum.low, Ops::fma(exponent, Ops::set(C::kLn2ShortLow), log_m.low));
  return fast_two_sum<Ops>(sum.high, sum.low);
}

// e^(high + low), |low| far below |high|; low counts only where high is inside the range of exp.
template <class Ops>
TESSERA_INLINE typename Ops::Float exp_double_word(DoubleWord<Ops> x) {
  using C = ConstantsOf<Ops>;
  const auto inside =
      Ops::both(Ops::lt(Ops::set(C::kExpLowest), x.high), Ops::lt(x.high, Ops::set(C::kExpHighest)));
  const auto low = Ops::select(inside, x.low, Ops::set(0));
  const auto clamped = clamp<Ops>(x.high, C::kExpLowest, C::kExpHighest);
  const auto a = reduce_exp<Ops>(clamped);
  const auto high = Ops::fnma(a.n, Ops::set(C::kLn2High), clamped);
  const auto rest = Ops::add(Ops::fnma(a.n, Ops::set(C::kLn2Low), Ops::sub(high, a.r)), low);
  const auto r = fast_two_sum<Ops>(a.r, rest);
  const auto tail = Ops::mul(Ops::mul(r.high, r.high), exp_polynomial<Ops>(r.high));
  const auto corrected = Ops::fma(r.low, Ops::add(Ops::set(1), r.high), tail);
  return scale<Ops>(Ops::add(Ops::set(1), Ops::add(r.high, corrected)), a);
}

// Is y an integer, is it an odd one? Above kIntegral every number is, above twice that every one is even.
template <class Ops>
struct Parity {
  typename Ops::Mask integral, odd;
};

template <class Ops>
TESSERA_INLINE Parity<Ops> parity(typename Ops::Float magnitude) {
  using C = ConstantsOf<Ops>;
  const auto limit = Ops::set(C::kIntegral);
  const auto small = Ops::lt(magnitude, limit);
  const auto aligned = Ops::select(small, Ops::add(magnitude, limit), magnitude);
  const auto rounded = Ops::select(small, Ops::sub(aligned, limit), magnitude);
  const auto integral = Ops::eq(rounded, magnitude);
  const auto one = Ops::set_int(1);
  const auto odd = Ops::int_eq(Ops::int_and(Ops::bits(aligned), one), one);
  return {integral, Ops::both(Ops::both(integral, odd), Ops::lt(magnitude, Ops::add(limit, limit)))};
}

// The edges of Annex F around |x|^y for ordinary operands.
template <class Ops>
TESSERA_INLINE typename Ops::Float pow_edges(typename Ops::Float x, typename Ops::Float y,
                                             typename Ops::Float ordinary) {
  using C = ConstantsOf<Ops>;
  const auto zero = Ops::set(0), one = Ops::set(1), infinity = special<Ops>(C::kInfinityBits);
  const auto size = absolute<Ops>(x);
  const auto falling = Ops::lt(y, zero);
  auto value = Ops::select(Ops::eq(size, one), one, ordinary);
  value = Ops::select(Ops::eq(size, zero), Ops::select(falling, infinity, zero), value);
  value = Ops::select(Ops::eq(size, infinity), Ops::select(falling, zero, infinity), value);

  const auto y_kind = parity<Ops>(absolute<Ops>(y));
  const auto sign = Ops::from_bits(Ops::int_and(Ops::bits(x), Ops::set_int(C::kSignMask)));
  const auto kept_sign = Ops::select(y_kind.odd, sign, zero);
  value = Ops::from_bits(Ops::int_xor(Ops::bits(value), Ops::bits(kept_sign)));

  const auto negative = Ops::both(Ops::lt(x, zero), Ops::lt(size, infinity));
  const auto numbers = Ops::both(Ops::eq(x, x), Ops::eq(y, y));
  const auto valid = Ops::both(numbers, Ops::negate(Ops::both(negative, Ops::negate(y_kind.integral))));
  value = Ops::select(valid, value, special<Ops>(C::kNaNBits));
  return Ops::select(Ops::either(Ops::eq(y, zero), Ops::eq(x, one)), one, value);
}

template <class Ops>
TESSERA_INLINE typename Ops::Float pow(typename Ops::Float x, typename Ops::Float y) {
  const auto logarithm = log_double_word<Ops>(absolute<Ops>(x));
  auto product = two_product<Ops>(y, logarithm.high);
  product.low = Ops::fma(y, logarithm.low, product.low);
  return pow_edges<Ops>(x, y, exp_double_word<Ops>(product));
}
