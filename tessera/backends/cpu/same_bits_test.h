// For the tests of the cpu backend: an expression is computed by the reference backend once, then by the cpu
// backend at every SIMD level and with 1, 2, 3 and 7 threads; every result must have the same bits.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "tessera/backends/backends.h"
#include "tessera/base/thread_pool.h"
#include "tessera/tensor/ops.h"

namespace tessera::backends {

enum class Layout { kContiguous, kTransposed, kStepped, kReversed, kRepeated };
inline constexpr Layout kLayouts[] = {Layout::kContiguous, Layout::kTransposed, Layout::kStepped,
                                      Layout::kReversed, Layout::kRepeated};

// Numbers of both signs over several magnitudes; with `special`, every eleventh is NaN, an infinity, a zero,
// huge or subnormal.
template <typename T>
Tensor random_elements(const Shape& shape, std::uint32_t seed, bool special = false) {
  std::mt19937 bits(seed);
  const T limits[] = {std::numeric_limits<T>::quiet_NaN(),
                      std::numeric_limits<T>::infinity(),
                      -std::numeric_limits<T>::infinity(),
                      T(0),
                      -T(0),
                      std::numeric_limits<T>::max(),
                      -std::numeric_limits<T>::denorm_min(),
                      std::numeric_limits<T>::min()};
  std::vector<T> values(static_cast<std::size_t>(shape.elements()));
  for (T& value : values) {
    value =
        static_cast<T>(static_cast<std::int32_t>(bits())) / T(1 << 30) * static_cast<T>(1 << (bits() % 4));
    if (special && bits() % 11 == 0) value = limits[bits() % std::size(limits)];
  }
  return Tensor::from<T>(values, shape);
}

// The same kind of numbers under other strides.
template <typename T>
Tensor random_tensor(const Shape& shape, std::uint32_t seed, Layout layout = Layout::kContiguous,
                     bool special = false) {
  const int rank = shape.rank();
  Shape other = shape;
  std::vector<Range> ranges;
  switch (layout) {
    case Layout::kContiguous:
      return random_elements<T>(shape, seed, special);
    case Layout::kTransposed:
      for (int axis = 0; axis < rank; ++axis) other[axis] = shape[rank - 1 - axis];
      return random_elements<T>(other, seed, special).transpose();
    case Layout::kStepped:
      for (int axis = 0; axis < rank; ++axis) other[axis] = 2 * shape[axis];
      ranges.assign(static_cast<std::size_t>(rank), Range::step(2));
      return random_elements<T>(other, seed, special).slice(ranges);
    case Layout::kReversed:
      ranges.assign(static_cast<std::size_t>(rank), Range::step(-1));
      return random_elements<T>(shape, seed, special).slice(ranges);
    case Layout::kRepeated:
      if (rank > 0) other[0] = 1;
      return random_elements<T>(other, seed, special).broadcast_to(shape);
  }
  return {};
}

// Restores what a test may change.
class BackendTest : public ::testing::Test {
 protected:
  BackendTest() : threads_(thread_count()) { use_backend("reference"); }
  ~BackendTest() override {
    set_thread_count(threads_);
    use_simd_level("");
    use_backend("reference");
  }

  // `expression` must give the same tensor however it is computed.
  template <typename Expression>
  void expect_same_bits(Expression expression, const std::string& what) {
    use_backend("reference");
    const Tensor expected = expression();
    use_backend("cpu");
    for (const std::string& level : available_simd_levels()) {
      use_simd_level(level);
      for (const int threads : {1, 2, 3, 7}) {
        set_thread_count(threads);
        const Tensor found = expression();
        ASSERT_TRUE(same_bits(found, expected)) << what << " with " << level << " and " << threads
                                                << " threads: " << first_difference(found, expected);
      }
    }
    use_backend("reference");
  }

  static std::string first_difference(const Tensor& found, const Tensor& expected) {
    if (found.dtype() != expected.dtype() || !(found.shape() == expected.shape()))
      return "shape " + found.shape().to_string() + ", expected " + expected.shape().to_string();
    const auto a = found.canonical_bytes(), b = expected.canonical_bytes();
    const auto size = static_cast<std::size_t>(dtype_size(found.dtype()));
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (a[i] == b[i]) continue;
      const Range place(static_cast<std::int64_t>(i / size));
      const auto flat = [&](const Tensor& x) { return x.reshape({-1}).slice({place}).item_as_double(); };
      return "element " + std::to_string(i / size) + " is " + std::to_string(flat(found)) + ", expected " +
             std::to_string(flat(expected));
    }
    return "equal";
  }

 private:
  int threads_;
};

}  // namespace tessera::backends
