// LU factorisation with partial pivoting: P a = L U, and what follows from it: solutions, determinant, inverse.
//
// Recursive (Toledo, SIAM J. Matrix Anal. 18, 1997), so that almost all of the work is matrix products of the backend. The pivot of a
// column is its element of the largest absolute value, of several the first, as in LAPACK's getrf; growth of elements is as rare and as
// possible as there (Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, chapter 9).
//
// Shapes: a float64 [n, n]; right-hand sides [n] or [n, m]. A singular matrix has a factorisation (with a zero on U's diagonal) and the
// determinant 0; `solve` and `inverse` refuse it and name the column.
// Errors: shapes, dtypes, NaN, infinities, singular. Thread-safety: pure functions. Results: the same bits everywhere.
//
// ```cpp
// Tensor a = Tensor::from<double>({0, 2, 4, 1}, {2, 2});
// assert(linalg::determinant(a) == -8);
// assert(linalg::solve(a, Tensor::from<double>({4, 6}, {2})).to_vector<double>() == (std::vector<double>{1, 2}));
// linalg::Lu factors = linalg::lu(a);
// assert(factors.permutation == (std::vector<std::int64_t>{1, 0}) && factors.first_zero_pivot == -1);
// ```
#pragma once

#include <vector>

#include "tessera/linalg/matrix.h"
#include "tessera/tensor/tensor.h"

namespace tessera::linalg {

struct Lu {
  Tensor factors;  // [n, n]: L below the diagonal (its own diagonal is ones), U on and above it
  std::vector<std::int64_t> permutation;  // row i of L U is row permutation[i] of a
  int sign = 1;                           // of the permutation: 1 even, -1 odd
  std::int64_t first_zero_pivot =
      -1;  // the first zero on U's diagonal; -1: none, a is regular in this arithmetic

  Tensor lower() const;  // L
  Tensor upper() const;  // U
};

Lu lu(const Tensor& a);
// The x of a x = b.
Tensor solve(const Lu& factors, const Tensor& b);
Tensor solve(const Tensor& a, const Tensor& b);
Tensor inverse(const Tensor& a);

double determinant(const Tensor& a);  // may overflow or vanish where log_determinant does not
struct LogDeterminant {
  int sign = 1;          // of the determinant: -1, 0, 1
  double logarithm = 0;  // of its absolute value; -infinity for 0
};
LogDeterminant log_determinant(const Tensor& a);
LogDeterminant log_determinant(const Lu& factors);

}  // namespace tessera::linalg
