// The gradients of softmax, log_softmax and cross_entropy: compositions of table operations in one row each,
// every operation rounded once; sums are contract rule 3.
#include <vector>

#include "tessera/backends/reference/common.h"
#include "tessera/backends/reference/kernels.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce.h"

namespace tessera::backends::reference {
namespace {

// function(y, g, out) on the elements of y and g along the axis of the call.
template <typename Function>
void map_row_pairs(const KernelCall& call, Function function) {
  const int axis = attributes_of<AxisAttributes>(call).axis;
  const Shape& shape = call.output.shape;
  const std::int64_t outer = elements_between(shape, 0, axis), length = shape[axis];
  const std::int64_t inner = elements_between(shape, axis + 1, shape.rank());
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> y(call.inputs[0]), g(call.inputs[1]);
    T* out = call.output.as<T>();
    parallel_for(outer * inner, [&](std::int64_t i) {
      const std::int64_t start = i / inner * length * inner + i % inner;
      std::vector<T> y_row, g_row;
      for (std::int64_t j = 0; j < length; ++j) {
        y_row.push_back(y[start + j * inner]);
        g_row.push_back(g[start + j * inner]);
      }
      const std::vector<T> result = function(y_row, g_row);
      for (std::int64_t j = 0; j < length; ++j) out[start + j * inner] = result[static_cast<std::size_t>(j)];
    });
  });
}

template <typename T>
T sum(const std::vector<T>& row) {
  return numerics::sum(std::span<const T>(row));
}

template <typename T>
std::vector<T> product(const std::vector<T>& a, const std::vector<T>& b) {
  std::vector<T> result(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) result[i] = a[i] * b[i];
  return result;
}

}  // namespace

void softmax_gradient_kernel(const KernelCall& call) {
  map_row_pairs(call, []<typename T>(const std::vector<T>& y, const std::vector<T>& g) {
    const T total = sum(product(g, y));
    std::vector<T> result(y.size());
    for (std::size_t i = 0; i < y.size(); ++i) result[i] = y[i] * (g[i] - total);
    return result;
  });
}

void log_softmax_gradient_kernel(const KernelCall& call) {
  map_row_pairs(call, []<typename T>(const std::vector<T>& y, const std::vector<T>& g) {
    const T total = sum(g);
    std::vector<T> result(y.size());
    for (std::size_t i = 0; i < y.size(); ++i) result[i] = g[i] - numerics::exp(y[i]) * total;
    return result;
  });
}

void cross_entropy_gradient_kernel(const KernelCall& call) {
  // softmax(logits) along the classes, then each element's place in the one-hot row is subtracted.
  const AxisAttributes classes_axis{1};
  const Attributes along = classes_axis;
  const TensorView logits[] = {call.inputs[0]};
  const Dense<std::int64_t> labels = checked_labels(call);
  softmax_kernel({Op::kSoftmax, logits, call.output, along});
  const std::int64_t classes = call.output.shape[1];
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> g(call.inputs[2]);
    T* out = call.output.as<T>();
    for (std::int64_t i = 0; i < call.output.elements(); ++i) {
      const std::int64_t row = i / classes;
      const T one_hot = i % classes == labels[row] ? T{1} : T{0};
      out[i] = (out[i] - one_hot) * g[row];
    }
  });
}

}  // namespace tessera::backends::reference
