#include "tessera/stats/discrete.h"

#include <algorithm>
#include <cmath>

#include "tessera/base/float_environment.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/special_functions.h"
#include "tessera/stats/constants.h"
#include "tessera/stats/parameters.h"
#include "tessera/stats/probabilities.h"

namespace tessera::stats {
namespace {

using numerics::deviance_part;
using numerics::log;
using numerics::stirling_error;

constexpr double kBeyondPoisson = 9e7;  // with a mean of 1e7 at most, no probability is left there

bool is_whole(double x) {
  return x == std::floor(x);
}

// The smallest whole k in [0, last] with cdf(k) >= p: outwards from a guess in growing steps, then by halving.
template <typename Cdf>
double smallest_reaching(double p, double last, double guess, const Cdf& cdf) {
  double high = std::clamp(std::floor(guess), 0.0, last), low = high;  // wanted: cdf(low) < p <= cdf(high)
  double step = 1;
  while (high < last && cdf(high) < p) {
    low = high;
    high = std::min(last, high + step);
    step = 2 * step;
  }
  step = 1;
  while (low >= 0 && cdf(low) >= p) {
    high = low;
    low = low - step;
    step = 2 * step;
  }
  low = std::max(low, -1.0);  // nothing is below 0
  while (high - low > 1) {
    const double middle = std::floor(low + (high - low) / 2);
    (cdf(middle) >= p ? high : low) = middle;
  }
  return high;
}

// Where a distribution of this mean and variance has p, roughly: Cornish and Fisher's first correction for Poisson-like skew.
double rough_quantile(double p, double mean, double variance, double skew) {
  const double z = numerics::normal_quantile(p);
  return mean + numerics::sqrt(variance) * (z + skew * (z * z - 1) / 6);
}

}  // namespace

Categorical::Categorical(std::vector<double> probabilities) : probabilities_(std::move(probabilities)) {
  const FloatEnvironment contract;
  check_probabilities("Categorical", probabilities_);
  double total = 0;
  for (const double probability : probabilities_) {
    total = total + probability;
    up_to_.push_back(std::min(total, 1.0));
  }
  // From the last value that may occur on, all of the probability is there.
  for (std::size_t i = probabilities_.size(); i > 0; --i) {
    up_to_[i - 1] = 1;
    if (probabilities_[i - 1] > 0) break;
  }
}
double Categorical::log_density_of(double x) const {
  if (x < 0 || x >= static_cast<double>(up_to_.size()) || !is_whole(x)) return -kInfinity;
  return log(probabilities_[static_cast<std::size_t>(x)]);
}
double Categorical::cdf_of(double x) const {
  if (x < 0) return 0;
  return x >= static_cast<double>(up_to_.size()) ? 1 : up_to_[static_cast<std::size_t>(x)];
}
double Categorical::survival_of(double x) const {
  return 1 - cdf_of(x);
}
double Categorical::quantile_of(double p) const {
  return static_cast<double>(std::lower_bound(up_to_.begin(), up_to_.end(), p) - up_to_.begin());
}
double Categorical::mean_of() const {
  double sum = 0;
  for (std::size_t i = 0; i < probabilities_.size(); ++i)
    sum = std::fma(static_cast<double>(i), probabilities_[i], sum);
  return sum;
}
double Categorical::variance_of() const {
  const double mean = mean_of();
  double sum = 0;
  for (std::size_t i = 0; i < probabilities_.size(); ++i) {
    const double distance = static_cast<double>(i) - mean;
    sum = std::fma(distance * distance, probabilities_[i], sum);
  }
  return sum;
}

Bernoulli::Bernoulli(double p) : probability_(probability("Bernoulli", "the probability", p)) {}
double Bernoulli::log_density_of(double x) const {
  return x == 0 ? numerics::log1p(-probability_) : x == 1 ? log(probability_) : -kInfinity;
}
double Bernoulli::cdf_of(double x) const {
  return x < 0 ? 0 : x < 1 ? 1 - probability_ : 1;
}
double Bernoulli::survival_of(double x) const {
  return x < 0 ? 1 : x < 1 ? probability_ : 0;
}
double Bernoulli::quantile_of(double p) const {
  return p <= 1 - probability_ ? 0 : 1;
}
double Bernoulli::variance_of() const {
  return probability_ * (1 - probability_);
}

Binomial::Binomial(std::int64_t trials, double p)
    : trials_(static_cast<double>(trials)), probability_(probability("Binomial", "the probability", p)) {
  if (trials < 0 || trials > 100000000)
    fail("Binomial: the number of trials is {}, expected 0 to 1e8", trials);
}
double Binomial::log_density_of(double k) const {
  if (k < 0 || k > trials_ || !is_whole(k)) return -kInfinity;
  const double p = probability_, n = trials_;
  if (k == 0) return n == 0 ? 0 : n * numerics::log1p(-p);
  if (k == n) return n * log(p);
  if (p == 0 || p == 1) return -kInfinity;
  return 0.5 * log(n / (kTwoPi * k * (n - k))) +
         (stirling_error(n) - stirling_error(k) - stirling_error(n - k)) -
         (deviance_part(k, n * p) + deviance_part(n - k, n * (1 - p)));
}
double Binomial::cdf_of(double x) const {
  if (x < 0) return 0;
  const double k = std::floor(x);
  return k >= trials_ ? 1 : numerics::beta_q(k + 1, trials_ - k, probability_);
}
double Binomial::survival_of(double x) const {
  if (x < 0) return 1;
  const double k = std::floor(x);
  return k >= trials_ ? 0 : numerics::beta_p(k + 1, trials_ - k, probability_);
}
double Binomial::quantile_of(double p) const {
  if (p == 1) return probability_ == 0 ? 0 : trials_;
  const double variance = variance_of();
  if (p == 0 || variance == 0) return p == 0 ? 0 : mean_of();
  const double guess =
      rough_quantile(p, mean_of(), variance, (1 - 2 * probability_) / numerics::sqrt(variance));
  return smallest_reaching(p, trials_, guess, [this](double k) { return cdf_of(k); });
}
double Binomial::mean_of() const {
  return trials_ * probability_;
}
double Binomial::variance_of() const {
  return trials_ * probability_ * (1 - probability_);
}

Poisson::Poisson(double mean) : mean_(positive("Poisson", "the mean", mean)) {
  if (mean > 1e7) fail("Poisson: the mean is {}, expected at most 1e7", mean);
}
double Poisson::log_density_of(double k) const {
  if (k < 0 || k == kInfinity || !is_whole(k)) return -kInfinity;
  if (k == 0) return -mean_;
  return -0.5 * log(kTwoPi * k) - stirling_error(k) - deviance_part(k, mean_);
}
double Poisson::cdf_of(double x) const {
  if (x < 0) return 0;
  const double k = std::floor(x);
  return k >= kBeyondPoisson ? 1 : numerics::gamma_q(k + 1, mean_);
}
double Poisson::survival_of(double x) const {
  if (x < 0) return 1;
  const double k = std::floor(x);
  return k >= kBeyondPoisson ? 0 : numerics::gamma_p(k + 1, mean_);
}
double Poisson::quantile_of(double p) const {
  if (p == 0) return 0;
  if (p == 1) return kInfinity;
  const double guess = rough_quantile(p, mean_, mean_, 1 / numerics::sqrt(mean_));
  return smallest_reaching(p, kBeyondPoisson, guess, [this](double k) { return cdf_of(k); });
}

}  // namespace tessera::stats
