#include "tessera/numerics/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "tessera/numerics/simd_functions_test.h"

namespace tessera::numerics {
namespace {

const PhiloxKey kKey = stream_key(11, "random_test");

template <typename T, typename Fill>
std::vector<T> filled(std::int64_t count, Fill fill, std::int64_t first = 0, std::uint32_t step = 5) {
  std::vector<T> x(static_cast<std::size_t>(count));
  fill(x.data(), count, kKey, step, first);
  return x;
}
const auto uniform = [](auto* out, std::int64_t n, PhiloxKey key, std::uint32_t step, std::int64_t first) {
  fill_uniform(out, n, key, step, first);
};
const auto normal = [](auto* out, std::int64_t n, PhiloxKey key, std::uint32_t step, std::int64_t first) {
  fill_normal(out, n, key, step, first);
};

TEST(Random, UniformIsTheStatedFormula) {
  const auto single = filled<float>(103, uniform);
  const auto wide = filled<double>(103, uniform);
  for (std::int64_t i = 0; i < 103; ++i) {
    const auto word = philox(kKey, philox_counter(static_cast<std::uint64_t>(i / 4), 5))[i % 4];
    EXPECT_EQ(single[i], static_cast<float>((static_cast<double>(word >> 9) + 0.5) * 0x1p-23));
    const auto block = philox(kKey, philox_counter(static_cast<std::uint64_t>(i / 2), 5));
    const std::uint64_t value = std::uint64_t{block[2 * (i % 2) + 1]} << 32 | block[2 * (i % 2)];
    EXPECT_EQ(wide[i], (static_cast<double>(value >> 12) + 0.5) * 0x1p-52);
  }
}

// Against the C library's double: the formula is right, whatever the last bits.
TEST(Random, NormalIsBoxMuller) {
  const double two_pi = 6.283185307179586;
  const auto u = filled<float>(1000, uniform), n = filled<float>(1000, normal);
  const auto v = filled<double>(1000, uniform), m = filled<double>(1000, normal);
  for (std::size_t i = 0; i < 1000; i += 2) {
    const double r = std::sqrt(-2 * std::log(static_cast<double>(u[i]))),
                 a = two_pi * static_cast<double>(u[i + 1]);
    EXPECT_NEAR(n[i], r * std::cos(a), 4e-6);
    EXPECT_NEAR(n[i + 1], r * std::sin(a), 4e-6);
    const double s = std::sqrt(-2 * std::log(v[i])), b = two_pi * v[i + 1];
    EXPECT_NEAR(m[i], s * std::cos(b), 1e-14);
    EXPECT_NEAR(m[i + 1], s * std::sin(b), 1e-14);
  }
}

template <typename T>
void check_slices() {
  const auto u = filled<T>(200, uniform), n = filled<T>(200, normal);
  for (std::int64_t first = 0; first < 9; ++first)
    for (std::int64_t count = 0; count < 12; ++count) {
      const auto u_slice = filled<T>(count, uniform, first), n_slice = filled<T>(count, normal, first);
      EXPECT_TRUE(std::equal(u_slice.begin(), u_slice.end(), u.begin() + first)) << first << "+" << count;
      EXPECT_TRUE(std::equal(n_slice.begin(), n_slice.end(), n.begin() + first)) << first << "+" << count;
    }
}
TEST(Random, SlicesAreIndependent) {
  check_slices<float>();
  check_slices<double>();
}

template <typename T>
void check_simd_fills() {
  for (const std::int64_t first :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{7}, (std::int64_t{4} << 32) - 100})
    for (const std::int64_t count : {0, 3, 64, 65, 1001}) {
      const auto u = filled<T>(count, uniform, first), n = filled<T>(count, normal, first);
      for (const SimdLevelFunctions& level : simd_levels()) {
        EXPECT_EQ(filled<T>(count, level.of<T>().fill_uniform, first), u) << level.name << " " << first;
        EXPECT_EQ(filled<T>(count, level.of<T>().fill_normal, first), n) << level.name << " " << first;
      }
    }
}
TEST(Random, SimdEqualsScalar) {
  check_simd_fills<float>();
  check_simd_fills<double>();
}

TEST(Random, BlocksBeyond32BitsAreDistinct) {
  const std::int64_t far = std::int64_t{4} << 32;
  EXPECT_NE(filled<float>(8, uniform), filled<float>(8, uniform, far));
}

TEST(Random, UniformStaysInsideItsRange) {
  const auto x = filled<float>(1 << 20, uniform);
  const auto [low, high] = std::minmax_element(x.begin(), x.end());
  EXPECT_GE(*low, 0x1p-24f);
  EXPECT_LE(*high, 1.0f - 0x1p-24f);
}

// 256 equal bins, 2^20 draws: chi-squared with 255 degrees of freedom is within 255 +- 6 sqrt(510).
TEST(Random, UniformIsUniform) {
  std::array<double, 256> bins{};
  for (const float u : filled<float>(1 << 20, uniform)) bins[static_cast<std::size_t>(u * 256)] += 1;
  double chi_squared = 0;
  for (const double count : bins) chi_squared += (count - 4096) * (count - 4096) / 4096;
  EXPECT_NEAR(chi_squared, 255, 6 * std::sqrt(510.0));
}

template <typename T>
void check_normal_moments() {
  const auto x = filled<T>(1 << 20, normal);
  double sum1 = 0, sum2 = 0, sum3 = 0, sum4 = 0, products = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double v = x[i];
    sum1 += v, sum2 += v * v, sum3 += v * v * v, sum4 += v * v * v * v;
    if (i % 2 == 1) products += v * static_cast<double>(x[i - 1]);
  }
  const double n = static_cast<double>(x.size()), deviation = 1 / std::sqrt(n);  // bounds: 6 standard errors
  EXPECT_NEAR(sum1 / n, 0, 6 * deviation);
  EXPECT_NEAR(sum2 / n, 1, 6 * deviation * std::sqrt(2.0));
  EXPECT_NEAR(sum3 / n, 0, 6 * deviation * std::sqrt(15.0));
  EXPECT_NEAR(sum4 / n, 3, 6 * deviation * std::sqrt(96.0));
  EXPECT_NEAR(products / (n / 2), 0, 6 * deviation * std::sqrt(2.0));
}
TEST(Random, NormalHasTheMomentsOfANormal) {
  check_normal_moments<float>();
  check_normal_moments<double>();
}

