// Mean, variance, skewness and kurtosis of a sample, at once or piece by piece; covariances and correlations.
//
// The functions of a whole sample add in the contract's order (numerics/reduce.h): two passes, the second over differences from the mean.
//
//   variance      sum of squared differences / (n - ddof); ddof 1 is the unbiased estimate of where the sample comes from, 0 the sample's own
//   skewness      m3 / m2^1.5,  kurtosis: m4 / m2^2 - 3 (0 for a normal distribution), with mk the mean of (x - mean)^k: scipy's skew and kurtosis
//   standard error   of the mean: deviation (ddof 1) / sqrt(n)
//   covariance    sum (x - mean x)(y - mean y) / (n - ddof), bilinear: cov(a x + b y, z) = a cov(x, z) + b cov(y, z), var(x + y) = var x + var y + 2 cov(x, y)
//
// RunningMoments takes numbers one by one and merges with others (Pebay, "Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical
// moments", Sandia report 2008-6212). Its last bits depend on how a sample was cut and in which order the parts were merged: cut by position, never by thread,
// and merge in ascending order, and they are the same everywhere.
//
// Of equal numbers the skewness, kurtosis and correlations are NaN (0/0). Errors: too few numbers, NaN, infinities, samples of different lengths. Thread-safety: pure functions; a RunningMoments
// has one writer.
//
// ```cpp
// const std::vector<double> x = {1, 2, 3, 4}, y = {2, 4, 6, 9};
// assert(stats::mean(x) == 2.5 && stats::variance(x, 0) == 1.25 && stats::skewness(x) == 0);
// assert(std::abs(stats::covariance(x, y) - 11.5 / 3) < 1e-15);
// stats::RunningMoments first, second;
// for (const double value : {1, 2}) first.add(value);
// for (const double value : {3, 4}) second.add(value);
// first.merge(second);
// assert(first.mean() == 2.5 && first.variance(0) == 1.25);
// ```
#pragma once

#include <cstdint>
#include <span>

#include "tessera/tensor/tensor.h"

namespace tessera::stats {

double mean(std::span<const double> x);
double variance(std::span<const double> x, std::int64_t ddof = 1);
double standard_deviation(std::span<const double> x, std::int64_t ddof = 1);
double skewness(std::span<const double> x);
double kurtosis(std::span<const double> x);
double standard_error(std::span<const double> x);

double covariance(std::span<const double> x, std::span<const double> y, std::int64_t ddof = 1);
double correlation(std::span<const double> x, std::span<const double> y);  // Pearson's
// Of a sequence with itself `lag` places on: sum (x_i - mean)(x_(i+lag) - mean) / sum (x_i - mean)^2; 0 <= lag < n.
double autocorrelation(std::span<const double> x, std::int64_t lag = 1);
// Of the columns of a float64 tensor [samples, variables]: [variables, variables]. Compositions of operations: they can be differentiated.
Tensor covariance_matrix(const Tensor& samples, std::int64_t ddof = 1);
Tensor correlation_matrix(const Tensor& samples);

class RunningMoments {
 public:
  void add(double x);  // a finite number
  void merge(const RunningMoments& later);
  std::int64_t count() const { return count_; }
  double mean() const;  // these need at least one number, variance more than ddof
  double variance(std::int64_t ddof = 1) const;
  double skewness() const;
  double kurtosis() const;
  double standard_error() const;

 private:
  std::int64_t count_ = 0;
  double mean_ = 0, m2_ = 0, m3_ = 0, m4_ = 0;  // m2_ ... : sums of powers of differences from the mean
};

}  // namespace tessera::stats
