// Least squares four ways on powers of x, whose columns are nearly dependent. The normal equations square the condition number and lose
// twice the digits; QR does not; refinement with residuals in twice the precision finds them all; ridge trades a bias for small
// coefficients. With fewer equations than unknowns the shortest of all solutions is meant.
#include <cmath>
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

void show(const char* name, const Tensor& x) {
  std::printf("%-18s largest error %.1e\n", name, max(absolute(x - 1.0)).item<double>());
}

int main() {
  use_default_backend();
  // y = 1 + x + ... + x^5 for x = 0 ... 20: all numbers are integers, so the solution is ones exactly (NIST's Wampler1).
  std::vector<double> design, response;
  for (int x = 0; x <= 20; ++x) {
    double power = 1, total = 0;
    for (int k = 0; k < 6; ++k, power *= x) {
      design.push_back(power);
      total += power;
    }
    response.push_back(total);
  }
  const Tensor a = Tensor::from<double>(design, {21, 6}), b = Tensor::from<double>(response, {21});
  std::printf("condition of a %.1e, of a^T a %.1e\n", linalg::condition_number(a),
              linalg::condition_number(matmul(transpose(a), a)));
  const Tensor gram = matmul(transpose(a), a), right = matmul(transpose(a), b);
  show("normal equations", linalg::cholesky_solve(linalg::cholesky(gram), right));
  show("QR", linalg::least_squares(a, b).solution);
  show("QR, refined",
       linalg::least_squares(a, b, {.rank_tolerance = -1, .refine = true, .covariance = false}).solution);

  // Ridge: rows sqrt(penalty) e_j below a; the constant (column 0) is not penalised.
  std::vector<double> penalty(30);
  for (std::size_t j = 1; j < 6; ++j) penalty[(j - 1) * 6 + j] = numerics::sqrt(0.1);
  const Tensor rows = concatenate({a, Tensor::from<double>(penalty, {5, 6})}, 0),
               zeros_below = zeros({5}, DType::kFloat64);
  show("ridge, 0.1", linalg::least_squares(rows, concatenate({b, zeros_below}, 0)).solution);

  const linalg::LeastSquares wide =
      linalg::least_squares(copy(slice(a, {Range(0, 3)})), copy(slice(b, {Range(0, 3)})));
  std::printf("3 equations, 6 unknowns: rank %lld, shortest solution", static_cast<long long>(wide.rank));
  for (const double x : wide.solution.to_vector<double>()) std::printf(" %.6f", x);
  std::printf("\n");
}
