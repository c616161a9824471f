// LSTM over a whole sequence, as gru.cc.

#include <algorithm>
#include <cstdint>

#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/packed_panels.h"
#include "tessera/backends/cpu/recurrent_kernels.h"
#include "tessera/backends/cpu/recurrent_passes.h"
#include "tessera/backends/cpu/scratch.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kGates = 4, kParts = 7;

template <typename T>
class LstmForwardPass {
 public:
  LstmForwardPass(const KernelCall& call, const RecurrentSizes& sizes, const PackedPanels<T>& panels,
                  const RecurrentLoops<T>& loops)
      : sizes_(sizes),
        panels_(panels),
        parts_(call.op == Op::kLstm ? kParts : 2),
        loop_(call.op == Op::kLstm ? loops.lstm_forward : loops.lstm_plain),
        out_(call.output.as<T>()) {
    x_ = call.inputs[0].template as<const T>();
    h0_ = call.inputs[1].template as<const T>();
    c0_ = call.inputs[2].template as<const T>();
    x_bias_ = call.inputs[4].template as<const T>();
    bias_ = call.inputs[5].template as<const T>();
  }

  void run(std::int64_t first, std::int64_t count) const {
    ScratchScope scratch;
    const std::int64_t width = panels_.width();
    T* const products = scratch.allocate<T>(count * kGates * width);
    for (std::int64_t t = 0; t < sizes_.times; ++t) {
      const T* const h = (t == 0 ? h0_ : out_ + (t - 1) * sizes_.state()) + first * sizes_.hidden;
      const T* const c =
          t == 0 ? c0_ + first * sizes_.hidden : h + sizes_.all();  // part 1 of the output lies behind part 0
      for (std::int64_t block = 0; block < panels_.blocks(); ++block) {
        for (std::int64_t gate = 0; gate < kGates; ++gate)
          panels_.multiply(h, sizes_.hidden, count, block, gate, products + gate * width, kGates * width);
        for (std::int64_t i = 0; i < count; ++i)
          gates(t * sizes_.samples + first + i, c + i * sizes_.hidden, block, products + i * kGates * width);
      }
    }
  }

 private:
  // The features of a block, of one sample at one time, which is `row` of all.
  void gates(std::int64_t row, const T* c, std::int64_t block, const T* products) const {
    const std::int64_t feature = block * panels_.width();
    LstmForward<T> s{};
    for (std::int64_t gate = 0; gate < kGates; ++gate) {
      const std::int64_t place = gate * sizes_.hidden + feature;
      s.x[gate] = x_ + row * kGates * sizes_.hidden + place;
      s.product[gate] = products + gate * panels_.width();
      s.x_bias[gate] = x_bias_ + place;
      s.bias[gate] = bias_ + place;
    }
    s.c = c + feature;
    for (std::int64_t part = 0; part < parts_; ++part)
      s.out[part] = out_ + part * sizes_.all() + row * sizes_.hidden + feature;
    s.count = panels_.columns_of(block);
    loop_(s);
  }

  RecurrentSizes sizes_;
  const PackedPanels<T>& panels_;
  const std::int64_t parts_;  // of the output
  void (*loop_)(const LstmForward<T>&);
  const T *x_, *h0_, *c0_, *x_bias_, *bias_;
  T* out_;
};

template <typename T>
bool lstm_forward(const KernelCall& call) {
  const GemmKernels<T>* kernels = gemm_kernels<T>();
  const RecurrentLoops<T>* loops = recurrent_loops<T>();
  if (kernels == nullptr || loops == nullptr || !all_contiguous(call)) return false;
  const Shape& products = call.inputs[0].shape;
  const RecurrentSizes sizes{products[0], products[1], products[2] / kGates};
  PackedPanels<T> panels(*kernels, {call.inputs[3].template as<const T>(), 1, sizes.hidden}, sizes.hidden,
                         sizes.hidden, kGates);
  ScratchScope scratch;
  panels.pack(scratch.allocate<T>(panels.elements()));
  const LstmForwardPass<T> pass(call, sizes, panels, *loops);
  for_samples(sizes, kGates, [&](std::int64_t first, std::int64_t count) { pass.run(first, count); });
  return true;
}

