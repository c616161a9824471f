// SLEEF's functions with at most 1 ULP over an array. Compiled twice, with AVX-512 and with AVX2: its header shows only what the compiler's
// flags allow.
#include <immintrin.h>
#include <sleef.h>

#include <map>

#include "bench/rival.h"

namespace bench {
namespace {

#if defined(__AVX512F__)
#define BENCH_SLEEF(function) Sleef_##function##f16_u10avx512f
using Vector = __m512;
Vector load(const float* x) {
  return _mm512_loadu_ps(x);
}
void store(Vector v, float* y) {
  _mm512_storeu_ps(y, v);
}
Vector set(float x) {
  return _mm512_set1_ps(x);
}
#else
#define BENCH_SLEEF(function) Sleef_##function##f8_u10avx2
using Vector = __m256;
Vector load(const float* x) {
  return _mm256_loadu_ps(x);
}
void store(Vector v, float* y) {
  _mm256_storeu_ps(y, v);
}
Vector set(float x) {
  return _mm256_set1_ps(x);
}
#endif

template <typename Function>
void apply(const Function& function, const float* x, float* y, std::size_t count) {
  constexpr std::size_t kLanes = sizeof(Vector) / sizeof(float);
  for (std::size_t i = 0; i + kLanes <= count; i += kLanes) store(function(load(x + i)), y + i);
}

#define BENCH_APPLY(name)                                                                       \
  {                                                                                             \
#name, [](const float* x, float* y,                                                         \
              std::size_t n) { apply([](Vector v) { return BENCH_SLEEF(name)(v); }, x, y, n); } \
  }

const std::map<std::string, ArrayFunction> kFunctions = {
    BENCH_APPLY(exp),
    BENCH_APPLY(log),
    BENCH_APPLY(expm1),
    BENCH_APPLY(log1p),
    BENCH_APPLY(tanh),
    BENCH_APPLY(erf),
    BENCH_APPLY(sin),
    BENCH_APPLY(cos),
    // A logistic function is not there; this is what its users write.
    {"sigmoid", [](const float* x, float* y, std::size_t n) {
       apply([](Vector v) { return set(1.0F) / (set(1.0F) + BENCH_SLEEF(exp)(set(0.0F) - v)); }, x, y, n);
     }}};

}  // namespace

#if defined(__AVX512F__)
ArrayFunction sleef_avx512(const std::string& name) {
#else
ArrayFunction sleef_avx2(const std::string& name) {
#endif
  const auto found = kFunctions.find(name);
  return found == kFunctions.end() ? nullptr : found->second;
}

}  // namespace bench
