// Does a sample follow a distribution, are two samples alike, is a die fair, are rows and columns of a table independent: tests and their p-values. A p-value is itself
// uniform when the hypothesis holds, which the last lines show.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

void show(const char* question, const stats::TestResult& result) {
  std::printf("%-46s statistic %8.4f   p %.4g\n", question, result.statistic, result.p_value);
}

int main() {
  use_default_backend();
  RandomSource random(12);
  const auto drawn = [&](const stats::Distribution& distribution, const char* name, std::int64_t count) {
    return stats::sample(distribution, random, name, {count}).to_vector<double>();
  };
  const std::vector<double> t = drawn(stats::StudentT(4), "t", 500),
                            normal = drawn(stats::Normal(0, 1), "normal", 300),
                            shifted = drawn(stats::Normal(0.4, 2), "shifted", 200);
  show("are 500 t numbers t-distributed?", stats::kolmogorov_smirnov_test(t, stats::StudentT(4)));
  show("or normal?", stats::kolmogorov_smirnov_test(t, stats::Normal(0, 1)));
  show("have these two samples one distribution?", stats::kolmogorov_smirnov_test(normal, shifted));
  show("have they one mean? (Welch)", stats::t_test(normal, shifted));
  show("is the first one's mean 0?", stats::t_test(normal, 0));

  std::vector<std::int64_t> faces(6);
  for (const double face : drawn(stats::Categorical({0.15, 0.15, 0.15, 0.15, 0.15, 0.25}), "die", 1200))
    ++faces[static_cast<std::size_t>(face)];
  show("is the die fair?", stats::chi_square_test(faces, std::vector<double>(6, 200.0)));
  show("are treatment and outcome independent?",
       stats::chi_square_independence(2, 2, std::vector<std::int64_t>{30, 10, 18, 22}));

  std::vector<double> p_values;
  for (std::uint64_t trial = 1; trial <= 400; ++trial) {
    random.begin_step(trial);
    p_values.push_back(stats::t_test(drawn(stats::Normal(0, 1), "sample", 10), 0).p_value);
  }
  int below = 0;
  for (const double p : p_values) below += p < 0.05 ? 1 : 0;
  std::printf("\nof 400 true hypotheses %d have p below 0.05\n", below);
  show("are the p-values uniform?", stats::kolmogorov_smirnov_test(p_values, stats::Uniform(0, 1)));
}
