// Some eigenvalues of a symmetric tridiagonal matrix, and their vectors, without the others. Internal to the room.
//
// Bisection counts the eigenvalues below a number by the signs of the pivots of T - xI (Sturm; Barth, Martin and Wilkinson, Numer. Math. 9,
// 1967): whatever the rounding, the count is exact for a matrix that differs from T by a few units of roundoff. Inverse iteration (Peters and
// Wilkinson, Handbook for Automatic Computation II/18, 1971; Parlett, "The Symmetric Eigenvalue Problem", chapter 4) solves with T - value I
// from a start of random numbers; each vector is kept orthogonal to all that were found before, so that clusters and multiple values give a basis.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tessera/linalg/matrix.h"

namespace tessera::linalg::internal {

// The eigenvalues of the places first ... first + count - 1 in ascending order. `diagonal` has n elements, `beside` n, the last one 0; the largest is 0 or
// within [2^-200, 2^200].
std::vector<double> bisect_eigenvalues(const std::vector<double>& diagonal, const std::vector<double>& beside,
                                       std::int64_t first, std::int64_t count);

// Row i: the unit vector of values[i], of which ||T z - value z|| is at most 2 n 2^-53 ||T||; nothing where one does not come so far.
std::optional<Matrix> inverse_iteration(const std::vector<double>& diagonal,
                                        const std::vector<double>& beside, const std::vector<double>& values);

}  // namespace tessera::linalg::internal
