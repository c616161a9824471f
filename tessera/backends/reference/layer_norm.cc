// Layer normalisation and its gradients: compositions of table operations in one row each, every operation
// rounded once; sums, means and variances are contract rule 3.
//
// With n the elements of a row: mean = sum(x) / n, inverse = 1 / sqrt(variance(x) + epsilon), normalized =
// (x - mean) * inverse.
#include <vector>

#include "tessera/backends/reference/common.h"
#include "tessera/backends/reference/kernels.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce.h"

namespace tessera::backends::reference {
namespace {

template <typename T>
struct NormalizedRow {
  std::vector<T> normalized;
  T inverse;
};

template <typename T>
NormalizedRow<T> normalize(std::span<const T> x, double epsilon) {
  const T mean = numerics::mean(x);
  const T inverse = T{1} / numerics::sqrt(numerics::variance(x) + static_cast<T>(epsilon));
  NormalizedRow<T> result{{}, inverse};
  for (const T value : x) result.normalized.push_back((value - mean) * inverse);
  return result;
}

std::int64_t row_length(const KernelCall& call, const Shape& shape) {
  return elements_between(shape, shape.rank() - attributes_of<LayerNormAttributes>(call).axes, shape.rank());
}

template <typename T>
T mean_of(const std::vector<T>& row) {
  return numerics::mean(std::span<const T>(row));
}

// The sums of n columns, which lie one behind the other.
template <typename T>
void sum_columns(const std::vector<T>& columns, std::int64_t n, T* out) {
  const std::size_t rows = columns.size() / static_cast<std::size_t>(n);
  for (std::int64_t j = 0; j < n; ++j)
    out[j] = numerics::sum(std::span<const T>(columns.data() + static_cast<std::size_t>(j) * rows, rows));
}

}  // namespace

void layer_norm_kernel(const KernelCall& call) {
  const std::int64_t n = row_length(call, call.output.shape);
  if (n == 0) return;
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> x(call.inputs[0]), scale(call.inputs[1]), shift(call.inputs[2]);
    T* out = call.output.as<T>();
    for_each_output(x.size() / n, 1, [&](std::int64_t i) {
      const auto row = normalize(x.row(i, n), attributes_of<LayerNormAttributes>(call).epsilon);
      for (std::int64_t j = 0; j < n; ++j)
        out[i * n + j] = row.normalized[static_cast<std::size_t>(j)] * scale[j] + shift[j];
    });
  });
}

void layer_norm_input_gradient_kernel(const KernelCall& call) {
  const std::int64_t n = row_length(call, call.output.shape);
  if (n == 0) return;
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> g(call.inputs[0]), x(call.inputs[1]), scale(call.inputs[2]);
    T* out = call.output.as<T>();
    for_each_output(x.size() / n, 1, [&](std::int64_t i) {
      const auto row = normalize(x.row(i, n), attributes_of<LayerNormAttributes>(call).epsilon);
      std::vector<T> u, u_normalized;
      for (std::int64_t j = 0; j < n; ++j) {
        u.push_back(g[i * n + j] * scale[j]);
        u_normalized.push_back(u.back() * row.normalized[static_cast<std::size_t>(j)]);
      }
      const T mean = mean_of(u), slope = mean_of(u_normalized);
      for (std::int64_t j = 0; j < n; ++j) {
        const auto at = static_cast<std::size_t>(j);
        out[i * n + j] = row.inverse * ((u[at] - mean) - row.normalized[at] * slope);
      }
    });
  });
}

void layer_norm_scale_gradient_kernel(const KernelCall& call) {
  const std::int64_t n = row_length(call, call.inputs[0].shape);
  if (n == 0) return;
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> g(call.inputs[0]), x(call.inputs[1]);
    const std::int64_t rows = x.size() / n;
    std::vector<T> products(static_cast<std::size_t>(x.size()));  // column after column
    for_each_output(rows, 1, [&](std::int64_t i) {
      const auto row = normalize(x.row(i, n), attributes_of<LayerNormAttributes>(call).epsilon);
      for (std::int64_t j = 0; j < n; ++j)
        products[static_cast<std::size_t>(j * rows + i)] =
            g[i * n + j] * row.normalized[static_cast<std::size_t>(j)];
    });
    sum_columns(products, n, call.output.as<T>());
  });
}

// Its three parts, one behind the other.
void layer_norm_gradient_kernel(const KernelCall& call) {
  const Shape& shape = call.inputs[0].shape;
  const std::int64_t n = row_length(call, shape);
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> g(call.inputs[0]);
    T* out = call.output.as<T>();
    const TensorView of_x{out, call.output.dtype, shape, row_major_strides(shape)};
    const TensorView of_scale{out + g.size(), call.output.dtype, Shape{n}, Strides{1}};
    layer_norm_input_gradient_kernel({Op::kLayerNormInputGradient, call.inputs, of_x, call.attributes});
    layer_norm_scale_gradient_kernel(
        {Op::kLayerNormScaleGradient, call.inputs.first(2), of_scale, call.attributes});
    std::vector<T> columns(static_cast<std::size_t>(g.size()));
    const std::int64_t rows = g.size() / n;
    for (std::int64_t i = 0; i < g.size(); ++i)
      columns[static_cast<std::size_t>(i % n * rows + i / n)] = g[i];
    sum_columns(columns, n, out + g.size() + n);
  });
}

}  // namespace tessera::backends::reference
