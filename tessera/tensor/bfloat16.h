// bfloat16: the upper half of a float32 (1 sign, 8 exponent, 7 mantissa bits). A type for storage: half the memory, no arithmetic of its own.
//
// Every operation takes tensors of it: the inputs are widened to float32, which is exact, the operation is computed in float32 in the
// contract's order, and its result is rounded once, to nearest even. So a sum of 10,000 elements rounds once, not 10,000 times; fill and
// arange compute in float64 and round once. Random fills are not offered: a uniform number could round to 1. Conversions from wider types
// round once as well. (Kalamkar et al., A Study of BFLOAT16 for Deep Learning Training, 2019, arXiv:1905.12322.)
// Thread-safety: pure functions.
//
// ```cpp
// const BFloat16 third(1.0 / 3);
// assert(static_cast<float>(third) == 0.333984375F && third.bits() == 0x3eab);
// const Tensor weights = full({64, 64}, 1.0 / 3).to(DType::kBFloat16);
// assert(matmul(weights, weights).dtype() == DType::kBFloat16);
// assert(dtype_size(weights.dtype()) == 2);
// ```
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>

namespace tessera {

class BFloat16 {
 public:
  BFloat16() = default;
  // Rounds to nearest, ties to even; what is beyond the largest finite value (3.39e38) becomes infinite, NaN stays NaN.
  explicit BFloat16(float value) : bits_(rounded(std::bit_cast<std::uint32_t>(value))) {}
  explicit BFloat16(double value) : BFloat16(to_odd(value)) {}
  template <std::integral Integer>
  explicit BFloat16(Integer value) : BFloat16(double_of(static_cast<std::int64_t>(value))) {}

  static BFloat16 from_bits(std::uint16_t bits) {
    BFloat16 value;
    value.bits_ = bits;
    return value;
  }

  std::uint16_t bits() const { return bits_; }
  explicit operator float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits_) << 16); }
  explicit operator double() const { return static_cast<double>(static_cast<float>(*this)); }

 private:
  static std::uint16_t rounded(std::uint32_t word) {
    const bool is_nan = (word & 0x7fffffffU) > 0x7f800000U;
    const std::uint32_t nearest = (word + 0x7fffU + (word >> 16 & 1U)) >> 16;
    return static_cast<std::uint16_t>(is_nan ? word >> 16 | 0x40U : nearest);
  }
  // In between two neighbours the one with the odd mantissa, so that rounding again rounds as if once (Boldo and Melquiond, 2008).
  static float to_odd(double value) {
    const auto nearest = static_cast<float>(value);
    if (!(static_cast<double>(nearest) != value) || value != value) return nearest;
    const auto word = std::bit_cast<std::uint32_t>(nearest);
    const bool away = value < 0 ? static_cast<double>(nearest) < value : static_cast<double>(nearest) > value;
    return std::bit_cast<float>((away ? word - 1 : word) | 1U);
  }
  static double double_of(std::int64_t value) {
    constexpr int kDropped = 11;  // of 64 bits, so that a double holds the rest
    const std::int64_t below = value & ((std::int64_t{1} << kDropped) - 1);
    const bool fits = value > -(std::int64_t{1} << 53) && value < std::int64_t{1} << 53;
    return static_cast<double>(fits || below == 0 ? value : (value - below) | std::int64_t{1} << kDropped);
  }

  std::uint16_t bits_;
};

// Comparisons as of the numbers: -0 equals +0, NaN nothing.
inline bool operator==(BFloat16 a, BFloat16 b) {
  return static_cast<float>(a) == static_cast<float>(b);
}

}  // namespace tessera
