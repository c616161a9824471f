// The elementary functions of the contract: one formula each, the same bits on every machine.
//
// Every function is a fixed sequence of + - * / sqrt, fused multiply-add and integer operations on its own
// type (functions-inl.h), compiled as scalar code here, as SIMD in the CPU backend, later as CUDA; no C library
// function is involved, so results do not change with the operating system. The errors below are in units in
// the last place of the exact result (ULP), measured. fp32: over all 2^32 inputs of every function of one
// argument (TESSERA_SWEEP=full of sweep_test.cc), SIMD having the same bits everywhere; fp64: against MPFR on
// a million samples and beside every power of two.
//
// Edges follow C99 Annex F: NaN gives NaN (payload unspecified), overflow gives infinity, results below the
// normal range are subnormals. errno and floating-point exception flags are unspecified.
//
// Methods: argument reduction after Cody and Waite (1980) and Payne and Hanek (1983); minimax polynomials;
// double-word arithmetic after Dekker (1971). Muller, "Elementary Functions", 3rd edition, is the textbook.
//
// Thread-safety: pure functions. All need the rounding mode "to nearest" and subnormals enabled.
//
// ```cpp
// assert(numerics::exp(1.0f) == 2.71828182845904523536f);
// assert(numerics::tanh(-0.0) == 0.0 && std::signbit(numerics::tanh(-0.0)));
// assert(std::isnan(numerics::log(-1.0f)));
// ```
#pragma once

#include "tessera/numerics/contract.h"

namespace tessera::numerics {

// e^x. Largest error: fp32 0.78, fp64 0.77 ULP. exp(-inf) = +0, exp(+inf) = +inf, exp(+-0) = 1.
float exp(float x);
double exp(double x);

// Natural logarithm, x >= 0. Largest error: fp32 0.95, fp64 0.81 ULP. log(+-0) = -inf, log(x < 0) = NaN,
// log(1) = +0, log(+inf) = +inf.
float log(float x);
double log(double x);

// e^x - 1 without cancellation near 0. Largest error: fp32 1.26, fp64 1.40 ULP. expm1(+-0) = +-0, expm1(-inf)
// = -1, expm1(+inf) = +inf.
float expm1(float x);
double expm1(double x);

// log(1 + x), x >= -1, without cancellation near 0. Largest error: fp32 1.53, fp64 1.12 ULP. log1p(+-0) =
// +-0, log1p(-1) = -inf, log1p(x < -1) = NaN.
float log1p(float x);
double log1p(double x);

// x^y. Largest error seen: fp32 0.81, fp64 1.01 ULP (random operands whose results span all exponents). With
// all special cases of Annex F 10.4.4 (pow(x, +-0) = pow(1, y) = 1 even for NaN; a negative x needs an
// integral y).
float pow(float x, float y);
double pow(double x, double y);

// Hyperbolic tangent. Largest error: fp32 1.35, fp64 1.33 ULP. tanh(+-0) = +-0, tanh(+-inf) = +-1.
float tanh(float x);
double tanh(double x);

// Logistic function 1 / (1 + e^-x). Largest error: fp32 1.48, fp64 1.40 ULP. sigmoid(-inf) = +0, sigmoid(0) =
// 0.5, sigmoid(+inf) = 1.
float sigmoid(float x);
double sigmoid(double x);

// Error function 2/sqrt(pi) * integral of e^(-t^2) from 0 to x. Largest error: fp32 1.14, fp64 1.16 ULP.
// erf(+-0) = +-0, erf(+-inf) = +-1.
float erf(float x);
double erf(double x);

// Sine and cosine of x radians, for every finite x, however large. Largest error: fp32 1.50, fp64 0.77 ULP.
// sin(+-0) = +-0; of an infinity: NaN.
float sin(float x);
double sin(double x);
float cos(float x);
double cos(double x);

// The correctly rounded square root (0.5 ULP). sqrt(-0) = -0, sqrt(x < 0) = NaN.
float sqrt(float x);
double sqrt(double x);

}  // namespace tessera::numerics
