// The two problems behind linear support vector machines. Internal to this room.
//
// Both minimise |w|^2 / 2 + C sum_i loss(r_i) over w, where r_i is how far row i is from where it costs nothing:
//
//   classification, target t = 1 or -1    r_i = max(0, 1 - t w.x_i)
//   regression, any target                r_i = max(0, |target - w.x_i| - epsilon)
//
// Squared (loss = r^2): Newton's method on w. The second derivative counts the rows that cost something, so after the last change of that set one step is exact;
// Keerthi and DeCoste, "A modified finite Newton method for fast solution of large scale linear SVMs", JMLR 6 (2005). Up to 2,000 columns by
// Cholesky's factorisation, beyond by conjugate gradients.
// Not squared (loss = r): coordinates of the dual one after the other, rows in a random order drawn by counter, those at their bounds put aside; Hsieh et al.,
// "A dual coordinate descent method for large-scale linear SVM", ICML 2008; Ho and Lin, "Large-scale linear support vector regression", JMLR 13 (2012). With at most
// 256 columns only as long as every ten passes leave a tenth of the violations; else Newton's method on losses whose corner is rounded off less and less (smoothed_margin.h).
//
// Shapes: x float64 [N, D], contiguous; target [N]. Errors: none; not converging is said in the result. Thread-safety: pure functions.
//
// ```cpp
// const Tensor x = Tensor::from<double>({-1, 1, -2, 1, 1, 1, 3, 1}, {4, 2});  // the second column is the intercept's
// const learn::MarginProblem problem{.x = x, .target = {-1, -1, 1, 1}, .C = 10, .tol = 1e-9};
// const learn::MarginSolution found = learn::solve_margin(problem);
// assert(found.converged && std::abs(found.w[0] - 1) < 1e-9 && std::abs(found.w[1]) < 1e-9);  // the margin is 1 on either side
// ```
#pragma once

#include <cstdint>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::learn {

struct MarginProblem {
  Tensor x;
  std::vector<double> target;
  bool regression = false;
  double epsilon = 0;  // of regression
  bool squared = false;
  double C = 1;
  // As LIBLINEAR has it. Squared: the length of the gradient, as a share of its first and (of classes) of the share of rows in the smaller one.
  // Otherwise: the largest violation of a condition of optimality (in a pass); of regression all of them together, as a share of those of w = 0 (of the first pass).
  double tol = 1e-4;
  std::int64_t max_iter = 1000;  // Newton steps and passes over the rows
  std::uint64_t seed = 0;        // of the order of rows
};

struct MarginSolution {
  std::vector<double> w;
  std::int64_t iterations = 0;
  bool converged = false;
};

MarginSolution solve_margin(const MarginProblem& problem);

}  // namespace tessera::learn
