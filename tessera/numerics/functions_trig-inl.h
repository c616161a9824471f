// sin and cos; part of functions-inl.h (same conventions).
//
// x = q pi/2 + (high + low), |high| <= pi/4. Moderate |x|: three pieces of pi/2 and fused multiply-adds
// (Cody-Waite); the rest, lane by lane, by exact integer arithmetic (trig_reduction.h).

template <class Ops>
struct TrigArgument {
  typename Ops::Int quadrant;  // q modulo 4 in its low bits
  typename Ops::Float high, low;
};

// t >= 0 or NaN.
template <class Ops>
TESSERA_INLINE TrigArgument<Ops> reduce_moderate_trig(typename Ops::Float t) {
  using C = ConstantsOf<Ops>;
  const auto magic = Ops::fma(t, Ops::set(C::kTwoOverPi), Ops::set(C::kRound));
  const auto n = Ops::sub(magic, Ops::set(C::kRound));
  const auto first = Ops::fnma(n, Ops::set(C::kHalfPi1), t);  // exact
  TrigArgument<Ops> a{Ops::bits(magic), first, Ops::set(0)};
  if constexpr (kIsSingle<Ops>) {
    a.high = Ops::fnma(n, Ops::set(C::kHalfPi3), Ops::fnma(n, Ops::set(C::kHalfPi2), first));
  } else {
    // first - n kHalfPi2 without error: the product is product + product_error, the difference sum +
    // sum_error (Knuth).
    const auto product = Ops::mul(n, Ops::set(C::kHalfPi2));
    const auto product_error = Ops::fma(n, Ops::set(C::kHalfPi2), Ops::sub(Ops::set(0), product));
    const auto sum = Ops::sub(first, product);
    const auto back = Ops::sub(sum, first);
    const auto sum_error = Ops::sub(Ops::sub(first, Ops::sub(sum, back)), Ops::add(product, back));
    const auto rest = Ops::fnma(n, Ops::set(C::kHalfPi3), Ops::sub(sum_error, product_error));
    a.high = Ops::add(sum, rest);
    a.low = Ops::add(Ops::sub(sum, a.high), rest);
  }
  return a;
}

template <class Ops>
TESSERA_INLINE TrigArgument<Ops> reduce_trig(typename Ops::Float t) {
  using C = ConstantsOf<Ops>;
  auto a = reduce_moderate_trig<Ops>(t);
  const auto huge = Ops::lt(Ops::set(C::kTrigLimit), t);
  if (Ops::any(huge)) Ops::reduce_lanes(huge, t, &a.high, &a.low, &a.quadrant);
  return a;
}

// sin(high + low) = high + low + high^3 P(high^2) - ...
template <class Ops>
TESSERA_INLINE typename Ops::Float sin_kernel(const TrigArgument<Ops>& a) {
  const auto z = Ops::mul(a.high, a.high);
  if constexpr (kIsSingle<Ops>) {
    const auto p =
        polynomial<Ops>(z, -0.16666667163372039794921875, 8.3333961665630340576171875e-3,
                        -1.98608133359812200069427490234375e-4, 2.91602600555052049458026885986328125e-6);
    return Ops::fma(a.high, Ops::mul(z, p), a.high);
  } else {
    const auto p = polynomial<Ops>(z, -0x1.5555555555555p-3, 0x1.111111111101fp-7, -0x1.a01a019fe8eadp-13,
                                   0x1.71de3a11055e1p-19, -0x1.ae63f96e5334ap-26, 0x1.60e6f2d4f554p-33,
                                   -0x1.8e00ec261fe59p-41);
    const auto low = Ops::fnma(Ops::mul(Ops::set(0.5), z), a.low, a.low);
    return Ops::add(a.high, Ops::fma(Ops::mul(a.high, z), p, low));
  }
}

// cos(high + low) = 1 - high^2/2 + high^4 Q(high^2) - high low ...
template <class Ops>
TESSERA_INLINE typename Ops::Float cos_kernel(const TrigArgument<Ops>& a) {
  const auto z = Ops::mul(a.high, a.high);
  const auto one = Ops::set(1);
  if constexpr (kIsSingle<Ops>) {
    const auto q = polynomial<Ops>(z, 4.16666679084300994873046875e-2, -1.38890487141907215118408203125e-3,
                                   2.4852650312823243439197540283203125e-5,
                                   -3.21054500318496138788759708404541015625e-7);
    return Ops::fma(z, Ops::fma(z, q, Ops::set(-0.5)), one);
  } else {
    const auto q = polynomial<Ops>(z, 0x1.5555555555555p-5, -0x1.6c16c16c16a34p-10, 0x1.a01a019fb8765p-16,
                                   -0x1.27e4faf054c7bp-22, 0x1.1eecd89d83d41p-29, -0x1.92aa88183397dp-37,
                                   0x1.371eaecd4587ep-45);
    const auto half = Ops::mul(Ops::set(0.5), z);
    const auto lead = Ops::sub(one, half);
    const auto lead_error = Ops::sub(Ops::sub(one, lead), half);
    const auto tail = Ops::fma(Ops::mul(z, z), q, Ops::fnma(a.high, a.low, lead_error));
    return Ops::add(lead, tail);
  }
}

// The kernel of quadrant q: sin, cos, -sin, -cos.
template <class Ops>
TESSERA_INLINE typename Ops::Float trig_of_quadrant(const TrigArgument<Ops>& a, typename Ops::Int quadrant) {
  using C = ConstantsOf<Ops>;
  const auto one = Ops::set_int(1);
  const auto odd = Ops::int_eq(Ops::int_and(quadrant, one), one);
  const auto value = Ops::select(odd, cos_kernel<Ops>(a), sin_kernel<Ops>(a));
  const auto sign = Ops::template shift_left<C::kSignShift>(Ops::int_and(quadrant, Ops::set_int(2)));
  return Ops::from_bits(Ops::int_xor(Ops::bits(value), sign));
}

// sin of t = |x| with the sign of x, so that sin(-0) = -0.
template <class Ops>
TESSERA_INLINE typename Ops::Float sin(typename Ops::Float x) {
  using C = ConstantsOf<Ops>;
  const auto a = reduce_trig<Ops>(absolute<Ops>(x));
  const auto sign = Ops::int_and(Ops::bits(x), Ops::set_int(C::kSignMask));
  return Ops::from_bits(Ops::int_xor(Ops::bits(trig_of_quadrant<Ops>(a, a.quadrant)), sign));
}

template <class Ops>
TESSERA_INLINE typename Ops::Float cos(typename Ops::Float x) {
  const auto a = reduce_trig<Ops>(absolute<Ops>(x));
  return trig_of_quadrant<Ops>(a, Ops::int_add(a.quadrant, Ops::set_int(1)));
}
