// Entropy and what is made of it: how uncertain a distribution is in bits, that mixing makes it more uncertain (entropy is concave), what two variables
// share, and how far two distributions are apart, which is not the same in both directions.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  const std::vector<double> fair = {0.5, 0.5}, bent = {0.9, 0.1}, certain = {1, 0}, other = {0, 1};
  std::printf("a fair coin           %.4f bits\n", stats::entropy(fair, stats::kBits));
  std::printf("a bent coin           %.4f bits\n", stats::entropy(bent, stats::kBits));
  std::printf("a coin with two heads %.4f bits\n", stats::entropy(certain, stats::kBits));
  const std::vector<double> mixture = {0.5 * bent[0] + 0.5 * other[0], 0.5 * bent[1] + 0.5 * other[1]};
  std::printf("half bent, half tails %.4f bits, above the mean of both, %.4f\n\n",
              stats::entropy(mixture, stats::kBits),
              (stats::entropy(bent, stats::kBits) + stats::entropy(other, stats::kBits)) / 2);

  // Rows: dry or rain; columns: sun, cloud, storm.
  const stats::JointTable weather(2, 3, {0.40, 0.15, 0.05, 0.02, 0.18, 0.20});
  std::printf("H(rain)               %.4f bits\n", stats::entropy(weather.x(), stats::kBits));
  std::printf("H(sky)                %.4f bits\n", stats::entropy(weather.y(), stats::kBits));
  std::printf("H(rain, sky)          %.4f bits\n", stats::joint_entropy(weather, stats::kBits));
  std::printf("H(sky | rain)         %.4f bits\n", stats::conditional_entropy(weather, stats::kBits));
  std::printf("I(rain; sky)          %.4f bits = H + H - H(,) = D(joint | product) = %.4f\n\n",
              stats::mutual_information(weather, stats::kBits),
              stats::kl_divergence(weather.probabilities(), weather.product(), stats::kBits));

  std::printf("D(fair | bent)        %.4f bits\n", stats::kl_divergence(fair, bent, stats::kBits));
  std::printf("D(bent | fair)        %.4f bits\n", stats::kl_divergence(bent, fair, stats::kBits));
  std::printf("D(fair | two heads)   %.4f\n", stats::kl_divergence(fair, certain, stats::kBits));
  std::printf("Jensen-Shannon        %.4f bits, the same both ways\n",
              stats::jensen_shannon(fair, bent, stats::kBits));
}
