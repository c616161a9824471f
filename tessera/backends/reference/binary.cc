// Elementwise operations of two tensors; their views come broadcast to the output's shape (tensor/backend.h).
#include <concepts>

#include "tessera/backends/reference/common.h"
#include "tessera/backends/reference/kernels.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce-inl.h"

namespace tessera::backends::reference {
namespace {

// out[i] = function(a[i], b[i]) for dtypes Types.
template <typename... Types, typename Function>
void map_pairs(const KernelCall& call, Function function) {
  dispatch<Types...>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> a(call.inputs[0]);
    const Dense<T> b(call.inputs[1]);
    T* out = call.output.as<T>();
    for_each_output(a.size(), kElementsPerTask, [&](std::int64_t i) { out[i] = function(a[i], b[i]); });
  });
}

// Integers wrap: the arithmetic is that of unsigned numbers, which C++ defines.
template <std::integral T, typename Function>
T wrapping(T a, T b, Function function) {
  return static_cast<T>(function(static_cast<std::uint64_t>(a), static_cast<std::uint64_t>(b)));
}

struct Add {
  template <std::floating_point T>
  T operator()(T a, T b) const {
    return a + b;
  }
  template <std::integral T>
  T operator()(T a, T b) const {
    return wrapping(a, b, [](auto x, auto y) { return x + y; });
  }
};

struct Subtract {
  template <std::floating_point T>
  T operator()(T a, T b) const {
    return a - b;
  }
  template <std::integral T>
  T operator()(T a, T b) const {
    return wrapping(a, b, [](auto x, auto y) { return x - y; });
  }
};

struct Multiply {
  template <std::floating_point T>
  T operator()(T a, T b) const {
    return a * b;
  }
  template <std::integral T>
  T operator()(T a, T b) const {
    return wrapping(a, b, [](auto x, auto y) { return x * y; });
  }
};

struct Divide {
  template <std::floating_point T>
  T operator()(T a, T b) const {
    return a / b;
  }
  template <std::integral T>
  T operator()(T a, T b) const {
    if (b == 0) fail("divide: integer division of {} by zero", a);
    if (b == static_cast<T>(-1))
      return wrapping(T(0), a, [](auto x, auto y) { return x - y; });  // lowest / -1 wraps
    return a / b;
  }
};

}  // namespace

void add_kernel(const KernelCall& call) {
  map_pairs<float, double, std::int64_t>(call, Add{});
}
void subtract_kernel(const KernelCall& call) {
  map_pairs<float, double, std::int64_t>(call, Subtract{});
}
void multiply_kernel(const KernelCall& call) {
  map_pairs<float, double, std::int64_t>(call, Multiply{});
}
void divide_kernel(const KernelCall& call) {
  map_pairs<float, double, std::int64_t>(call, Divide{});
}
void pow_kernel(const KernelCall& call) {
  map_pairs<float, double>(call, [](auto a, auto b) { return numerics::pow(a, b); });
}
void maximum_kernel(const KernelCall& call) {
  map_pairs<float, double, std::int64_t>(call, [](auto a, auto b) { return numerics::larger_of(a, b); });
}
void minimum_kernel(const KernelCall& call) {
  map_pairs<float, double, std::int64_t>(call, [](auto a, auto b) { return numerics::smaller_of(a, b); });
}

}  // namespace tessera::backends::reference
