// What every probability distribution of this room can do: density, distribution function, quantile, moments, samples by counter.
//
// continuous.h and discrete.h have the distributions. All numbers are float64, made of the functions of numerics, so they have the same bits
// everywhere. Probabilities in tails keep their digits: `survival` is not 1 - `cdf`, and quantiles below and above the median are searched on
// their own side.
//
//   density       of a discrete distribution: the probability of the number itself (0 where it is none of the support)
//   cdf           the probability of at most x;   survival: of more than x
//   quantile      the smallest x with cdf(x) >= p; at 0 the lower end of the support, at 1 the upper one. Continuous distributions: |x| to a
//                 few units in the last place wherever cdf determines it so well
//   mean, variance   NaN where they do not exist, infinity where they diverge
//
// `sample` draws element i of a named stream from (seed, name, step, i) and nothing else (contract rule 5), whatever the number of threads: by
// inversion of one uniform number where the quantile has a formula, also for Poisson and Binomial; Gamma and its relatives by rejection (Marsaglia & Tsang, ACM TOMS 26,
// 2000), whose attempts are numbered.
//
// Errors: parameters out of range when a distribution is made, p outside of [0, 1]. NaN as x gives NaN. Thread-safety: distributions do not change.
//
// ```cpp
// const stats::Gamma waiting(2.5, 4.0);  // shape, scale
// assert(std::abs(waiting.cdf(waiting.quantile(0.9)) - 0.9) < 1e-14 && waiting.mean() == 10);
// RandomSource random(7);
// const Tensor times = stats::sample(waiting, random, "times", {1000});
// assert(std::abs(mean(times).item<double>() - 10) < 0.6);
// ```
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "tessera/numerics/philox.h"
#include "tessera/tensor/random.h"
#include "tessera/tensor/tensor.h"

namespace tessera::stats {

// The uniform numbers that belong to one element of a draw: two for each attempt.
class DrawNumbers {
 public:
  DrawNumbers(std::array<double, 2> first, numerics::PhiloxKey key, std::uint64_t element, std::uint32_t step)
      : first_(first), key_(key), element_(element), step_(step) {}
  double uniform() const { return first_[0]; }
  std::array<double, 2> attempt(std::uint32_t number) const;  // 0: {uniform(), another one}

 private:
  std::array<double, 2> first_;
  numerics::PhiloxKey key_;
  std::uint64_t element_;
  std::uint32_t step_;
};

class Distribution {
 public:
  virtual ~Distribution() = default;
  double log_density(double x) const;
  double density(double x) const;
  double cdf(double x) const;
  double survival(double x) const;
  double quantile(double p) const;
  double mean() const;
  double variance() const;
  double draw(const DrawNumbers& numbers) const;  // what sample makes of one element's numbers

 private:
  // Of numbers, NaN excepted, in the contract's floating-point modes.
  virtual double log_density_of(double x) const = 0;
  virtual double cdf_of(double x) const = 0;
  virtual double survival_of(double x) const = 0;
  virtual double quantile_of(double p) const = 0;  // p on [0, 1]
  virtual double mean_of() const = 0;
  virtual double variance_of() const = 0;
  virtual double draw_of(const DrawNumbers& numbers) const { return quantile_of(numbers.uniform()); }
};

// float64 of this shape. Element i belongs to (random's seed and step, name, offset + i); see RandomSource for names and offsets.
Tensor sample(const Distribution& distribution, RandomSource& random, std::string_view name,
              const Shape& shape, std::uint64_t offset = 0);

// The x on [lower, upper] where a continuous cdf reaches p, from a first guess: Newton's steps on the logarithm of the smaller tail, kept between
// bounds that close in. For distributions without a formula; `density` may be that of any distribution, but the functions must belong together.
class ContinuousSearch {
 public:
  double lower = -std::numeric_limits<double>::infinity(), upper = std::numeric_limits<double>::infinity();
  double guess = 0;
  double find(const Distribution& distribution, double p) const;
};

}  // namespace tessera::stats
