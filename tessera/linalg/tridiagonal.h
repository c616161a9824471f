// The reduction of a symmetric matrix to tridiagonal form, and the eigenvalues of that. Internal to the room.
#pragma once

#include <vector>

#include "tessera/linalg/matrix.h"
#include "tessera/linalg/reflectors.h"
#include "tessera/linalg/rotations.h"
#include "tessera/linalg/split_rows.h"

namespace tessera::linalg::internal {

// a = Q T Q^T.
struct Tridiagonal {
  std::vector<double> diagonal, beside;  // n; n - 1 and a zero
  Reflections q;                         // offset 1
};
Tridiagonal tridiagonalise(Matrix a);  // from the upper triangle alone

// The QL iteration: diagonal becomes the eigenvalues, in no order; rotations turn rows that begin as Q^T into the eigenvectors.
void iterate_ql(std::vector<double>& diagonal, std::vector<double>& beside, Rotations& rotations);

struct Spectrum {
  std::vector<double> values;  // in no order
  Matrix rows;                 // row i: the eigenvector of value i, or its two ends
};
// The same by divide and conquer: halves of up to kUndivided rows by the QL iteration, then their eigenvalues and vectors are put together.
Spectrum divide_tridiagonal(std::vector<double> diagonal, const std::vector<double>& beside, Frame frame);

}  // namespace tessera::linalg::internal
