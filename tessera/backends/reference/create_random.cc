// Tensors from nothing: constants, progressions, and random numbers by counter (numerics/random.h has the
// formulas).
#include "tessera/backends/reference/common.h"
#include "tessera/backends/reference/convert.h"
#include "tessera/backends/reference/kernels.h"
#include "tessera/numerics/random.h"

namespace tessera::backends::reference {
namespace {

numerics::PhiloxKey key_of(const RandomAttributes& attributes) {
  return {attributes.key0, attributes.key1};
}

// fill(out + i, count, first element) for runs of elements on all threads: any run can be made alone.
template <typename T, typename Fill>
void fill_in_runs(const KernelCall& call, Fill fill) {
  const std::int64_t n = call.output.elements();
  T* out = call.output.as<T>();
  const auto offset = static_cast<std::int64_t>(attributes_of<RandomAttributes>(call).offset);
  parallel_for((n + kElementsPerTask - 1) / kElementsPerTask, [&](std::int64_t run) {
    const std::int64_t begin = run * kElementsPerTask;
    fill(out + begin, std::min(kElementsPerTask, n - begin), offset + begin);
  });
}

}  // namespace

void fill_kernel(const KernelCall& call) {
  dispatch_any(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    std::fill_n(call.output.as<T>(), call.output.elements(),
                convert<T>(attributes_of<FillAttributes>(call).value));
  });
}

// In double, then rounded once to the element type: value + i * step, one multiplication and one addition.
void arange_kernel(const KernelCall& call) {
  const auto& attributes = attributes_of<FillAttributes>(call);
  dispatch_any(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    T* out = call.output.as<T>();
    for (std::int64_t i = 0, n = call.output.elements(); i < n; ++i)
      out[i] = convert<T>(attributes.value + static_cast<double>(i) * attributes.step);
  });
}

void random_bits_kernel(const KernelCall& call) {
  const auto& attributes = attributes_of<RandomAttributes>(call);
  fill_in_runs<std::int64_t>(call, [&](std::int64_t* out, std::int64_t count, std::int64_t first) {
    for (std::int64_t i = 0; i < count; ++i) {
      const auto element = static_cast<std::uint64_t>(first + i);
      out[i] = numerics::philox(key_of(attributes),
                                numerics::philox_counter(element / 4, attributes.step))[element % 4];
    }
  });
}

void random_uniform_kernel(const KernelCall& call) {
  const auto& attributes = attributes_of<RandomAttributes>(call);
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    fill_in_runs<T>(call, [&](T* out, std::int64_t count, std::int64_t first) {
      numerics::fill_uniform(out, count, key_of(attributes), attributes.step, first);
    });
  });
}

void random_normal_kernel(const KernelCall& call) {
  const auto& attributes = attributes_of<RandomAttributes>(call);
  dispatch<float, double>(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    fill_in_runs<T>(call, [&](T* out, std::int64_t count, std::int64_t first) {
      numerics::fill_normal(out, count, key_of(attributes), attributes.step, first);
    });
  });
}

void random_permutation_kernel(const KernelCall& call) {
  const auto& attributes = attributes_of<RandomAttributes>(call);
  const auto order = numerics::permutation(call.output.elements(), key_of(attributes), attributes.step);
  std::copy(order.begin(), order.end(), call.output.as<std::int64_t>());
}

}  // namespace tessera::backends::reference
