// Linear least squares: the x that makes ||a x - b|| smallest, and of several the shortest (the minimum-norm solution).
//
// By QR with column pivoting, then, where the rank is below the number of columns, a second QR that makes the solution the shortest one (a
// complete orthogonal decomposition; Golub and Van Loan, "Matrix Computations", 4th edition, section 5.5). Columns are first brought to
// like lengths by powers of two, which is exact, unless the rank turns out deficient (the shortest solution depends on the scale).
//
// A solution of full rank is corrected once by the solution for its residuals, which are computed in twice the precision. `refine` adds steps of iterative refinement of the augmented system (Bjorck, BIT 7, 1967; Demmel et
// al., ACM TOMS 35, 2009): for a matrix of full rank the solution is then that of the given numbers to nearly all digits.
//
// Shapes: a float64 [m, n], any m and n; b [m] or [m, k]; the solution [n] or [n, k]. Errors: shapes, dtypes, NaN, infinities.
// Thread-safety: a pure function. Results: the same bits everywhere.
//
// ```cpp
// Tensor a = Tensor::from<double>({1, 0, 1, 1, 1, 2}, {3, 2});  // a line through (0, 1), (1, 3), (2, 5)
// linalg::LeastSquares fit = linalg::least_squares(a, Tensor::from<double>({1, 3, 5}, {3}));
// assert(fit.rank == 2 && std::abs(fit.solution.at<double>({0}) - 1) < 1e-14 && std::abs(fit.solution.at<double>({1}) - 2) < 1e-14);
// ```
#pragma once

#include "tessera/tensor/tensor.h"

namespace tessera::linalg {

struct LeastSquaresOptions {
  double rank_tolerance = -1;  // relative to the largest pivot; < 0: max(m, n) * 2^-52
  bool refine = false;         // full rank only; otherwise it does nothing
  bool covariance = false;     // also inverse(a^T a), full rank only
};

struct LeastSquares {
  Tensor solution;
  Tensor residuals;  // b - a x, of b's shape
  Tensor
      residual_squares;  // [k], or a scalar for a b of one axis: the sum of squares of each column of the residuals
  std::int64_t rank = 0;  // of a, in this arithmetic
  int refinements = 0;    // steps that were made
  Tensor
      covariance;  // [n, n] if it was asked for and the rank is n: times the variance of the noise it is the solution's covariance
};
LeastSquares least_squares(const Tensor& a, const Tensor& b, const LeastSquaresOptions& options = {});

}  // namespace tessera::linalg
