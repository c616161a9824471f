#include "tessera/numerics/random.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/numerics/formula_constants.h"
#include "tessera/numerics/scalar_ops.h"

namespace tessera::numerics {

namespace scalar {
#include "tessera/numerics/functions-inl.h"
#include "tessera/numerics/random-inl.h"
}  // namespace scalar

namespace {

using SingleOps = ScalarOps<float>;
using DoubleOps = ScalarOps<double>;

std::uint64_t long_word(const PhiloxBlock& block, std::int64_t pair) {
  return std::uint64_t{block[2 * pair + 1]} << 32 | block[2 * pair];
}

// Calls use(block, index of the first element in the block, output, number of elements) for the blocks of
// `per_block` elements that [first, first + count) touches.
template <typename T, typename Use>
TESSERA_INLINE void for_each_block(T* out, std::int64_t count, std::int64_t per_block, PhiloxKey key,
                                   std::uint32_t step, std::int64_t first, const Use& use) {
  for (std::int64_t i = 0; i < count;) {
    const std::int64_t element = first + i, begin = element % per_block;
    const std::int64_t size = std::min(per_block - begin, count - i);
    use(philox(key, philox_counter(static_cast<std::uint64_t>(element / per_block), step)), begin, out + i,
        size);
    i += size;
  }
}

struct UniformSingle {
  TESSERA_INLINE void operator()(const PhiloxBlock& block, std::int64_t begin, float* out,
                                 std::int64_t size) const {
    for (std::int64_t j = 0; j < size; ++j) out[j] = scalar::uniform_from_bits<SingleOps>(block[begin + j]);
  }
};
struct UniformDouble {
  TESSERA_INLINE void operator()(const PhiloxBlock& block, std::int64_t begin, double* out,
                                 std::int64_t size) const {
    for (std::int64_t j = 0; j < size; ++j)
      out[j] = scalar::uniform_from_bits<DoubleOps>(long_word(block, begin + j));
  }
};
struct NormalSingle {
  TESSERA_INLINE void operator()(const PhiloxBlock& block, std::int64_t begin, float* out,
                                 std::int64_t size) const {
    float values[4];
    for (int pair = 0; pair < 2; ++pair) {
      const auto normals =
          scalar::normal_pair<SingleOps>(scalar::uniform_from_bits<SingleOps>(block[2 * pair]),
                                         scalar::uniform_from_bits<SingleOps>(block[2 * pair + 1]));
      values[2 * pair] = normals.first;
      values[2 * pair + 1] = normals.second;
    }
    std::copy_n(values + begin, size, out);
  }
};
struct NormalDouble {
  TESSERA_INLINE void operator()(const PhiloxBlock& block, std::int64_t begin, double* out,
                                 std::int64_t size) const {
    const auto normals =
        scalar::normal_pair<DoubleOps>(scalar::uniform_from_bits<DoubleOps>(long_word(block, 0)),
                                       scalar::uniform_from_bits<DoubleOps>(long_word(block, 1)));
    const double values[2] = {normals.first, normals.second};
    std::copy_n(values + begin, size, out);
  }
};

}  // namespace

void fill_uniform(float* out, std::int64_t count, PhiloxKey key, std::uint32_t step, std::int64_t first) {
  const FloatEnvironment contract;
  for_each_block(out, count, 4, key, step, first, UniformSingle());
}
void fill_uniform(double* out, std::int64_t count, PhiloxKey key, std::uint32_t step, std::int64_t first) {
  const FloatEnvironment contract;
  for_each_block(out, count, 2, key, step, first, UniformDouble());
}
TESSERA_FMA_CLONES void fill_normal(float* out, std::int64_t count, PhiloxKey key, std::uint32_t step,
                                    std::int64_t first) {
  const FloatEnvironment contract;
  for_each_block(out, count, 4, key, step, first, NormalSingle());
}
TESSERA_FMA_CLONES void fill_normal(double* out, std::int64_t count, PhiloxKey key, std::uint32_t step,
                                    std::int64_t first) {
  const FloatEnvironment contract;
  for_each_block(out, count, 2, key, step, first, NormalDouble());
}

std::uint64_t bounded(std::uint64_t bound, PhiloxKey key, std::uint32_t step, std::int64_t element) {
  TESSERA_CHECK(bound >= 1, "a bounded integer needs a bound of at least 1");
  const std::uint64_t accepted = std::numeric_limits<std::uint64_t>::max() / bound * bound;
  for (std::uint32_t attempt = 0;; ++attempt) {
    const auto block = philox(key, philox_counter(static_cast<std::uint64_t>(element), step, attempt));
    const std::uint64_t value = long_word(block, 0);
    if (value < accepted) return value % bound;
  }
}

void fill_bounded(std::int64_t* out, std::int64_t count, std::int64_t bound, PhiloxKey key,
                  std::uint32_t step, std::int64_t first) {
  TESSERA_CHECK(bound >= 1, "a bounded integer needs a bound of at least 1, not {}", bound);
  for (std::int64_t i = 0; i < count; ++i)
    out[i] = static_cast<std::int64_t>(bounded(static_cast<std::uint64_t>(bound), key, step, first + i));
}

std::vector<std::int64_t> permutation(std::int64_t n, PhiloxKey key, std::uint32_t step) {
  TESSERA_CHECK(n >= 0, "a permutation of {} elements", n);
  std::vector<std::uint64_t> keys(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i)
    keys[i] = long_word(philox(key, philox_counter(static_cast<std::uint64_t>(i / 2), step)), i % 2);
  std::vector<std::int64_t> order(keys.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t a, std::int64_t b) { return keys[a] < keys[b]; });
  return order;
}

}  // namespace tessera::numerics
