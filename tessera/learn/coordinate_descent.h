// Coordinate descent on a quadratic function with an L1 penalty; internal to lasso.cc and proximal_newton.cc.
//
// CoordinateDescent knows Q; ResidualDescent knows the lines X' of Q = X'X / N, c = X'y / N, and is for more coordinates than rows.
//
//   minimise  w'Q w / 2 - c'w + sum_j l1_j |w_j| + l2/2 |w|^2        (w >= 0 where `positive`)
//
// A sweep goes through the coordinates in order and sets each to its best value. c - Q w is kept, so a coordinate that stays 0 costs one
// comparison (covariance updates: Friedman, Hastie and Tibshirani, "Regularization paths for generalized linear models via coordinate descent", Journal of Statistical Software 33, 2010).
//
// Thread-safety: an object belongs to one thread.
#pragma once

#include <cstddef>
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

  // Goes once through all coordinates, or through those that are not 0; the largest change of one, and of what it changes the slope by.
  struct Sweep {
    double step = 0, slope = 0;
  };
  Sweep sweep(const L1Penalty& penalty, bool all = true);
  const std::vector<double>& at() const { return at_; }
  const std::vector<double>& rest() const { return rest_; }  // c - Q w
  const std::vector<double>& linear() const { return rest_; }
  // w, with the `linear` that belongs to it.
  void move_to(std::vector<double> at, std::vector<double> linear) {
    at_ = std::move(at);
    rest_ = std::move(linear);
  }

 private:
  double curvature(std::size_t j) const { return matrix_[j * at_.size() + j]; }

  std::vector<double> at_, rest_;
  std::span<const double> matrix_;
};

// Keeps y - X w, of N numbers, rather than c - Q w: a coordinate costs one product with it, and a second one if it changes (naive updates, ibid.).
class ResidualDescent {
 public:
  // `lines` are those of more coordinates, N numbers each, `which` are the ones that w has; both stay the caller's. Starts from w, with residuals
  // = y - X w.
  ResidualDescent(std::vector<double> start, std::vector<double> residuals, std::span<const double> lines,
                  std::span<const std::size_t> which);
  CoordinateDescent::Sweep sweep(const L1Penalty& penalty, bool all = true);
  const std::vector<double>& at() const { return at_; }
  std::vector<double> rest() const;  // c - Q w
  const std::vector<double>& linear() const { return residuals_; }
  void move_to(std::vector<double> at, std::vector<double> linear) {
    at_ = std::move(at);
    residuals_ = std::move(linear);
  }

 private:
  double rest(std::size_t j) const;
  const double* line(std::size_t j) const { return lines_.data() + which_[j] * residuals_.size(); }

  std::vector<double> at_, residuals_;
  std::span<const double> lines_;
  std::span<const std::size_t> which_;
  double rows_;
  std::vector<double> curvatures_;
};

}  // namespace tessera::learn::internal
