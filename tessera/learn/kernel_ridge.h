// Ridge regression in the space of a kernel. Murphy, "Machine Learning: A Probabilistic Perspective" (2012), section 14.4.3. Names, defaults and semantics of
// scikit-learn's KernelRidge.
//
//   dual_coef = (K + alpha I)^-1 y        f(x) = sum_i dual_coef_i kernel(x_i, x)
//
// There is no intercept. The system is solved by Cholesky's factorisation; where rounding, or a kernel that is not positive definite (sigmoid), stops it,
// by least squares. gamma defaults to 1 / F. Memory grows like N^2, the time like N^3: 5,000 rows take 200 MB.
//
// Errors: those of estimator.h; a kernel that overflows. Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({-2, -1, 0, 1, 2}, {5, 1});
// learn::KernelRidge model({.alpha = 1e-9, .kernel = {.kernel = learn::Kernel::kPoly, .degree = 2, .gamma = "1", .coef0 = 1}});
// model.fit(x, reshape(x * x, {-1}) * 3);  // a parabola is linear in the space of this kernel
// assert(std::abs(model.predict(Tensor::from<double>({3}, {1, 1})).item<double>() - 27) < 1e-5);
// ```
#pragma once

#include "tessera/learn/estimator.h"
#include "tessera/learn/kernel_functions.h"

namespace tessera::learn {

class KernelRidge : public Regressor {
 public:
  struct Parameters {
    double alpha = 1;  // what holds the weights small
    KernelSettings kernel = {.kernel = Kernel::kLinear, .degree = 3, .gamma = "auto", .coef0 = 1};
  };
  KernelRidge() = default;
  explicit KernelRidge(const Parameters& parameters) : parameters_(parameters) {}

  std::string_view name() const override { return "kernel_ridge"; }
  void visit_parameters(ParameterVisitor& visitor) override;

  Tensor rows() const { return rows_; }            // [N, F] that it learned from
  Tensor dual_coef() const { return dual_coef_; }  // [N]

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor answer(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  Parameters parameters_;
  double gamma_ = 0;
  Tensor rows_, dual_coef_;
};

}  // namespace tessera::learn
