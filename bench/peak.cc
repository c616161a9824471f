// The peak probe: independent chains of fused multiply-adds on registers, nothing else.
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "bench/cases.h"
#include "tessera/backends/backends.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace bench {

#if defined(__x86_64__)
namespace {

constexpr int kChains = 12;  // latency 4 x 2 units, with room
constexpr long kRepeats = 100000;

__attribute__((target("avx512f"))) float chains_avx512() {
  const __m512 a = _mm512_set1_ps(0.999f), b = _mm512_set1_ps(0.001f);
  __m512 sums[kChains];
  for (auto& sum : sums) sum = b;
  for (long i = 0; i < kRepeats; ++i) {
#pragma GCC unroll 12
    for (auto& sum : sums) sum = _mm512_fmadd_ps(sum, a, b);
  }
  float lanes[16], total = 0;
  for (const auto& sum : sums) {
    _mm512_storeu_ps(lanes, sum);
    total += lanes[0];
  }
  return total;
}

__attribute__((target("avx2,fma"))) float chains_avx2() {
  const __m256 a = _mm256_set1_ps(0.999f), b = _mm256_set1_ps(0.001f);
  __m256 sums[kChains];
  for (auto& sum : sums) sum = b;
  for (long i = 0; i < kRepeats; ++i) {
#pragma GCC unroll 12
    for (auto& sum : sums) sum = _mm256_fmadd_ps(sum, a, b);
  }
  float lanes[8], total = 0;
  for (const auto& sum : sums) {
    _mm256_storeu_ps(lanes, sum);
    total += lanes[0];
  }
  return total;
}

}  // namespace

double peak_gflops(int threads, double seconds) {
  const bool wide = __builtin_cpu_supports("avx512f") && tessera::active_simd_level() != "avx2";
  if (!wide && !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))) return 0;
  std::atomic<long> calls = 0;
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration<double>(seconds);
  const auto work = [&] {
    volatile float keep = 0;
    do {
      keep = wide ? chains_avx512() : chains_avx2();
      ++calls;
    } while (Clock::now() < end);
    (void)keep;
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(work);
  work();
  for (auto& other : others) other.join();
  const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
  return 2.0 * (wide ? 16 : 8) * kChains * double(kRepeats) * double(calls) / elapsed * 1e-9;
}

#else
double peak_gflops(int, double) {
  return 0;
}
#endif

}  // namespace bench
