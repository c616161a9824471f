// The eigenvalues and eigenvectors of diag(poles) + z z^T, where divide and conquer puts two halves together. Internal to the room.
//
// Each eigenvalue is a root of the secular equation 1 + sum over j of z_j^2 / (pole_j - x) = 0, one behind every pole. It is found as a
// distance from the nearest pole, by steps on a model with the two poles beside it (Li, LAPACK Working Note 89), within a bracket. Then z
// is replaced by the weights of which the computed roots are exact: the eigenvectors made of those are orthogonal to working precision
// however close the roots are (Gu and Eisenstat, SIAM J. Matrix Anal. Appl. 15, 1994; 16, 1995).
#pragma once

#include <vector>

#include "tessera/linalg/matrix.h"

namespace tessera::linalg::internal {

// kSquares: the equation holds for the squares of poles and roots, as singular values have it.
enum class Poles { kPlain, kSquares };

struct SecularSolution {
  std::vector<double> roots;  // root i lies between poles i and i + 1
  Matrix gaps;  // (i, j): pole j less root i, or the difference of their squares; with almost all digits
  std::vector<double> z;  // the weights of which the roots are exact
};
// Poles ascend, no two alike; no weight is zero. At least one of them. Roots in parallel.
SecularSolution solve_secular(Poles kind, const std::vector<double>& poles, const std::vector<double>& z);

// Row i: the eigenvector of root i, of length 1; its component j stands in column places[j].
Matrix secular_vectors(const SecularSolution& solution, const std::vector<std::int64_t>& places);
// The left singular vectors that belong to those, where pole 0 is the 0 in the corner of an arrow of `poles` with the row z above it.
Matrix secular_left_vectors(const SecularSolution& solution, const std::vector<double>& poles,
                            const std::vector<std::int64_t>& places);

}  // namespace tessera::linalg::internal
