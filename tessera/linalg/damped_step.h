// One step of a trust region method for sums of squares: the p that makes ||J p + r|| smallest among those with ||p|| at most a radius.
//
// It is also the p that makes ||J p + r||^2 + damping ||p||^2 smallest, for one damping >= 0, which is found by Newton's method on
// 1 / ||p|| (More, "The Levenberg-Marquardt algorithm: implementation and theory", Numerical Analysis, Dundee 1977, Springer 1978): ||p|| is then within
// a tenth of the radius. All from one QR factorisation of J; J^T J is never formed. Internal to the room.
#pragma once

#include <vector>

#include "tessera/linalg/qr.h"

namespace tessera::linalg::internal {

struct DampedStep {
  std::vector<double> step;
  double damping = 0;
  double length = 0;         // ||p||
  double linear_length = 0;  // ||J p||
};

class DampedProblem {
 public:
  // jacobian [m, n] with m >= n, its columns already scaled; residuals [m].
  DampedProblem(const Matrix& jacobian, const std::vector<double>& residuals);

  std::int64_t rank() const { return rank_; }
  bool full_rank() const { return rank_ == n_; }
  double gradient_length() const { return gradient_length_; }  // ||J^T r||
  // Without a radius; where the rank is below n, the columns that depend on others are left out.
  DampedStep gauss_newton() const;
  // `damping`: where to begin the search, that of the step before.
  DampedStep within(double radius, double damping) const;
  // ||the part of r that J can take away|| / ||the rest||, per degree of freedom (Bates and Watts, Technometrics 23, 1981): how far, beside
  // the noise, the solution is. 0 / 0 is 0.
  double offset() const;
  Matrix inverse_gram() const;  // inverse(J^T J); full rank

 private:
  struct Solved {
    Matrix triangle;        // S with S^T S = J^T J + damping I, in the pivoted order
    std::vector<double> p;  // in the pivoted order
    double length = 0;
  };
  Solved solve(double damping) const;
  double slope(const Solved& solved) const;  // ||S^-T p / ||p|| ||^2
  DampedStep finished(const std::vector<double>& p, double damping) const;

  std::int64_t m_, n_, rank_ = 0;
  QrFactors factors_;
  std::vector<double> turned_;  // Q^T r
  double gradient_length_ = 0;
};

}  // namespace tessera::linalg::internal
