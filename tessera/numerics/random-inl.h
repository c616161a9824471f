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

// philox() of philox.h, a block per lane: its number in two halves.
template <class Ops>
TESSERA_INLINE PhiloxWords<Ops> philox_words(PhiloxKey key, typename Ops::Int block_low,
                                             typename Ops::Int block_high, std::uint32_t step,
                                             std::uint32_t attempt) {
  auto c0 = block_low, c1 = block_high, c2 = Ops::set_int(step), c3 = Ops::set_int(attempt);
  for (int round = 0; round < 10; ++round) {
    typename Ops::Int high0 = c0, low0 = c0, high1 = c0, low1 = c0;
    Ops::wide_product(c0, 0xD2511F53u, &high0, &low0);
    Ops::wide_product(c2, 0xCD9E8D57u, &high1, &low1);
    c0 = Ops::int_xor(Ops::int_xor(high1, c1), Ops::set_int(key.k0));
    c1 = low1;
    c2 = Ops::int_xor(Ops::int_xor(high0, c3), Ops::set_int(key.k1));
    c3 = low0;
    key.k0 += 0x9E3779B9u;
    key.k1 += 0xBB67AE85u;
  }
  return {{c0, c1, c2, c3}};
}
