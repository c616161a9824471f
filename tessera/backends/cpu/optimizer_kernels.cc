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
  V value, gradient, state[kMostStepStates];
};

// One element's numbers: a factor fills a vector.
template <class D>
struct Formula {
  using V = hn::Vec<D>;
  D d;
  const hn::TFromD<D>* HWY_RESTRICT factors;

  HWY_INLINE V factor(int i) const { return hn::Set(d, factors[i]); }
  template <bool kDecay>
  HWY_INLINE V gradient(const Element<V>& x, int decay) const {
    return kDecay ? hn::Add(x.gradient, hn::Mul(x.value, factor(decay))) : x.gradient;
  }
  // A mean that forgets: factor `keep` and the one after it.
  HWY_INLINE V moving(V mean, int keep, V value) const {
    return hn::Add(hn::Mul(mean, factor(keep)), hn::Mul(value, factor(keep + 1)));
  }
  // NaN if any is; adding +0 turns -0 into +0.
  HWY_INLINE V larger_of(V a, V b) const {
    return hn::Add(hn::IfThenElse(hn::Or(hn::Gt(a, b), hn::IsNaN(a)), a, b), hn::Zero(d));
  }
};

template <bool kMomentum, bool kNesterov, bool kDecay>
struct Sgd {
  static constexpr int kStates = kMomentum ? 1 : 0, kFactors = 3;
  template <class D, class V>
  static HWY_INLINE void apply(const Formula<D>& f, Element<V>& x) {
    V direction = f.template gradient<kDecay>(x, 2);
    if constexpr (kMomentum) {
      x.state[0] = hn::Add(hn::Mul(x.state[0], f.factor(1)), direction);
      direction = kNesterov ? hn::Add(direction, hn::Mul(x.state[0], f.factor(1))) : x.state[0];
    }
    x.value = hn::Sub(x.value, hn::Mul(direction, f.factor(0)));
  }
};

template <bool kDecoupled, bool kDecay, bool kAmsgrad>
struct Adam {
  static constexpr int kStates = kAmsgrad ? 3 : 2, kFactors = 7;
  template <class D, class V>
  static HWY_INLINE void apply(const Formula<D>& f, Element<V>& x) {
    if constexpr (kDecoupled) x.value = hn::Mul(x.value, f.factor(6));
    const V g = f.template gradient<kDecay>(x, 6);
    x.state[0] = f.moving(x.state[0], 2, g);
    x.state[1] = f.moving(x.state[1], 4, hn::Mul(g, g));
    if constexpr (kAmsgrad) x.state[2] = f.larger_of(x.state[2], x.state[1]);
    const V root = hn::Sqrt(x.state[kAmsgrad ? 2 : 1]);
    x.value = hn::Sub(x.value, hn::Div(hn::Mul(x.state[0], f.factor(0)), hn::Add(root, f.factor(1))));
  }
};

template <bool kCentered, bool kMomentum, bool kDecay>
struct Rmsprop {
  static constexpr int kStates = 1 + (kCentered ? 1 : 0) + (kMomentum ? 1 : 0), kFactors = 6;
  template <class D, class V>
  static HWY_INLINE void apply(const Formula<D>& f, Element<V>& x) {
    const V g = f.template gradient<kDecay>(x, 5);
    x.state[0] = f.moving(x.state[0], 2, hn::Mul(g, g));
    V spread = x.state[0];
    if constexpr (kCentered) {
      x.state[1] = f.moving(x.state[1], 2, g);
      spread = f.larger_of(hn::Sub(spread, hn::Mul(x.state[1], x.state[1])), hn::Zero(f.d));
    }
    V direction = hn::Div(g, hn::Add(hn::Sqrt(spread), f.factor(1)));
    if constexpr (kMomentum) {
      V& velocity = x.state[kStates - 1];
      direction = velocity = hn::Add(hn::Mul(velocity, f.factor(4)), direction);
    }
    x.value = hn::Sub(x.value, hn::Mul(direction, f.factor(0)));
  }
};

template <bool kDecay>
struct Adagrad {
  static constexpr int kStates = 1, kFactors = 3;
  template <class D, class V>
  static HWY_INLINE void apply(const Formula<D>& f, Element<V>& x) {
    const V g = f.template gradient<kDecay>(x, 2);
    x.state[0] = hn::Add(x.state[0], hn::Mul(g, g));
    const V direction = hn::Div(g, hn::Add(hn::Sqrt(x.state[0]), f.factor(1)));
    x.value = hn::Sub(x.value, hn::Mul(direction, f.factor(0)));
  }
};

template <bool kDecay>
struct Adadelta {
  static constexpr int kStates = 2, kFactors = 5;
  template <class D, class V>
  static HWY_INLINE void apply(const Formula<D>& f, Element<V>& x) {
    const V g = f.template gradient<kDecay>(x, 4), epsilon = f.factor(1);
    x.state[0] = f.moving(x.state[0], 2, hn::Mul(g, g));
    const V before = hn::Sqrt(hn::Add(x.state[1], epsilon)), now = hn::Sqrt(hn::Add(x.state[0], epsilon));
    const V change = hn::Mul(hn::Div(before, now), g);
    x.state[1] = f.moving(x.state[1], 2, hn::Mul(change, change));
    x.value = hn::Sub(x.value, hn::Mul(change, f.factor(0)));
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
    Element<V> x{
        hn::LoadU(d, s.value + i), hn::LoadU(d, s.gradient + i), {hn::Zero(d), hn::Zero(d), hn::Zero(d)}};
    for (int k = 0; k < F::kStates; ++k) x.state[k] = hn::LoadU(d, s.state[k] + i);
    F::apply(Formula<decltype(d)>{d, factors}, x);
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
  Element<V> x{load(s.value), load(s.gradient), {hn::Zero(d), hn::Zero(d), hn::Zero(d)}};
  for (int k = 0; k < F::kStates; ++k) x.state[k] = load(s.state[k]);
  F::apply(Formula<decltype(d)>{d, factors}, x);
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
  T factors[F::kFactors];  // a copy of their own: the compiler need not fear that a store changes them
  for (int i = 0; i < F::kFactors; ++i) factors[i] = stretch.factors[i];
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

// The loop whose terms are `kKnown`, then the flags.
template <typename T, template <bool...> class F, bool... kKnown>
StepLoop<T> with_terms() {
  return &step<F<kKnown...>, T>;
}
template <typename T, template <bool...> class F, bool... kKnown, typename... Flags>
StepLoop<T> with_terms(bool flag, Flags... flags) {
  return flag ? with_terms<T, F, kKnown..., true>(flags...) : with_terms<T, F, kKnown..., false>(flags...);
}

template <typename T>
StepLoop<T> step_of(Op op, const OptimizerAttributes& has) {
  switch (op) {
    case Op::kSgdStep:
      return has.momentum ? with_terms<T, Sgd, true>(has.nesterov, has.decay)
                          : with_terms<T, Sgd, false, false>(has.decay);
    case Op::kAdamStep:
      return has.decoupled ? with_terms<T, Adam, true, false>(has.amsgrad)
                           : with_terms<T, Adam, false>(has.decay, has.amsgrad);
    case Op::kRmspropStep:
      return with_terms<T, Rmsprop>(has.centered, has.momentum, has.decay);
    case Op::kAdagradStep:
      return with_terms<T, Adagrad>(has.decay);
    case Op::kAdadeltaStep:
      return with_terms<T, Adadelta>(has.decay);
    default:
      return nullptr;
  }
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
