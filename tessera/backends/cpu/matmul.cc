// The batched matrix product, and that of a fully connected layer: leading axes broadcast by strides, tasks are tiles of the results.

#include <algorithm>
#include <cstdint>

#include "tessera/backends/cpu/gemm.h"
#include "tessera/backends/cpu/gemm_finish.h"
#include "tessera/backends/cpu/gemm_symmetric.h"
#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/base/thread_pool.h"
#include "tessera/numerics/chunk_sums.h"

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

// Half of `length`, rounded up to whole steps.
std::int64_t half(std::int64_t length, std::int64_t step) {
  return ((length + 1) / 2 + step - 1) / step * step;
}

// Many rows are cut where tiles and lanes of every kind end; of fewer ones it counts more that both halves are equal, and tiles
// divide them evenly.
std::int64_t row_step(std::int64_t rows) {
  return rows > 32 * kTileRows ? 4 * kTileRows : rows > 8 * kTileRows ? 16 : 4;
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
  constexpr std::int64_t kLine = 64 / sizeof(T);  // which two threads should not share
  const std::int64_t width = kernels.lanes * kernels.vectors;
  std::int64_t rows = product.m, columns = product.n;
  const std::int64_t wanted = wanted_tasks(product.m * product.n * product.k * entries);
  const auto tasks = [&] {
    return entries * ((product.m + rows - 1) / rows) * ((product.n + columns - 1) / columns);
  };
  while (tasks() < wanted) {
    if (columns > width && columns * 2 >= rows)
      columns = half(columns, kLine);
    else if (rows > kTileRows)
      rows = half(rows, row_step(rows));
    else
      break;
  }
  return {rows, columns, (product.m + rows - 1) / rows, (product.n + columns - 1) / columns};
}

// ---- Long k ----
// A result of few elements gives the threads little to divide. Where k has many chunks they share these instead.

constexpr std::int64_t kLeastChunks = 16;
constexpr std::int64_t kFewResults = 128 * 128;

bool shares_chunks(const Product& product) {
  const std::int64_t chunks = (product.k + kChunk - 1) / kChunk, results = product.m * product.n;
  return chunks >= kLeastChunks && results <= kFewResults && wanted_tasks(results * product.k) > 1;
}

// `symmetric`: b is a turned.
template <typename T>
void multiply_by_chunks(const GemmKernels<T>& kernels, const Product& product, MatrixView<const T> a,
                        MatrixView<const T> b, bool symmetric, T* c, const Epilogue<T>& epilogue) {
  const std::int64_t chunks = (product.k + kChunk - 1) / kChunk, results = product.m * product.n;
  ScratchScope scratch;
  T* const places = scratch.allocate<T>(numerics::chunk_places<T>(chunks, results));
  numerics::sum_chunks(chunks, results, places, c, [&](std::int64_t chunk, T* to) {
    const std::int64_t k0 = chunk * kChunk, depth = std::min(kChunk, product.k - k0);
    MatrixView<const T> left = a, right = b;
    left.data += k0 * a.column;
    right.data += k0 * b.row;
    // Above the diagonal, where nobody reads, anything may be added up.
    if (symmetric) return gemm_lower<T>(kernels, product.n, depth, left, to, product.n);
    gemm<T>(kernels, product.m, product.n, depth, left, right, {to, product.n, 1});
  });
  if (symmetric) mirror_lower(kernels, product.n, c);
  if (epilogue.finish != nullptr) finish_block<T>(epilogue, product.m, product.n, {c, product.n, 1}, false);
}

// Shorter chains cost less than copying the upper triangle.
constexpr std::int64_t kLeastDepth = 64;

// Is b the transposed a, and large enough that half of the tiles is less?
template <typename T>
bool is_symmetric(const GemmKernels<T>& kernels, const Product& product, MatrixView<const T> a,
                  MatrixView<const T> b) {
  return a.data == b.data && a.row == b.column && a.column == b.row && product.m == product.n &&
         product.n > symmetric_strip(kernels);
}

// Rows that follow each other at one step through the batch, and meet one matrix, are the rows of one product.
template <typename T>
void merge_rows(Product& product, BatchedMatrix<const T>& a, const BatchedMatrix<const T>& b) {
  while (product.batch_rank > 0) {
    const int last = product.batch_rank - 1;
    const std::int64_t entries = product.batch[last];
    if (entries != 1) {
      if (b.batch_stride[last] != 0) return;
      if (product.m == 1)
        a.row = a.batch_stride[last];
      else if (a.batch_stride[last] != product.m * a.row)
        return;
      product.m *= entries;
    }
    --product.batch_rank;
  }
}

