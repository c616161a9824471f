// The peak probe: independent chains of fused multiply-adds on registers, nothing else. The bandwidth probe: vectors that are
// loaded and added, nothing else.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "bench/cases.h"
#include "tessera/backends/backends.h"
#include "tessera/base/thread_pool.h"
#include "tessera/tensor/ops.h"

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

constexpr int kSums = 8;

__attribute__((target("avx512f"))) float read_avx512(const float* x, long count) {
  __m512 sums[kSums];
  for (auto& sum : sums) sum = _mm512_setzero_ps();
  for (long i = 0; i + 16 * kSums <= count; i += 16 * kSums) {
#pragma GCC unroll 8
    for (int s = 0; s < kSums; ++s) sums[s] = _mm512_add_ps(sums[s], _mm512_loadu_ps(x + i + 16 * s));
  }
  float lanes[16], total = 0;
  for (const auto& sum : sums) {
    _mm512_storeu_ps(lanes, sum);
    total += lanes[0];
  }
  return total;
}

__attribute__((target("avx2"))) float read_avx2(const float* x, long count) {
  __m256 sums[kSums];
  for (auto& sum : sums) sum = _mm256_setzero_ps();
  for (long i = 0; i + 8 * kSums <= count; i += 8 * kSums) {
#pragma GCC unroll 8
    for (int s = 0; s < kSums; ++s) sums[s] = _mm256_add_ps(sums[s], _mm256_loadu_ps(x + i + 8 * s));
  }
  float lanes[8], total = 0;
  for (const auto& sum : sums) {
    _mm256_storeu_ps(lanes, sum);
    total += lanes[0];
  }
  return total;
}

}  // namespace

// The numbers are a tensor's, so that they lie in memory as those that reductions are given.
double read_bandwidth(int threads, double seconds) {
  const bool wide = __builtin_cpu_supports("avx512f") && tessera::active_simd_level() != "avx2";
  if (!wide && !__builtin_cpu_supports("avx2")) return 0;
  constexpr long kNumbers = 10'000'000;
  const tessera::Tensor numbers = tessera::ones({kNumbers});
  const float* x = numbers.view().as<const float>();
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  std::vector<double> times;
  std::vector<float> totals(static_cast<std::size_t>(threads));
  do {
    const auto start = Clock::now();
    tessera::parallel_for(threads, [&](std::int64_t part) {
      const long first = kNumbers / threads * part, count = kNumbers / threads;
      totals[static_cast<std::size_t>(part)] =
          wide ? read_avx512(x + first, count) : read_avx2(x + first, count);
    });
    times.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  } while (Clock::now() < end);
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  volatile float keep = totals[0];
  (void)keep;
  return 4e-9 * double(kNumbers) / times[times.size() / 2];
}

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
double read_bandwidth(int, double) {
  return 0;
}
#endif

}  // namespace bench
