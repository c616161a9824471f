// The elementary functions on vectors: the formulas of numerics compiled for each SIMD level.

#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/elementwise_functions.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include "tessera/backends/cpu/elementwise_kernels.h"
#include "tessera/backends/cpu/simd_level.h"

#if TESSERA_SIMD_TARGET
#include "tessera/numerics/hwy_ops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace fn = tessera::numerics::HWY_NAMESPACE;

// Several vectors per turn, since the operations of one wait for each other.
constexpr std::int64_t kTogether = 2;

// What is left at the end goes through a buffer and the same code, so that each formula is compiled once.
template <class F, typename T>
void map(const T* HWY_RESTRICT x, T* HWY_RESTRICT out, std::int64_t n) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  constexpr std::int64_t kWidth = static_cast<std::int64_t>(hn::MaxLanes(d)), kStep = kTogether * kWidth;
  HWY_ALIGN T arguments[kStep], results[kStep];
  for (std::int64_t i = 0; i < n; i += kStep) {
    const std::int64_t count = n - i < kStep ? n - i : kStep;
    const T* from = x + i;
    T* to = out + i;
    if (HWY_UNLIKELY(count < kStep)) {
      for (std::int64_t j = 0; j < kStep; ++j) arguments[j] = x[i + (j < count ? j : 0)];
      from = arguments;
      to = results;
    }
    V y[kTogether];
#pragma GCC unroll 8
    for (int v = 0; v < kTogether; ++v) y[v] = hn::LoadU(d, from + v * kWidth);
    F::template apply<fn::HwyOps<decltype(d)>>(y);
#pragma GCC unroll 8
    for (int v = 0; v < kTogether; ++v) hn::StoreU(y[v], d, to + v * kWidth);
    if (HWY_UNLIKELY(count < kStep))
      for (std::int64_t j = 0; j < count; ++j) out[i + j] = results[j];
  }
}

#define TESSERA_FUNCTION(Name, name)                                        \
  struct Name {                                                             \
    template <class Ops>                                                    \
    static HWY_INLINE void apply(typename Ops::Float (&x)[kTogether]) {     \
      _Pragma("GCC unroll 8") for (auto& one : x) one = fn::name<Ops>(one); \
    }                                                                       \
  };
TESSERA_FUNCTION(Exp, exp)
TESSERA_FUNCTION(Log, log)
TESSERA_FUNCTION(Expm1, expm1)
TESSERA_FUNCTION(Log1p, log1p)
TESSERA_FUNCTION(Tanh, tanh)
TESSERA_FUNCTION(Sigmoid, sigmoid)
TESSERA_FUNCTION(Erf, erf)
TESSERA_FUNCTION(Sin, sin)
TESSERA_FUNCTION(Cos, cos)
#undef TESSERA_FUNCTION

template <typename T>
UnaryLoop<T> function(Op op) {
  switch (op) {
    case Op::kExp:
      return &map<Exp, T>;
    case Op::kLog:
      return &map<Log, T>;
    case Op::kExpm1:
      return &map<Expm1, T>;
    case Op::kLog1p:
      return &map<Log1p, T>;
    case Op::kTanh:
      return &map<Tanh, T>;
    case Op::kSigmoid:
      return &map<Sigmoid, T>;
    case Op::kErf:
      return &map<Erf, T>;
    case Op::kSin:
      return &map<Sin, T>;
    case Op::kCos:
      return &map<Cos, T>;
    default:
      return nullptr;
  }
}

template <typename T>
void power(const T* a, const T* b, T* HWY_RESTRICT out, std::int64_t n, Repeat repeat) {
  const hn::ScalableTag<T> d;
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t i = 0; i < n; i += lanes) {
    const auto mask = hn::FirstN(d, static_cast<std::size_t>(n - i < lanes ? n - i : lanes));
    const auto x = repeat == Repeat::kFirst ? hn::Set(d, a[0]) : hn::MaskedLoad(mask, d, a + i);
    const auto y = repeat == Repeat::kSecond ? hn::Set(d, b[0]) : hn::MaskedLoad(mask, d, b + i);
    hn::BlendedStore(fn::pow<fn::HwyOps<decltype(d)>>(x, y), mask, d, out + i);
  }
}

template <typename T>
BinaryLoop<T> power_with() {
  return &power<T>;
}

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // TESSERA_SIMD_TARGET

#if HWY_ONCE
namespace tessera::backends {

template <typename T>
UnaryLoop<T> function_loop([[maybe_unused]] Op op) {
  TESSERA_SIMD_SWITCH(function<T>(op))
}
template <typename T>
BinaryLoop<T> pow_loop() {
  TESSERA_SIMD_SWITCH(power_with<T>())
}

template UnaryLoop<float> function_loop<float>(Op);
template UnaryLoop<double> function_loop<double>(Op);
template BinaryLoop<float> pow_loop<float>();
template BinaryLoop<double> pow_loop<double>();

}  // namespace tessera::backends
#endif  // HWY_ONCE
