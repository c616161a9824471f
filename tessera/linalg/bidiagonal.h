// The reduction of a matrix to bidiagonal form, and the singular values of that. Internal to the room.
#pragma once

#include <vector>

#include "tessera/linalg/matrix.h"
#include "tessera/linalg/reflectors.h"
#include "tessera/linalg/rotations.h"
#include "tessera/linalg/split_rows.h"

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
// Of a matrix with one column more, whose only element is `beside` in the last row: the column becomes zero; `right` has a row for it.
void turn_out_column(std::vector<double>& diagonal, std::vector<double>& above, double beside,
                     Rotations& right);

struct BidiagonalSvd {
  std::vector<double> values;  // >= 0, in no order
  Matrix left, right;          // row i: the vectors of value i; right ones or their two ends
};
// The same by divide and conquer: parts of up to kUndivided rows by the QR iteration, then their values and vectors are put together.
BidiagonalSvd divide_bidiagonal(const Bidiagonal& b, Frame right, bool with_left);

}  // namespace tessera::linalg::internal
