// Elementwise operations of one tensor. The elementary functions are numerics/functions.h, where each says
// its edges.
#include <cmath>
#include <concepts>

#include "tessera/backends/reference/common.h"
#include "tessera/backends/reference/kernels.h"
#include "tessera/numerics/functions.h"

namespace tessera::backends::reference {
namespace {

// out[i] = function(x[i]) for dtypes Types, which the output shares.
template <typename... Types, typename Function>
void map_each(const KernelCall& call, Function function) {
  dispatch<Types...>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> x(call.inputs[0]);
    T* out = call.output.as<T>();
    for_each_output(x.size(), kElementsPerTask, [&](std::int64_t i) { out[i] = function(x[i]); });
  });
}

// Integers wrap: the arithmetic is that of unsigned numbers, which C++ defines.
std::int64_t wrapping_negate(std::int64_t x) {
  return static_cast<std::int64_t>(std::uint64_t{0} - static_cast<std::uint64_t>(x));
}

struct Negate {
  template <std::floating_point T>
  T operator()(T x) const {
    return -x;
  }
  std::int64_t operator()(std::int64_t x) const { return wrapping_negate(x); }
};

struct Absolute {
  template <std::floating_point T>
  T operator()(T x) const {
    return std::fabs(x);
  }
  std::int64_t operator()(std::int64_t x) const { return x < 0 ? wrapping_negate(x) : x; }
};

struct Sign {
  template <typename T>
  T operator()(T x) const {
    if (x > T(0)) return T(1);
    if (x < T(0)) return T(-1);
    return x == T(0) ? T(0) : x;  // -0 gives +0; NaN stays
  }
};

struct Relu {  // maximum(x, 0)
  template <typename T>
  T operator()(T x) const {
    return x <= T(0) ? T(0) : x;
  }
};

}  // namespace

void negate_kernel(const KernelCall& call) {
  map_each<float, double, std::int64_t>(call, Negate{});
}
void absolute_kernel(const KernelCall& call) {
  map_each<float, double, std::int64_t>(call, Absolute{});
}
void sign_kernel(const KernelCall& call) {
  map_each<float, double, std::int64_t>(call, Sign{});
}
void relu_kernel(const KernelCall& call) {
  map_each<float, double, std::int64_t>(call, Relu{});
}

#define TESSERA_FUNCTION_KERNEL(name)                                        \
  void name##_kernel(const KernelCall& call) {                               \
    map_each<float, double>(call, [](auto x) { return numerics::name(x); }); \
  }
TESSERA_FUNCTION_KERNEL(sqrt)
TESSERA_FUNCTION_KERNEL(exp)
TESSERA_FUNCTION_KERNEL(log)
TESSERA_FUNCTION_KERNEL(expm1)
TESSERA_FUNCTION_KERNEL(log1p)
TESSERA_FUNCTION_KERNEL(tanh)
TESSERA_FUNCTION_KERNEL(sigmoid)
TESSERA_FUNCTION_KERNEL(erf)
TESSERA_FUNCTION_KERNEL(sin)
TESSERA_FUNCTION_KERNEL(cos)
#undef TESSERA_FUNCTION_KERNEL

}  // namespace tessera::backends::reference
