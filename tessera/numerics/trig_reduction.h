// The reduction of huge arguments of sin and cos modulo pi/2, exact in integer arithmetic (Payne and Hanek,
// "Radian reduction for trigonometric functions", 1983).
//
// For finite x beyond the limit of the fused reduction: returns q modulo 4 and sets high + low = x - q pi/2
// (low is 0 for float). For an infinity: high = NaN. Scalar on purpose: huge angles are rare, and SIMD code
// calls it for the lanes concerned. Internal to the formulas. Thread-safety: pure functions.
#pragma once

namespace tessera::numerics::internal {

int reduce_huge_angle(float x, float* high, float* low);
int reduce_huge_angle(double x, double* high, double* low);

}  // namespace tessera::numerics::internal