TEST(Random, BoundedCoversItsRangeEvenly) {
  std::vector<std::int64_t> x(60000);
  fill_bounded(x.data(), 60000, 6, kKey, 0);
  std::array<int, 6> counts{};
  for (const std::int64_t v : x) {
    ASSERT_TRUE(v >= 0 && v < 6);
    ++counts[static_cast<std::size_t>(v)];
  }
  for (const int count : counts) EXPECT_NEAR(count, 10000, 6 * std::sqrt(10000 * 5.0 / 6));
  EXPECT_EQ(bounded(1, kKey, 0, 17), 0u);
}

// For a bound just above 2^63 about half of the attempts are refused; the value is that of the first accepted
// one.
TEST(Random, BoundedRejects) {
  const std::uint64_t bound = (std::uint64_t{1} << 63) + 1;
  int refused = 0;
  for (std::int64_t i = 0; i < 100; ++i) {
    std::uint32_t attempt = 0;
    std::uint64_t value = 0;
    for (;; ++attempt) {
      const auto block = philox(kKey, philox_counter(static_cast<std::uint64_t>(i), 0, attempt));
      value = std::uint64_t{block[1]} << 32 | block[0];
      if (value < bound) break;
    }
    refused += attempt > 0;
    EXPECT_EQ(bounded(bound, kKey, 0, i), value);
  }
  EXPECT_GT(refused, 20);
}

TEST(Random, PermutationIsAPermutationSortedByKey) {
  for (const std::int64_t n : {0, 1, 2, 7, 1000}) {
    std::vector<std::int64_t> order = permutation(n, kKey, 2);
    std::vector<std::uint64_t> keys;
    for (const std::int64_t i : order) {
      const auto block = philox(kKey, philox_counter(static_cast<std::uint64_t>(i / 2), 2));
      keys.push_back(std::uint64_t{block[2 * (i % 2) + 1]} << 32 | block[2 * (i % 2)]);
    }
    EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
    std::sort(order.begin(), order.end());
    for (std::int64_t i = 0; i < n; ++i) EXPECT_EQ(order[i], i);
  }
  EXPECT_NE(permutation(1000, kKey, 2), permutation(1000, kKey, 3));
}

// All 24 orders of four, 24,000 steps: each near 1,000.
TEST(Random, PermutationIsUniform) {
  std::array<int, 256> counts{};
  for (std::uint32_t step = 0; step < 24000; ++step) {
    const auto p = permutation(4, kKey, step);
    ++counts[static_cast<std::size_t>(p[0] * 64 + p[1] * 16 + p[2] * 4 + p[3])];
  }
  int seen = 0;
  for (const int count : counts) {
    if (count == 0) continue;
    ++seen;
    EXPECT_NEAR(count, 1000, 6 * std::sqrt(1000 * 23.0 / 24));
  }
  EXPECT_EQ(seen, 24);
}

}  // namespace
}  // namespace tessera::numerics
