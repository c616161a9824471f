// Layer normalisation: rows over the trailing axes. The gradients of scale and shift are sums over rows (contract rule
// 3): row i of a block of 1,024 is added to lane i mod 16. A task takes the rows of one lane, so that the lane's columns stay in
// the first-level cache and threads need not wait for each other.

#include <algorithm>
#include <cstdint>
#include <variant>

#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/move.h"
#include "tessera/backends/cpu/rows.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/backends/cpu/tasks.h"
#include "tessera/base/thread_pool.h"
#include "tessera/numerics/reduce.h"

namespace tessera::backends {
namespace {

struct Rows {
  std::int64_t count = 1, length = 1;

  Rows(const Shape& shape, int trailing) {
    for (int axis = 0; axis < shape.rank(); ++axis)
      (axis < shape.rank() - trailing ? count : length) *= shape[axis];
  }
};

// (x, scale, shift), or (g, x, scale) for the gradient of the input.
template <typename T>
bool map_rows(const KernelCall& call) {
  const LayerNormLoops<T>* loops = layer_norm_loops<T>();
  const auto& attributes = std::get<LayerNormAttributes>(call.attributes);
  if (loops == nullptr || call.output.elements() == 0) return false;
  const Rows rows(call.output.shape, attributes.axes);
  const T epsilon = static_cast<T>(attributes.epsilon);
  ScratchScope scratch;
  const T* in[3];
  for (std::size_t i = 0; i < 3; ++i) in[i] = dense<T>(call.inputs[i], scratch);
  T* out = call.output.as<T>();
  const std::int64_t n = rows.length;
  for_rows_of(out, rows.count, n, [&](std::int64_t row, const RowResult<T>& to) {
    if (call.op == Op::kLayerNorm)
      loops->layer_norm(in[0] + row * n, in[1], in[2], n, epsilon, to);
    else
      loops->to_input({in[0] + row * n, in[1] + row * n, in[2], n, n, epsilon}, to);
  });
  return true;
}

// kSums sums over rows, each of n columns: each_lane(row, end, lane) adds the rows row, row + 16, ... before `end` to the lane, which
// has the columns of one sum behind those of the other.
template <typename T, int kSums>
class LaneSums {
 public:
  LaneSums(const Rows& rows, ScratchScope& scratch)
      : rows_(rows),
        blocks_((rows.count + kBlock - 1) / kBlock),
        lanes_(scratch.allocate<T>(blocks_ * kChains * width())) {}

  template <typename EachLane>
  void add(EachLane each_lane) {
    const std::int64_t chains = std::min(kChains, rows_.count);
    parallel_for(blocks_ * chains, [&](std::int64_t task) {
      const std::int64_t block = task / chains, chain = task % chains;
      T* lane = lane_of(block, chain);
      std::fill(lane, lane + width(), T(0));
      const std::int64_t end = std::min(rows_.count, (block + 1) * kBlock);
      each_lane(block * kBlock + chain, end, lane);
    });
    parallel_for(blocks_, [&](std::int64_t block) { combine(block, chains); });
  }

  void store(T* out) const {
    for (std::int64_t j = 0; j < width(); ++j)
      out[j] = numerics::tree_combine(
          blocks_, [&](std::int64_t block) { return lane_of(block, 0)[j]; }, [](T a, T b) { return a + b; });
  }

 private:
  std::int64_t width() const { return kSums * rows_.length; }
  T* lane_of(std::int64_t block, std::int64_t chain) const {
    return lanes_ + (block * kChains + chain) * width();
  }

  // Into the block's first lane. What no row came to is +0.
  void combine(std::int64_t block, std::int64_t chains) {
    T* lanes = lane_of(block, 0);
    std::fill(lane_of(block, chains), lane_of(block, kChains), T(0));
    for (std::int64_t s = kChains / 2; s >= 1; s /= 2)
      for (std::int64_t j = 0; j < s * width(); ++j) lanes[j] = lanes[j] + lanes[j + s * width()];
  }

  Rows rows_;
  std::int64_t blocks_;
  T* lanes_;
};

template <typename T>
bool scale_gradient(const KernelCall& call) {
  const LayerNormLoops<T>* loops = layer_norm_loops<T>();
  const auto& attributes = std::get<LayerNormAttributes>(call.attributes);
  const Rows rows(call.inputs[0].shape, attributes.axes);
  if (loops == nullptr || rows.count == 0 || rows.length == 0) return false;
  ScratchScope scratch;
  const T *g = dense<T>(call.inputs[0], scratch), *x = dense<T>(call.inputs[1], scratch);
  const std::int64_t n = rows.length, next = kChains * n;
  const T epsilon = static_cast<T>(attributes.epsilon);
  LaneSums<T, 1> sums(rows, scratch);
  sums.add([&](std::int64_t row, std::int64_t end, T* lane) {
    for (; row < end; row += kChains)
      loops->to_scale({g + row * n, x + row * n, nullptr, n, next, epsilon}, lane);
  });
  sums.store(call.output.as<T>());
  return true;
}

// All three in one pass over g and x: of the input, of the scale, of the shift, one behind the other.
template <typename T>
bool all_gradients(const KernelCall& call) {
  const LayerNormLoops<T>* loops = layer_norm_loops<T>();
  const auto& attributes = std::get<LayerNormAttributes>(call.attributes);
  const Rows rows(call.inputs[0].shape, attributes.axes);
  if (loops == nullptr || rows.count == 0 || rows.length == 0) return false;
  ScratchScope scratch;
  const T* in[3];
  for (std::size_t i = 0; i < 3; ++i) in[i] = dense<T>(call.inputs[i], scratch);
  const std::int64_t n = rows.length, next = kChains * n;
  const T epsilon = static_cast<T>(attributes.epsilon);
  T* out = call.output.as<T>();
  const bool streams = streams_rows(out, rows.count, n);
  LaneSums<T, 2> sums(rows, scratch);
  sums.add([&](std::int64_t row, std::int64_t end, T* lane) {
    for (; row < end; row += kChains) {
      T* to = out + row * n;
      loops->to_all({in[0] + row * n, in[1] + row * n, in[2], n, next, epsilon}, {to, to, streams}, lane,
                    lane + n);
    }
    if (streams) hwy::FlushStream();
  });
  sums.store(out + rows.count * n);
  return true;
}

}  // namespace

bool run_layer_norm(const KernelCall& call) {
  if (call.output.dtype == DType::kFloat32) return map_rows<float>(call);
  if (call.output.dtype == DType::kFloat64) return map_rows<double>(call);
  return false;
}

bool run_layer_norm_gradient(const KernelCall& call) {
  if (call.output.dtype == DType::kFloat32) return all_gradients<float>(call);
  if (call.output.dtype == DType::kFloat64) return all_gradients<double>(call);
  return false;
}

bool run_layer_norm_scale_gradient(const KernelCall& call) {
  if (call.output.dtype == DType::kFloat32) return scale_gradient<float>(call);
  if (call.output.dtype == DType::kFloat64) return scale_gradient<double>(call);
  return false;
}

}  // namespace tessera::backends
