// Regularised incomplete gamma and beta functions (special_functions.h).
#include <algorithm>
#include <cmath>
#include <limits>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/special_functions.h"

namespace tessera::numerics {
namespace {

constexpr double kLargestShape = 1e8;
constexpr double kTwoPi = 6.283185307179586476925;
constexpr double kTiny = 1e-300;  // what Lentz puts in the place of a zero
constexpr double kLast = 0x1p-53;
constexpr int kMostSteps = 400000;  // shapes of 1e8 need about 100,000

struct Shares {
  double below, above;
};

// Lentz's modified algorithm: value = 1 / (b0 + a1 / (b1 + a2 / (b2 + ...))).
class Fraction {
 public:
  explicit Fraction(double first) : c_(1 / kTiny), d_(1 / (first == 0 ? kTiny : first)), value_(d_) {}
  double add(double numerator, double denominator) {  // how much the value has changed, as a factor
    const double below = numerator * d_ + denominator, above = denominator + numerator / c_;
    d_ = 1 / (below == 0 ? kTiny : below);
    c_ = above == 0 ? kTiny : above;
    value_ = value_ * (c_ * d_);
    return c_ * d_;
  }
  double value() const { return value_; }

 private:
  double c_, d_, value_;
};

bool settled(double factor) {
  return std::abs(factor - 1) <= 2 * kLast;
}

// x^a e^-x / Gamma(a + 1).
double gamma_factor(double a, double x) {
  if (a < 1) return exp(a * log(x) - x - log_gamma1p(a));
  return exp(-stirling_error(a) - deviance_part(a, x)) / sqrt(kTwoPi * a);
}

// 1 + x / (a+1) + x^2 / ((a+1)(a+2)) + ...
double gamma_series(double a, double x) {
  double term = 1, sum = 1;
  for (int n = 1; n < kMostSteps && term > sum * kLast; ++n) {
    term = term * (x / (a + n));
    sum = sum + term;
  }
  return sum;
}

// Gamma(a, x) x^-a e^x: A&S 6.5.31 contracted to its even terms.
double gamma_fraction(double a, double x) {
  Fraction fraction(x + 1 - a);
  for (int n = 1; n < kMostSteps; ++n)
    if (settled(fraction.add(n * (a - n), x + 1 - a + 2 * n))) break;
  return fraction.value();
}

// a < 1 and x < 1/4: the share below may be near 1; its logarithm is a times something of ordinary size.
Shares gamma_of_small(double a, double x) {
  double term = 1, sum = 0;  // sum over n >= 1 of (-x)^n / (n! (a + n))
  for (int n = 1; n < 30; ++n) {
    term = term * (-x / n);
    sum = sum + term / (a + n);
  }
  const double logarithm = a * log(x) - log_gamma1p(a) + log1p(a * sum);
  return {exp(logarithm), -expm1(logarithm)};
}

Shares gamma_shares(const char* function, double a, double x) {
  const FloatEnvironment contract;
  if (a != a || x != x) return {a + x, a + x};
  if (!(a > 0) || a > kLargestShape) fail("{}: a is {}, expected above 0 and at most 1e8", function, a);
  if (x < 0) fail("{}: x is {}, expected 0 or more", function, x);
  if (x == 0) return {0, 1};
  if (x == std::numeric_limits<double>::infinity()) return {1, 0};
  if (a < 1 && x < 0.25) return gamma_of_small(a, x);
  if (a >= 1 && x < a + 1) {
    const double below = std::min(1.0, gamma_factor(a, x) * gamma_series(a, x));
    return {below, 1 - below};
  }
  const double above = std::min(1.0, gamma_factor(a, x) * a * gamma_fraction(a, x));
  return {1 - above, above};
}

// log(x) where y = 1 - x is known, too.
double log_of_share(double x, double y) {
  return y < 0.5 ? log1p(-y) : log(x);
}

// x^a y^b / (a B(a, b)).
double beta_factor(double a, double b, double x, double y) {
  if (a < 1 || b < 1) return exp(a * log_of_share(x, y) + b * log_of_share(y, x) - log_beta(a, b)) / a;
  const double n = a + b;
  const double exponent = stirling_error(n) - stirling_error(a) - stirling_error(b) -
                          deviance_part(a, n * x) - deviance_part(b, n * y);
  return exp(exponent) * sqrt(n / (kTwoPi * a * b)) * (b / n);
}

// DiDonato & Morris, "Algorithm 708", ACM TOMS 18 (1992), equation 9, times a: for x <= a / (a + b) nothing cancels.
double beta_fraction(double a, double b, double x, double y) {
  const double beyond = a * y - b * x + 1;  // at least 1
  Fraction fraction(a * beyond / (a + 1));
  for (int m = 1; m < kMostSteps; ++m) {
    const double odd = a + 2 * m - 1, share = m * (b - m) * x / odd;
    const double numerator = (a + m - 1) * (a + b + m - 1) * x / odd * share;
    if (settled(fraction.add(numerator, m + share + (a + m) * (beyond + m * (1 + y)) / (odd + 2)))) break;
  }
  return a * fraction.value();
}

double beta_side(double a, double b, double x, double y) {
  return std::min(1.0, beta_factor(a, b, x, y) * beta_fraction(a, b, x, y));
}

Shares beta_shares(const char* function, double a, double b, double x, double y) {
  const FloatEnvironment contract;
  if (a != a || b != b || x != x || y != y) return {a + b + x + y, a + b + x + y};
  for (const double shape : {a, b})
    if (!(shape > 0) || shape > kLargestShape)
      fail("{}: a and b are {} and {}, expected above 0 and at most 1e8", function, a, b);
  if (x < 0 || x > 1 || y < 0 || y > 1) fail("{}: x is {}, expected 0 to 1", function, x);
  if (x == 0) return {0, 1};
  if (y == 0) return {1, 0};
  if (x <= a / (a + b)) {  // the side that is computed; the other one is what it leaves
    const double below = beta_side(a, b, x, y);
    return {below, 1 - below};
  }
  const double above = beta_side(b, a, y, x);
  return {1 - above, above};
}

double without(double x) {
  const FloatEnvironment contract;
  return 1 - x;
}

}  // namespace

double gamma_p(double a, double x) {
  return gamma_shares("gamma_p", a, x).below;
}
double gamma_q(double a, double x) {
  return gamma_shares("gamma_q", a, x).above;
}

double beta_p(double a, double b, double x, double y) {
  return beta_shares("beta_p", a, b, x, y).below;
}
double beta_q(double a, double b, double x, double y) {
  return beta_shares("beta_q", a, b, x, y).above;
}
double beta_p(double a, double b, double x) {
  return beta_p(a, b, x, without(x));
}
double beta_q(double a, double b, double x) {
  return beta_q(a, b, x, without(x));
}

}  // namespace tessera::numerics
