// RNN over a whole sequence, as gru.cc.

#include <algorithm>
#include <cstdint>

#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/packed_panels.h"
#include "tessera/backends/cpu/recurrent_kernels.h"
#include "tessera/backends/cpu/recurrent_passes.h"
#include "tessera/backends/cpu/scratch.h"

namespace tessera::backends {
namespace {

bool is_relu(const KernelCall& call) {
  return std::get<RecurrentAttributes>(call.attributes).nonlinearity == Activation::kRelu;
}

// Both passes: body(panels, loops, sizes). The weights lie as (row, column) says.
template <typename T, typename Pass>
bool with_panels(const KernelCall& call, const Shape& shape, const T* weight, std::int64_t row,
                 std::int64_t column, const Pass& pass) {
  const GemmKernels<T>* kernels = gemm_kernels<T>();
  const RecurrentLoops<T>* loops = recurrent_loops<T>();
  if (kernels == nullptr || loops == nullptr || !all_contiguous(call)) return false;
  const RecurrentSizes sizes{shape[0], shape[1], shape[2]};
  PackedPanels<T> panels(*kernels, {weight, row, column}, sizes.hidden, sizes.hidden, 1);
  ScratchScope scratch;
  panels.pack(scratch.allocate<T>(panels.elements()));
  for_samples(sizes, 1,
              [&](std::int64_t first, std::int64_t count) { pass(panels, *loops, sizes, first, count); });
  return true;
}

template <typename T>
bool rnn_forward(const KernelCall& call) {
  const auto in = [&](std::size_t i) { return call.inputs[i].template as<const T>(); };
  const T *x = in(0), *h0 = in(1), *x_bias = in(3), *bias = in(4);
  T* const out = call.output.as<T>();
  const bool relu = is_relu(call);
  const auto pass = [&](const PackedPanels<T>& panels, const RecurrentLoops<T>& loops,
                        const RecurrentSizes& sizes, std::int64_t first, std::int64_t count) {
    const auto loop = relu ? loops.relu_forward : loops.tanh_forward;
    const std::int64_t hidden = sizes.hidden, width = panels.width();
    ScratchScope scratch;
    T* const products = scratch.allocate<T>(count * width);
    for (std::int64_t t = 0; t < sizes.times; ++t) {
      const T* const before = (t == 0 ? h0 : out + (t - 1) * sizes.state()) + first * hidden;
      for (std::int64_t block = 0; block < panels.blocks(); ++block) {
        panels.multiply(before, hidden, count, block, 0, products, width);
        const std::int64_t feature = block * width;
        for (std::int64_t i = 0; i < count; ++i) {
          const std::int64_t place = (t * sizes.samples + first + i) * hidden + feature;
          loop({x + place, products + i * width, x_bias + feature, bias + feature, out + place,
                panels.columns_of(block)});
        }
      }
    }
  };
  return with_panels<T>(call, call.output.shape, in(2), 1, call.output.shape[2], pass);
}

template <typename T>
bool rnn_backward(const KernelCall& call) {
  const auto in = [&](std::size_t i) { return call.inputs[i].template as<const T>(); };
  const T *gradient = in(0), *states = in(6);
  T* const out = call.output.as<T>();
  const bool relu = is_relu(call);
  const auto pass = [&](const PackedPanels<T>& panels, const RecurrentLoops<T>& loops,
                        const RecurrentSizes& sizes, std::int64_t first, std::int64_t count) {
    const auto loop = relu ? loops.relu_backward : loops.tanh_backward;
    const std::int64_t hidden = sizes.hidden;
    ScratchScope scratch;
    T* const later = scratch.allocate<T>(count * hidden);
    std::fill(later, later + count * hidden, T(0));
    for (std::int64_t t = sizes.times - 1; t >= 0; --t) {
      const std::int64_t begin = (t * sizes.samples + first) * hidden;
      loop({gradient + begin, states + begin, later, out + begin, count * hidden});
      for (std::int64_t block = 0; block < panels.blocks(); ++block)
        panels.multiply(out + begin, hidden, count, block, 0, later + block * panels.width(), hidden);
    }
    std::copy(later, later + count * hidden, out + sizes.all() + first * hidden);
  };
  const Shape& shape = call.inputs[0].shape;
  return with_panels<T>(call, shape, in(3), shape[2], 1, pass);
}

}  // namespace

bool run_rnn(const KernelCall& call) {
  return call.output.dtype == DType::kFloat32 ? rnn_forward<float>(call) : rnn_forward<double>(call);
}
bool run_rnn_gradient(const KernelCall& call) {
  return call.output.dtype == DType::kFloat32 ? rnn_backward<float>(call) : rnn_backward<double>(call);
}

}  // namespace tessera::backends
