// Layer normalisation: rows over the trailing axes. The gradient of the scale is a sum over rows (contract rule
// 3): row i of a block of 1,024 is added to lane i mod 16, and the lanes of all columns stay in the second-level
// cache.

#include <algorithm>
#include <cstdint>
#include <variant>

#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/move.h"
#include "tessera/backends/cpu/rows.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/base/thread_pool.h"
#include "tessera/numerics/reduce.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kBlock = numerics::kReduceBlock;
constexpr std::int64_t kChains = numerics::kReduceLanes;
constexpr std::int64_t kTile = 2048;  // columns whose lanes are kept at once

struct Rows {
  std::int64_t count = 1, length = 1;

  Rows(const Shape& shape, int trailing) {
    for (int axis = 0; axis < shape.rank(); ++axis)
      (axis < shape.rank() - trailing ? count : length) *= shape[axis];
  }
};

template <typename T>
const T* dense_in(ScratchScope& scratch, const TensorView& view) {
  return dense<T>(view, view.contiguous() ? nullptr : scratch.allocate<T>(view.elements()));
}

// (x, scale, shift), or (g, x, scale) for the gradient of the input.
template <typename T>
bool map_rows(const KernelCall& call) {
  const RowLoops<T>* loops = row_loops<T>();
  const auto& attributes = std::get<LayerNormAttributes>(call.attributes);
  if (loops == nullptr || call.output.elements() == 0) return false;
  const Rows rows(call.output.shape, attributes.axes);
  const T epsilon = static_cast<T>(attributes.epsilon);
  ScratchScope scratch;
  const T* in[3];
  for (std::size_t i = 0; i < 3; ++i) in[i] = dense_in<T>(scratch, call.inputs[i]);
  T* out = call.output.as<T>();
  const std::int64_t n = rows.length;
  for_rows_of(out, rows.count, n, [&](std::int64_t row, const RowResult<T>& to) {
    if (call.op == Op::kLayerNorm)
      loops->layer_norm(in[0] + row * n, in[1], in[2], n, epsilon, to);
    else
      loops->layer_norm_input_gradient(in[0] + row * n, in[1] + row * n, in[2], n, epsilon, to);
  });
  return true;
}

template <typename T>
struct ScaleGradient {
  const RowLoops<T>& loops;
  const T *g, *x;
  Rows rows;
  T epsilon;

  // The sums over rows first_row ... end-1, of one block, of columns [column, column + columns). `of_x` has the
  // rows' statistics, or is null: they are computed while the row is near.
  void sum_block(std::int64_t first_row, std::int64_t end, std::int64_t column, std::int64_t columns,
                 const RowStatistics<T>* of_x, T* out) const {
    ScratchScope scratch;
    T* lanes = scratch.allocate<T>(kChains * columns);
    std::fill(lanes, lanes + kChains * columns, T(0));
    for (std::int64_t row = first_row; row < end; ++row) {
      const std::int64_t start = row * rows.length;
      const auto statistics = of_x != nullptr ? of_x[row] : loops.statistics(x + start, rows.length, epsilon);
      loops.add_normalized(g + start + column, x + start + column, statistics, columns, rows.length,
                           lanes + (row - first_row) % kChains * columns);
    }
    for (std::int64_t s = kChains / 2; s >= 1; s /= 2)
      for (std::int64_t j = 0; j < s * columns; ++j) lanes[j] = lanes[j] + lanes[j + s * columns];
    std::copy(lanes, lanes + columns, out);
  }

  // Row `block` of `partial` gets the sums over a block of rows. In one pass over memory where whole rows of
  // lanes fit a cache and there is a block for every thread; else statistics first, then tiles of columns.
  void sum_blocks(std::int64_t blocks, T* partial) const {
    const std::int64_t n = rows.length;
    const auto block_end = [&](std::int64_t block) { return std::min(rows.count, (block + 1) * kBlock); };
    if (n <= 4 * kTile && blocks >= thread_count())
      return parallel_for(blocks, [&](std::int64_t block) {
        sum_block(block * kBlock, block_end(block), 0, n, nullptr, partial + block * n);
      });
    ScratchScope scratch;
    auto* of_x = scratch.allocate<RowStatistics<T>>(rows.count);
    for_rows(rows.count, n, [&](std::int64_t row) { of_x[row] = loops.statistics(x + row * n, n, epsilon); });
    const std::int64_t tiles = (n + kTile - 1) / kTile;
    parallel_for(blocks * tiles, [&](std::int64_t unit) {
      const std::int64_t block = unit / tiles, column = unit % tiles * kTile;
      sum_block(block * kBlock, block_end(block), column, std::min(kTile, n - column), of_x,
                partial + block * n + column);
    });
  }
};

template <typename T>
bool scale_gradient(const KernelCall& call) {
  const RowLoops<T>* loops = row_loops<T>();
  const auto& attributes = std::get<LayerNormAttributes>(call.attributes);
  const Rows rows(call.inputs[0].shape, attributes.axes);
  if (loops == nullptr || rows.count == 0 || rows.length == 0) return false;
  ScratchScope scratch;
  const T *g = dense_in<T>(scratch, call.inputs[0]), *x = dense_in<T>(scratch, call.inputs[1]);
  const std::int64_t n = rows.length, blocks = (rows.count + kBlock - 1) / kBlock;
  T* partial = scratch.allocate<T>(blocks * n);
  ScaleGradient<T>{*loops, g, x, rows, static_cast<T>(attributes.epsilon)}.sum_blocks(blocks, partial);
  T* out = call.output.as<T>();
  for (std::int64_t j = 0; j < n; ++j)
    out[j] = numerics::tree_combine(
        blocks, [&](std::int64_t block) { return partial[block * n + j]; }, [](T a, T b) { return a + b; });
  return true;
}

}  // namespace

bool run_layer_norm(const KernelCall& call) {
  if (call.output.dtype == DType::kFloat32) return map_rows<float>(call);
  if (call.output.dtype == DType::kFloat64) return map_rows<double>(call);
  return false;
}

bool run_layer_norm_scale_gradient(const KernelCall& call) {
  if (call.output.dtype == DType::kFloat32) return scale_gradient<float>(call);
  if (call.output.dtype == DType::kFloat64) return scale_gradient<double>(call);
  return false;
}

}  // namespace tessera::backends
