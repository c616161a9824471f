// Sorting along an axis. A tensor is read as [outer, length of the axis, inner].
#include <cmath>
#include <numeric>
#include <vector>

#include "tessera/backends/reference/common.h"
#include "tessera/backends/reference/kernels.h"
#include "tessera/tensor/op.h"

namespace tessera::backends::reference {
namespace {

// The order of the contract: NaN after everything else, whatever the direction; -0 equals +0.
template <typename T>
bool comes_before(T a, T b, bool descending) {
  if constexpr (std::is_floating_point_v<T>)
    if (std::isnan(a) || std::isnan(b)) return std::isnan(b) && !std::isnan(a);
  return descending ? b < a : a < b;
}

// body(to, from, position) for every place `to` of the output: its element is x[from], the one at `position` of its line.
template <typename T, typename Body>
void for_each_sorted(const KernelCall& call, const Dense<T>& x, Body body) {
  const auto& sort = attributes_of<SortAttributes>(call);
  const Shape& shape = call.inputs[0].shape;
  const std::int64_t length = shape[sort.axis], inner = elements_between(shape, sort.axis + 1, shape.rank());
  for_each_output(elements_between(shape, 0, sort.axis) * inner, 1, [&](std::int64_t line) {
    const std::int64_t first = line / inner * length * inner + line % inner;
    std::vector<std::int64_t> order(static_cast<std::size_t>(length));
    std::iota(order.begin(), order.end(), std::int64_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
      return comes_before(x[first + a * inner], x[first + b * inner], sort.descending);
    });
    for (std::int64_t i = 0; i < length; ++i) {
      const std::int64_t position = order[static_cast<std::size_t>(i)];
      body(first + i * inner, first + position * inner, position);
    }
  });
}

}  // namespace

// out[o, i, j] = the i-th of x[o, :, j]
void sort_kernel(const KernelCall& call) {
  dispatch_any(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> x(call.inputs[0]);
    T* out = call.output.as<T>();
    for_each_sorted(call, x, [&](std::int64_t to, std::int64_t from, std::int64_t) { out[to] = x[from]; });
  });
}

// out[o, i, j] = the position of the i-th of x[o, :, j] on the axis
void argsort_kernel(const KernelCall& call) {
  dispatch_any(call.inputs[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> x(call.inputs[0]);
    std::int64_t* out = call.output.as<std::int64_t>();
    for_each_sorted(call, x,
                    [&](std::int64_t to, std::int64_t, std::int64_t position) { out[to] = position; });
  });
}

}  // namespace tessera::backends::reference
