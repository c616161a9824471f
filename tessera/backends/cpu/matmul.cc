// The batched matrix product, and that of a fully connected layer: leading axes broadcast by strides, tasks are tiles of the results.

#include <algorithm>
#include <cstdint>

#include "tessera/backends/cpu/gemm.h"
#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/scratch.h"
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
// A result of few elements gives the threads little to divide. Where k has many chunks they share these as well: the first stretch of
// chunks adds up in the result, every other chunk's sums go to a place of their own and are added behind it, in the contract's order.

constexpr std::int64_t kLeastChunks = 16;
constexpr std::int64_t kFewResults = 128 * 128;
constexpr std::int64_t kKeptBytes = std::int64_t{16} << 20;  // of sums of chunks

// Stretches of chunks, one per thread; 1: dividing the result is better.
template <typename T>
std::int64_t stretches_of(const Product& product, std::int64_t entries) {
  const std::int64_t chunks = (product.k + kChunk - 1) / kChunk, results = product.m * product.n;
  if (entries > 1 || chunks < kLeastChunks || results > kFewResults ||
      wanted_tasks(results * product.k) == 1 || chunks * results * std::int64_t{sizeof(T)} > kKeptBytes)
    return 1;
  return std::min<std::int64_t>(thread_count(), chunks / 4);
}

template <typename T>
class ChunkShares {
 public:
  ChunkShares(const GemmKernels<T>& kernels, const Product& product, std::int64_t stretches,
              MatrixView<const T> a, MatrixView<const T> b, T* c)
      : kernels_(kernels), product_(product), results_(product.m * product.n), a_(a), b_(b), c_(c) {
    const std::int64_t chunks = (product.k + kChunk - 1) / kChunk;
    first_ = (chunks + stretches - 1) / stretches;
    kept_chunks_ = chunks - first_;
    kept_ = scratch_.allocate<T>(kept_chunks_ * results_);
  }

  void run(const Epilogue<T>& epilogue) {
    // The first stretch is one task, the longest, and begins first; of the others each chunk is one.
    parallel_for(1 + kept_chunks_, [&](std::int64_t task) {
      if (task == 0) return multiply(0, first_ * kChunk, c_);
      multiply((first_ + task - 1) * kChunk, kChunk, kept_ + (task - 1) * results_);
    });
    const std::int64_t parts = std::min<std::int64_t>(thread_count(), (results_ + kPart - 1) / kPart);
    parallel_for(parts, [&](std::int64_t part) {
      const std::int64_t begin = part * results_ / parts, end = (part + 1) * results_ / parts;
      for (std::int64_t chunk = 0; chunk < kept_chunks_; ++chunk) {
        const T* const sums = kept_ + chunk * results_;
        for (std::int64_t i = begin; i < end; ++i) c_[i] = c_[i] + sums[i];
      }
    });
    finish_results(epilogue);
  }

 private:
  static constexpr std::int64_t kPart = 2048;  // elements, at least, that are worth a thread

  void multiply(std::int64_t k0, std::int64_t depth, T* c) const {
    MatrixView<const T> a = a_, b = b_;
    a.data += k0 * a.column;
    b.data += k0 * b.row;
    gemm<T>(kernels_, product_.m, product_.n, std::min(depth, product_.k - k0), a, b, {c, product_.n, 1});
  }

  void finish_results(const Epilogue<T>& epilogue) const {
    if (epilogue.finish == nullptr) return;
    for (std::int64_t i = 0; i < product_.m; ++i) {
      FinishRun<T> run{};
      run.x = run.out = c_ + i * product_.n;
      run.n = product_.n;
      run.bias = epilogue.bias;
      epilogue.finish(run);
    }
  }

  const GemmKernels<T>& kernels_;
  const Product product_;
  const std::int64_t results_;
  const MatrixView<const T> a_, b_;
  T* const c_;
  ScratchScope scratch_;
  std::int64_t first_, kept_chunks_;
  T* kept_;
};

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
  if (const std::int64_t stretches = stretches_of<T>(product, entries); stretches > 1)
    return ChunkShares<T>(kernels, product, stretches, a.at(product, 0), b.at(product, 0), c).run(epilogue);
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
