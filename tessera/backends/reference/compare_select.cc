// Comparisons, as IEEE-754 has them (NaN is unequal to everything, -0 equals +0), and element-by-element
// choice.
#include "tessera/backends/reference/common.h"
#include "tessera/backends/reference/kernels.h"

namespace tessera::backends::reference {
namespace {

template <typename Function>
void compare(const KernelCall& call, Function function) {
  dispatch_any(call.inputs[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> a(call.inputs[0]);
    const Dense<T> b(call.inputs[1]);
    bool* out = call.output.as<bool>();
    for_each_output(a.size(), kElementsPerTask, [&](std::int64_t i) { out[i] = function(a[i], b[i]); });
  });
}

}  // namespace

void equal_kernel(const KernelCall& call) {
  compare(call, [](auto a, auto b) { return a == b; });
}
void not_equal_kernel(const KernelCall& call) {
  compare(call, [](auto a, auto b) { return a != b; });
}
void less_kernel(const KernelCall& call) {
  compare(call, [](auto a, auto b) { return a < b; });
}
void less_equal_kernel(const KernelCall& call) {
  compare(call, [](auto a, auto b) { return a <= b; });
}
void greater_kernel(const KernelCall& call) {
  compare(call, [](auto a, auto b) { return a > b; });
}
void greater_equal_kernel(const KernelCall& call) {
  compare(call, [](auto a, auto b) { return a >= b; });
}

void select_kernel(const KernelCall& call) {
  const Dense<bool> condition(call.inputs[0]);
  dispatch_any(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> a(call.inputs[1]);
    const Dense<T> b(call.inputs[2]);
    T* out = call.output.as<T>();
    for_each_output(a.size(), kElementsPerTask, [&](std::int64_t i) { out[i] = condition[i] ? a[i] : b[i]; });
  });
}

}  // namespace tessera::backends::reference
