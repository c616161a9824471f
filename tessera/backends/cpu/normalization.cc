// Softmax, log-softmax and cross-entropy along the last axis. The exponentials of several rows are one long
// vector loop; maxima and sums are the reductions of rule 3.

#include <algorithm>
#include <cstdint>
#include <variant>

#include "tessera/backends/cpu/elementwise_kernels.h"
#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/move.h"
#include "tessera/backends/cpu/reduction_kernels.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/base/thread_pool.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kElementsPerTask = 4096;
constexpr std::int64_t kBlock = numerics::kReduceBlock;

template <typename T>
struct Loops {
  UnaryLoop<T> exp;
  BinaryLoop<T> subtract, divide;
  const ReductionLoops<T>* max;
  const ReductionLoops<T>* sum;

  Loops()
      : exp(function_loop<T>(Op::kExp)),
        subtract(binary_loop<T>(Op::kSubtract)),
        divide(binary_loop<T>(Op::kDivide)),
        max(reduction_loops<T>(Op::kMax)),
        sum(reduction_loops<T>(Op::kSum)) {}
  bool complete() const { return exp && subtract && divide && max && sum; }
};

template <typename T>
T reduce_row(const ReductionLoops<T>& loops, const T* row, std::int64_t n) {
  const std::int64_t blocks = (n + kBlock - 1) / kBlock;
  ScratchScope scratch;
  T* partial = scratch.allocate<T>(blocks);
  loops.blocks(row, n, partial, true);
  return numerics::tree_combine(
      blocks, [&](std::int64_t i) { return partial[i]; }, [&](T a, T b) { return loops.combine(a, b); });
}

// shifted = x - max of its row; exponentials = exp(shifted); sums[row].
template <typename T>
void exponentials_of_rows(const Loops<T>& loops, const T* x, std::int64_t rows, std::int64_t n, T* shifted,
                          T* exponentials, T* sums) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const T max = reduce_row(*loops.max, x + row * n, n);
    loops.subtract(x + row * n, &max, shifted + row * n, n, Repeat::kSecond);
  }
  loops.exp(shifted, exponentials, rows * n);
  for (std::int64_t row = 0; row < rows; ++row) sums[row] = reduce_row(*loops.sum, exponentials + row * n, n);
}

// body(first row, rows) on all threads.
template <typename Body>
void for_rows(std::int64_t rows, std::int64_t n, Body&& body) {
  const std::int64_t per_task = std::max<std::int64_t>(1, kElementsPerTask / n);
  parallel_for((rows + per_task - 1) / per_task,
               [&](std::int64_t task) { body(task * per_task, std::min(per_task, rows - task * per_task)); });
}

template <typename T>
bool softmax_rows(const KernelCall& call) {
  const Loops<T> loops;
  if (!loops.complete()) return false;
  const TensorView& view = call.inputs[0];
  const std::int64_t n = view.shape[view.shape.rank() - 1], rows = view.elements() / n;
  ScratchScope scratch;
  const T* x = dense<T>(view, scratch.allocate<T>(view.contiguous() ? 0 : view.elements()));
  T* out = call.output.as<T>();
  const bool logarithm = call.op == Op::kLogSoftmax;
  for_rows(rows, n, [&](std::int64_t first, std::int64_t count) {
    ScratchScope task_scratch;
    T* sums = task_scratch.allocate<T>(count);
    T* exponentials = task_scratch.allocate<T>(count * n);
    T* shifted = logarithm ? out + first * n : task_scratch.allocate<T>(count * n);
    exponentials_of_rows(loops, x + first * n, count, n, shifted, exponentials, sums);
    for (std::int64_t row = 0; row < count; ++row) {
      T* to = out + (first + row) * n;
      if (logarithm) {
        const T log_sum = numerics::log(sums[row]);
        for (std::int64_t i = 0; i < n; ++i) to[i] = to[i] - log_sum;
      } else {
        loops.divide(exponentials + row * n, sums + row, to, n, Repeat::kSecond);
      }
    }
  });
  return true;
}

template <typename T>
bool cross_entropy_rows(const KernelCall& call) {
  const Loops<T> loops;
  const TensorView& logits = call.inputs[0];
  const std::int64_t rows = logits.shape[0], n = logits.shape[1];
  if (!loops.complete() || rows == 0 || n == 0) return false;
  ScratchScope scratch;
  const std::int64_t* labels = dense<std::int64_t>(call.inputs[1], scratch.allocate<std::int64_t>(rows));
  for (std::int64_t i = 0; i < rows; ++i)
    if (labels[i] < 0 || labels[i] >= n) return false;  // the reference backend has the message
  const T* x = dense<T>(logits, scratch.allocate<T>(logits.contiguous() ? 0 : logits.elements()));
  T* out = call.output.as<T>();
  for_rows(rows, n, [&](std::int64_t first, std::int64_t count) {
    ScratchScope task_scratch;
    T* sums = task_scratch.allocate<T>(count);
    T* shifted = task_scratch.allocate<T>(count * n);
    T* exponentials = task_scratch.allocate<T>(count * n);
    exponentials_of_rows(loops, x + first * n, count, n, shifted, exponentials, sums);
    for (std::int64_t row = 0; row < count; ++row)
      out[first + row] = -(shifted[row * n + labels[first + row]] - numerics::log(sums[row]));
  });
  return true;
}

}  // namespace

bool run_softmax(const KernelCall& call) {
  const TensorView& x = call.inputs[0];
  if (x.elements() == 0 || std::get<AxisAttributes>(call.attributes).axis != x.shape.rank() - 1) return false;
  if (call.output.dtype == DType::kFloat32) return softmax_rows<float>(call);
  if (call.output.dtype == DType::kFloat64) return softmax_rows<double>(call);
  return false;
}

bool run_cross_entropy(const KernelCall& call) {
  if (call.output.dtype == DType::kFloat32) return cross_entropy_rows<float>(call);
  if (call.output.dtype == DType::kFloat64) return cross_entropy_rows<double>(call);
  return false;
}

}  // namespace tessera::backends
