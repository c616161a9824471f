// Triangular systems: L x = b or U x = b by substitution.
//
// Small triangles by substitution, everything else as matrix products of the backend. Where a triangle is halved depends on its size alone, so
// a result has the same bits on every backend, thread count and machine, and a column of it the bits that it would have by itself.
//
// The matrix is float64 [n, n]; only the named triangle is read, the rest may hold anything finite. b is [n] or [n, m]; the solution
// has b's shape. Backward stable (Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, chapter 8).
// Errors: a zero on the diagonal (named), shapes, dtypes, NaN and infinities. Thread-safety: pure functions.
//
// ```cpp
// Tensor l = Tensor::from<double>({2, 0, 1, 4}, {2, 2});
// Tensor x = linalg::solve_triangular(l, Tensor::from<double>({2, 9}, {2}));
// assert(x.to_vector<double>() == (std::vector<double>{1, 2}));
// ```
#pragma once

#include "tessera/linalg/matrix.h"
#include "tessera/tensor/tensor.h"

namespace tessera::linalg {

enum class Triangle { kLower, kUpper };
struct TriangularOptions {
  Triangle triangle = Triangle::kLower;
  bool transposed = false;     // solves transpose(a) x = b; `triangle` says what a itself is
  bool unit_diagonal = false;  // the diagonal is not read and taken as ones
};
Tensor solve_triangular(const Tensor& a, const Tensor& b, const TriangularOptions& options = {});

namespace internal {
// b = inverse(a) b in place. a: any strides, nonzero diagonal; b in rows.
void solve_lower(const Block& a, const Block& b, bool unit_diagonal);
void solve_upper(const Block& a, const Block& b, bool unit_diagonal);
// b = b transpose(inverse(a)) in place, a lower triangle: the bits that solve_lower gives the transposed b. Tasks are rows of b.
void solve_lower_from_right(const Block& a, const Block& b);
}  // namespace internal

}  // namespace tessera::linalg
