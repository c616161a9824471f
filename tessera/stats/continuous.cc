// Uniform, normal, exponential and Gumbel: those whose quantile is a formula. gamma_family.cc has the others.
#include "tessera/stats/continuous.h"

#include <cmath>

#include "tessera/base/float_environment.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/special_functions.h"
#include "tessera/stats/constants.h"
#include "tessera/stats/parameters.h"

namespace tessera::stats {
namespace {

constexpr double kHalfLogTwoPi = 0.9189385332046727417803;
constexpr double kRootOfHalf = 0.7071067811865475244008;
constexpr double kEuler = 0.5772156649015328606065;
constexpr double kSixthOfPiSquared = 1.644934066848226436472;

}  // namespace

Uniform::Uniform(double low, double high)
    : low_(finite("Uniform", "the lower bound", low)), high_(finite("Uniform", "the upper bound", high)) {
  if (!(low < high)) fail("Uniform: the bounds are {} and {}, expected the lower one first", low, high);
  finite("Uniform", "the width", high - low);
}
double Uniform::log_density_of(double x) const {
  return x < low_ || x > high_ ? -kInfinity : -numerics::log(high_ - low_);
}
double Uniform::cdf_of(double x) const {
  return x <= low_ ? 0 : x >= high_ ? 1 : (x - low_) / (high_ - low_);
}
double Uniform::survival_of(double x) const {
  return x <= low_ ? 1 : x >= high_ ? 0 : (high_ - x) / (high_ - low_);
}
double Uniform::quantile_of(double p) const {
  return p == 1 ? high_ : low_ + p * (high_ - low_);
}
double Uniform::mean_of() const {
  return low_ + (high_ - low_) / 2;
}
double Uniform::variance_of() const {
  return (high_ - low_) * (high_ - low_) / 12;
}

Normal::Normal(double mean, double deviation)
    : mean_(finite("Normal", "the mean", mean)), deviation_(positive("Normal", "the deviation", deviation)) {}
double Normal::log_density_of(double x) const {
  const double z = (x - mean_) / deviation_;
  return -0.5 * (z * z) - kHalfLogTwoPi - numerics::log(deviation_);
}
double Normal::cdf_of(double x) const {
  return 0.5 * numerics::erfc((mean_ - x) / deviation_ * kRootOfHalf);
}
double Normal::survival_of(double x) const {
  return 0.5 * numerics::erfc((x - mean_) / deviation_ * kRootOfHalf);
}
double Normal::quantile_of(double p) const {
  return mean_ + deviation_ * numerics::normal_quantile(p);
}
double Normal::variance_of() const {
  return deviation_ * deviation_;
}

Exponential::Exponential(double rate) : rate_(positive("Exponential", "the rate", rate)) {}
double Exponential::log_density_of(double x) const {
  return x < 0 ? -kInfinity : numerics::log(rate_) - rate_ * x;
}
double Exponential::cdf_of(double x) const {
  return x <= 0 ? 0 : -numerics::expm1(-(rate_ * x));
}
double Exponential::survival_of(double x) const {
  return x <= 0 ? 1 : numerics::exp(-(rate_ * x));
}
double Exponential::quantile_of(double p) const {
  return -numerics::log1p(-p) / rate_;
}
double Exponential::mean_of() const {
  return 1 / rate_;
}
double Exponential::variance_of() const {
  return 1 / (rate_ * rate_);
}

Gumbel::Gumbel(double location, double scale)
    : location_(finite("Gumbel", "the location", location)), scale_(positive("Gumbel", "the scale", scale)) {}
double Gumbel::log_density_of(double x) const {
  const double z = (x - location_) / scale_;
  return z == -kInfinity ? z : -(z + numerics::exp(-z)) - numerics::log(scale_);
}
double Gumbel::cdf_of(double x) const {
  return numerics::exp(-numerics::exp(-((x - location_) / scale_)));
}
double Gumbel::survival_of(double x) const {
  return -numerics::expm1(-numerics::exp(-((x - location_) / scale_)));
}
double Gumbel::quantile_of(double p) const {
  return location_ - scale_ * numerics::log(-numerics::log(p));
}
double Gumbel::mean_of() const {
  return location_ + scale_ * kEuler;
}
double Gumbel::variance_of() const {
  return kSixthOfPiSquared * (scale_ * scale_);
}

}  // namespace tessera::stats
