// Singular value decomposition: a = U diag(s) V^T.
//
// Golub and Kahan: reduction to bidiagonal form by reflections from both sides, in panels (half of it matrix products of the backend); divide and
// conquer from there (Gu and Eisenstat, SIAM J. Matrix Anal. Appl. 16, 1995), whose work is matrix products again, down to 32 rows, where it is the QR
// iteration with implicit shifts (Golub and Reinsch, Numer. Math. 14, 1970). A matrix with many more rows than columns is brought to R first (Chan, ACM
// TOMS 8, 1982); one with more columns is transposed.
//
// Singular values descend and are >= 0. Of each column of U the component of the largest absolute value, of several the first, is positive
// (the sign that scikit-learn gives too); the row of V^T has the sign that belongs to it. Errors of the singular values: a small
// multiple of 2^-53 times the largest one.
//
// Shapes: a float64 [m, n], k = min(m, n). Thin: u [m, k], s [k], vt [k, n]. Full: u [m, m], vt [n, n].
// Errors: shapes, dtypes, NaN, infinities. Thread-safety: pure functions. Results: the same bits everywhere.
//
// ```cpp
// linalg::Svd parts = linalg::svd(Tensor::from<double>({0, 2, 3, 0, 0, 0}, {3, 2}));
// assert(parts.s.to_vector<double>() == (std::vector<double>{3, 2}) && parts.u.shape() == (Shape{3, 2}));
// ```
#pragma once

#include "tessera/linalg/qr.h"
#include "tessera/tensor/tensor.h"

namespace tessera::linalg {

struct Svd {
  Tensor u, s, vt;
};
Svd svd(const Tensor& a, Size size = Size::kThin);
Tensor singular_values(const Tensor& a);  // the same bits, in a fraction of the time
// s and vt [k, n] without u, in about two thirds of the time: the same bits but for signs. Of each row of vt the component of the largest absolute
// value, of several the first, is positive.
struct RightSingularVectors {
  Tensor s, vt;
};
RightSingularVectors right_singular_vectors(const Tensor& a);

// The Moore-Penrose pseudoinverse [n, m]; singular values up to tolerance * s_0 count as zero (< 0: max(m, n) * 2^-52).
Tensor pseudoinverse(const Tensor& a, double tolerance = -1);

}  // namespace tessera::linalg
