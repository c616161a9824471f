// The Kolmogorov-Smirnov test (hypothesis_tests.h).
#include <algorithm>
#include <cmath>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/numerics/functions.h"
#include "tessera/stats/discrete.h"
#include "tessera/stats/hypothesis_tests.h"
#include "tessera/stats/probabilities.h"

namespace tessera::stats {
namespace {

constexpr std::int64_t kExactUpTo = 2000;       // numbers of one sample
constexpr std::int64_t kExactPairs = 10000000;  // of two

std::vector<double> sorted(std::span<const double> x) {
  std::vector<double> values(x.begin(), x.end());
  std::sort(values.begin(), values.end());
  return values;
}

// P(K > x) of Kolmogorov's limit: one of two series that are equal, each where it is short.
double limit_survival(double x) {
  if (x <= 0) return 1;
  double sum = 0;
  if (x < 1) {
    constexpr double kEighthOfPiSquared = 1.233700550136169827354, kRootOfTwoPi = 2.506628274631000502416;
    for (int k = 9; k >= 1; k -= 2) sum = sum + numerics::exp(-(k * k) * kEighthOfPiSquared / (x * x));
    return 1 - kRootOfTwoPi / x * sum;
  }
  for (int k = 6; k >= 1; --k) sum = numerics::exp(-2 * (k * k) * (x * x)) - sum;
  return std::min(1.0, 2 * sum);
}

// A square matrix with a power of 2 of its own, so that powers of it neither overflow nor vanish.
struct Scaled {
  std::size_t size;
  std::vector<double> values;
  int exponent = 0;
};

Scaled product(const Scaled& a, const Scaled& b) {
  const std::size_t m = a.size;
  Scaled result{m, std::vector<double>(m * m, 0.0), a.exponent + b.exponent};
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t k = 0; k < m; ++k) {
      const double factor = a.values[i * m + k];
      if (factor == 0) continue;
      for (std::size_t j = 0; j < m; ++j) result.values[i * m + j] += factor * b.values[k * m + j];
    }
  if (result.values[m / 2 * m + m / 2] > 0x1p400) {
    for (double& value : result.values) value = value * 0x1p-400;
    result.exponent += 400;
  }
  return result;
}

// Marsaglia, Tsang and Wang: n!/n^n times the middle element of the n-th power of a matrix of 1/k!, with corners for the fraction of n d.
double exact_survival(std::int64_t n, double d) {
  const double places = static_cast<double>(n) * d;
  const auto k = static_cast<std::size_t>(places) + 1;
  const std::size_t m = 2 * k - 1;
  const double h = static_cast<double>(k) - places;
  Scaled power{m, std::vector<double>(m * m, 0.0)};
  const auto at = [&](std::size_t i, std::size_t j) -> double& { return power.values[i * m + j]; };
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < std::min(m, i + 2); ++j) at(i, j) = 1;
  double h_power = 1;
  for (std::size_t i = 0; i < m; ++i) {
    h_power = h_power * h;  // h^(i + 1)
    at(i, 0) -= h_power;
    at(m - 1, m - 1 - i) -= h_power;
  }
  if (2 * h > 1) {
    double corner = 1;
    for (std::size_t i = 0; i < m; ++i) corner = corner * (2 * h - 1);
    at(m - 1, 0) += corner;
  }
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j <= i; ++j)
      for (std::size_t g = 1; g <= i - j + 1; ++g) at(i, j) /= static_cast<double>(g);

  Scaled result{m, std::vector<double>(m * m, 0.0)};
  for (std::size_t i = 0; i < m; ++i) result.values[i * m + i] = 1;
  for (std::int64_t rest = n; rest > 0; rest /= 2) {
    if (rest % 2 == 1) result = product(result, power);
    if (rest > 1) power = product(power, power);
  }
  double probability = result.values[(k - 1) * m + (k - 1)];
  int exponent = result.exponent;
  for (std::int64_t i = 1; i <= n; ++i) {
    probability = probability * (static_cast<double>(i) / static_cast<double>(n));
    if (probability < 0x1p-400) {
      probability = probability * 0x1p400;
      exponent -= 400;
    }
  }
  for (; exponent > 0; exponent -= 400) probability = probability * 0x1p400;
  for (; exponent < 0; exponent += 400) probability = probability * 0x1p-400;
  return std::clamp(1 - probability, 0.0, 1.0);
}

