#include "tessera/numerics/simd_functions_test.h"

// AVX-512, AVX2 and NEON; Highway insists on a baseline besides, for which nothing is compiled here.
#define HWY_DISABLED_TARGETS (~(HWY_AVX3 | HWY_AVX2 | HWY_NEON | HWY_EMU128 | HWY_SCALAR))
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/numerics/simd_functions_test.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_NEON
#include "tessera/numerics/hwy_ops-inl.h"
#include "tessera/numerics/random_hwy-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tessera::numerics {
namespace HWY_NAMESPACE {

template <class Ops>
TESSERA_INLINE typename Ops::Float sqrt(typename Ops::Float x) {
  return Ops::sqrt(x);
}

#define TESSERA_VECTOR_FUNCTION(name)                                              \
  template <typename T>                                                            \
  void name##_vector(const T* x, T* y, std::size_t n) {                            \
    const hn::ScalableTag<T> d;                                                    \
    for (std::size_t i = 0; i < n; i += hn::Lanes(d))                              \
      hn::StoreU(name<HwyOps<hn::ScalableTag<T>>>(hn::LoadU(d, x + i)), d, y + i); \
  }
TESSERA_VECTOR_FUNCTION(exp)
TESSERA_VECTOR_FUNCTION(log)
TESSERA_VECTOR_FUNCTION(expm1)
TESSERA_VECTOR_FUNCTION(log1p)
TESSERA_VECTOR_FUNCTION(tanh)
TESSERA_VECTOR_FUNCTION(sigmoid)
TESSERA_VECTOR_FUNCTION(erf)
TESSERA_VECTOR_FUNCTION(sin)
TESSERA_VECTOR_FUNCTION(cos)
TESSERA_VECTOR_FUNCTION(sqrt)
#undef TESSERA_VECTOR_FUNCTION

template <typename T>
void pow_vector(const T* x, const T* y, T* z, std::size_t n) {
  const hn::ScalableTag<T> d;
  for (std::size_t i = 0; i < n; i += hn::Lanes(d))
    hn::StoreU(pow<HwyOps<hn::ScalableTag<T>>>(hn::LoadU(d, x + i), hn::LoadU(d, y + i)), d, z + i);
}

template <typename T>
VectorFunctions<T> vector_functions() {
  return {exp_vector<T>,     log_vector<T>,           expm1_vector<T>,       log1p_vector<T>, tanh_vector<T>,
          sigmoid_vector<T>, erf_vector<T>,           sin_vector<T>,         cos_vector<T>,   sqrt_vector<T>,
          pow_vector<T>,     fill_uniform_vectors<T>, fill_normal_vectors<T>};
}

SimdLevelFunctions level_functions() {
  return {hwy::TargetName(HWY_TARGET), vector_functions<float>(), vector_functions<double>()};
}

}  // namespace HWY_NAMESPACE
}  // namespace tessera::numerics
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
namespace tessera::numerics {

std::vector<SimdLevelFunctions> simd_levels() {
  std::vector<SimdLevelFunctions> levels;
  const auto supported = hwy::SupportedTargets();
  (void)supported;
#if HWY_TARGETS & HWY_AVX3
  if (supported & HWY_AVX3) levels.push_back(N_AVX3::level_functions());
#endif
#if HWY_TARGETS & HWY_AVX2
  if (supported & HWY_AVX2) levels.push_back(N_AVX2::level_functions());
#endif
#if HWY_TARGETS & HWY_NEON
  if (supported & HWY_NEON) levels.push_back(N_NEON::level_functions());
#endif
  return levels;
}

}  // namespace tessera::numerics
#endif
