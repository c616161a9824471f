// The softmax family: rows along an axis, each finished while it is in the first-level cache. Rows that are not
// contiguous go side by side (softmax_columns.h) or, where there are few, are copied, and their results copied back.

#include <algorithm>
#include <array>
#include <cstdint>
#include <variant>

#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/move.h"
#include "tessera/backends/cpu/rows.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/backends/cpu/softmax_columns.h"

namespace tessera::backends {
namespace {

// The same elements with `axis` as the last one.
TensorView with_axis_last(const TensorView& view, int axis) {
  TensorView moved{view.data, view.dtype, Shape{}, Strides{}};
  for (int i = 0; i < view.shape.rank(); ++i) {
    if (i == axis) continue;
    moved.shape.append(view.shape[i]);
    moved.strides.append(view.strides[i]);
  }
  moved.shape.append(view.shape[axis]);
  moved.strides.append(view.strides[axis]);
  return moved;
}

// function(loops, rows of the inputs, n, row of the output) along the call's axis.
template <typename T, std::size_t kInputs, typename Function>
bool map_rows(const KernelCall& call, Function function) {
  const RowLoops<T>* loops = row_loops<T>();
  if (loops == nullptr || call.output.elements() == 0) return false;
  const int axis = std::get<AxisAttributes>(call.attributes).axis;
  const std::int64_t n = call.output.shape[axis], rows = call.output.elements() / n;
  ScratchScope scratch;
  std::array<const T*, kInputs> inputs;
  for (std::size_t i = 0; i < kInputs; ++i) {
    const TensorView moved = with_axis_last(call.inputs[i], axis);
    inputs[i] = dense<T>(moved, scratch);
  }
  const TensorView moved_out = with_axis_last(call.output, axis);
  T* out = moved_out.contiguous() ? call.output.as<T>() : scratch.allocate<T>(rows * n);
  for_rows_of(out, rows, n, [&](std::int64_t row, const RowResult<T>& to) {
    std::array<const T*, kInputs> at;
    for (std::size_t i = 0; i < kInputs; ++i) at[i] = inputs[i] + row * n;
    function(*loops, at, n, to);
  });
  if (!moved_out.contiguous())
    copy_view({out, moved_out.dtype, moved_out.shape, row_major_strides(moved_out.shape)}, moved_out);
  return true;
}

template <typename T>
bool softmax(const KernelCall& call) {
  return map_rows<T, 1>(call,
                        [&](const RowLoops<T>& loops, const auto& x, std::int64_t n, const RowResult<T>& to) {
                          (call.op == Op::kSoftmax ? loops.softmax : loops.log_softmax)(x[0], n, to);
                        });
}

template <typename T>
bool softmax_gradient(const KernelCall& call) {
  return map_rows<T, 2>(
      call, [&](const RowLoops<T>& loops, const auto& in, std::int64_t n, const RowResult<T>& to) {
        (call.op == Op::kSoftmaxGradient ? loops.softmax_gradient : loops.log_softmax_gradient)(in[0], in[1],
                                                                                                n, to);
      });
}

// Rows of logits, their labels and, for the gradient, that of each row's loss.
template <typename T>
bool cross_entropy(const KernelCall& call) {
  const RowLoops<T>* loops = row_loops<T>();
  const TensorView& logits = call.inputs[0];
  const std::int64_t rows = logits.shape[0], n = logits.shape[1];
  if (loops == nullptr || rows == 0 || n == 0) return false;
  const std::int64_t* labels = call.inputs[1].as<const std::int64_t>();
  for (std::int64_t i = 0; i < rows; ++i)
    if (labels[i] < 0 || labels[i] >= n) return false;  // the reference backend has the message
  ScratchScope scratch;
  const T* x = dense<T>(logits, scratch);
  T* out = call.output.as<T>();
  if (call.op == Op::kCrossEntropy) {
    for_rows(rows, n, [&](std::int64_t i) { out[i] = loops->cross_entropy(x + i * n, n, labels[i]); });
    return true;
  }
  const T* g = dense<T>(call.inputs[2], scratch);
  for_rows_of(out, rows, n, [&](std::int64_t i, const RowResult<T>& to) {
    loops->cross_entropy_gradient(x + i * n, n, labels[i], g[i], to);
  });
  return true;
}

}  // namespace

bool run_softmax(const KernelCall& call) {
  if (run_softmax_columns(call)) return true;
  if (call.output.dtype == DType::kFloat32) return softmax<float>(call);
  if (call.output.dtype == DType::kFloat64) return softmax<double>(call);
  return false;
}

bool run_softmax_gradient(const KernelCall& call) {
  if (run_softmax_columns(call)) return true;
  if (call.output.dtype == DType::kFloat32) return softmax_gradient<float>(call);
  if (call.output.dtype == DType::kFloat64) return softmax_gradient<double>(call);
  return false;
}

bool run_cross_entropy(const KernelCall& call) {
  if (call.output.dtype == DType::kFloat32) return cross_entropy<float>(call);
  if (call.output.dtype == DType::kFloat64) return cross_entropy<double>(call);
  return false;
}

}  // namespace tessera::backends
