// What linear models have in common: a number per row, features times coefficients plus an intercept, and features moved to mean 0 before learning.
//
// Least squares of every kind (Centred) give a constant feature the coefficient 0 where there is an intercept. What overflows float64 on the way is an
// Error that names the estimator.
//
// The intercept is never penalised: features and target are centred, coefficients are found, and the intercept is what makes the means fit (so as
// in scikit-learn). Thread-safety: as estimator.h.
//
// ```cpp
// learn::LinearRegression line;
// line.fit(Tensor::from<double>({0, 1, 2}, {3, 1}), Tensor::from<double>({1, 3, 5}, {3}));
// const learn::LinearModel& model = line;  // whichever it is
// assert(std::abs(model.coef().at<double>({0}) - 2) < 1e-14 && std::abs(model.intercept() - 1) < 1e-14);
// ```
#pragma once

#include <vector>

#include "tessera/learn/centred_products.h"
#include "tessera/learn/estimator.h"

namespace tessera::learn {

// How much a linear model leans on each feature: absolute coefficients, of several rows added. [F] or [K, F] gives [F]; no tensor none.
Tensor coefficient_importances(const Tensor& coef);

class LinearModel : public Regressor {
 public:
  Tensor importances() const override { return coefficient_importances(coef_); }
  Tensor coef() const { return coef_; }  // [F]
  double intercept() const { return intercept_; }

 protected:
  Tensor scores(const Tensor& x) const;  // [N]: x coef + intercept
  Tensor answer(const Tensor& x) const override { return scores(x); }
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;
  // Throws Error where what is learned is beyond float64: its numbers, or those that it is computed from.
  void require_in_range(const Tensor& numbers) const;
  void require_learned_in_range() const;

  Tensor coef_;
  double intercept_ = 0;
};

namespace internal {

// bool [F]: whether a feature is the same in all rows, up to the rounding of a few operations. Such a one says nothing beside an intercept.
Tensor constant_features(const Tensor& features);
bool any_constant_feature(const Tensor& features);

// x [N, F] and y [N] less their means, or as they are where there is to be no intercept (the means are then 0). A constant feature becomes exactly 0,
// although its mean is rounded: what solvers divide by lengths would otherwise be made of rounding errors alone. The rows are
// made when they are first asked for; their products can be had without them.
class Centred {
 public:
  Centred(const Tensor& features, const Tensor& target, bool centre);
  const Tensor& x() const;
  CentredProducts products() const;                // x'x and x'y
  double intercept_for(const Tensor& coef) const;  // y_mean - x_mean coef

  Tensor y;
  Tensor x_mean;  // [F]
  double y_mean = 0;

 private:
  Tensor features_;
  Tensor constant_;  // bool [F], or undefined: no feature is
  bool centre_;
  mutable Tensor x_;
};

}  // namespace internal
}  // namespace tessera::learn
