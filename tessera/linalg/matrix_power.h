// Powers of a square matrix: by squaring, and by its eigenbasis.
//
//   matrix_power         a^k with O(log |k|) products of the backend; k < 0 of the inverse; a^0 = I
//   EigenbasisPowers     a = S D S^-1 once, then any power is S D^k S^-1. S is real: the real and the imaginary part of a pair's vector are two
//                        columns, and D has a block [[x, y], [-y, x]] for the pair x +- i y. What grows, what dies and what turns is read off D:
//                        |lambda|^k decides, which is also why gradients vanish or explode along a recurrence.
//
// Errors: of shapes and dtypes; a negative power of a singular matrix; a matrix whose eigenvectors do not span the space in this arithmetic
// (a Jordan block: the condition number of S is named). Thread-safety: pure functions. Results: the same bits everywhere.
//
// ```cpp
// Tensor fibonacci = Tensor::from<double>({1, 1, 1, 0}, {2, 2});
// assert(linalg::matrix_power(fibonacci, 10).to_vector<double>() == (std::vector<double>{89, 55, 55, 34}));
// linalg::EigenbasisPowers powers(fibonacci);
// assert(std::abs(powers.power(10).at<double>({0, 0}) - 89) < 1e-12);
// ```
#pragma once

#include <cstdint>

#include "tessera/linalg/eigen.h"
#include "tessera/tensor/tensor.h"

namespace tessera::linalg {

Tensor matrix_power(const Tensor& a, std::int64_t exponent);

class EigenbasisPowers {
 public:
  explicit EigenbasisPowers(const Tensor& a);
  Tensor power(std::int64_t exponent) const;  // a^exponent
  const Eigen& eigen() const { return eigen_; }
  const Tensor& basis() const { return basis_; }  // S
  double condition() const {
    return condition_;
  }  // of S: so many times larger may errors be than those of the eigenvalues

 private:
  Eigen eigen_;
  Tensor basis_, inverse_;
  double condition_ = 0;
};

}  // namespace tessera::linalg
