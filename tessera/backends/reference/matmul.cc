// Batched matrix product [..., m, k] x [..., k, n] -> [..., m, n]; leading axes broadcast.
#include "tessera/backends/reference/common.h"
#include "tessera/backends/reference/kernels.h"
#include "tessera/backends/reference/products.h"

namespace tessera::backends::reference {
namespace {

// The view with its leading axes broadcast to those of `output`; its own last two axes stay.
TensorView broadcast_batch(const TensorView& view, const Shape& output) {
  const int rank = output.rank();
  Shape shape = output;
  shape[rank - 2] = view.shape[view.shape.rank() - 2];
  shape[rank - 1] = view.shape[view.shape.rank() - 1];
  return broadcast_view(view, shape);
}

}  // namespace

void matmul_kernel(const KernelCall& call) {
  const Shape& shape = call.output.shape;
  const std::int64_t m = shape[shape.rank() - 2], n = shape[shape.rank() - 1];
  const std::int64_t k = call.inputs[0].shape[call.inputs[0].shape.rank() - 1];
  const std::int64_t batches = elements_between(shape, 0, shape.rank() - 2);
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Dense<T> a(broadcast_batch(call.inputs[0], shape)), b(broadcast_batch(call.inputs[1], shape));
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