template <typename T>
class LstmBackwardPass {
 public:
  LstmBackwardPass(const KernelCall& call, const RecurrentSizes& sizes, const PackedPanels<T>& panels,
                   const RecurrentLoops<T>& loops)
      : sizes_(sizes), panels_(panels), loops_(loops), out_(call.output.as<T>()) {
    gradient_ = call.inputs[0].template as<const T>();
    c0_ = call.inputs[3].template as<const T>();
    states_ = call.inputs[7].template as<const T>();
  }

  void run(std::int64_t first, std::int64_t count) const {
    const std::int64_t hidden = sizes_.hidden, gates = kGates * hidden;
    T* const later_h =
        out_ + kGates * sizes_.all() + first * hidden;  // at the end: the gradients of h0 and c0
    T* const later_c = later_h + sizes_.state();
    std::fill(later_h, later_h + count * hidden, T(0));
    std::fill(later_c, later_c + count * hidden, T(0));
    for (std::int64_t t = sizes_.times - 1; t >= 0; --t) {
      const T* const c = (t == 0 ? c0_ : states_ + sizes_.all() + (t - 1) * sizes_.state()) + first * hidden;
      const std::int64_t row = t * sizes_.samples + first;
      for (std::int64_t i = 0; i < count; ++i)
        step(row + i, c + i * hidden, later_h + i * hidden, later_c + i * hidden);
      for (std::int64_t block = 0; block < panels_.blocks(); ++block)
        panels_.multiply(out_ + row * gates, gates, count, block, 0, later_h + block * panels_.width(),
                         hidden);
    }
  }

 private:
  void step(std::int64_t row, const T* c, const T* later_h, T* later_c) const {
    const std::int64_t place = row * sizes_.hidden;
    LstmBackward<T> s{};
    s.gradient_h = gradient_ + place;
    s.gradient_c = s.gradient_h + sizes_.all();
    s.c = c;
    const T** const parts[] = {&s.i, &s.f, &s.g, &s.o, &s.q};
    for (std::int64_t part = 0; part < 5; ++part) *parts[part] = states_ + (part + 2) * sizes_.all() + place;
    s.later_h = later_h;
    s.later_c = later_c;
    for (std::int64_t gate = 0; gate < kGates; ++gate)
      s.gates[gate] = out_ + (row * kGates + gate) * sizes_.hidden;
    s.count = sizes_.hidden;
    loops_.lstm_backward(s);
  }

  RecurrentSizes sizes_;
  const PackedPanels<T>& panels_;
  const RecurrentLoops<T>& loops_;
  const T *gradient_, *c0_, *states_;
  T* out_;
};

template <typename T>
bool lstm_backward(const KernelCall& call) {
  const GemmKernels<T>* kernels = gemm_kernels<T>();
  const RecurrentLoops<T>* loops = recurrent_loops<T>();
  if (kernels == nullptr || loops == nullptr || !all_contiguous(call)) return false;
  const Shape& shape = call.inputs[0].shape;
  const RecurrentSizes sizes{shape[1], shape[2], shape[3]};
  PackedPanels<T> panels(*kernels, {call.inputs[4].template as<const T>(), sizes.hidden, 1},
                         kGates * sizes.hidden, sizes.hidden, 1);
  ScratchScope scratch;
  panels.pack(scratch.allocate<T>(panels.elements()));
  const LstmBackwardPass<T> pass(call, sizes, panels, *loops);
  for_samples(sizes, kGates, [&](std::int64_t first, std::int64_t count) { pass.run(first, count); });
  return true;
}

}  // namespace

bool run_lstm(const KernelCall& call) {
  return call.output.dtype == DType::kFloat32 ? lstm_forward<float>(call) : lstm_forward<double>(call);
}
bool run_lstm_gradient(const KernelCall& call) {
  return call.output.dtype == DType::kFloat32 ? lstm_backward<float>(call) : lstm_backward<double>(call);
}

}  // namespace tessera::backends
