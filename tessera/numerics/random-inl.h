// The formulas of the random fills, one source for scalar, SIMD and device code; conventions of
// functions-inl.h, after which this text is included. `Ops` is a policy of scalar_ops.h.

// Uniform in (0, 1) from random bits: 23 (fp32) or 52 (fp64) of them behind the binary point, and a last
// digit 1.
template <class Ops>
TESSERA_INLINE typename Ops::Float uniform_from_bits(typename Ops::Int random) {
  using C = ConstantsOf<Ops>;
  // With the exponent of 1, the bits give 1 + k 2^-p; minus 1 and plus 2^-(p+1), both exact.
  const auto fraction = Ops::template shift_right<C::kMantissaShift>(random);
  const auto number = Ops::from_bits(Ops::int_or(fraction, Ops::set_int(C::kOneBits)));
  return Ops::add(Ops::sub(number, Ops::set(1)), Ops::set(C::kHalfStep));
}

template <class Ops>
struct NormalPair {
  typename Ops::Float first, second;
};

// Two independent standard normals from two independent uniforms: Box and Muller (1958). u is a normal number and the angle at most
// 2 pi, so that what log and cos do beside the ordinary is left out.
template <class Ops>
TESSERA_INLINE NormalPair<Ops> normal_pair(typename Ops::Float u, typename Ops::Float w) {
  using C = ConstantsOf<Ops>;
  const auto radius = Ops::sqrt(Ops::mul(Ops::set(-2), ordinary_log<Ops>(u)));
  const auto a =
      reduce_moderate_trig<Ops>(Ops::mul(Ops::set(C::kTwoPi), w));  // sin and cos share the reduction
  const auto cosine = trig_of_quadrant<Ops>(a, Ops::int_add(a.quadrant, Ops::set_int(1)));
  const auto sine = trig_of_quadrant<Ops>(a, a.quadrant);
  return {Ops::mul(radius, cosine), Ops::mul(radius, sine)};
}

template <class Ops>
struct PhiloxWords {
  typename Ops::Int word[4];  // 32 bits each, whatever the width of Int
};
