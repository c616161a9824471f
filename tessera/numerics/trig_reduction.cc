#include "tessera/numerics/trig_reduction.h"

#include <bit>
#include <cstdint>
#include <limits>

#include "tessera/numerics/formula_constants.h"
#include "tessera/numerics/scalar_ops.h"

namespace tessera::numerics::internal {

namespace {

// The first 1,280 binary digits of 2/pi behind one word of zeros (what stands before the binary point).
constexpr std::uint64_t kTwoOverPiDigits[] = {
    0,
    0xA2F9836E4E441529u,
    0xFC2757D1F534DDC0u,
    0xDB6295993C439041u,
    0xFE5163ABDEBBC561u,
    0xB7246E3A424DD2E0u,
    0x06492EEA09D1921Cu,
    0xFE1DEB1CB129A73Eu,
    0xE88235F52EBB4484u,
    0xE99C7026B45F7E41u,
    0x3991D639835339F4u,
    0x9C845F8BBDF9283Bu,
    0x1FF897FFDE05980Fu,
    0xEF2F118B5A0A6D1Fu,
    0x6D367ECF27CB09B7u,
    0x4F463F669E5FEA2Du,
    0x7527BAC7EBE5F17Bu,
    0x3D0739F78A5292EAu,
    0x6BFB5FB11F8D5D08u,
    0x56033046FC7B6BABu,
    0xF0CFBC209AF4361Du,
};

// 192 bits, most significant word first.
struct Wide {
  std::uint64_t word[3];
};

std::uint64_t digits_at(int bit) {
  const std::uint64_t* word = kTwoOverPiDigits + bit / 64;
  const int shift = bit % 64;
  return shift == 0 ? word[0] : (word[0] << shift) | (word[1] >> (64 - shift));
}

Wide shift_left(const Wide& a, int count) {  // 0 <= count < 128
  Wide r = a;
  if (count >= 64) r = {{r.word[1], r.word[2], 0}};
  count %= 64;
  if (count == 0) return r;
  return {{(r.word[0] << count) | (r.word[1] >> (64 - count)),
           (r.word[1] << count) | (r.word[2] >> (64 - count)), r.word[2] << count}};
}

Wide negated(const Wide& a) {
  const std::uint64_t low = ~a.word[2] + 1;
  const std::uint64_t middle = ~a.word[1] + (low == 0);
  return {{~a.word[0] + (low == 0 && middle == 0), middle, low}};
}

// mantissa * 2^exponent * 2/pi modulo 4, in units of 2^-190: the digits of 2/pi that only add multiples of 4
// are left out, and so are those below 2^-137, far below the closest approach of a double to a multiple of
// pi/2.
Wide quarter_turns(std::uint64_t mantissa, int exponent) {
  const int first = 64 + exponent - 2;
  __extension__ using Product = unsigned __int128;
  const Product p2 = Product{mantissa} * digits_at(first + 128);
  const Product p1 = Product{mantissa} * digits_at(first + 64) + static_cast<std::uint64_t>(p2 >> 64);
  const std::uint64_t p0 = mantissa * digits_at(first) + static_cast<std::uint64_t>(p1 >> 64);
  return {{p0, static_cast<std::uint64_t>(p1), static_cast<std::uint64_t>(p2)}};
}

}  // namespace

TESSERA_FMA_CLONES int reduce_huge_angle(double x, double* high, double* low) {
  using C = FormulaConstants<double>;
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  const int biased = static_cast<int>(bits >> 52);
  *low = 0;
  if (biased == 0x7FF) {
    *high = std::numeric_limits<double>::quiet_NaN();
    return 0;
  }
  const Wide turns = quarter_turns((bits & C::kMantissaMask) | (C::kMantissaMask + 1), biased - 1075);
  Wide fraction = shift_left(turns, 2);
  const bool negative = fraction.word[0] >> 63;  // round to the nearest multiple
  if (negative) fraction = negated(fraction);
  const int zeros = fraction.word[0] != 0 ? std::countl_zero(fraction.word[0])
                                          : 64 + std::countl_zero(fraction.word[1] | 1);
  fraction = shift_left(fraction, zeros);
  const double scale = std::bit_cast<double>(static_cast<std::uint64_t>(1023 - 53 - zeros) << 52);
  const double f_high = static_cast<double>(fraction.word[0] >> 11) * scale;
  const double f_low =
      static_cast<double>((fraction.word[0] & 0x7FF) << 53 | fraction.word[1] >> 11) * (scale * 0x1p-64);
  const double product = f_high * C::kHalfPi1;
  const double rest =
      fused_multiply_add(f_high, C::kHalfPi1, -product) + (f_high * C::kHalfPi2 + f_low * C::kHalfPi1);
  const double sum = product + rest;
  const double error = (product - sum) + rest;
  *high = negative ? -sum : sum;
  *low = negative ? -error : error;
  return static_cast<int>(turns.word[0] >> 62) + (negative ? 1 : 0);
}

int reduce_huge_angle(float x, float* high, float* low) {
  double wide_high, wide_low;
  const int quadrant = reduce_huge_angle(static_cast<double>(x), &wide_high, &wide_low);
  *high = static_cast<float>(wide_high);
  *low = 0;
  return quadrant;
}

}  // namespace tessera::numerics::internal
