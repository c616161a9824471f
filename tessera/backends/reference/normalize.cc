// Softmax and its relatives along one axis. A row is the list of elements along the axis; sums are contract
// rule 3.
#include <vector>

#include "tessera/backends/reference/common.h"
#include "tessera/backends/reference/kernels.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce-inl.h"
#include "tessera/numerics/reduce.h"

namespace tessera::backends::reference {
namespace {

template <typename T>
T largest(std::span<const T> row) {
  T best = row[0];
  for (const T x : row) best = numerics::larger_of(best, x);
  return best;
}

// exp(x - max) of a row.
template <typename T>
std::vector<T> shifted_exponentials(std::span<const T> row, T max) {
  std::vector<T> result;
  result.reserve(row.size());
  for (const T x : row) result.push_back(numerics::exp(x - max));
  return result;
}

template <typename T>
std::vector<T> softmax_of_row(std::span<const T> row) {
  std::vector<T> result = shifted_exponentials(row, largest(row));
  const T total = numerics::sum(std::span<const T>(result));
  for (T& x : result) x = x / total;
  return result;
}

template <typename T>
std::vector<T> log_softmax_of_row(std::span<const T> row) {
  const T max = largest(row);
  const std::vector<T> exponentials = shifted_exponentials(row, max);
  const T log_total = numerics::log(numerics::sum(std::span<const T>(exponentials)));
  std::vector<T> result;
  result.reserve(row.size());
  for (const T x : row) result.push_back((x - max) - log_total);
  return result;
}

// Rows of `x` along `axis` through `function`, written back where they came from.
template <typename Function>
void map_rows(const KernelCall& call, Function function) {
  const int axis = attributes_of<AxisAttributes>(call).axis;
  const Shape& shape = call.output.shape;
  const std::int64_t outer = elements_between(shape, 0, axis), length = shape[axis];
  const std::int64_t inner = elements_between(shape, axis + 1, shape.rank());
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> x(call.inputs[0]);
    T* out = call.output.as<T>();
    if (length == 0) return;
    parallel_for(outer * inner, [&](std::int64_t i) {
      const std::int64_t start = i / inner * length * inner + i % inner;
      std::vector<T> row;
      for (std::int64_t j = 0; j < length; ++j) row.push_back(x[start + j * inner]);
      const std::vector<T> result = function(std::span<const T>(row));
      for (std::int64_t j = 0; j < length; ++j) out[start + j * inner] = result[static_cast<std::size_t>(j)];
    });
  });
}

}  // namespace

Dense<std::int64_t> checked_labels(const KernelCall& call) {
  const std::int64_t classes = call.inputs[0].shape[1];
  Dense<std::int64_t> labels(call.inputs[1]);
  for (std::int64_t i = 0; i < labels.size(); ++i)
    if (labels[i] < 0 || labels[i] >= classes)
      fail("{}: labels[{}] is {}, but the logits {} have classes 0 to {}", op_info(call.op).name, i,
           labels[i], call.inputs[0].shape.to_string(), classes - 1);
  return labels;
}

void softmax_kernel(const KernelCall& call) {
  map_rows(call, [](auto row) { return softmax_of_row(row); });
}

void log_softmax_kernel(const KernelCall& call) {
  map_rows(call, [](auto row) { return log_softmax_of_row(row); });
}

void cross_entropy_kernel(const KernelCall& call) {
  const std::int64_t samples = call.inputs[0].shape[0], classes = call.inputs[0].shape[1];
  const Dense<std::int64_t> labels = checked_labels(call);
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> logits(call.inputs[0]);
    T* out = call.output.as<T>();
    for_each_output(samples, 64, [&](std::int64_t i) {
      out[i] = -log_softmax_of_row(logits.row(i, classes))[static_cast<std::size_t>(labels[i])];
    });
  });
}

}  // namespace tessera::backends::reference
