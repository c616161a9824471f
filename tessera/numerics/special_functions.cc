// Error function, log_gamma and its relatives, normal quantile; incomplete_functions.cc has the integrals up to a limit.
#include "tessera/numerics/special_functions.h"

#include <cmath>
#include <limits>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/numerics/functions.h"

namespace tessera::numerics {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kHalfLogTwoPi = 0.9189385332046727417803;
constexpr double kOneMinusEuler = 0.42278433509846713939;  // 1 - Euler's constant

template <std::size_t N>
double horner(const double (&coefficients)[N], double x) {  // the constant one first
  double value = coefficients[N - 1];
  for (std::size_t i = N - 1; i > 0; --i) value = value * x + coefficients[i - 1];
  return value;
}

// log(Gamma(2 + w)) for |w| <= 1/2: (1 - Euler's constant) w + sum over n >= 2 of (-1)^n (zeta(n) - 1) w^n / n.
double log_gamma_beyond_2(double w) {
  static constexpr double kTaylor[] = {kOneMinusEuler,
                                       0.32246703342411321824,
                                       -0.067352301053198095133,
                                       0.020580808427784547879,
                                       -0.0073855510286739852663,
                                       0.0028905103307415232858,
                                       -0.0011927539117032609771,
                                       0.00050966952474304242234,
                                       -0.00022315475845357937976,
                                       0.000099457512781808533715,
                                       -0.0000449262367381331417,
                                       0.000020507212775670691553,
                                       -9.439488275268395904e-6,
                                       4.3748667899074878042e-6,
                                       -2.0392157538013662368e-6,
                                       9.5514121304074198329e-7,
                                       -4.4924691987645660433e-7,
                                       2.1207184805554665869e-7,
                                       -1.0043224823968099609e-7,
                                       4.7698101693639805658e-8,
                                       -2.271109460894316491e-8,
                                       1.0838659214896954091e-8,
                                       -5.1834750419700466551e-9,
                                       2.4836745438024783172e-9,
                                       -1.1921401405860912074e-9,
                                       5.7313672416788620133e-10,
                                       -2.7595228851242331452e-10,
                                       1.3304764374244489481e-10};
  return w * horner(kTaylor, w);
}

// Stirling's series B_2k / (2k (2k-1) x^(2k-1)), x >= 8.
double stirling_series(double x) {
  static constexpr double kStirling[] = {
      0.083333333333333333333,   -0.0027777777777777777778, 0.00079365079365079365079,
      -0.0005952380952380952381, 0.00084175084175084175084, -0.0019175269175269175269,
      0.0064102564102564102564,  -0.02955065359477124183,   0.17964437236883057316,
      -1.3924322169059011164,    13.402864044168391994,     -156.84828462600201731};
  const double inverse = 1 / x;
  return inverse * horner(kStirling, inverse * inverse);
}

// (x + 1/2) log(1 + 1/x) - 1 for x >= 1, by the series of atanh.
double stirling_step(double x) {
  const double t = 1 / (2 * x + 1), square = t * t;
  double value = 0;
  for (int n = 35; n >= 3; n -= 2) value = value * square + 1.0 / n;
  return value * square;
}

double log_gamma_of(double x);
double log_gamma1p_of(double x) {
  return x < 0.5 ? log_gamma_beyond_2(x) - log1p(x) : log_gamma_of(x + 1);
}

double log_gamma_of(double x) {
  if (x == 0 || x == kInfinity) return kInfinity;
  if (x < 0.5) return log_gamma1p_of(x) - log(x);
  if (x < 1.5) return log_gamma_beyond_2(x - 1) - log1p(x - 1);
  if (x >= 13) return (x - 0.5) * (log(x) - 1) + (kHalfLogTwoPi - 0.5) + stirling_series(x);
  double product = 1;
  while (x > 2.5) {
    x = x - 1;  // exact
    product = product * x;
  }
  return log(product) + log_gamma_beyond_2(x - 2);
}

double stirling_error_of(double x) {
  if (x >= 8) return stirling_series(x);
  if (x < 1) return log_gamma1p_of(x) - (x + 0.5) * log(x) + x - kHalfLogTwoPi;
  double steps = 0;
  for (; x < 8; x = x + 1) steps = steps + stirling_step(x);
  return steps + stirling_series(x);
}

// sqrt(pi) e^(x^2) erfc(x) / x for x >= 1: the continued fraction of Gamma(1/2, x^2), from below.
double tail_fraction(double x) {
  const double square = x * x;
  const int terms = static_cast<int>(12 + 110 / square);
  double value = 0;
  for (int n = terms; n > 0; --n) value = n * (n - 0.5) / (square + 2 * n + 0.5 - value);
  return 1 / (square + 0.5 - value);
}

double erfc_of(double x) {
  if (x < 1) return 1 - erf(x);
  if (x > 28) return 0;
  const double square = x * x, rest = std::fma(x, x, -square);
  return exp(-square) * (1 - rest) * x * tail_fraction(x) * 0.5641895835477562869481;
}

// Wichura's AS 241, PPND16.
double centre_quantile(double q) {
  static constexpr double kTop[] = {
      3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
      4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3};
  static constexpr double kBottom[] = {1,
                                       4.2313330701600911252e+1,
                                       6.8718700749205790830e+2,
                                       5.3941960214247511077e+3,
                                       2.1213794301586595867e+4,
                                       3.9307895800092710610e+4,
                                       2.8729085735721942674e+4,
                                       5.2264952788528545610e+3};
  const double r = 0.180625 - q * q;
  return horner(kTop, r) / horner(kBottom, r) * q;
}
double tail_quantile(double p) {  // of the upper tail p < 0.075, as a positive number
  static constexpr double kTop[] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                    5.76949722146069140550e0,  3.64784832476320460504e0,
                                    1.27045825245236838258e0,  2.41780725177450611770e-1,
                                    2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static constexpr double kBottom[] = {1,
                                       2.05319162663775882187e0,
                                       1.67638483018380384940e0,
                                       6.89767334985100004550e-1,
                                       1.48103976427480074590e-1,
                                       1.51986665636164571966e-2,
                                       5.47593808499534494600e-4,
                                       1.05075007164441684324e-9};
  static constexpr double kFarTop[] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                                       1.78482653991729133580e0,  2.96560571828504891230e-1,
                                       2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                       2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static constexpr double kFarBottom[] = {1,
                                          5.99832206555887937690e-1,
                                          1.36929880922735805310e-1,
                                          1.48753612908506148525e-2,
                                          7.86869131145613259100e-4,
                                          1.84631831751005468180e-5,
                                          1.42151175831644588870e-7,
                                          2.04426310338993978564e-15};
  const double r = sqrt(-log(p));
  return r <= 5 ? horner(kTop, r - 1.6) / horner(kBottom, r - 1.6)
                : horner(kFarTop, r - 5) / horner(kFarBottom, r - 5);
}

void expect_positive(const char* function, const char* argument, double x) {
  if (!(x > 0)) fail("{}: {} is {}, expected a positive number", function, argument, x);
}

}  // namespace

