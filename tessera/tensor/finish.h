// What follows a product in a network, in one pass over the elements: bias, activation, dropout. Each is optional.
//
// The row finish is this composition, bit for bit (in bfloat16 computed in float32 and rounded once), where the bias [C] lies along `axis` of x:
//   y = x + bias;  y = relu(y), tanh(y) or sigmoid(y);  y = y * select(less(draws, drop), 0, scale)
// `draws` is float32, uniform on (0, 1), of x's shape; drop is rounded to float32 and scale to x's dtype (float32 for bfloat16). finish_gradient is the gradient
// in x of that composition: g * select(...), then select(y > 0, g, 0), g * (1 - y * y) or g * (y * (1 - y)).
//
// Errors: a bias or draws that do not fit x. Thread-safety: as all operations.
//
// ```cpp
// const Tensor x = Tensor::from<float>({-1, 2, 3, -4}, {2, 2}), bias = Tensor::from<float>({0.5F, -0.5F}, {2});
// const Tensor y = finish(x, {.bias = bias, .activation = Activation::kRelu});
// assert(y.to_vector<float>() == (std::vector<float>{0, 1.5F, 3.5F, 0}));
// ```
#pragma once

#include "tessera/tensor/ops.h"

namespace tessera {

struct FinishOptions {
  Tensor bias = {};  // undefined: none
  std::int64_t axis = 1;
  Activation activation = Activation::kNone;
  Tensor draws = {};  // undefined: no dropout
  double drop = 0;    // at least 0, below 1
  double scale = 1;   // usually 1 / (1 - drop)
};
Tensor finish(const Operand& x, const FinishOptions& options);

}  // namespace tessera
