// The batched matrix product: leading axes broadcast by strides, tasks are tiles of the results.

#include <algorithm>
#include <cstdint>

#include "tessera/backends/cpu/gemm.h"
#include "tessera/backends/cpu/kernels.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kSmallProduct =
    64 * 64 * 32;  // multiplications below which a second thread costs more than it gives
constexpr std::int64_t kTaskProduct = std::int64_t{1} << 23;  // of a task of a large product

struct Product {
  std::int64_t m, n, k;
  int batch_rank;
  Shape batch;  // of the output
};

// A matrix operand: its address per batch entry and its strides.
template <typename T>
struct BatchedMatrix {
  T* data;
  std::int64_t batch_stride[kMaxRank];
  std::int64_t row, column;

  MatrixView<T> at(const Product& product, std::int64_t entry) const {
    T* start = data;
    for (int axis = product.batch_rank - 1; axis >= 0; --axis) {
      start += entry % product.batch[axis] * batch_stride[axis];
      entry /= product.batch[axis];
    }
    return {start, row, column};
  }
};

// `matrix_axes` of the view's axes are its matrix (1 for a row or a column given as a 1-D tensor), the others
// its batch.
template <typename T>
void set_batch_strides(BatchedMatrix<T>& operand, const TensorView& view, int matrix_axes,
                       const Product& product) {
  const int own = view.shape.rank() - matrix_axes;
  for (int axis = 0; axis < product.batch_rank; ++axis) {
    const int mine = axis - (product.batch_rank - own);
    operand.batch_stride[axis] = mine >= 0 && view.shape[mine] != 1 ? view.strides[mine] : 0;
  }
}

template <typename T>
BatchedMatrix<const T> left_operand(const TensorView& view, const Product& product) {
  const int rank = view.shape.rank();
  BatchedMatrix<const T> operand{
      view.as<const T>(), {}, rank > 1 ? view.strides[rank - 2] : 0, view.strides[rank - 1]};
  set_batch_strides(operand, view, std::min(rank, 2), product);
  return operand;
}

template <typename T>
BatchedMatrix<const T> right_operand(const TensorView& view, const Product& product) {
  const int rank = view.shape.rank();
  BatchedMatrix<const T> operand{
      view.as<const T>(), {}, view.strides[rank > 1 ? rank - 2 : 0], rank > 1 ? view.strides[rank - 1] : 0};
  set_batch_strides(operand, view, std::min(rank, 2), product);
  return operand;
}

Product product_of(const KernelCall& call) {
  const Shape& a = call.inputs[0].shape;
  const Shape& b = call.inputs[1].shape;
  Product product{};
  product.m = a.rank() > 1 ? a[a.rank() - 2] : 1;
  product.k = a[a.rank() - 1];
  product.n = b.rank() > 1 ? b[b.rank() - 1] : 1;
  const int matrix_axes = (a.rank() > 1) + (b.rank() > 1);
  product.batch_rank = call.output.shape.rank() - matrix_axes;
  for (int axis = 0; axis < product.batch_rank; ++axis) product.batch.append(call.output.shape[axis]);
  return product;
}

// How the result of one batch entry is divided into tasks.
struct Tiling {
  std::int64_t rows, columns;  // of a task
  std::int64_t row_count, column_count;
};

// Half of `length`, rounded up to whole tiles.
std::int64_t half(std::int64_t length, std::int64_t tile) {
  return ((length + 1) / 2 + tile - 1) / tile * tile;
}

// A task packs for itself, so there are as many as the threads need, and of large products more, for the case that
// a thread is held up.
std::int64_t wanted_tasks(std::int64_t multiplications) {
  const std::int64_t threads = thread_count();
  if (threads == 1 || multiplications < kSmallProduct) return 1;
  return std::clamp(multiplications / kTaskProduct, threads, 4 * threads);
}

template <typename T>
Tiling tiling_of(const Product& product, std::int64_t entries, const GemmKernels<T>& kernels) {
  const std::int64_t lanes = kernels.lanes, width = lanes * kernels.vectors;
  std::int64_t rows = product.m, columns = product.n;
  const std::int64_t wanted = wanted_tasks(product.m * product.n * product.k * entries);
  const auto tasks = [&] {
    return entries * ((product.m + rows - 1) / rows) * ((product.n + columns - 1) / columns);
  };
  while (tasks() < wanted) {
    if (columns > width && columns * 2 >= rows)
      columns = half(columns, std::min(width, 2 * lanes));
    else if (rows > kTileRows)
      rows = half(rows, rows > 8 * kTileRows ? 4 * kTileRows : kTileRows);
    else
      break;
  }
  return {rows, columns, (product.m + rows - 1) / rows, (product.n + columns - 1) / columns};
}

template <typename T>
bool multiply(const KernelCall& call) {
  const GemmKernels<T>* kernels = gemm_kernels<T>();
  if (kernels == nullptr) return false;
  if (call.output.elements() == 0) return true;
  const Product product = product_of(call);
  const auto a = left_operand<T>(call.inputs[0], product);
  const auto b = right_operand<T>(call.inputs[1], product);
  T* const c = call.output.as<T>();
  const std::int64_t m = product.m, n = product.n;
  const std::int64_t entries = call.output.elements() / (m * n);
  const Tiling tiling = tiling_of(product, entries, *kernels);
  parallel_for(entries * tiling.row_count * tiling.column_count, [&](std::int64_t task) {
    const std::int64_t column = task % tiling.column_count * tiling.columns;
    const std::int64_t row = task / tiling.column_count % tiling.row_count * tiling.rows;
    const std::int64_t entry = task / (tiling.column_count * tiling.row_count);
    MatrixView<const T> left = a.at(product, entry);
    MatrixView<const T> right = b.at(product, entry);
    left.data += row * left.row;
    right.data += column * right.column;
    gemm<T>(*kernels, std::min(tiling.rows, m - row), std::min(tiling.columns, n - column), product.k, left,
            right, {c + entry * m * n + row * n + column, n, 1});
  });
  return true;
}

}  // namespace

bool run_matmul(const KernelCall& call) {
  if (call.output.dtype == DType::kFloat32) return multiply<float>(call);
  if (call.output.dtype == DType::kFloat64) return multiply<double>(call);
  return false;
}

}  // namespace tessera::backends
