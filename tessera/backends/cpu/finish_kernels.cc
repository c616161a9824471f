// Bias, activation and dropout, one vector at a time.

#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/finish_kernels.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include "tessera/backends/cpu/finish_kernels.h"
#include "tessera/backends/cpu/simd_level.h"

#if TESSERA_SIMD_TARGET
#include "tessera/backends/cpu/each_vector-inl.h"
#include "tessera/numerics/hwy_ops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace fn = tessera::numerics::HWY_NAMESPACE;

template <Activation kActivation, class D, class V>
HWY_INLINE V activated(D d, V x) {
  using Ops = fn::HwyOps<D>;
  if constexpr (kActivation == Activation::kRelu)
    return hn::IfThenElse(hn::Le(x, hn::Zero(d)), hn::Zero(d), x);
  if constexpr (kActivation == Activation::kTanh) return fn::tanh<Ops>(x);
  if constexpr (kActivation == Activation::kSigmoid) return fn::sigmoid<Ops>(x);
  return x;
}

template <Activation kActivation, class D, class V>
HWY_INLINE V before_activation(D d, V x, V g) {
  if constexpr (kActivation == Activation::kNone) return g;
  if constexpr (kActivation == Activation::kRelu) return hn::IfThenElseZero(hn::Gt(x, hn::Zero(d)), g);
  const V one = hn::Set(d, hn::TFromD<D>(1)), y = activated<kActivation>(d, x);
  if constexpr (kActivation == Activation::kTanh) return hn::Mul(g, hn::Sub(one, hn::Mul(y, y)));
  return hn::Mul(g, hn::Mul(y, hn::Sub(one, y)));
}

// Draws beside elements of T.
template <class At, class D>
HWY_INLINE hn::Vec<D> load_draws(const At& at, D d, const float* from) {
  const hn::Rebind<float, D> floats;
  const auto draws =
      at.kWhole ? hn::LoadU(floats, from + at.at)
                : hn::MaskedLoad(hn::FirstN(floats, static_cast<std::size_t>(at.left)), floats, from + at.at);
  if constexpr (sizeof(hn::TFromD<D>) == 4)
    return draws;
  else
    return hn::PromoteTo(d, draws);
}

template <Activation kActivation, bool kGradient, typename T>
void finish_run(const FinishRun<T>& run) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const V drop = hn::Set(d, static_cast<T>(run.drop)), scale = hn::Set(d, run.scale);
  const V one_bias = hn::Set(d, run.bias != nullptr ? run.bias[0] : T(0));
  for_each_vector<T>(run.n, [&](const auto& at) HWY_ATTR {
    V x = at.load(run.x);
    if (run.bias != nullptr) x = hn::Add(x, run.one_bias ? one_bias : at.load(run.bias));
    V y = kGradient ? at.load(run.gradient) : activated<kActivation>(d, x);
    if (run.draws != nullptr)
      y = hn::Mul(y, hn::IfThenZeroElse(hn::Lt(load_draws(at, d, run.draws), drop), scale));
    if constexpr (kGradient) y = before_activation<kActivation>(d, x, y);
    at.store(y, run.out);
  });
}

template <typename T, bool kGradient>
FinishLoop<T> loop_of(Activation activation) {
  switch (activation) {
    case Activation::kRelu:
      return &finish_run<Activation::kRelu, kGradient, T>;
    case Activation::kTanh:
      return &finish_run<Activation::kTanh, kGradient, T>;
    case Activation::kSigmoid:
      return &finish_run<Activation::kSigmoid, kGradient, T>;
    case Activation::kNone:
      break;
  }
  return &finish_run<Activation::kNone, kGradient, T>;
}

template <typename T>
FinishLoop<T> loop_with(Activation activation, bool gradient) {
  return gradient ? loop_of<T, true>(activation) : loop_of<T, false>(activation);
}

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // TESSERA_SIMD_TARGET

#if HWY_ONCE
namespace tessera::backends {

template <typename T>
FinishLoop<T> finish_loop([[maybe_unused]] Activation activation, [[maybe_unused]] bool gradient) {
  TESSERA_SIMD_SWITCH(loop_with<T>(activation, gradient))
}
template FinishLoop<float> finish_loop<float>(Activation, bool);
template FinishLoop<double> finish_loop<double>(Activation, bool);

}  // namespace tessera::backends
#endif  // HWY_ONCE
