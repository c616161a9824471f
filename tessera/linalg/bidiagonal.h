// The reduction of a matrix to bidiagonal form, and the singular values of that. Internal to the room.
#pragma once

#include <vector>

#include "tessera/linalg/matrix.h"
#include "tessera/linalg/reflectors.h"
#include "tessera/linalg/rotations.h"

namespace tessera::linalg::internal {

// a = Q B P^T; a has at least as many rows as columns, B is upper bidiagonal [n, n].
struct Bidiagonal {
  std::vector<double> diagonal, above;  // n; n - 1 and a zero
  Reflections q, p;                     // p has the offset 1
};
Bidiagonal bidiagonalise(Matrix a);

// The QR iteration: diagonal becomes the singular values, >= 0 and in no order. `left` turns rows that begin as Q^T, `right` those that begin
// as P^T; where a value was negative its row of P^T is to be turned, too: these are returned.
std::vector<bool> iterate_qr(std::vector<double>& diagonal, std::vector<double>& above, Rotations& left,
                             Rotations& right);

}  // namespace tessera::linalg::internal
