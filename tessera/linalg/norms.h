// Norms of matrices, condition number, rank, definiteness.
//
// Thread-safety: pure functions. Errors: of shapes and dtypes, NaN, infinities. Results: the same bits everywhere.
//
// ```cpp
// Tensor a = Tensor::from<double>({3, 0, 0, -4}, {2, 2});
// assert(linalg::norm(a) == 5 && linalg::norm(a, linalg::Norm::kTwo) == 4 && linalg::norm(a, linalg::Norm::kNuclear) == 7);
// assert(linalg::rank(a) == 2 && linalg::definiteness(a) == linalg::Definiteness::kIndefinite);
// assert(linalg::condition_number(Tensor::from<double>({1, 0, 0, 1}, {2, 2})) == 1);
// ```
#pragma once

#include <cstdint>
#include <string_view>

#include "tessera/tensor/tensor.h"

namespace tessera::linalg {

enum class Norm {
  kFrobenius,  // sqrt of the sum of squares
  kOne,        // the largest sum of |elements| of a column
  kInfinity,   // of a row
  kTwo,        // the largest singular value
  kNuclear,    // the sum of the singular values
};
double norm(const Tensor& a, Norm kind = Norm::kFrobenius);

// The largest singular value over the smallest: how many times larger than that of b the relative error of the x of a x = b can be. Infinity
// for a singular matrix.
double condition_number(const Tensor& a);

// How many singular values are above tolerance * the largest (< 0: max(m, n) * 2^-52).
std::int64_t rank(const Tensor& a, double tolerance = -1);

// Of the quadratic form x^T a x, by the eigenvalues of the symmetric matrix a. What is below n * 2^-52 times the largest |eigenvalue|
// counts as zero.
enum class Definiteness {
  kPositiveDefinite,
  kPositiveSemidefinite,
  kNegativeDefinite,
  kNegativeSemidefinite,
  kIndefinite,
  kZero,
};
std::string_view definiteness_name(Definiteness kind);  // "positive definite", ...
Definiteness definiteness(const Tensor& a);
Definiteness definiteness_of_eigenvalues(const Tensor& values);

}  // namespace tessera::linalg
