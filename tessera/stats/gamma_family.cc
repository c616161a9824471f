// Gamma, chi-square, beta and Student's t: what is made of incomplete gamma and beta functions.
#include <algorithm>
#include <cmath>

#include "tessera/base/float_environment.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/special_functions.h"
#include "tessera/stats/constants.h"
#include "tessera/stats/continuous.h"
#include "tessera/stats/parameters.h"

namespace tessera::stats {
namespace {

using numerics::deviance_part;
using numerics::log;
using numerics::stirling_error;

// log of x^a e^-x / Gamma(a).
double log_gamma_integrand(double a, double x) {
  if (a < 1) return a * log(x) - x - numerics::log_gamma(a);
  return 0.5 * log(a / kTwoPi) - stirling_error(a) - deviance_part(a, x);
}

// log of x^a (1-x)^b / B(a, b).
double log_beta_integrand(double a, double b, double x) {
  if (a < 1 || b < 1) return a * log(x) + b * numerics::log1p(-x) - numerics::log_beta(a, b);
  const double n = a + b;
  return 0.5 * log(a / n * b / kTwoPi) + (stirling_error(n) - stirling_error(a) - stirling_error(b)) -
         (deviance_part(a, n * x) + deviance_part(b, n * (1 - x)));
}

// The density of a power x^power near 0, where `at_one` is its logarithm for power 0.
double log_density_at_end(double power, double at_one) {
  return power < 0 ? kInfinity : power > 0 ? -kInfinity : at_one;
}

// The logarithm of a gamma-distributed number of scale 1: Marsaglia and Tsang's rejection on every other attempt, so that two numbers can be drawn
// for one element. A shape below 1 is drawn as that of shape + 1 times a power of a uniform number, whose logarithm does not underflow.
double draw_log_gamma(double shape, const DrawNumbers& numbers, std::uint32_t which) {
  const double whole = shape < 1 ? shape + 1 : shape;
  const double d = whole - 1.0 / 3, c = 1 / numerics::sqrt(9 * d);
  // The boost takes a block that no attempt reaches: the attempts end, with probability 1 - 10^-1000, long before.
  const double boost = shape < 1 ? log(numbers.attempt(0xFFFFFFFEU + which)[0]) / shape : 0;
  for (std::uint32_t t = which;; t += 2) {
    const std::array<double, 2> u = numbers.attempt(t);
    const double z = numerics::normal_quantile(u[0]), root = 1 + c * z;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (log(u[1]) < 0.5 * (z * z) + d * (1 - v + log(v))) return log(d * v) + boost;
  }
}

}  // namespace

Gamma::Gamma(double shape, double scale)
    : shape_(shape_parameter("Gamma", "the shape", shape)), scale_(positive("Gamma", "the scale", scale)) {}
double Gamma::log_density_of(double x) const {
  const double scaled = x / scale_;  // may become 0 or infinite
  if (x < 0 || scaled == kInfinity) return -kInfinity;
  if (scaled == 0) return log_density_at_end(shape_ - 1, -log(scale_));
  return log_gamma_integrand(shape_, scaled) - log(x);
}
double Gamma::cdf_of(double x) const {
  return x <= 0 ? 0 : numerics::gamma_p(shape_, x / scale_);
}
double Gamma::survival_of(double x) const {
  return x <= 0 ? 1 : numerics::gamma_q(shape_, x / scale_);
}
double Gamma::quantile_of(double p) const {
  if (p == 0) return 0;
  // Wilson and Hilferty's cube, or the first term of the series where that is not above 0 (or the shape is small).
  const double root = 1 - 1 / (9 * shape_) + numerics::normal_quantile(p) / (3 * numerics::sqrt(shape_));
  const double start = shape_ < 0.5 || root < 0.1
                           ? numerics::exp((log(p) + numerics::log_gamma1p(shape_)) / shape_)
                           : shape_ * (root * root * root);
  return ContinuousSearch{.lower = 0, .guess = start * scale_}.find(*this, p);
}
double Gamma::mean_of() const {
  return shape_ * scale_;
}
double Gamma::variance_of() const {
  return shape_ * scale_ * scale_;
}
double Gamma::draw_of(const DrawNumbers& numbers) const {
  return numerics::exp(draw_log_gamma(shape_, numbers, 0)) * scale_;
}

ChiSquare::ChiSquare(double degrees_of_freedom)
    : Gamma(shape_parameter("ChiSquare", "the degrees of freedom", degrees_of_freedom) / 2, 2) {}

Beta::Beta(double a, double b) : a_(shape_parameter("Beta", "a", a)), b_(shape_parameter("Beta", "b", b)) {}
double Beta::log_density_of(double x) const {
  if (x < 0 || x > 1) return -kInfinity;
  if (x == 0) return log_density_at_end(a_ - 1, log(b_));
  if (x == 1) return log_density_at_end(b_ - 1, log(a_));
  return log_beta_integrand(a_, b_, x) - log(x) - numerics::log1p(-x);
}
double Beta::cdf_of(double x) const {
  return x <= 0 ? 0 : x >= 1 ? 1 : numerics::beta_p(a_, b_, x);
}
double Beta::survival_of(double x) const {
  return x <= 0 ? 1 : x >= 1 ? 0 : numerics::beta_q(a_, b_, x);
}
double Beta::quantile_of(double p) const {
  return ContinuousSearch{.lower = 0, .upper = 1, .guess = a_ / (a_ + b_)}.find(*this, p);
}
double Beta::mean_of() const {
  return a_ / (a_ + b_);
}
double Beta::variance_of() const {
  const double total = a_ + b_;
  return a_ / total * (b_ / total) / (total + 1);
}
double Beta::draw_of(const DrawNumbers& numbers) const {
  return numerics::sigmoid(draw_log_gamma(a_, numbers, 0) - draw_log_gamma(b_, numbers, 1));
}

StudentT::StudentT(double degrees_of_freedom)
    : degrees_(shape_parameter("StudentT", "the degrees of freedom", degrees_of_freedom)) {}
double StudentT::log_density_of(double x) const {
  const double size = std::abs(x);
  if (size == kInfinity) return -kInfinity;
  const double tail = size > 1e150 ? 2 * log(size) - log(degrees_) : numerics::log1p(size * size / degrees_);
  return -numerics::log_beta(degrees_ / 2, 0.5) - 0.5 * log(degrees_) - 0.5 * (degrees_ + 1) * tail;
}
double StudentT::cdf_of(double x) const {
  if (x > 0) return 1 - survival_of(x);
  if (x == 0) return 0.5;
  const double ratio = x * x / degrees_;  // may be 0 or infinite
  return 0.5 * numerics::beta_p(degrees_ / 2, 0.5, 1 / (1 + ratio), 1 / (1 + 1 / ratio));
}
double StudentT::survival_of(double x) const {
  return cdf_of(-x);
}
double StudentT::quantile_of(double p) const {
  if (p == 0.5) return 0;
  return ContinuousSearch{.guess = numerics::normal_quantile(p)}.find(*this, p);
}
double StudentT::mean_of() const {
  return degrees_ > 1 ? 0 : std::numeric_limits<double>::quiet_NaN();
}
double StudentT::variance_of() const {
  if (degrees_ <= 1) return std::numeric_limits<double>::quiet_NaN();
  return degrees_ > 2 ? degrees_ / (degrees_ - 2) : kInfinity;
}
double StudentT::draw_of(const DrawNumbers& numbers) const {
  const double z = numerics::normal_quantile(numbers.attempt(1)[0]);  // attempt 1 is not the gamma number's
  const double log_chi = draw_log_gamma(degrees_ / 2, numbers, 0) + numerics::log(2.0);
  return z * numerics::exp(0.5 * (log(degrees_) - log_chi));
}

}  // namespace tessera::stats
