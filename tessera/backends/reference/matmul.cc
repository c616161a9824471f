// Batched matrix product [..., m, k] x [..., k, n] -> [..., m, n]; the leading axes come broadcast (tensor/backend.h).
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

}  // namespace tessera::backends::reference
