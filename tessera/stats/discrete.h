// Discrete distributions: Bernoulli, categorical, binomial, Poisson. What they can do: distribution.h.
//
// Their `density` is the probability of a whole number, 0 for any other number; `cdf` at x counts all whole numbers up to x. Probabilities are in
// Loader's form (numerics/special_functions.h), so they keep their digits for millions of trials. Johnson, Kemp & Kotz, "Univariate discrete distributions", 2005.
//
// Errors: probabilities outside of [0, 1], those of a Categorical that do not add to 1 (to 1e-9; exact sums are not asked for), a number of
// trials or a mean out of range. Thread-safety: they do not change.
//
// ```cpp
// const stats::Binomial heads(10, 0.5);
// assert(std::abs(heads.density(5) - 252.0 / 1024) < 1e-15 && heads.quantile(0.5) == 5);
// const stats::Categorical weather({0.5, 0.25, 0.25});
// assert(weather.cdf(1) == 0.75 && weather.quantile(0.8) == 2);
// ```
#pragma once

#include <cstdint>
#include <vector>

#include "tessera/stats/distribution.h"

namespace tessera::stats {

// Values 0 ... size - 1 with these probabilities.
class Categorical : public Distribution {
 public:
  explicit Categorical(std::vector<double> probabilities);
  const std::vector<double>& probabilities() const { return probabilities_; }

 private:
  double log_density_of(double x) const override;
  double cdf_of(double x) const override;
  double survival_of(double x) const override;
  double quantile_of(double p) const override;
  double mean_of() const override;
  double variance_of() const override;
  std::vector<double> probabilities_, up_to_;  // up_to_: cumulative sums, the last one exactly 1
};

class Bernoulli : public Distribution {  // 1 with this probability, else 0
 public:
  explicit Bernoulli(double probability);

 private:
  double log_density_of(double x) const override;
  double cdf_of(double x) const override;
  double survival_of(double x) const override;
  double quantile_of(double p) const override;
  double mean_of() const override { return probability_; }
  double variance_of() const override;
  double probability_;
};

class Binomial : public Distribution {  // successes among so many trials, 0 to 1e8
 public:
  Binomial(std::int64_t trials, double probability);

 private:
  double log_density_of(double x) const override;
  double cdf_of(double x) const override;
  double survival_of(double x) const override;
  double quantile_of(double p) const override;
  double mean_of() const override;
  double variance_of() const override;
  double trials_, probability_;
};

class Poisson : public Distribution {  // a mean above 0, at most 1e7
 public:
  explicit Poisson(double mean);

 private:
  double log_density_of(double x) const override;
  double cdf_of(double x) const override;
  double survival_of(double x) const override;
  double quantile_of(double p) const override;
  double mean_of() const override { return mean_; }
  double variance_of() const override { return mean_; }
  double mean_;
};

}  // namespace tessera::stats
