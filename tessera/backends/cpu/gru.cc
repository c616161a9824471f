// GRU over a whole sequence. The weights of the state are packed once; at each time a block of features gets its products of all gates,
// and then its gates while these lie in the nearest cache.

#include <algorithm>
#include <cstdint>

#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/packed_panels.h"
#include "tessera/backends/cpu/recurrent_kernels.h"
#include "tessera/backends/cpu/recurrent_passes.h"
#include "tessera/backends/cpu/scratch.h"

namespace tessera::backends {
namespace {

template <typename T>
class GruForwardPass {
 public:
  GruForwardPass(const KernelCall& call, const RecurrentSizes& sizes, const PackedPanels<T>& panels,
                 const RecurrentLoops<T>& loops)
      : sizes_(sizes),
        panels_(panels),
        all_(call.op == Op::kGru),
        loop_(all_ ? loops.gru_forward : loops.gru_plain),
        out_(call.output.as<T>()) {
    x_ = call.inputs[0].template as<const T>();
    h0_ = call.inputs[1].template as<const T>();
    x_bias_ = call.inputs[3].template as<const T>();
    bias_ = call.inputs[4].template as<const T>();
  }

  void run(std::int64_t first, std::int64_t count) const {
    ScratchScope scratch;
    T* const products = scratch.allocate<T>(count * 3 * panels_.width());
    for (std::int64_t t = 0; t < sizes_.times; ++t) {
      const T* const before = (t == 0 ? h0_ : out_ + (t - 1) * sizes_.state()) + first * sizes_.hidden;
      for (std::int64_t block = 0; block < panels_.blocks(); ++block) {
        for (std::int64_t gate = 0; gate < 3; ++gate)
          panels_.multiply(before, sizes_.hidden, count, block, gate, products + gate * panels_.width(),
                           3 * panels_.width());
        for (std::int64_t i = 0; i < count; ++i)
          gates(t * sizes_.samples + first + i, before + i * sizes_.hidden, block * panels_.width(),
                panels_.columns_of(block), products + i * 3 * panels_.width());
      }
    }
  }

 private:
  // Features `feature` ... of one sample at one time, which is `row` of all.
  void gates(std::int64_t row, const T* before, std::int64_t feature, std::int64_t count,
             const T* products) const {
    GruForward<T> s{};
    for (int gate = 0; gate < 3; ++gate) {
      const std::int64_t place = gate * sizes_.hidden + feature;
      s.x[gate] = x_ + row * 3 * sizes_.hidden + place;
      s.product[gate] = products + gate * panels_.width();
      s.x_bias[gate] = x_bias_ + place;
      s.bias[gate] = bias_ + place;
    }
    s.before = before + feature;
    T* const out = out_ + row * sizes_.hidden + feature;
    T** const parts[] = {&s.h, &s.r, &s.z, &s.n, &s.b};
    for (int part = 0; part < (all_ ? 5 : 1); ++part) *parts[part] = out + part * sizes_.all();
    s.count = count;
    loop_(s);
  }

  RecurrentSizes sizes_;
  const PackedPanels<T>& panels_;
  const bool all_;  // the states that a gradient needs, too
  void (*loop_)(const GruForward<T>&);
  const T *x_, *h0_, *x_bias_, *bias_;
  T* out_;
};

template <typename T>
bool gru_forward(const KernelCall& call) {
  const GemmKernels<T>* kernels = gemm_kernels<T>();
  const RecurrentLoops<T>* loops = recurrent_loops<T>();
  if (kernels == nullptr || loops == nullptr || !all_contiguous(call)) return false;
  const Shape& products = call.inputs[0].shape;
  const RecurrentSizes sizes{products[0], products[1], products[2] / 3};
  PackedPanels<T> panels(*kernels, {call.inputs[2].template as<const T>(), 1, sizes.hidden}, sizes.hidden,
                         sizes.hidden, 3);
  ScratchScope scratch;
  panels.pack(scratch.allocate<T>(panels.elements()));
  const GruForwardPass<T> pass(call, sizes, panels, *loops);
  for_samples(sizes, 3, [&](std::int64_t first, std::int64_t count) { pass.run(first, count); });
  return true;
}

template <typename T>
class GruBackwardPass {
 public:
  GruBackwardPass(const KernelCall& call, const RecurrentSizes& sizes, const PackedPanels<T>& panels,
                  const RecurrentLoops<T>& loops)
      : sizes_(sizes), panels_(panels), loops_(loops), out_(call.output.as<T>()) {
    gradient_ = call.inputs[0].template as<const T>();
    h0_ = call.inputs[2].template as<const T>();
    states_ = call.inputs[6].template as<const T>();
  }