template <typename T>
void multiply(const GemmKernels<T>& kernels, Product product, BatchedMatrix<const T> a,
              const BatchedMatrix<const T>& b, const TensorView& output, const Epilogue<T>& epilogue) {
  merge_rows(product, a, b);
  T* const c = output.as<T>();
  const std::int64_t m = product.m, n = product.n;
  const std::int64_t entries = output.elements() / (m * n);
  if (entries == 1) {
    const MatrixView<const T> left = a.at(product, 0), right = b.at(product, 0);
    const bool symmetric = is_symmetric<T>(kernels, product, left, right);
    if (shares_chunks(product))
      return multiply_by_chunks<T>(kernels, product, left, right, symmetric, c, epilogue);
    if (symmetric && product.k >= kLeastDepth && epilogue.finish == nullptr)
      return gemm_symmetric<T>(kernels, n, product.k, left, c);
  }
  const Tiling tiling = tiling_of(product, entries, kernels);
  parallel_for(entries * tiling.row_count * tiling.column_count, [&](std::int64_t task) {
    const std::int64_t column = task % tiling.column_count * tiling.columns;
    const std::int64_t row = task / tiling.column_count % tiling.row_count * tiling.rows;
    const std::int64_t entry = task / (tiling.column_count * tiling.row_count);
    MatrixView<const T> left = a.at(product, entry);
    MatrixView<const T> right = b.at(product, entry);
    left.data += row * left.row;
    right.data += column * right.column;
    Epilogue<T> here = epilogue;
    if (here.bias != nullptr) here.bias += column;
    gemm<T>(kernels, std::min(tiling.rows, m - row), std::min(tiling.columns, n - column), product.k, left,
            right, {c + entry * m * n + row * n + column, n, 1}, here);
  });
}

template <typename T>
bool matmul(const KernelCall& call) {
  const GemmKernels<T>* kernels = gemm_kernels<T>();
  if (kernels == nullptr) return false;
  const Product product = product_of(call);
  multiply<T>(*kernels, product, left_operand<T>(call.inputs[0], product),
              right_operand<T>(call.inputs[1], product), call.output, {});
  return true;
}

// x [..., k] times the transposed weight [n, k]: x's leading axes but the last one are a batch that meets one matrix.
template <typename T>
bool linear(const KernelCall& call) {
  const GemmKernels<T>* kernels = gemm_kernels<T>();
  if (kernels == nullptr) return false;
  const TensorView &x = call.inputs[0], &weight = call.inputs[1], &bias = call.inputs[2];
  const int rank = x.shape.rank();
  Product product{
      rank > 1 ? x.shape[rank - 2] : 1, weight.shape[0], weight.shape[1], std::max(rank - 2, 0), {}};
  for (int axis = 0; axis < product.batch_rank; ++axis) product.batch.append(x.shape[axis]);
  const BatchedMatrix<const T> right{weight.as<const T>(), {}, weight.strides[1], weight.strides[0]};
  ScratchScope scratch;
  const T* values = bias.as<const T>();
  if (!bias.contiguous()) {
    T* const dense = scratch.allocate<T>(product.n);
    for (std::int64_t j = 0; j < product.n; ++j) dense[j] = values[j * bias.strides[0]];
    values = dense;
  }
  const Activation activation = std::get<FinishAttributes>(call.attributes).activation;
  multiply<T>(*kernels, product, left_operand<T>(x, product), right, call.output,
              {values, false, activation != Activation::kNone, finish_loop<T>(activation, false)});
  return true;
}

}  // namespace

bool run_matmul(const KernelCall& call) {
  if (call.output.dtype == DType::kFloat32) return matmul<float>(call);
  if (call.output.dtype == DType::kFloat64) return matmul<double>(call);
  return false;
}

bool run_linear(const KernelCall& call) {
  if (call.output.dtype == DType::kFloat32) return linear<float>(call);
  if (call.output.dtype == DType::kFloat64) return linear<double>(call);
  return false;
}

}  // namespace tessera::backends
