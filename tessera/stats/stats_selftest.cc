#include "tessera/stats/stats_selftest.h"

#include <cmath>
#include <vector>

#include "tessera/base/float_environment.h"
#include "tessera/base/hash.h"
#include "tessera/stats/continuous.h"
#include "tessera/stats/discrete.h"
#include "tessera/stats/gumbel.h"
#include "tessera/stats/hypothesis_tests.h"
#include "tessera/stats/information.h"
#include "tessera/stats/intervals.h"
#include "tessera/stats/moments.h"
#include "tessera/stats/mutual_information.h"
#include "tessera/stats/prefix_code.h"
#include "tessera/stats/ranks.h"
#include "tessera/tensor/ops.h"

namespace tessera::stats {

namespace {

class Results {
 public:
  void add(double value) { values_.push_back(value != value ? std::nan("") : value); }
  void add(const Tensor& tensor) {
    for (const double value : tensor.to(DType::kFloat64).to_vector<double>()) add(value);
  }
  void add(const TestResult& result) {
    add(result.statistic);
    add(result.p_value);
  }
  void add(const Interval& interval) {
    add(interval.low);
    add(interval.high);
  }
  std::string digest() const {
    return to_hex(sha256({reinterpret_cast<const char*>(values_.data()), values_.size() * sizeof(double)}));
  }

 private:
  std::vector<double> values_;
};

std::vector<double> numbers(RandomSource& random, const char* name) {
  return random.normal(name, {120}, DType::kFloat64).to_vector<double>();
}

void add_distribution(Results& results, RandomSource& random, const std::string& name,
                      const Distribution& distribution) {
  for (const double p : {1e-9, 0.03, 0.5, 0.77, 0.9999}) {
    const double x = distribution.quantile(p);
    for (const double value : {x, distribution.log_density(x), distribution.cdf(x), distribution.survival(x)})
      results.add(value);
  }
  results.add(sample(distribution, random, name, {700}));
}

}  // namespace

std::string stats_digest() {
  const FloatEnvironment contract;
  Results results;
  RandomSource random(77);
  add_distribution(results, random, "uniform", Uniform(-1, 3));
  add_distribution(results, random, "normal", Normal(2, 0.7));
  add_distribution(results, random, "exponential", Exponential(1.3));
  add_distribution(results, random, "gumbel", Gumbel(0, 1));
  add_distribution(results, random, "gamma", Gamma(2.7, 0.4));
  add_distribution(results, random, "small gamma", Gamma(0.03, 2));
  add_distribution(results, random, "chi-square", ChiSquare(7));
  add_distribution(results, random, "beta", Beta(0.6, 3.1));
  add_distribution(results, random, "t", StudentT(4.5));
  add_distribution(results, random, "categorical", Categorical({0.2, 0.3, 0.5}));
  add_distribution(results, random, "bernoulli", Bernoulli(0.3));
  add_distribution(results, random, "binomial", Binomial(90, 0.37));
  add_distribution(results, random, "poisson", Poisson(17.5));

  const std::vector<double> x = numbers(random, "x"), z = numbers(random, "z");
  std::vector<double> y = numbers(random, "y");
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += x[i];
  for (const double value : {mean(x), variance(x), skewness(x), kurtosis(x), covariance(x, y),
                             correlation(x, y), median(x), spearman(x, y), kendall(x, y)})
    results.add(value);
  RunningMoments running;
  for (const double value : x) running.add(value);
  results.add(running.kurtosis());
  results.add(correlation_matrix(
      transpose(concatenate({Tensor::from<double>(x, {1, 120}), Tensor::from<double>(y, {1, 120})}, 0))));
  results.add(wilson_interval(3, 17));
  results.add(mean_interval(x));
  results.add(bootstrap_interval(
      x, [](auto sample) { return median(sample); }, random, "bootstrap", 50));
  results.add(kolmogorov_smirnov_test(x, Normal(0, 1)));
  results.add(kolmogorov_smirnov_test(x, z));
  results.add(t_test(x, z));
  results.add(chi_square_independence(2, 2, std::vector<std::int64_t>{8, 5, 3, 9}));

  const std::vector<double> p = {0.1, 0.2, 0.7}, q = {0.3, 0.3, 0.4};
  for (const double value : {entropy(p, 3), kl_divergence(p, q), jensen_shannon(p, q), posterior_odds(2, 0.3),
                             mutual_information_by_neighbours(x, y), mutual_information_by_histogram(x, y, 5),
                             PrefixCode::huffman(q, 3).mean_length(q)})
    results.add(value);
  results.add(gumbel_softmax(RandomSource(1).normal("logits", {30, 9}), 0.6, random, "soft"));
  return results.digest();
}

}  // namespace tessera::stats
