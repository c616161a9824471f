// QR factorisation by Householder reflections, plain and with column pivoting.
//
//   qr           a = Q R; Q has orthonormal columns, R is upper triangular (trapezoidal) with a diagonal >= 0, which makes both unique where
//                the columns of a are independent (NumPy leaves the signs to LAPACK: rows of R, columns of Q differ by -1)
//   pivoted_qr   a[:, permutation] = Q R; the column that is taken next is the one of the largest remaining norm, so |R_00| >= |R_11| >= ...
//                and the rank shows. Of equal norms the first.
//
// Shapes: a float64 [m, n]. Thin: Q [m, k], R [k, n], k = min(m, n). Full: Q [m, m], R [m, n].
// Backward stable; ||Q^T Q - I|| is a small multiple of the unit roundoff whatever the matrix. Blocked (reflectors.h; pivoted: Quintana-Orti,
// Sun and Bischof, SIAM J. Sci. Comput. 19, 1998, with the norm update of Drmac and Bujanovic, ACM TOMS 35, 2008).
// Errors: shapes, dtypes, NaN, infinities. Thread-safety: pure functions. Results: the same bits everywhere.
//
// ```cpp
// Tensor a = Tensor::from<double>({0, 3, 2, 1}, {2, 2});
// linalg::Qr factors = linalg::qr(a);
// assert(factors.r.to_vector<double>() == (std::vector<double>{2, 1, 0, 3}));
// assert(linalg::pivoted_qr(a).permutation == (std::vector<std::int64_t>{1, 0}));
// ```
#pragma once

#include <vector>

#include "tessera/linalg/matrix.h"
#include "tessera/linalg/reflectors.h"
#include "tessera/tensor/tensor.h"

namespace tessera::linalg {

enum class Size { kThin, kFull };

struct Qr {
  Tensor q, r;
};
Qr qr(const Tensor& a, Size size = Size::kThin);
Tensor triangular_factor(const Tensor& a);  // the bits of qr(a).r, in half the time

struct PivotedQr {
  Tensor q, r;
  std::vector<std::int64_t> permutation;  // column j of Q R is column permutation[j] of a
  std::int64_t rank = 0;                  // how many |R_jj| are above rank_tolerance * |R_00|
};
// rank_tolerance < 0: max(m, n) * 2^-52.
PivotedQr pivoted_qr(const Tensor& a, Size size = Size::kThin, double rank_tolerance = -1);

namespace internal {

// The factors as they are computed: R may have negative elements on its diagonal.
struct QrFactors {
  Reflections q;
  Matrix r;                               // [min(m, n), n]
  std::vector<std::int64_t> permutation;  // pivoted only
};
QrFactors factor_qr(Matrix a);
QrFactors factor_pivoted_qr(const Matrix& a);
std::int64_t rank_of(const QrFactors& factors, double tolerance);
double rank_tolerance_or_default(double tolerance, std::int64_t rows, std::int64_t columns);

}  // namespace internal
}  // namespace tessera::linalg
