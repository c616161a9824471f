// Eigenvalues and eigenvectors of a symmetric matrix: a = V diag(values) V^T.
//
// Householder reduction to tridiagonal form in panels (half of it matrix products of the backend), divide and conquer from there (Cuppen,
// Numer. Math. 36, 1981; Gu and Eisenstat, SIAM J. Matrix Anal. Appl. 16, 1995), whose work is matrix products again, and the way back. Golub and Van Loan,
// "Matrix Computations", 4th edition, chapter 8; Dongarra, Sorensen and Hammarling, J. Comput. Appl. Math. 27, 1989.
//
// Values ascend. Vectors are the columns of `vectors`, of length 1 and orthogonal to each other; of each one the component of the largest
// absolute value, of several the first, is positive. (Where an eigenvalue is multiple any basis of its space would be right; which one
// comes out is nevertheless the same bits everywhere.) Errors of the values: a small multiple of 2^-53 times the largest |value|.
//
// The k largest or smallest pairs cost the reduction and little more: bisection by Sturm counts for the values, inverse iteration on the
// tridiagonal matrix for the vectors, each orthogonal to those before it whether values are close, multiple or neither, and their way back
// (Golub and Van Loan, 8.4; Parlett, "The Symmetric Eigenvalue Problem", chapters 3 and 4). Values and vectors are as exact as those of
// the whole decomposition but need not be the same bits; every residual has been checked. Of a multiple value of which some vectors are taken
// any would be right. Beyond n / 8 pairs they are the bits of symmetric_eigen.
//
// Shapes: a float64 [n, n]; values [n], vectors [n, n]; [k] and [n, k], 0 <= k <= n. Errors: a matrix that is not symmetric to half of
// float64's digits (the place is named; otherwise the lower triangle counts), shapes, dtypes, NaN, infinities, k. Thread-safety: pure functions.
//
// ```cpp
// linalg::SymmetricEigen eigen = linalg::symmetric_eigen(Tensor::from<double>({2, 1, 1, 2}, {2, 2}));
// assert(std::abs(eigen.values.at<double>({0}) - 1) < 1e-15 && std::abs(eigen.values.at<double>({1}) - 3) < 1e-15);
// assert(linalg::largest_symmetric_eigen(Tensor::from<double>({2, 1, 1, 2}, {2, 2}), 1).vectors.shape() == (Shape{2, 1}));
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
// The last or first k of them, which ascend, too.
SymmetricEigen largest_symmetric_eigen(const Tensor& a, std::int64_t k);
SymmetricEigen smallest_symmetric_eigen(const Tensor& a, std::int64_t k);

namespace internal {
// read_square, then the lower triangle mirrored; Error where the upper one is another.
Matrix read_symmetric(const Tensor& a, std::string_view function);
// Turns a line so that its component of the largest absolute value, of several the first, is positive; true where it was turned.
bool turn_positive(double* line, std::int64_t n);
// The same of columns: which ones are to be turned, and turning them.
std::vector<bool> negative_columns(const Matrix& a);
void turn_columns(Matrix& a, const std::vector<bool>& which);
}  // namespace internal

}  // namespace tessera::linalg
