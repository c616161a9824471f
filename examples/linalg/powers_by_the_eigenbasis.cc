// Powers of a matrix by its eigenbasis: a = S D S^-1, so a^k = S D^k S^-1. Fibonacci's numbers come out of the golden ratio; a recurrence
// h <- W h keeps, loses or blows up a signal as |lambda|^k does, which is why gradients through time vanish or explode.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  const Tensor fibonacci = Tensor::from<double>({1, 1, 1, 0}, {2, 2});
  const linalg::EigenbasisPowers powers(fibonacci);
  std::printf("eigenvalues %.9f and %.9f\n", powers.eigen().real.at<double>({1}),
              powers.eigen().real.at<double>({0}));
  for (const std::int64_t k : {10, 50, 70})
    std::printf("F(%lld) = %.6f by the eigenbasis, %.0f by squaring\n", static_cast<long long>(k),
                powers.power(k).at<double>({0, 1}), linalg::matrix_power(fibonacci, k).at<double>({0, 1}));

  std::printf("\nlength of W^k h for turns of 0.3 radians that shrink, keep or stretch:\n    k");
  const double c = numerics::cos(0.3), s = numerics::sin(0.3);
  for (const double size : {0.9, 1.0, 1.1}) std::printf("  |lambda| = %.1f", size);
  std::printf("\n");
  for (const std::int64_t k : {1, 10, 100}) {
    std::printf("%5lld", static_cast<long long>(k));
    for (const double size : {0.9, 1.0, 1.1}) {
      const linalg::EigenbasisPowers w(Tensor::from<double>({c, -s, s, c}, {2, 2}) * size);
      std::printf("  %14.6g", linalg::norm(matmul(w.power(k), Tensor::from<double>({1, 0}, {2, 1}))));
    }
    std::printf("\n");
  }

  try {
    linalg::EigenbasisPowers jordan(Tensor::from<double>({1, 1, 0, 1}, {2, 2}));
  } catch (const Error& error) {
    std::printf("\n%s\n", error.what());
  }
}
