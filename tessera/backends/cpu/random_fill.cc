// Uniform and normal random fills, and random words, by vectors of Philox blocks (numerics/random_hwy-inl.h). Any part of a fill
// can be made alone, so tasks are stretches of the output.

#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/random_fill.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>
#include <variant>

#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/random_words.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/backends/cpu/simd_level.h"
#include "tessera/base/thread_pool.h"
#include "tessera/numerics/philox.h"

#if TESSERA_SIMD_TARGET
#include "tessera/numerics/random_hwy-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {

template <typename T>
void fill_uniform(T* out, std::int64_t count, numerics::PhiloxKey key, std::uint32_t step,
                  std::int64_t first) {
  numerics::HWY_NAMESPACE::fill_uniform_vectors(out, count, key, step, first);
}
template <typename T>
void fill_normal(T* out, std::int64_t count, numerics::PhiloxKey key, std::uint32_t step,
                 std::int64_t first) {
  numerics::HWY_NAMESPACE::fill_normal_vectors(out, count, key, step, first);
}

inline void fill_words(std::uint32_t* out, std::int64_t count, numerics::PhiloxKey key, std::uint32_t step,
                       std::int64_t first) {
  numerics::HWY_NAMESPACE::fill_words_vectors(out, count, key, step, first);
}

template <typename T>
auto fill_for(Op op) {
  return op == Op::kRandomUniform ? &fill_uniform<T> : &fill_normal<T>;
}

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // TESSERA_SIMD_TARGET

#if HWY_ONCE
namespace tessera::backends {
namespace {

constexpr std::int64_t kElementsPerTask = 1 << 13;

// Elements first ... first+count-1 of the fill.
template <typename T>
using FillLoop = void (*)(T* out, std::int64_t count, numerics::PhiloxKey key, std::uint32_t step,
                          std::int64_t first);

template <typename T>
FillLoop<T> fill_loop([[maybe_unused]] Op op){TESSERA_SIMD_SWITCH(fill_for<T>(op))}

FillLoop<std::uint32_t> words_loop() {
  TESSERA_SIMD_SWITCH(fill_words)
}

bool fill_bits(const KernelCall& call) {
  const auto& random = std::get<RandomAttributes>(call.attributes);
  const std::int64_t elements = call.output.elements(), offset = static_cast<std::int64_t>(random.offset);
  auto* out = call.output.as<std::int64_t>();
  parallel_for((elements + kElementsPerTask - 1) / kElementsPerTask, [&](std::int64_t part) {
    const std::int64_t begin = part * kElementsPerTask, count = std::min(kElementsPerTask, elements - begin);
    ScratchScope scratch;
    auto* words = scratch.allocate<std::uint32_t>(count);
    fill_random_words(words, count, {random.key0, random.key1}, random.step, offset + begin);
    std::copy_n(words, count, out + begin);
  });
  return true;
}

template <typename T>
bool fill(const KernelCall& call) {
  const FillLoop<T> loop = fill_loop<T>(call.op);
  if (loop == nullptr) return false;
  const auto& random = std::get<RandomAttributes>(call.attributes);
  const std::int64_t elements = call.output.elements(), offset = static_cast<std::int64_t>(random.offset);
  T* out = call.output.as<T>();
  parallel_for((elements + kElementsPerTask - 1) / kElementsPerTask, [&](std::int64_t part) {
    const std::int64_t begin = part * kElementsPerTask;
    loop(out + begin, std::min(kElementsPerTask, elements - begin), {random.key0, random.key1}, random.step,
         offset + begin);
  });
  return true;
}

}  // namespace

void fill_random_words(std::uint32_t* out, std::int64_t count, numerics::PhiloxKey key, std::uint32_t step,
                       std::int64_t first) {
  words_loop()(out, count, key, step, first);
}

bool run_random(const KernelCall& call) {
  if (call.op == Op::kRandomBits) return fill_bits(call);
  if (call.output.dtype == DType::kFloat32) return fill<float>(call);
  if (call.output.dtype == DType::kFloat64) return fill<double>(call);
  return false;
}

}  // namespace tessera::backends
#endif  // HWY_ONCE