// Smirnov's formula for the distance to one side: sum over j of d / (d + j/n) times the binomial probability of j in n trials of d + j/n. Far out, where
// 1 - P loses its digits, P(D >= d) is twice this: that both sides are so far away has less than exp(-6 n d^2) of its probability.
double one_sided_survival(std::int64_t n, double d) {
  const auto size = static_cast<double>(n);
  std::vector<double> terms;
  for (std::int64_t j = 0; j <= n; ++j) {
    const double share = static_cast<double>(j) / size, p = d + share;
    if (!(p <= 1)) break;
    terms.push_back(d / p * Binomial(n, p).density(static_cast<double>(j)));
  }
  return numerics::sum(terms);
}

// How probable a smaller distance than `distance` / (m n) is: the share of paths from (0, 0) to (m, n) that stay nearer to the diagonal.
double share_of_near_paths(std::int64_t m, std::int64_t n, std::int64_t distance) {
  std::vector<double> share(static_cast<std::size_t>(n) + 1);
  for (std::int64_t i = 0; i <= m; ++i) {
    // share[j]: of the paths to (i, j), those that stayed near. The step before was from the left or from below, in proportion to how many paths come from there.
    for (std::int64_t j = 0; j <= n; ++j) {
      const auto at = static_cast<std::size_t>(j);
      const std::int64_t away = std::abs(i * n - j * m);
      const double total = static_cast<double>(i + j);
      double value = 1;
      if (i > 0 || j > 0) {
        value = 0;
        if (i > 0) value = value + share[at] * (static_cast<double>(i) / total);
        if (j > 0) value = value + share[at - 1] * (static_cast<double>(j) / total);
      }
      share[at] = away >= distance ? 0 : value;
    }
  }
  return share.back();
}

}  // namespace

double kolmogorov_survival(std::int64_t n, double d) {
  const FloatEnvironment contract;
  if (n < 1) fail("kolmogorov_survival: n is {}, expected at least 1", n);
  if (!(d >= 0)) fail("kolmogorov_survival: the distance is {}, expected 0 or more", d);
  const auto size = static_cast<double>(n);
  if (d >= 1) return 0;
  if (2 * size * d <= 1) return 1;
  const double root = numerics::sqrt(size), x = root * d;
  if (x * x > 4) return std::min(1.0, 2 * one_sided_survival(n, d));
  if (n > kExactUpTo) return limit_survival(x + 1 / (6 * root) + (x - 1) / (4 * size));
  return exact_survival(n, d);
}

TestResult kolmogorov_smirnov_test(std::span<const double> sample, const Distribution& distribution) {
  const FloatEnvironment contract;
  check_sample("kolmogorov_smirnov_test", sample, 1);
  const std::vector<double> x = sorted(sample);
  const auto n = static_cast<double>(x.size());
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double share = distribution.cdf(x[i]), before = static_cast<double>(i) / n;
    largest = std::max({largest, static_cast<double>(i + 1) / n - share, share - before});
  }
  return {largest, kolmogorov_survival(static_cast<std::int64_t>(x.size()), largest), 0};
}

TestResult kolmogorov_smirnov_test(std::span<const double> a, std::span<const double> b) {
  const FloatEnvironment contract;
  check_sample("kolmogorov_smirnov_test", a, 1);
  check_sample("kolmogorov_smirnov_test", b, 1);
  const std::vector<double> x = sorted(a), y = sorted(b);
  const auto m = static_cast<std::int64_t>(x.size()), n = static_cast<std::int64_t>(y.size());
  std::int64_t i = 0, j = 0, distance = 0;  // in units of 1 / (m n)
  while (i < m && j < n) {
    const double next = std::min(x[static_cast<std::size_t>(i)], y[static_cast<std::size_t>(j)]);
    while (i < m && x[static_cast<std::size_t>(i)] == next) ++i;
    while (j < n && y[static_cast<std::size_t>(j)] == next) ++j;
    distance = std::max(distance, std::abs(i * n - j * m));
  }
  const double both = static_cast<double>(m) * static_cast<double>(n);
  const double statistic = static_cast<double>(distance) / both;
  if (m * n <= kExactPairs)
    return {statistic, std::clamp(1 - share_of_near_paths(m, n, distance), 0.0, 1.0), 0};
  const double effective = both / (static_cast<double>(m) + static_cast<double>(n));
  return {statistic, limit_survival(numerics::sqrt(effective) * statistic), 0};
}

}  // namespace tessera::stats
