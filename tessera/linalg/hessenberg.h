// The reduction of a square matrix to Hessenberg form, and from there to the real Schur form. Internal to the room.
#pragma once

#include <vector>

#include "tessera/linalg/matrix.h"
#include "tessera/linalg/reflectors.h"
#include "tessera/linalg/rotations.h"

namespace tessera::linalg::internal {

// a = Q H Q^T; a becomes H, zero below the first subdiagonal.
Reflections reduce_to_hessenberg(Matrix& a);

// The QR iteration of Francis with double shifts: h becomes quasi-triangular, its 2x2 blocks belonging to complex pairs with equal elements
// on the diagonal. `rotations` turns rows that begin as Q^T. Where only the eigenvalues are wanted (`whole` is false) the parts of h that
// do not matter for them stay unfinished; the eigenvalues have the same bits.
struct ComplexValue {
  double real = 0, imaginary = 0;
};
std::vector<ComplexValue> iterate_francis(Matrix& h, Rotations& rotations, bool whole);

// The eigenvectors of a quasi-triangular matrix, in rows: of a pair the real part, then the imaginary part for the value with the
// positive one.
Matrix quasi_triangular_vectors(const Matrix& t, const std::vector<ComplexValue>& values);

}  // namespace tessera::linalg::internal
