// How much does one variable tell of another? Counting answers it for categories, with a bias that can be corrected; nearest neighbours answer it for numbers, also where
// the correlation is 0.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  constexpr std::int64_t kSamples = 600;
  RandomSource random(4);
  const std::vector<double> x = random.normal("x", {kSamples}, DType::kFloat64).to_vector<double>(),
                            noise = random.normal("noise", {kSamples}, DType::kFloat64).to_vector<double>();

  std::vector<std::int64_t> die, coin;  // independent: they share nothing
  for (const double u : random.uniform("die", {kSamples}, DType::kFloat64).to_vector<double>())
    die.push_back(static_cast<std::int64_t>(6 * u));
  for (const double u : random.uniform("coin", {kSamples}, DType::kFloat64).to_vector<double>())
    coin.push_back(u < 0.5 ? 0 : 1);
  std::printf("die and coin, by counting     %.4f nats\n", stats::mutual_information_of_labels(die, coin));
  std::printf("  expected bias               %.4f\n", 5.0 * 1 / (2 * kSamples));
  std::printf("  Miller and Madow            %.4f\n\n",
              stats::mutual_information_of_labels(die, coin, stats::BiasCorrection::kMillerMadow));

  std::vector<double> line, parabola;
  std::vector<std::int64_t> outside;
  for (std::size_t i = 0; i < x.size(); ++i) {
    line.push_back(0.8 * x[i] + 0.6 * noise[i]);
    parabola.push_back(x[i] * x[i] + 0.2 * noise[i]);
    outside.push_back(x[i] < -1 || x[i] > 1 ? 1 : 0);
  }
  std::printf("                 correlation   neighbours   histogram (8 bins)\n");
  for (const auto& [name, y] : {std::pair("independent", noise), {"line", line}, {"parabola", parabola}})
    std::printf("%-16s    %+.3f       %.3f          %.3f\n", name, stats::correlation(x, y),
                stats::mutual_information_by_neighbours(x, y),
                stats::mutual_information_by_histogram(x, y, 8));
  std::printf("exact for the line: %.3f\n\n", -0.5 * numerics::log(1 - 0.64));
  std::printf("a number and whether it is outside of (-1, 1): %.3f of %.3f nats\n",
              stats::mutual_information_with_class(x, outside), stats::entropy_of_labels(outside));
}
