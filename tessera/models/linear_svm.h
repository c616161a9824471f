// A linear classifier with the squared hinge loss, one class against the others: the L2-SVM that judges features. Fan et al., "LIBLINEAR: a library for
// large linear classification", JMLR 9 (2008); the loss and the regularisation are those of scikit-learn's LinearSVC.
//
//   minimise over w_c, b_c   |w_c|^2 / 2 + b_c^2 / 2 + C sum_i max(0, 1 - t_ic (w_c x_i + b_c))^2      t_ic = 1 where i is of class c, else -1
//
// Features are standardised first (mean 0, deviation 1 over the training samples; a constant one becomes 0). Nesterov's accelerated gradient (1983) with
// the step 1 / L finds the minimum, L from power iteration; the problem is strictly convex, so its solution does not depend on
// where it begins. Iterations are counted, not timed.
//
// Shapes: features [N, F], labels int64 [N] in [0, classes). Errors: shapes that do not fit, settings out of range. Thread-safety: a LinearSvm is
// constant after training.
//
// ```cpp
// const Tensor points = Tensor::from<float>({-2, -1, 1, 2}, {4, 1});
// const Tensor labels = Tensor::from<std::int64_t>({0, 0, 1, 1}, {4});
// const models::LinearSvm svm = models::train_linear_svm(points, labels, 2);
// assert(svm.predict(points).to_vector<std::int64_t>() == labels.to_vector<std::int64_t>() && svm.accuracy(points, labels) == 1);
// ```
#pragma once

#include <cstdint>

#include "tessera/tensor/tensor.h"

namespace tessera::models {

struct LinearSvmSettings {
  double c = 1;                   // weight of a sample's loss, above 0
  std::int64_t iterations = 200;  // at least 1
  bool standardize = true;
};

class LinearSvm {
 public:
  Tensor scores(const Tensor& features) const;   // [N, classes]
  Tensor predict(const Tensor& features) const;  // int64 [N]
  double accuracy(const Tensor& features, const Tensor& labels) const;
  const Tensor& weight() const { return weight_; }  // [classes, F], of standardised features
  const Tensor& bias() const { return bias_; }      // [classes]
  // The value that was minimised, summed over classes, at the solution.
  double objective() const { return objective_; }

 private:
  friend LinearSvm train_linear_svm(const Tensor& features, const Tensor& labels, std::int64_t classes,
                                    const LinearSvmSettings& settings);
  Tensor standardized(const Tensor& features) const;
  Tensor mean_, scale_;  // [1, F]
  Tensor weight_, bias_;
  double objective_ = 0;
};

LinearSvm train_linear_svm(const Tensor& features, const Tensor& labels, std::int64_t classes,
                           const LinearSvmSettings& settings = {});

}  // namespace tessera::models
