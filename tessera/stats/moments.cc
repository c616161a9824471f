#include "tessera/stats/moments.h"

#include <cmath>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/numerics/functions.h"
#include "tessera/stats/probabilities.h"
#include "tessera/tensor/ops.h"

namespace tessera::stats {
namespace {

struct CentralSums {
  double count, second, third, fourth;
};

CentralSums central_sums(const char* where, std::span<const double> x) {
  check_sample(where, x, 1);
  const double centre = numerics::mean(x);
  std::vector<double> second, third, fourth;
  for (const double value : x) {
    const double d = value - centre, square = d * d;
    second.push_back(square);
    third.push_back(square * d);
    fourth.push_back(square * square);
  }
  return {static_cast<double>(x.size()), numerics::sum(second), numerics::sum(third), numerics::sum(fourth)};
}

double skewness_of(const CentralSums& sums) {
  const double second = sums.second / sums.count;
  return sums.third / sums.count / (second * numerics::sqrt(second));
}
double kurtosis_of(const CentralSums& sums) {
  const double second = sums.second / sums.count;
  return sums.fourth / sums.count / (second * second) - 3;
}

double divisor(const char* where, std::size_t count, std::int64_t ddof) {
  if (ddof < 0 || count <= static_cast<std::size_t>(ddof))
    fail("{}: {} numbers with ddof {}, expected more numbers than ddof", where, count, ddof);
  return static_cast<double>(count) - static_cast<double>(ddof);
}

// Sum of products of differences from the means.
double cross_sum(std::span<const double> x, std::span<const double> y) {
  const double centre_x = numerics::mean(x), centre_y = numerics::mean(y);
  std::vector<double> products;
  for (std::size_t i = 0; i < x.size(); ++i) products.push_back((x[i] - centre_x) * (y[i] - centre_y));
  return numerics::sum(products);
}

double variance_of(const char* where, std::span<const double> x, std::int64_t ddof) {
  check_sample(where, x, 1);
  return cross_sum(x, x) / divisor(where, x.size(), ddof);
}

}  // namespace

double mean(std::span<const double> x) {
  check_sample("mean", x, 1);
  return numerics::mean(x);
}
double variance(std::span<const double> x, std::int64_t ddof) {
  const FloatEnvironment contract;
  return variance_of("variance", x, ddof);
}
double standard_deviation(std::span<const double> x, std::int64_t ddof) {
  const FloatEnvironment contract;
  return numerics::sqrt(variance_of("standard_deviation", x, ddof));
}
double skewness(std::span<const double> x) {
  const FloatEnvironment contract;
  return skewness_of(central_sums("skewness", x));
}
double kurtosis(std::span<const double> x) {
  const FloatEnvironment contract;
  return kurtosis_of(central_sums("kurtosis", x));
}
double standard_error(std::span<const double> x) {
  const FloatEnvironment contract;
  return numerics::sqrt(variance_of("standard_error", x, 1) / static_cast<double>(x.size()));
}

double covariance(std::span<const double> x, std::span<const double> y, std::int64_t ddof) {
  const FloatEnvironment contract;
  check_pairs("covariance", x, y, 1);
  return cross_sum(x, y) / divisor("covariance", x.size(), ddof);
}
double correlation(std::span<const double> x, std::span<const double> y) {
  const FloatEnvironment contract;
  check_pairs("correlation", x, y, 2);
  const double value = cross_sum(x, y) / numerics::sqrt(cross_sum(x, x)) / numerics::sqrt(cross_sum(y, y));
  return value > 1 ? 1 : value < -1 ? -1 : value;
}

double autocorrelation(std::span<const double> x, std::int64_t lag) {
  const FloatEnvironment contract;
  check_sample("autocorrelation", x, 1);
  if (lag < 0 || static_cast<std::size_t>(lag) >= x.size())
    fail("autocorrelation: lag is {}, expected a number from 0 to {}", lag, x.size() - 1);
  const double centre = numerics::mean(x);
  std::vector<double> d, products, squares;
  for (const double value : x) d.push_back(value - centre);
  const double rest = numerics::mean(d);  // what the rounding of the centre left: the ends do not cancel it
  for (double& value : d) value = value - rest;
  for (std::size_t i = 0; i < x.size(); ++i) squares.push_back(d[i] * d[i]);
  for (std::size_t i = static_cast<std::size_t>(lag); i < x.size(); ++i)
    products.push_back(d[i - static_cast<std::size_t>(lag)] * d[i]);
  return numerics::sum(products) / numerics::sum(squares);
}

Tensor covariance_matrix(const Tensor& samples, std::int64_t ddof) {
  if (samples.dtype() != DType::kFloat64 || samples.rank() != 2)
    fail("covariance_matrix: the samples are {} of shape {}, expected float64 [samples, variables]",
         dtype_name(samples.dtype()), samples.shape().to_string());
  const double by = divisor("covariance_matrix", static_cast<std::size_t>(samples.shape()[0]), ddof);
  const Tensor centred = samples - tessera::mean(samples, {0}, true);
  return matmul(transpose(centred), centred) / by;
}
Tensor correlation_matrix(const Tensor& samples) {
  const Tensor covariances = covariance_matrix(samples, 0);
  const std::int64_t n = covariances.shape()[0];
  const Tensor each = arange(n);
  const Tensor diagonal = equal(reshape(each, {n, 1}), reshape(each, {1, n}));
  const Tensor variances = sum(select(diagonal, covariances, zeros({n, n}, DType::kFloat64)), {0});
  // sqrt(v v) is v, so the diagonal is 1 (or NaN for a constant column).
  return covariances / sqrt(reshape(variances, {n, 1}) * reshape(variances, {1, n}));
}

void RunningMoments::add(double x) {
  RunningMoments one;
  if (!std::isfinite(x)) fail("RunningMoments: a number is {}, expected a finite number", x);
  one.count_ = 1;
  one.mean_ = x;
  merge(one);
}

void RunningMoments::merge(const RunningMoments& later) {
  const FloatEnvironment contract;
  if (later.count_ == 0) return;
  if (count_ == 0) {
    *this = later;
    return;
  }
  const RunningMoments a = *this, &b = later;
  const auto na = static_cast<double>(a.count_), nb = static_cast<double>(b.count_);
  const double n = na + nb, d = b.mean_ - a.mean_, step = d / n, square = step * step;
  count_ = a.count_ + b.count_;
  mean_ = a.mean_ + step * nb;
  m2_ = a.m2_ + b.m2_ + d * step * (na * nb);
  m3_ = a.m3_ + b.m3_ + d * square * (na * nb * (na - nb)) + 3 * step * (na * b.m2_ - nb * a.m2_);
  m4_ = a.m4_ + b.m4_ + d * square * step * (na * nb * (na * na - na * nb + nb * nb)) +
        6 * square * (na * na * b.m2_ + nb * nb * a.m2_) + 4 * step * (na * b.m3_ - nb * a.m3_);
}

double RunningMoments::mean() const {
  if (count_ == 0) fail("RunningMoments: there are no numbers yet, expected at least one");
  return mean_;
}
double RunningMoments::variance(std::int64_t ddof) const {
  const FloatEnvironment contract;
  return m2_ / divisor("RunningMoments", static_cast<std::size_t>(count_), ddof);
}
double RunningMoments::skewness() const {
  const FloatEnvironment contract;
  return skewness_of({divisor("RunningMoments", static_cast<std::size_t>(count_), 0), m2_, m3_, m4_});
}
double RunningMoments::kurtosis() const {
  const FloatEnvironment contract;
  return kurtosis_of({divisor("RunningMoments", static_cast<std::size_t>(count_), 0), m2_, m3_, m4_});
}
double RunningMoments::standard_error() const {
  const FloatEnvironment contract;
  return numerics::sqrt(variance(1) / static_cast<double>(count_));
}

}  // namespace tessera::stats
