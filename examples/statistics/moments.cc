// Mean, variance, skewness, kurtosis, the standard error and covariances: of a whole sample, or piece by piece and merged; and the identities that covariances keep.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

std::vector<double> sum_of(const std::vector<double>& x, const std::vector<double>& y) {
  std::vector<double> result;
  for (std::size_t i = 0; i < x.size(); ++i) result.push_back(x[i] + y[i]);
  return result;
}

int main() {
  use_default_backend();
  RandomSource random(3);
  const std::vector<double> x = stats::sample(stats::Gamma(2, 1), random, "x", {5000}).to_vector<double>(),
                            y = stats::sample(stats::Normal(0, 1), random, "y", {5000}).to_vector<double>();
  std::printf("Gamma(2, 1):      mean     variance  skewness  kurtosis\n");
  std::printf("  sample          %.4f   %.4f    %.4f    %.4f\n", stats::mean(x), stats::variance(x),
              stats::skewness(x), stats::kurtosis(x));
  stats::RunningMoments all;
  for (std::size_t part = 0; part < 5; ++part) {  // five parts, as five processes would see them
    stats::RunningMoments moments;
    for (std::size_t i = 1000 * part; i < 1000 * (part + 1); ++i) moments.add(x[i]);
    all.merge(moments);
  }
  std::printf("  merged          %.4f   %.4f    %.4f    %.4f\n", all.mean(), all.variance(), all.skewness(),
              all.kurtosis());
  std::printf("  exact           2        2         1.4142    3\n");
  std::printf("  standard error of the mean %.4f: sqrt(2 / 5000) = 0.02\n\n", stats::standard_error(x));

  const std::vector<double> z = sum_of(x, y);
  std::printf("z = x + y, x and y independent\n");
  std::printf("  cov(x, z) = %.4f = var(x) + cov(x, y) = %.4f\n", stats::covariance(x, z),
              stats::variance(x) + stats::covariance(x, y));
  std::printf("  var(z)    = %.4f = var(x) + var(y) + 2 cov(x, y) = %.4f\n", stats::variance(z),
              stats::variance(x) + stats::variance(y) + 2 * stats::covariance(x, y));
  const Tensor columns =
      transpose(concatenate({Tensor::from<double>(x, {1, 5000}), Tensor::from<double>(y, {1, 5000}),
                             Tensor::from<double>(z, {1, 5000})},
                            0));
  const Tensor correlations = stats::correlation_matrix(columns);
  std::printf("  correlations of x, y, z:\n");
  for (std::int64_t row = 0; row < 3; ++row)
    std::printf("    %+.3f  %+.3f  %+.3f\n", correlations.at<double>({row, 0}),
                correlations.at<double>({row, 1}), correlations.at<double>({row, 2}));

  std::vector<double> cubes;
  for (const double value : z) cubes.push_back(value * value * value);
  std::printf("z and its cube: Pearson %.3f, Spearman %.3f, Kendall %.3f\n", stats::correlation(z, cubes),
              stats::spearman(z, cubes), stats::kendall(z, cubes));
}
