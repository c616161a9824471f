// Eigenvalues and eigenvectors of a symmetric matrix: a = V diag(values) V^T.
//
// Householder reduction to tridiagonal form in panels (half of it matrix products of the backend), then the QL iteration with implicit
// shifts, whose rotations are applied many at a time. Golub and Van Loan, "Matrix Computations", 4th edition, chapter 8; Dongarra,
// Sorensen and Hammarling, J. Comput. Appl. Math. 27, 1989.
//
// Values ascend. Vectors are the columns of `vectors`, of length 1 and orthogonal to each other; of each one the component of the largest
// absolute value, of several the first, is positive. (Where an eigenvalue is multiple any basis of its space would be right; which one
// comes out is nevertheless the same bits everywhere.) Errors of the values: a small multiple of 2^-53 times the largest |value|.
//
// Shapes: a float64 [n, n]; values [n], vectors [n, n]. Errors: a matrix that is not symmetric to half of float64's digits (the place is
// named; otherwise the lower triangle counts), shapes, dtypes, NaN, infinities. Thread-safety: pure functions.
//
// ```cpp
// linalg::SymmetricEigen eigen = linalg::symmetric_eigen(Tensor::from<double>({2, 1, 1, 2}, {2, 2}));
// assert(std::abs(eigen.values.at<double>({0}) - 1) < 1e-15 && std::abs(eigen.values.at<double>({1}) - 3) < 1e-15);
// ```
#pragma once

#include "tessera/linalg/matrix.h"
#include "tessera/tensor/tensor.h"

namespace tessera::linalg {

struct SymmetricEigen {
  Tensor values;   // ascending
  Tensor vectors;  // columns
};
SymmetricEigen symmetric_eigen(const Tensor& a);
Tensor symmetric_eigenvalues(const Tensor& a);  // the same bits, in a fraction of the time

namespace internal {
// read_square, then the lower triangle mirrored; Error where the upper one is another.
Matrix read_symmetric(const Tensor& a, std::string_view function);
// Turns each row so that its component of the largest absolute value is positive; true where it was turned.
bool turn_positive(double* line, std::int64_t n);
}  // namespace internal

}  // namespace tessera::linalg
