// Coordinate descent on a quadratic function with an L1 penalty; internal to lasso.cc and sparse_logistic.cc.
//
//   minimise  w'Q w / 2 - c'w + sum_j l1_j |w_j| + l2/2 |w|^2        (w >= 0 where `positive`)
//
// A sweep goes through the coordinates in order and sets each to its best value. Only c - Q w is kept, so a coordinate that stays 0 costs one
// comparison, and only the columns of Q whose coordinates move are ever asked for (covariance updates: Friedman, Hastie and Tibshirani,
// "Regularization paths for generalized linear models via coordinate descent", Journal of Statistical Software 33, 2010).
//
// Thread-safety: an object belongs to one thread.
//
// ```cpp no-run
// internal::CoordinateDescent descent(c, diagonal, columns);
// while (descent.sweep(penalty) > 1e-10) {}
// ```
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::learn::internal {

// The columns of Q.
class QuadraticColumns {
 public:
  virtual ~QuadraticColumns() = default;
  // nullptr: not at hand. The coordinate then stays where it is until `need` has been told.
  virtual const double* column(std::size_t j) const = 0;
  // The coordinates that would move at the start of a sweep and whose columns are not at hand.
  virtual void need(const std::vector<std::size_t>&) {}
};

// All of a matrix [n, n], row by row.
class WholeQuadratic : public QuadraticColumns {
 public:
  WholeQuadratic(const double* elements, std::size_t size) : elements_(elements), size_(size) {}
  const double* column(std::size_t j) const override { return elements_ + j * size_; }

 private:
  const double* elements_;
  std::size_t size_;
};

struct L1Penalty {
  std::vector<double> l1;  // one per coordinate
  double l2 = 0;           // of every coordinate
  bool positive = false;
};

class CoordinateDescent {
 public:
  // Starts from w = 0.
  CoordinateDescent(std::vector<double> linear, std::vector<double> diagonal, QuadraticColumns& columns);
  // Starts from w, with rest = c - Q w.
  CoordinateDescent(std::vector<double> start, std::vector<double> rest, std::vector<double> diagonal,
                    QuadraticColumns& columns);

  // Goes once through all coordinates; the largest change of one, and of what it changes the slope by.
  struct Sweep {
    double step = 0, slope = 0;
  };
  Sweep sweep(const L1Penalty& penalty);
  const std::vector<double>& at() const { return at_; }
  const std::vector<double>& rest() const { return rest_; }  // c - Q w

 private:
  double best(std::size_t j, const L1Penalty& penalty) const;
  void ask_for_columns(const L1Penalty& penalty);

  std::vector<double> at_, rest_, diagonal_;
  QuadraticColumns& columns_;
};

}  // namespace tessera::learn::internal
