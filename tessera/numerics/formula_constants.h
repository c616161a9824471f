// The constants of the formulas, per type. Polynomial coefficients stand beside their formula.
//
// "High" parts of ln 2 for log are short, so that their product with an exponent is exact; for exp the full
// width is taken, since the subtraction is a fused multiply-add. pi/2 comes in three pieces (Cody and Waite).
#pragma once

#include <cstdint>

#include "tessera/numerics/contract.h"

namespace tessera::numerics {

template <typename T>
struct FormulaConstants;

template <>
struct FormulaConstants<float> {
  using Bits = std::uint32_t;
  static constexpr int kMantissaBits = 23;
  static constexpr int kSignShift = 30;  // bit 1 of a quadrant to the sign
  static constexpr Bits kBias = 127;
  static constexpr Bits kMantissaMask = 0x007FFFFFu;
  static constexpr Bits kSignMask = 0x80000000u;
  static constexpr Bits kOneBits = 0x3F800000u;
  static constexpr Bits kSqrtHalfBits = 0x3F3504F3u;
  static constexpr Bits kInfinityBits = 0x7F800000u;
  static constexpr Bits kNaNBits = 0x7FC00000u;
  static constexpr float kRound = 0x1.8p23f;             // x + kRound - kRound rounds x to an integer
  static constexpr float kBiasedRound = 0x1.8000FEp23f;  // kRound + kBias
  static constexpr float kMinNormal = 0x1p-126f;
  static constexpr float kSubnormalScale = 0x1p24f;
  static constexpr float kSubnormalShift = 24.0f;
  static constexpr float kTiny = 0x1p-26f;     // below, expm1(x) and the like round to x
  static constexpr float kLarge = 0x1p30f;     // above, log1p(x) rounds like log(x)
  static constexpr float kIntegral = 0x1p23f;  // above, every number is an integer
  static constexpr float kLog2E = 0x1.715476p+0f;
  static constexpr float kLn2High = 0x1.62e43p-1f;
  static constexpr float kLn2Low = -0x1.05c61p-29f;
  static constexpr float kLn2ShortHigh = 0x1.62e4p-1f;
  static constexpr float kLn2ShortLow = 0x1.7f7d1cp-20f;
  static constexpr float kExpLowest = -104.0f;  // e^x rounds to 0 there
  static constexpr float kExpHighest = 89.0f;   // infinity there
  static constexpr float kExpOrdinary = 87.0f;  // results are normal up to here, on both sides
  static constexpr float kExpm1Lowest = -30.0f;
  static constexpr float kErfHighest = 3.95f;  // erf rounds to 1 there
  static constexpr float kErfSplit = 0.921875f;
  static constexpr float kTrigLimit = 100000.0f;  // beyond, Payne-Hanek
  static constexpr float kTwoOverPi = 0x1.45f306p-1f;
  static constexpr float kHalfPi1 = 0x1.921fb6p+0f;
  static constexpr float kHalfPi2 = -0x1.777a5cp-25f;
  static constexpr float kHalfPi3 = -0x1.ee59dap-50f;
  static constexpr float kTwoPi = 0x1.921fb6p+2f;
  static constexpr int kMantissaShift = 9;      // random bits to a mantissa
  static constexpr float kHalfStep = 0x1p-24f;  // half the distance of two mantissas
};

template <>
struct FormulaConstants<double> {
  using Bits = std::uint64_t;
  static constexpr int kMantissaBits = 52;
  static constexpr int kSignShift = 62;
  static constexpr Bits kBias = 1023;
  static constexpr Bits kMantissaMask = 0x000FFFFFFFFFFFFFu;
  static constexpr Bits kSignMask = 0x8000000000000000u;
  static constexpr Bits kOneBits = 0x3FF0000000000000u;
  static constexpr Bits kSqrtHalfBits = 0x3FE6A09E667F3BCDu;
  static constexpr Bits kInfinityBits = 0x7FF0000000000000u;
  static constexpr Bits kNaNBits = 0x7FF8000000000000u;
  static constexpr double kRound = 0x1.8p52;
  static constexpr double kBiasedRound = 0x1.80000000003FFp52;
  static constexpr double kMinNormal = 0x1p-1022;
  static constexpr double kSubnormalScale = 0x1p54;
  static constexpr double kSubnormalShift = 54.0;
  static constexpr double kTiny = 0x1p-56;
  static constexpr double kLarge = 0x1p60;
  static constexpr double kIntegral = 0x1p52;
  static constexpr double kLog2E = 0x1.71547652b82fep+0;
  static constexpr double kLn2High = 0x1.62e42fefa39efp-1;
  static constexpr double kLn2Low = 0x1.abc9e3b39803fp-56;
  static constexpr double kLn2ShortHigh = 0x1.62e42fefa4p-1;
  static constexpr double kLn2ShortLow = -0x1.8432a1b0e2634p-43;
  static constexpr double kExpLowest = -746.0;
  static constexpr double kExpHighest = 710.0;
  static constexpr double kExpOrdinary = 708.0;
  static constexpr double kExpm1Lowest = -60.0;
  static constexpr double kErfHighest = 6.0;
  static constexpr double kErfSplit = 0.921875;
  static constexpr double kTrigLimit = 1000000.0;
  static constexpr double kTwoOverPi = 0x1.45f306dc9c883p-1;
  static constexpr double kHalfPi1 = 0x1.921fb54442d18p+0;
  static constexpr double kHalfPi2 = 0x1.1a62633145c07p-54;
  static constexpr double kHalfPi3 = -0x1.f1976b7ed8fbcp-110;
  static constexpr double kTwoPi = 0x1.921fb54442d18p+2;
  static constexpr int kMantissaShift = 12;
  static constexpr double kHalfStep = 0x1p-53;
};

}  // namespace tessera::numerics
