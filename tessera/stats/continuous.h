// Continuous distributions: uniform, normal, exponential, Gumbel, gamma, chi-square, beta, Student's t. What they can do: distribution.h.
//
// Parameters are those of the textbooks (Johnson, Kotz & Balakrishnan, "Continuous univariate distributions", 1994): `scale` stretches, `rate` is 1 / scale.
// Against scipy and mpmath over the table of distribution_facts_test.inc (stats_facts.py made it): log densities to 1e-13, probabilities to 2e-12 of themselves,
// quantiles to 1e-12.
//
// Gumbel(0, 1), the distribution of -log(E) for an exponential E, has cdf exp(-exp(-x)), density exp(-(x + exp(-x))), mean 0.5772... (Euler's constant) and
// variance pi^2 / 6; it is that of the largest of many (Gumbel, "Statistics of extremes", 1958), and what makes an argmax a random choice (gumbel.h).
//
// Errors: parameters that are not finite, a scale, rate or shape that is not above 0, bounds in the wrong order; shapes and degrees of freedom above 1e8. Thread-safety: they do not change.
//
// ```cpp
// const stats::Gumbel gumbel(0, 1);
// assert(gumbel.cdf(0) == numerics::exp(-1.0) && gumbel.density(0) == numerics::exp(-1.0));
// assert(std::abs(stats::StudentT(10).quantile(0.975) - 2.228138851986274) < 1e-14);
// assert(std::abs(stats::Normal(0, 1).survival(10) / 7.619853024160527e-24 - 1) < 1e-13);
// ```
#pragma once

#include "tessera/stats/distribution.h"

namespace tessera::stats {

class Uniform : public Distribution {
 public:
  Uniform(double low, double high);  // low < high

 private:
  double log_density_of(double x) const override;
  double cdf_of(double x) const override;
  double survival_of(double x) const override;
  double quantile_of(double p) const override;
  double mean_of() const override;
  double variance_of() const override;
  double low_, high_;
};

class Normal : public Distribution {
 public:
  Normal(double mean, double deviation);

 private:
  double log_density_of(double x) const override;
  double cdf_of(double x) const override;
  double survival_of(double x) const override;
  double quantile_of(double p) const override;
  double mean_of() const override { return mean_; }
  double variance_of() const override;
  double mean_, deviation_;
};

class Exponential : public Distribution {
 public:
  explicit Exponential(double rate);

 private:
  double log_density_of(double x) const override;
  double cdf_of(double x) const override;
  double survival_of(double x) const override;
  double quantile_of(double p) const override;
  double mean_of() const override;
  double variance_of() const override;
  double rate_;
};

class Gumbel : public Distribution {
 public:
  Gumbel(double location, double scale);

 private:
  double log_density_of(double x) const override;
  double cdf_of(double x) const override;
  double survival_of(double x) const override;
  double quantile_of(double p) const override;
  double mean_of() const override;
  double variance_of() const override;
  double location_, scale_;
};

class Gamma : public Distribution {
 public:
  Gamma(double shape, double scale);

 private:
  double log_density_of(double x) const override;
  double cdf_of(double x) const override;
  double survival_of(double x) const override;
  double quantile_of(double p) const override;
  double mean_of() const override;
  double variance_of() const override;
  double draw_of(const DrawNumbers& numbers) const override;
  double shape_, scale_;
};

class ChiSquare : public Gamma {  // the sum of squares of so many standard normal numbers
 public:
  explicit ChiSquare(double degrees_of_freedom);
};

class Beta : public Distribution {
 public:
  Beta(double a, double b);

 private:
  double log_density_of(double x) const override;
  double cdf_of(double x) const override;
  double survival_of(double x) const override;
  double quantile_of(double p) const override;
  double mean_of() const override;
  double variance_of() const override;
  double draw_of(const DrawNumbers& numbers) const override;
  double a_, b_;
};

class StudentT : public Distribution {
 public:
  explicit StudentT(double degrees_of_freedom);

 private:
  double log_density_of(double x) const override;
  double cdf_of(double x) const override;
  double survival_of(double x) const override;
  double quantile_of(double p) const override;
  double mean_of() const override;      // needs more than one degree of freedom
  double variance_of() const override;  // finite above two
  double draw_of(const DrawNumbers& numbers) const override;
  double degrees_;
};

}  // namespace tessera::stats