double erfc(double x) {
  const FloatEnvironment contract;
  return x != x ? x : erfc_of(x);
}

double log_gamma(double x) {
  const FloatEnvironment contract;
  if (x < 0) fail("log_gamma: x is {}, expected 0 or more", x);
  return x != x ? x : log_gamma_of(x);
}

double log_gamma1p(double x) {
  const FloatEnvironment contract;
  if (x < 0) fail("log_gamma1p: x is {}, expected 0 or more", x);
  return x != x ? x : log_gamma1p_of(x);
}

double stirling_error(double x) {
  const FloatEnvironment contract;
  if (x != x) return x;
  expect_positive("stirling_error", "x", x);
  return x == kInfinity ? 0 : stirling_error_of(x);
}

double deviance_part(double x, double m) {
  const FloatEnvironment contract;
  if (x != x || m != m) return x + m;
  if (x < 0) fail("deviance_part: x is {}, expected 0 or more", x);
  expect_positive("deviance_part", "m", m);
  const double difference = x - m, total = x + m;
  if (std::abs(difference) >= 0.1 * total) return x == 0 ? m : x * log(x / m) + m - x;
  const double v = difference / total, square = v * v;
  double odd = 0;  // v^2 / 3 + v^4 / 5 + ...: log(x/m) = 2 v (1 + odd)
  for (int n = 23; n >= 3; n -= 2) odd = odd * square + 1.0 / n;
  return difference * v + 2 * x * v * (odd * square);
}

double log_beta(double a, double b) {
  const FloatEnvironment contract;
  if (a != a || b != b) return a + b;
  expect_positive("log_beta", "a", a);
  expect_positive("log_beta", "b", b);
  const double small = a < b ? a : b, large = a < b ? b : a, total = a + b;
  if (large < 8) return log_gamma_of(small) + log_gamma_of(large) - log_gamma_of(total);
  // log(Gamma(large) / Gamma(total)) from Stirling's formula, where the large parts cancel before they are rounded.
  const double ratio = (large - 0.5) * -log1p(small / large) - small * (log(total) - 1) +
                       stirling_series(large) - stirling_series(total);
  return log_gamma_of(small) + ratio;
}

double digamma(double x) {
  const FloatEnvironment contract;
  if (x != x) return x;
  expect_positive("digamma", "x", x);
  if (x == kInfinity) return x;
  static constexpr double kSeries[] = {
      0.083333333333333333333,  -0.0083333333333333333333, 0.003968253968253968254, -0.0041666666666666666667,
      0.0075757575757575757576, -0.021092796092796092796,  0.083333333333333333333, -0.44325980392156862745,
      3.0539543302701197438,    -26.456212121212121212};
  double steps = 0;
  for (; x < 8; x = x + 1) steps = steps + 1 / x;
  const double inverse = 1 / x, square = inverse * inverse;
  return log(x) - (0.5 * inverse + square * horner(kSeries, square) + steps);
}

double normal_quantile(double p) {
  const FloatEnvironment contract;
  if (p != p) return p;
  if (p < 0 || p > 1) fail("normal_quantile: p is {}, expected 0 to 1", p);
  if (p == 0) return -kInfinity;
  if (p == 1) return kInfinity;
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) return centre_quantile(q);
  return q < 0 ? -tail_quantile(p) : tail_quantile(1 - p);
}

}  // namespace tessera::numerics
