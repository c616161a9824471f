// Gamma, beta and error functions with their relatives, on which distributions and tests of statistics stand: the same bits on every machine, like all
// of functions.h, because each is a fixed sequence of + - * / sqrt and of the functions there. float64, one number at a time.
//
// How far from the exact value, over the table of mpmath's answers in special_facts_test.inc (special_facts.py made it; arguments from 1e-3 to 1e6, tails
// down to 1e-300), relative unless it says otherwise:
//
//   erfc               3e-16      log_gamma        3e-16      digamma      7e-16 (absolute near its root 1.4616)
//   gamma_p, gamma_q   4e-14 (4e-13 in tails below 1e-30)    log_beta     2e-15 (absolute where it is below 1)
//   beta_p, beta_q     3e-14 (1e-13 in tails below 1e-30)    normal_quantile   4e-16 (absolute where it is below 1)
//
// Methods: log_gamma by its Taylor series about 2 (Abramowitz & Stegun 6.1.33), the recurrence and Stirling's series; incomplete gamma and beta functions by
// series and by continued fractions in Lentz's manner (A&S 6.5.29, 6.5.31; DiDonato & Morris, "Algorithm 708", ACM TOMS 18, 1992), behind a factor in Loader's form ("Fast and accurate computation of binomial
// probabilities", 2000), which keeps its digits at large arguments; normal_quantile by Wichura's AS 241 (Applied Statistics 37, 1988). They take about
// 10 sqrt(a) steps near x = a.
//
// NaN gives NaN; other arguments outside a domain are Errors. Thread-safety: pure functions, whatever rounding mode the caller has set.
//
// ```cpp
// assert(std::abs(numerics::log_gamma(5.0) - numerics::log(24.0)) < 1e-15);
// assert(std::abs(numerics::gamma_p(1, 2.0) - (1 - numerics::exp(-2.0))) < 1e-15);
// assert(std::abs(numerics::beta_p(2, 1, 0.3) - 0.09) < 1e-16);
// assert(std::abs(numerics::normal_quantile(0.975) - 1.959963984540054) < 1e-15);
// ```
#pragma once

namespace tessera::numerics {

double erfc(double x);         // 1 - erf(x), without cancellation
double log_gamma(double x);    // x > 0; +inf at 0 and at infinity
double log_gamma1p(double x);  // log(Gamma(1 + x)), x >= 0, with the digits that the sum 1 + x would lose
double digamma(double x);      // the derivative of log_gamma, x > 0
double log_beta(double a, double b);  // log(Gamma(a) Gamma(b) / Gamma(a + b)); a, b > 0

// Regularised incomplete gamma functions: the share of the integral of t^(a-1) e^-t below and above x; p + q = 1, each with its own digits.
// 0 < a <= 1e8, x >= 0.
double gamma_p(double a, double x);
double gamma_q(double a, double x);

// Regularised incomplete beta functions: the share of the integral of t^(a-1) (1-t)^(b-1) over (0, 1) below and above x. 0 < a, b <= 1e8; x on [0, 1].
// In the second form y = 1 - x is given, too, for who knows it better than a subtraction would.
double beta_p(double a, double b, double x);
double beta_q(double a, double b, double x);
double beta_p(double a, double b, double x, double y);
double beta_q(double a, double b, double x, double y);

double normal_quantile(double p);  // of the standard normal distribution; p on [0, 1]: -inf at 0, +inf at 1

// Loader's two parts of a probability: how far Stirling's formula for log(Gamma(x + 1)) is off (x > 0), and x log(x/m) + m - x without
// cancellation (x >= 0, m > 0). exp(-stirling_error(x) - deviance_part(x, m)) / sqrt(2 pi x) is m^x e^-m / Gamma(x + 1).
double stirling_error(double x);
double deviance_part(double x, double m);

}  // namespace tessera::numerics
