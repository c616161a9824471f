// Coordinate descent on a quadratic function with an L1 penalty; internal to lasso.cc and proximal_newton.cc.
//
//   minimise  w'Q w / 2 - c'w + sum_j l1_j |w_j| + l2/2 |w|^2        (w >= 0 where `positive`)
//
// A sweep goes through the coordinates in order and sets each to its best value. c - Q w is kept, so a coordinate that stays 0 costs one
// comparison (covariance updates: Friedman, Hastie and Tibshirani, "Regularization paths for generalized linear models via coordinate descent", Journal of Statistical Software 33, 2010).
//
// Thread-safety: an object belongs to one thread.
#pragma once

#include <span>
#include <utility>
#include <vector>

namespace tessera::learn::internal {

struct L1Penalty {
  std::vector<double> l1;  // one per coordinate
  double l2 = 0;           // of every coordinate
  bool positive = false;
};

class CoordinateDescent {
 public:
  // `matrix` is Q, [n, n] row by row, and stays the caller's. Starts from w, with rest = c - Q w.
  CoordinateDescent(std::vector<double> start, std::vector<double> rest, std::span<const double> matrix)
      : at_(std::move(start)), rest_(std::move(rest)), matrix_(matrix) {}

  // Goes once through all coordinates; the largest change of one, and of what it changes the slope by.
  struct Sweep {
    double step = 0, slope = 0;
  };
  Sweep sweep(const L1Penalty& penalty);
  const std::vector<double>& at() const { return at_; }
  const std::vector<double>& rest() const { return rest_; }  // c - Q w

 private:
  double curvature(std::size_t j) const { return matrix_[j * at_.size() + j]; }
  double best(std::size_t j, const L1Penalty& penalty) const;

  std::vector<double> at_, rest_;
  std::span<const double> matrix_;
};

}  // namespace tessera::learn::internal
