// Twelve distributions with one interface: density, probability of at most x, quantile, mean, variance, and samples that are the same on any machine and any number
// of threads.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  const stats::Uniform uniform(0, 2);
  const stats::Normal normal(0, 1);
  const stats::Exponential exponential(0.5);
  const stats::Gumbel gumbel(0, 1);
  const stats::Gamma gamma(2.5, 4);
  const stats::ChiSquare chi_square(3);
  const stats::Beta beta(2, 5);
  const stats::StudentT student(5);
  const stats::Bernoulli bernoulli(0.3);
  const stats::Categorical categorical({0.5, 0.25, 0.25});
  const stats::Binomial binomial(10, 0.5);
  const stats::Poisson poisson(4);
  const std::pair<const char*, const stats::Distribution*> all[] = {
      {"Uniform(0, 2)", &uniform},   {"Normal(0, 1)", &normal},        {"Exponential(0.5)", &exponential},
      {"Gumbel(0, 1)", &gumbel},     {"Gamma(2.5, 4)", &gamma},        {"ChiSquare(3)", &chi_square},
      {"Beta(2, 5)", &beta},         {"StudentT(5)", &student},        {"Bernoulli(0.3)", &bernoulli},
      {"Categorical", &categorical}, {"Binomial(10, 0.5)", &binomial}, {"Poisson(4)", &poisson}};

  RandomSource random(7);
  std::printf(
      "                      mean  variance    median    95 in 100   of 20,000 drawn: mean, variance\n");
  for (const auto& [name, distribution] : all) {
    const std::vector<double> drawn = stats::sample(*distribution, random, name, {20000}).to_vector<double>();
    std::printf("%-18s %7.3f   %7.3f   %7.3f      %7.3f                %8.3f  %7.3f\n", name,
                distribution->mean(), distribution->variance(), distribution->quantile(0.5),
                distribution->quantile(0.95), stats::mean(drawn), stats::variance(drawn));
  }
  std::printf("\nfar out, where 1 - cdf would be 0: a normal number is above 10 with probability %.6g\n",
              normal.survival(10));
  std::printf("once in 10^30 trials a t with 5 degrees of freedom is below %.6g\n", student.quantile(1e-30));
}
