// Lanes of float64, eight at most, and the functions of numerics on them: vectors where the target's multiply-add is fused, single numbers elsewhere. Names
// are the same for both, so that a kernel is written once.
//
// For .cc files that use hwy/foreach_target.h with the targets AVX3, AVX2, EMU128 and SCALAR: include after hwy/highway.h, outside any namespace. Inside
// the target's namespace `using namespace lanes::HWY_NAMESPACE;` takes V, Ops, kWidth, load, store, exp_of and the like. Internal to this room.
#if defined(TESSERA_LEARN_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TESSERA_LEARN_LANES_INL_H_
#undef TESSERA_LEARN_LANES_INL_H_
#else
#define TESSERA_LEARN_LANES_INL_H_
#endif

#include <cmath>
#include <cstdint>

#include "hwy/highway.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/scalar_ops.h"

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
#include "tessera/numerics/hwy_ops-inl.h"
#endif

HWY_BEFORE_NAMESPACE();
namespace tessera::learn::lanes::HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
namespace hn = hwy::HWY_NAMESPACE;
namespace functions = tessera::numerics::HWY_NAMESPACE;
using D = hn::CappedTag<double, 8>;
using Ops = functions::HwyOps<D>;
using V = hn::Vec<D>;
constexpr std::int64_t kWidth = HWY_TARGET == HWY_AVX3 ? 8 : 4;
HWY_INLINE V load(const double* from) {
  return hn::LoadU(D(), from);
}
HWY_INLINE void store(V value, double* to) {
  hn::StoreU(value, D(), to);
}
HWY_INLINE V absolute_of(V x) {
  return hn::Abs(x);
}
HWY_INLINE V exp_of(V x) {
  return functions::exp<Ops>(x);
}
HWY_INLINE V log_of(V x) {
  return functions::log<Ops>(x);
}
HWY_INLINE V log1p_of(V x) {
  return functions::log1p<Ops>(x);
}
HWY_INLINE V sigmoid_of(V x) {
  return functions::sigmoid<Ops>(x);
}
#else
using Ops = numerics::ScalarOps<double>;
using V = double;
constexpr std::int64_t kWidth = 1;
HWY_INLINE V load(const double* from) {
  return *from;
}
HWY_INLINE void store(V value, double* to) {
  *to = value;
}
HWY_INLINE V absolute_of(V x) {
  return std::abs(x);
}
HWY_INLINE V exp_of(V x) {
  return numerics::exp(x);
}
HWY_INLINE V log_of(V x) {
  return numerics::log(x);
}
HWY_INLINE V log1p_of(V x) {
  return numerics::log1p(x);
}
HWY_INLINE V sigmoid_of(V x) {
  return numerics::sigmoid(x);
}
#endif

}  // namespace tessera::learn::lanes::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
