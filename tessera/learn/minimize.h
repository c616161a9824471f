// The least value of a smooth function: Newton and quasi-Newton steps with a line search. Internal to the linear models.
//
// The direction is that of L-BFGS (Nocedal and Wright, "Numerical Optimization", 2nd edition, 2006, algorithm 7.4), whose first guess of
// the second derivatives' inverse is the function's own `precondition`: with the exact one and no pairs that is Newton's method, with a bound or an estimate
// the pairs correct it. A step is shortened until the function has become smaller by a share of what its slope promises (Armijo), or, where
// rounding hides that, the slope has become flatter (Hager and Zhang, SIAM J. Optim. 16, 2005).
//
// Ends when no element of the gradient is above `tolerance`, when rounding leaves nothing to gain, after max_iterations, or when the observer
// asks. Thread-safety: as the function.
#pragma once

#include <cstdint>
#include <vector>

#include "tessera/tensor/state.h"

namespace tessera::learn::internal {

class SmoothFunction {
 public:
  virtual ~SmoothFunction() = default;
  // The value there (infinity where there is none); `gradient` has the length of `at`.
  virtual double evaluate(const std::vector<double>& at, std::vector<double>& gradient) = 0;
  // Before each direction: to learn the second derivatives at the point that was evaluated last. True: they are exact, earlier pairs would not help.
  virtual bool look_around() { return false; }
  // direction = (second derivatives)^-1 direction, roughly. The estimate must be positive definite.
  virtual void precondition(std::vector<double>&) const {}
};

struct MinimizeOptions {
  double tolerance = 1e-4;
  std::int64_t max_iterations = 100;
  std::size_t pairs = 10;
  StepObserver* observer = nullptr;  // is told of "loss" and "gradient" (its largest element)
};

struct Minimum {
  double value = 0, gradient = 0;  // the largest |element|
  std::int64_t iterations = 0;
  bool converged = false;
};

// `at` is the start, then where the least value was found.
Minimum minimize(SmoothFunction& function, std::vector<double>& at, const MinimizeOptions& options);

double largest_element(const std::vector<double>& values);  // of the absolute values; 0 of none
double dot(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace tessera::learn::internal
