// The curves of tensor/activate.h and their gradients, one element after the other.
#include "tessera/tensor/activate.h"

#include "tessera/backends/reference/common.h"
#include "tessera/backends/reference/kernels.h"
#include "tessera/numerics/functions.h"

namespace tessera::backends::reference {
namespace {

template <typename T>
T softplus(T x) {
  const T positive = x != x || x > T(0) ? x : T(0), size = x < T(0) ? x : -x;
  return positive + numerics::log1p(numerics::exp(size));
}

template <typename T>
T gelu_tanh(T x) {
  return numerics::tanh((x + x * x * x * T(kGeluCubic)) * T(kSqrt2OverPi));
}

template <typename T>
T curve(Curve curve, T parameter, T x) {
  switch (curve) {
    case Curve::kLeakyRelu:
      return x > T(0) ? x : x * parameter;
    case Curve::kElu:
      return x > T(0) ? x : numerics::expm1(x) * parameter;
    case Curve::kSoftplus:
      return softplus(x);
    case Curve::kGelu:
      return x * T(0.5) * (T(1) + numerics::erf(x * T(kSqrtHalf)));
    case Curve::kGeluTanh:
      return x * T(0.5) * (T(1) + gelu_tanh(x));
    case Curve::kSilu:
      return x * numerics::sigmoid(x);
    case Curve::kMish:
      break;
  }
  return x * numerics::tanh(softplus(x));
}

template <typename T>
T slope(Curve curve, T parameter, T x) {
  switch (curve) {
    case Curve::kElu:
      return numerics::exp(x) * parameter;
    case Curve::kSoftplus:
      return numerics::sigmoid(x);
    case Curve::kGelu: {
      const T level = T(0.5) * (T(1) + numerics::erf(x * T(kSqrtHalf)));
      return level + x * (numerics::exp(x * x * T(-0.5)) * T(kInverseSqrt2Pi));
    }
    case Curve::kGeluTanh: {
      const T t = gelu_tanh(x), inner = (x * x * T(3 * kGeluCubic) + T(1)) * T(kSqrt2OverPi);
      return T(0.5) * (T(1) + t) + x * T(0.5) * (T(1) - t * t) * inner;
    }
    case Curve::kSilu: {
      const T s = numerics::sigmoid(x);
      return s * (x * (T(1) - s) + T(1));
    }
    case Curve::kMish: {
      const T w = numerics::tanh(softplus(x));
      return x * ((T(1) - w * w) * numerics::sigmoid(x)) + w;
    }
    case Curve::kLeakyRelu:
      break;
  }
  return parameter;
}

}  // namespace

void activate_kernel(const KernelCall& call) {
  const auto& attributes = attributes_of<CurveAttributes>(call);
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> x(call.inputs[0]);
    T* out = call.output.as<T>();
    for_each_output(x.size(), kElementsPerTask, [&](std::int64_t i) {
      out[i] = curve(attributes.curve, static_cast<T>(attributes.parameter), x[i]);
    });
  });
}

void activate_gradient_kernel(const KernelCall& call) {
  const auto& attributes = attributes_of<CurveAttributes>(call);
  const bool one_side = attributes.curve == Curve::kLeakyRelu || attributes.curve == Curve::kElu;
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> g(call.inputs[0]), x(call.inputs[1]);
    T* out = call.output.as<T>();
    for_each_output(x.size(), kElementsPerTask, [&](std::int64_t i) {
      out[i] = one_side && x[i] > T(0)
                   ? g[i]
                   : g[i] * slope(attributes.curve, static_cast<T>(attributes.parameter), x[i]);
    });
  });
}

}  // namespace tessera::backends::reference
