// The reduction of a symmetric matrix to tridiagonal form, and the eigenvalues of that. Internal to the room.
#pragma once

#include <vector>

#include "tessera/linalg/matrix.h"
#include "tessera/linalg/reflectors.h"
#include "tessera/linalg/rotations.h"

namespace tessera::linalg::internal {

// a = Q T Q^T.
struct Tridiagonal {
  std::vector<double> diagonal, beside;  // n; n - 1 and a zero
  Reflections q;                         // offset 1
};
Tridiagonal tridiagonalise(Matrix a);
// The same from the upper triangle alone, with half the products and each element read once where it was twice: other sums, so for callers whose bits
// are not those of the whole decomposition anyhow.
Tridiagonal tridiagonalise_upper(Matrix a);

// The QL iteration: diagonal becomes the eigenvalues, in no order; rotations turn rows that begin as Q^T into the eigenvectors.
void iterate_ql(std::vector<double>& diagonal, std::vector<double>& beside, Rotations& rotations);

}  // namespace tessera::linalg::internal
