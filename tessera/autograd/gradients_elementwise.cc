// Gradients of the elementwise classes: Unary, Binary, Select, Cast.
#include "tessera/autograd/gradients.h"

namespace tessera::internal::gradients {
namespace {

constexpr double kTwoOverSqrtPi = 1.1283791670955126;

}  // namespace

// ---- Unary: x is the input, y the output, g the gradient of y ----
#define TESSERA_UNARY_GRADIENT(Id, expression)         \
  Contributions Id(const GradientCall& call) {         \
    [[maybe_unused]] const Tensor& x = call.inputs[0]; \
    [[maybe_unused]] const Tensor& y = call.output;    \
    const Tensor& g = call.gradient;                   \
    return {expression};                               \
  }

TESSERA_UNARY_GRADIENT(Negate, -g)
TESSERA_UNARY_GRADIENT(Absolute, g* sign(x))
TESSERA_UNARY_GRADIENT(Sqrt, (g * 0.5) / y)
TESSERA_UNARY_GRADIENT(Exp, g* y)
TESSERA_UNARY_GRADIENT(Log, g / x)
TESSERA_UNARY_GRADIENT(Expm1, g* exp(x))  // not y + 1, which cancels for very negative x
TESSERA_UNARY_GRADIENT(Log1p, g / (x + 1))
TESSERA_UNARY_GRADIENT(Tanh, g*(1 - y * y))
TESSERA_UNARY_GRADIENT(Sigmoid, g*(y*(1 - y)))
TESSERA_UNARY_GRADIENT(Erf, g*(exp(-(x* x)) * kTwoOverSqrtPi))
TESSERA_UNARY_GRADIENT(Sin, g* cos(x))
TESSERA_UNARY_GRADIENT(Cos, -(g* sin(x)))
TESSERA_UNARY_GRADIENT(Relu, before_relu(x, g))
#undef TESSERA_UNARY_GRADIENT

// ---- Binary: each side is summed over the axes along which it was broadcast ----
#define TESSERA_BINARY_GRADIENT(Id, expression_a, expression_b)                        \
  Contributions Id(const GradientCall& call) {                                         \
    [[maybe_unused]] const Tensor& a = call.inputs[0];                                 \
    [[maybe_unused]] const Tensor& b = call.inputs[1];                                 \
    [[maybe_unused]] const Tensor& y = call.output;                                    \
    const Tensor& g = call.gradient;                                                   \
    Contributions result(2);                                                           \
    if (call.wanted[0]) result[0] = unbroadcast(expression_a, call.inputs[0].shape()); \
    if (call.wanted[1]) result[1] = unbroadcast(expression_b, call.inputs[1].shape()); \
    return result;                                                                     \
  }

namespace {

// 0^b has no slope in a or b that the plain formulas can give: 0 * infinity. Replacing such a base by 1 makes the
// products that follow 0, and leaves every other element, and all its higher derivatives, alone.
Tensor base_for_slope_in_base(const Tensor& a, const Tensor& b) {
  return select(equal(b, 0), select(equal(a, 0), 1, a), a);
}
Tensor base_for_logarithm(const Tensor& a, const Tensor& b) {
  return select(greater_equal(b, 0), select(equal(a, 0), 1, a), a);
}

}  // namespace

TESSERA_BINARY_GRADIENT(Add, g, g)
TESSERA_BINARY_GRADIENT(Subtract, g, -g)
TESSERA_BINARY_GRADIENT(Multiply, (g * b), (g * a))
TESSERA_BINARY_GRADIENT(Divide, g / b, -((g / b) * y))
TESSERA_BINARY_GRADIENT(Pow, (g * (b * pow(base_for_slope_in_base(a, b), b - 1))),
                        (g * (y * log(base_for_logarithm(a, b)))))
TESSERA_BINARY_GRADIENT(Maximum, select(greater_equal(a, b), g, 0), select(greater_equal(a, b), 0, g))
TESSERA_BINARY_GRADIENT(Minimum, select(less_equal(a, b), g, 0), select(less_equal(a, b), 0, g))
#undef TESSERA_BINARY_GRADIENT

Contributions Select(const GradientCall& call) {
  const Tensor& condition = call.inputs[0];
  Contributions result(3);
  if (call.wanted[1]) result[1] = unbroadcast(select(condition, call.gradient, 0), call.inputs[1].shape());
  if (call.wanted[2]) result[2] = unbroadcast(select(condition, 0, call.gradient), call.inputs[2].shape());
  return result;
}

Contributions Cast(const GradientCall& call) {
  return {cast(call.gradient, call.inputs[0].dtype())};
}

}  // namespace tessera::internal::gradients
