// Optimiser steps, one vector at a time: the formulas of tensor/optimizer_steps.h, each operation rounded.

#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/optimizer_kernels.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "tessera/backends/cpu/optimizer_kernels.h"
#include "tessera/backends/cpu/simd_level.h"
#include "tessera/tensor/optimizer_steps.h"

#if TESSERA_SIMD_TARGET
HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class V>
struct Element {
  V value, gradient, state[2];
};

template <bool kDecay, bool kMomentum, bool kNesterov>
struct Sgd {
  static constexpr int kStates = kMomentum ? 1 : 0;
  template <class D, class V>
  static HWY_INLINE void apply(D d, Element<V>& x, const hn::TFromD<D>* HWY_RESTRICT factors) {
    const V rate = hn::Set(d, factors[0]), momentum = hn::Set(d, factors[1]), decay = hn::Set(d, factors[2]);
    V direction = x.gradient;
    if constexpr (kDecay) direction = hn::Add(direction, hn::Mul(x.value, decay));
    if constexpr (kMomentum) {
      x.state[0] = hn::Add(hn::Mul(x.state[0], momentum), direction);
      direction = kNesterov ? hn::Add(direction, hn::Mul(x.state[0], momentum)) : x.state[0];
    }
    x.value = hn::Sub(x.value, hn::Mul(direction, rate));
  }
};

template <bool kDecay, bool kDecoupled>
struct Adam {
  static constexpr int kStates = 2;
  template <class D, class V>
  static HWY_INLINE void apply(D d, Element<V>& x, const hn::TFromD<D>* HWY_RESTRICT factors) {
    const auto factor = [&](int i) HWY_ATTR { return hn::Set(d, factors[i]); };
    if constexpr (kDecoupled) x.value = hn::Mul(x.value, factor(6));
    V g = x.gradient;
    if constexpr (kDecay) g = hn::Add(g, hn::Mul(x.value, factor(6)));
    x.state[0] = hn::Add(hn::Mul(x.state[0], factor(2)), hn::Mul(g, factor(3)));
    x.state[1] = hn::Add(hn::Mul(x.state[1], factor(4)), hn::Mul(hn::Mul(g, g), factor(5)));
    const V slope = hn::Div(hn::Mul(x.state[0], factor(0)), hn::Add(hn::Sqrt(x.state[1]), factor(1)));
    x.value = hn::Sub(x.value, slope);
  }
};

template <class F, bool kStream, typename T>
HWY_INLINE void step_whole(const StepStretch<T>& s, const T* factors, std::int64_t end) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const std::int64_t lanes = static_cast<std::int64_t>(hn::MaxLanes(d));
  const auto store = [&](V v, T* to) HWY_ATTR {
    if constexpr (kStream)
      hn::Stream(v, d, to);
    else
      hn::Store(v, d, to);
  };
  for (std::int64_t i = 0; i < end; i += lanes) {
    Element<V> x{hn::LoadU(d, s.value + i), hn::LoadU(d, s.gradient + i), {hn::Zero(d), hn::Zero(d)}};
    for (int k = 0; k < F::kStates; ++k) x.state[k] = hn::LoadU(d, s.state[k] + i);
    F::apply(d, x, factors);
    store(x.value, s.new_value + i);
    for (int k = 0; k < F::kStates; ++k) store(x.state[k], s.new_state[k] + i);
  }
}

// The last vector of a tensor, and zeros up to the end of its padding.
template <class F, typename T>
HWY_INLINE void step_rest(const StepStretch<T>& s, const T* factors, std::int64_t begin) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const auto mask = hn::FirstN(d, static_cast<std::size_t>(s.n - begin));
  const auto load = [&](const T* from) HWY_ATTR { return hn::MaskedLoad(mask, d, from + begin); };
  Element<V> x{load(s.value), load(s.gradient), {hn::Zero(d), hn::Zero(d)}};
  for (int k = 0; k < F::kStates; ++k) x.state[k] = load(s.state[k]);
  F::apply(d, x, factors);
  const auto store = [&](V v, T* to) HWY_ATTR {
    hn::Store(hn::IfThenElseZero(mask, v), d, to + begin);
    for (std::int64_t i = begin + static_cast<std::int64_t>(hn::MaxLanes(d)); i % kStepPadding != 0; ++i)
      to[i] = T(0);
  };
  store(x.value, s.new_value);
  for (int k = 0; k < F::kStates; ++k) store(x.state[k], s.new_state[k]);
}

template <class F, typename T>
void step(const StepStretch<T>& stretch) {
  const std::int64_t lanes = static_cast<std::int64_t>(hn::MaxLanes(hn::ScalableTag<T>()));
  const std::int64_t whole = stretch.n - stretch.n % lanes;
  T factors[7];  // a copy of their own: the compiler need not fear that a store changes them
  constexpr int kFactors = F::kStates == 2 ? 7 : 3;
  for (int i = 0; i < kFactors; ++i) factors[i] = stretch.factors[i];
  if (stretch.stream)
    step_whole<F, true>(stretch, factors, whole);
  else
    step_whole<F, false>(stretch, factors, whole);
  if (whole < stretch.n)
    step_rest<F>(stretch, factors, whole);
  else
    for (std::int64_t i = whole; i % kStepPadding != 0; ++i) {
      stretch.new_value[i] = T(0);
      for (int k = 0; k < F::kStates; ++k) stretch.new_state[k][i] = T(0);
    }
  if (stretch.stream) hwy::FlushStream();
}

template <typename T, bool kDecay>
StepLoop<T> sgd_step(const OptimizerAttributes& has) {
  if (!has.momentum) return &step<Sgd<kDecay, false, false>, T>;
  return has.nesterov ? &step<Sgd<kDecay, true, true>, T> : &step<Sgd<kDecay, true, false>, T>;
}

template <typename T>
StepLoop<T> step_of(Op op, const OptimizerAttributes& has) {
  if (op == Op::kSgdStep) return has.decay ? sgd_step<T, true>(has) : sgd_step<T, false>(has);
  if (has.decoupled) return &step<Adam<false, true>, T>;
  return has.decay ? &step<Adam<true, false>, T> : &step<Adam<false, false>, T>;
}

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // TESSERA_SIMD_TARGET

#if HWY_ONCE
namespace tessera::backends {

template <typename T>
StepLoop<T> step_loop([[maybe_unused]] Op op, [[maybe_unused]] const OptimizerAttributes& attributes) {
  TESSERA_SIMD_SWITCH(step_of<T>(op, attributes))
}
template StepLoop<float> step_loop<float>(Op, const OptimizerAttributes&);
template StepLoop<double> step_loop<double>(Op, const OptimizerAttributes&);

}  // namespace tessera::backends
#endif  // HWY_ONCE
