// A symmetric matrix times a vector, from the upper triangle alone. Internal to the room.
//
// Such a product is as fast as its matrix is read, and here each element is read once for its two places. Order: pairs of rows p = 0, 1, ... of the
// matrix go to n / 200 lists (1 to 8), list p mod that; a list adds what its rows have in columns further right by ascending p, one chain of fma per
// element; a row's own sum is that of its square on the diagonal, then the lanes of contract rule 3 over the rest; lists are added in ascending order.
#pragma once

#include "tessera/linalg/matrix.h"

namespace tessera::linalg::internal {

// y = A x. a in rows, of which nothing below the diagonal is read.
void multiply_upper(const Block& a, const double* x, double* y);
// c = c - a b on and above the diagonal, and of what is below it some.
void subtract_product_upper(const Block& c, const Block& a, const Block& b);

}  // namespace tessera::linalg::internal
