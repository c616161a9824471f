// Cholesky factorisation: a = L L^T with L lower triangular and a positive diagonal, for symmetric positive definite matrices.
//
// Recursive, so that almost all of the work is matrix products of the backend. Only the lower triangle of `a` is read.
// Half the work of LU, and the usual way to find out whether a matrix is positive definite. Golub and Van Loan, "Matrix Computations", 4th
// edition, section 4.2; Higham, "Accuracy and Stability of Numerical Algorithms", chapter 10.
//
// Shapes: a float64 [n, n]; right-hand sides [n] or [n, m].
// Errors: a leading minor that is not positive (its order, and the pivot that was found), shapes, dtypes, NaN, infinities.
// Thread-safety: pure functions. Results: the same bits everywhere.
//
// ```cpp
// Tensor a = Tensor::from<double>({4, 2, 2, 5}, {2, 2});
// assert(linalg::cholesky(a).to_vector<double>() == (std::vector<double>{2, 0, 1, 2}));
// assert(linalg::cholesky_solve(linalg::cholesky(a), Tensor::from<double>({8, 12}, {2})).to_vector<double>() ==
//        (std::vector<double>{1, 2}));
// assert(linalg::try_cholesky(Tensor::from<double>({1, 2, 2, 1}, {2, 2})).failed_minor == 2);
// ```
#pragma once

#include "tessera/linalg/matrix.h"
#include "tessera/tensor/tensor.h"

namespace tessera::linalg {

// L. Throws Error "the leading minor of order k is not positive definite".
Tensor cholesky(const Tensor& a);

struct CholeskyAttempt {
  Tensor factor;              // L, undefined where it failed
  std::int64_t failed_minor;  // 0, or the order of the first leading minor that is not positive
  double pivot = 0;           // what stood where the square of a diagonal element was to stand
};
// A matrix that is moved in, and that nobody else has, is factored in its own memory.
CholeskyAttempt try_cholesky(Tensor a);

// The solution of L L^T x = b for the factor of `cholesky`.
Tensor cholesky_solve(const Tensor& factor, const Tensor& b);
// log(det(a)) = 2 sum(log(diagonal of L)).
double cholesky_log_determinant(const Tensor& factor);

}  // namespace tessera::linalg