  void run(std::int64_t first, std::int64_t count) const {
    const std::int64_t hidden = sizes_.hidden, gates = 3 * hidden;
    ScratchScope scratch;
    T* const keep = scratch.allocate<T>(count * hidden);
    T* const product = scratch.allocate<T>(count * hidden);
    std::fill(keep, keep + count * hidden, T(0));
    std::fill(product, product + count * hidden, T(0));
    T* const of_hidden = out_ + 3 * sizes_.all();
    for (std::int64_t t = sizes_.times - 1; t >= 0; --t) {
      const T* const before = (t == 0 ? h0_ : states_ + (t - 1) * sizes_.state()) + first * hidden;
      const std::int64_t row = t * sizes_.samples + first;
      for (std::int64_t i = 0; i < count; ++i)
        step(row + i, before + i * hidden, keep + i * hidden, product + i * hidden);
      for (std::int64_t block = 0; block < panels_.blocks(); ++block)
        panels_.multiply(of_hidden + row * gates, gates, count, block, 0, product + block * panels_.width(),
                         hidden);
    }
    T* const of_h0 = of_hidden + 3 * sizes_.all() + first * hidden;
    for (std::int64_t i = 0; i < count * hidden; ++i) of_h0[i] = keep[i] + product[i];
  }

 private:
  void step(std::int64_t row, const T* before, T* keep, const T* product) const {
    const T* const states = states_ + row * sizes_.hidden;
    GruBackward<T> s{};
    s.gradient = gradient_ + row * sizes_.hidden;
    s.before = before;
    const T** const parts[] = {&s.r, &s.z, &s.n, &s.b};
    for (int part = 0; part < 4; ++part) *parts[part] = states + (part + 1) * sizes_.all();
    s.product = product;
    s.keep = keep;
    for (int gate = 0; gate < 3; ++gate) {
      s.x[gate] = out_ + (row * 3 + gate) * sizes_.hidden;
      s.hidden[gate] = s.x[gate] + 3 * sizes_.all();
    }
    s.count = sizes_.hidden;
    loops_.gru_backward(s);
  }

  RecurrentSizes sizes_;
  const PackedPanels<T>& panels_;
  const RecurrentLoops<T>& loops_;
  const T *gradient_, *h0_, *states_;
  T* out_;
};

template <typename T>
bool gru_backward(const KernelCall& call) {
  const GemmKernels<T>* kernels = gemm_kernels<T>();
  const RecurrentLoops<T>* loops = recurrent_loops<T>();
  if (kernels == nullptr || loops == nullptr || !all_contiguous(call)) return false;
  const Shape& shape = call.inputs[0].shape;
  const RecurrentSizes sizes{shape[0], shape[1], shape[2]};
  PackedPanels<T> panels(*kernels, {call.inputs[3].template as<const T>(), sizes.hidden, 1}, 3 * sizes.hidden,
                         sizes.hidden, 1);
  ScratchScope scratch;
  panels.pack(scratch.allocate<T>(panels.elements()));
  const GruBackwardPass<T> pass(call, sizes, panels, *loops);
  for_samples(sizes, 3, [&](std::int64_t first, std::int64_t count) { pass.run(first, count); });
  return true;
}

}  // namespace

bool run_gru(const KernelCall& call) {
  return call.output.dtype == DType::kFloat32 ? gru_forward<float>(call) : gru_forward<double>(call);
}
bool run_gru_gradient(const KernelCall& call) {
  return call.output.dtype == DType::kFloat32 ? gru_backward<float>(call) : gru_backward<double>(call);
}

}  // namespace tessera::backends
