// What singular values tell: rank, condition, and how well a matrix can be approximated by one of small rank (Eckart and Young: the error of the best
// one of rank k is the singular value k + 1). The randomised method finds the first few from products with random vectors.
#include <cmath>
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  // Element (i, j) = 1 / (1 + i + j) on 200 x 150: smooth, so almost of low rank.
  const Tensor i = arange(200, DType::kFloat64), j = arange(150, DType::kFloat64);
  const Tensor a = 1.0 / (reshape(i, {200, 1}) + reshape(j, {1, 150}) + 1.0);
  const linalg::Svd parts = linalg::svd(a);
  RandomSource random(1);
  const linalg::Svd few = linalg::randomized_svd(a, 6, random, "svd");
  std::printf("rank in float64: %lld of 150\n", static_cast<long long>(linalg::rank(a)));
  std::printf("k   singular value k   randomised     ||a - a_k||\n");
  for (std::int64_t k = 1; k <= 6; ++k) {
    const Tensor low = matmul(slice(parts.u, {Range::all(), Range(0, k)}) * slice(parts.s, {Range(0, k)}),
                              slice(parts.vt, {Range(0, k)}));
    std::printf("%lld   %.8f         %.8f     %.8f\n", static_cast<long long>(k), parts.s.at<double>({k - 1}),
                few.s.at<double>({k - 1}), linalg::norm(a - low, linalg::Norm::kTwo));
  }
  const Tensor inverse = linalg::pseudoinverse(Tensor::from<double>({1, 2, 2, 4}, {2, 2}));
  std::printf("pseudoinverse of [1 2; 2 4] times 25:");
  for (const double x : (inverse * 25.0).to_vector<double>()) std::printf(" %.6f", x);
  std::printf("\n");
}
