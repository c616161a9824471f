// What linear models have in common: a number per row, features times coefficients plus an intercept, and features moved to mean 0 before learning.
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

#include "tessera/learn/estimator.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

class LinearModel : public Regressor {
 public:
  Tensor coef() const { return coef_; }  // [F]
  double intercept() const { return intercept_; }
  Tensor importances() const override { return fitted() ? absolute(coef_) : Tensor(); }

 protected:
  Tensor scores(const Tensor& x) const;  // [N]: x coef + intercept
  Tensor answer(const Tensor& x) const override { return scores(x); }
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

  Tensor coef_;
  double intercept_ = 0;
};

namespace internal {

// x [N, F] and y [N] less their means, or as they are where there is to be no intercept (the means are then 0).
struct Centred {
  Tensor x, y;
  Tensor x_mean;  // [F]
  double y_mean = 0;
  Centred(const Tensor& features, const Tensor& target, bool centre);
  double intercept_for(const Tensor& coef) const;  // y_mean - x_mean coef
};

}  // namespace internal
}  // namespace tessera::learn
