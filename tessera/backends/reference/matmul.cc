// Batched matrix product [..., m, k] x [..., k, n] -> [..., m, n]; the leading axes come broadcast (tensor/backend.h). And a fully connected
// layer, whose bias and activation round once each behind the last chunk.
#include "tessera/backends/reference/activation.h"
#include "tessera/backends/reference/common.h"
#include "tessera/backends/reference/kernels.h"
#include "tessera/backends/reference/products.h"

namespace tessera::backends::reference {

void matmul_kernel(const KernelCall& call) {
  const Shape& shape = call.output.shape;
  const std::int64_t m = shape[shape.rank() - 2], n = shape[shape.rank() - 1];
  const std::int64_t k = call.inputs[0].shape[call.inputs[0].shape.rank() - 1];
  const std::int64_t batches = elements_between(shape, 0, shape.rank() - 2);
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> a(call.inputs[0]), b(call.inputs[1]);
    T* out = call.output.as<T>();
    parallel_for(batches * m, [&](std::int64_t row) {  // a row of the output, of any batch
      const T* a_row = a.data() + row * k;
      const T* b_matrix = b.data() + row / m * k * n;
      ProductSums<T> sums(n);
      for (std::int64_t i = 0; i < k; ++i) sums.add_products(a_row[i], b_matrix + i * n);
      sums.finish(out + row * n);
    });
  });
}

// x [..., k], weight [n, k], bias [n]; the rows of x may come from any number of leading axes.
void linear_kernel(const KernelCall& call) {
  const Activation activation = attributes_of<FinishAttributes>(call).activation;
  const std::int64_t n = call.inputs[1].shape[0], k = call.inputs[1].shape[1];
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    constexpr int kTurned[] = {1, 0};
    const Dense<T> x(call.inputs[0]), columns(permute_view(call.inputs[1], kTurned)), bias(call.inputs[2]);
    T* out = call.output.as<T>();
    parallel_for(call.output.elements() / n, [&](std::int64_t row) {
      ProductSums<T> sums(n);
      for (std::int64_t i = 0; i < k; ++i) sums.add_products(x[row * k + i], columns.data() + i * n);
      T* const y = out + row * n;
      sums.finish(y);
      for (std::int64_t j = 0; j < n; ++j) y[j] = activated(activation, y[j] + bias[j]);
    });
  });
}

}  // namespace tessera::backends::reference
