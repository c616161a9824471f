// Derivatives of functions: gradients, Jacobians, Hessians and their numerical check.
//
// The functions are called with a Tape recording; they must be compositions of table operations.
//
// ```cpp
// auto f = [](const Tensor& x) { return sum(x * x); };
// Tensor x = Tensor::from<double>({1, -2}, {2});
// assert(grad(f, x).to_vector<double>() == (std::vector<double>{2, -4}));
// assert(hessian(f, x).to_vector<double>() == (std::vector<double>{2, 0, 0, 2}));
// assert(gradcheck([](const std::vector<Tensor>& in) { return sin(in[0]); }, {x}).passed);
// ```
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera {

using TensorFunction = std::function<Tensor(const Tensor&)>;
using TensorsFunction = std::function<Tensor(const std::vector<Tensor>&)>;

// Gradient of a function with one output element, of x's shape.
Tensor grad(const TensorFunction& function, const Tensor& x);
std::vector<Tensor> grad(const TensorsFunction& function, const std::vector<Tensor>& inputs);

// Jacobian: shape = output's shape followed by x's shape. One backward pass per output element.
Tensor jacobian(const TensorFunction& function, const Tensor& x);

// Hessian of a function with one output element: shape = x's shape twice.
Tensor hessian(const TensorFunction& function, const Tensor& x);

struct GradcheckOptions {
  double step = 1e-6;         // of the central difference, relative to max(1, |x|)
  double tolerance = 1e-6;    // of |analytic - numeric| relative to max(1, |analytic|, |numeric|)
  bool second_order = false;  // also check the gradient of the gradient
};
struct GradcheckResult {
  bool passed = false;
  double largest_error = 0;
  std::string
      message;  // empty if passed: else the input, element, analytic and numeric value of the largest error
};
// Compares the gradient of sum(w * function(inputs)), w fixed irregular weights, with central differences in fp64.
GradcheckResult gradcheck(const TensorsFunction& function, const std::vector<Tensor>& inputs,
                          const GradcheckOptions& options = {});

}  // namespace tessera
