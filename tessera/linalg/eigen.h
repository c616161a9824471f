// Eigenvalues and eigenvectors of any real square matrix; complex ones come in pairs.
//
// Balancing by powers of two (Parlett and Reinsch, Numer. Math. 13, 1969), reduction to Hessenberg form in panels (most of it matrix products
// of the backend), the QR iteration of Francis with double shifts to the real Schur form, and substitution for the vectors. Golub and Van
// Loan, "Matrix Computations", 4th edition, chapter 7.
//
// Eigenvalues ascend by their real part, then by the absolute value of the imaginary one, and of a pair the one with the positive imaginary part
// stands first. Column j of the vectors belongs to value j; it has length 1, and its component of the largest modulus is real and
// positive. A matrix that lacks eigenvectors (a Jordan block) gives columns that are nearly or quite equal: `condition_number` of them tells.
//
// A symmetric matrix is better served by `symmetric_eigen`. Shapes: a float64 [n, n]. Errors: shapes, dtypes, NaN, infinities.
// Thread-safety: pure functions. Results: the same bits everywhere.
//
// ```cpp
// linalg::Eigen turn = linalg::eigen(Tensor::from<double>({0, -1, 1, 0}, {2, 2}));  // by a right angle
// assert(turn.real.to_vector<double>() == (std::vector<double>{0, 0}));
// assert(turn.imaginary.to_vector<double>() == (std::vector<double>{1, -1}));
// ```
#pragma once

#include "tessera/tensor/tensor.h"

namespace tessera::linalg {

struct Eigen {
  Tensor real, imaginary;                  // of the values, [n]
  Tensor vectors_real, vectors_imaginary;  // [n, n], columns; undefined from `eigenvalues`
  bool all_real() const;                   // no imaginary part but 0
};
Eigen eigen(const Tensor& a);
Eigen eigenvalues(const Tensor& a);  // the same bits without the vectors, in a fraction of the time

// The largest modulus of an eigenvalue.
double spectral_radius(const Tensor& a);

}  // namespace tessera::linalg
