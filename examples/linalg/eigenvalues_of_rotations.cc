// Eigenvalues of matrices that can be pictured: the zero matrix and 2I (every direction stays), a turn of the plane (no direction stays:
// cos a +- i sin a), and a turn in space, whose axis is the eigenvector of the eigenvalue 1.
#include <cmath>
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

void show(const char* name, const linalg::Eigen& eigen) {
  std::printf("%s:", name);
  for (std::int64_t i = 0; i < eigen.real.size(0); ++i) {
    const double im = eigen.imaginary.at<double>({i});
    std::printf("  %.6f", eigen.real.at<double>({i}));
    if (im != 0) std::printf(" %c %.6f i", im < 0 ? '-' : '+', std::abs(im));
  }
  std::printf("\n");
}

int main() {
  use_default_backend();
  show("zero matrix", linalg::eigen(zeros({2, 2}, DType::kFloat64)));
  show("2 I", linalg::eigen(Tensor::from<double>({2, 0, 0, 2}, {2, 2})));

  const double angle = 0.5, c = numerics::cos(angle), s = numerics::sin(angle);
  show("turn of the plane by 0.5", linalg::eigen(Tensor::from<double>({c, -s, s, c}, {2, 2})));
  std::printf("cos 0.5 = %.6f, sin 0.5 = %.6f\n", c, s);

  // Rodrigues: R = I cos a + K sin a + k k^T (1 - cos a), about the axis k = (1, 2, 2) / 3.
  const Tensor k = Tensor::from<double>({1, 2, 2}, {3, 1}) / 3.0;
  const Tensor cross = Tensor::from<double>({0, -2, 2, 2, 0, -1, -2, 1, 0}, {3, 3}) / 3.0;
  const Tensor one = Tensor::from<double>({1, 0, 0, 0, 1, 0, 0, 0, 1}, {3, 3});
  const Tensor turn = one * c + cross * s + matmul(k, transpose(k)) * (1 - c);
  const linalg::Eigen eigen = linalg::eigen(turn);
  show("turn in space about (1, 2, 2) / 3", eigen);
  for (std::int64_t i = 0; i < 3; ++i)
    if (eigen.imaginary.at<double>({i}) == 0)
      std::printf("axis: (%.6f, %.6f, %.6f)\n", eigen.vectors_real.at<double>({0, i}),
                  eigen.vectors_real.at<double>({1, i}), eigen.vectors_real.at<double>({2, i}));
  std::printf("determinant %.6f\n", linalg::determinant(turn));
}
