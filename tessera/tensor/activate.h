// Activations that are several operations on each element, in one pass. The row activate is this composition, bit for bit (in bfloat16 computed in
// float32 and rounded once); numbers are rounded to x's dtype:
//
//   kLeakyRelu  x > 0 ? x : x * parameter                    g * 1 or parameter
//   kElu        x > 0 ? x : expm1(x) * parameter             x > 0 ? g : g * (exp(x) * parameter)
//   kSoftplus   maximum(x, 0) + log1p(exp(-|x|))             g * sigmoid(x)
//   kGelu       (x * 0.5) * (1 + erf(x * sqrt(1/2)))         g * (0.5 * (1 + erf(x * sqrt(1/2))) + x * (exp(x * x * -0.5) * (1 / sqrt(2 pi))))
//   kGeluTanh   (x * 0.5) * (1 + t), t = tanh((x + x * x * x * 0.044715) * sqrt(2/pi))
//                                                            g * (0.5 * (1 + t) + (x * 0.5) * (1 - t * t) * ((x * x * 0.134145 + 1) * sqrt(2/pi)))
//   kSilu       x * s, s = sigmoid(x)                        g * (s * (x * (1 - s) + 1))
//   kMish       x * w, w = tanh(softplus(x))                 g * (x * ((1 - w * w) * sigmoid(x)) + w)
//
// The second column is activate_gradient, the gradient in x where g arrived. Errors: only floating dtypes. Thread-safety: as all operations.
//
// ```cpp
// const Tensor x = Tensor::from<float>({-2, 3}, {2});
// assert(activate(x, Curve::kLeakyRelu, 0.5).to_vector<float>() == (std::vector<float>{-1, 3}));
// ```
#pragma once

#include "tessera/tensor/ops.h"

namespace tessera {

// The constants of the curves, rounded to the dtype of x where they are used.
inline constexpr double kSqrtHalf = 0.70710678118654752440084436210485;
inline constexpr double kSqrt2OverPi = 0.79788456080286535587989211986876;
inline constexpr double kInverseSqrt2Pi = 0.39894228040143267793994605993438;
inline constexpr double kGeluCubic = 0.044715;  // of x^3 in kGeluTanh

Tensor activate(const Operand& x, Curve curve, double parameter = 0);

}  // namespace tessera
