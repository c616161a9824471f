// What works on whole lists has the contract's bits whatever floating-point modes the program has set, and leaves these as they were.
#include <gtest/gtest.h>

#include <cfenv>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

#include "tessera/base/foreign_modes_test.h"
#include "tessera/numerics/bessel.h"
#include "tessera/numerics/random.h"
#include "tessera/numerics/reduce.h"

namespace tessera::numerics {
namespace {

// The bytes of what `compute` returns, in the default modes and in foreign ones.
template <typename Compute>
void expect_same(const char* what, const Compute& compute) {
  const auto expected = compute();
  decltype(compute()) found;
  int mode = 0;
  {
    const ForeignModes modes;
    found = compute();
    mode = std::fegetround();
  }
  EXPECT_EQ(mode, FE_DOWNWARD) << what;
  ASSERT_EQ(found.size(), expected.size());
  EXPECT_EQ(std::memcmp(found.data(), expected.data(), expected.size() * sizeof expected[0]), 0) << what;
}

template <typename T>
std::vector<T> tenths_and_subnormals() {
  std::vector<T> x;
  for (int i = 0; i < 3000; ++i)
    x.push_back(i % 7 == 0 ? std::numeric_limits<T>::denorm_min() * i : T(0.1) * i);
  return x;
}

template <typename T>
void check_reductions() {
  const std::vector<T> x = tenths_and_subnormals<T>();
  const std::span<const T> all(x);
  const std::vector<T> tiny(100, std::numeric_limits<T>::denorm_min());
  const std::span<const T> subnormals(tiny);
  expect_same("sum", [&] { return std::vector<T>{sum(all), sum(subnormals)}; });
  expect_same("sum_of_squares", [&] { return std::vector<T>{sum_of_squares(all)}; });
  expect_same("mean", [&] { return std::vector<T>{mean(all)}; });
  expect_same("variance", [&] { return std::vector<T>{variance(all)}; });
  expect_same("moments", [&] {
    const auto m = moments(all);
    return std::vector<T>{m.mean, m.m2};
  });
  expect_same("dot_chunked", [&] { return std::vector<T>{dot_chunked(x.data(), 1, x.data() + 1, 1, 2999)}; });
  expect_same("extremes", [&] {
    return std::vector<T>{max(subnormals), min(subnormals), static_cast<T>(arg_max(all))};
  });
}

TEST(FloatingEnvironment, Reductions) {
  check_reductions<float>();
  check_reductions<double>();
}

template <typename T>
void check_fills() {
  const PhiloxKey key = stream_key(1, "floating_environment_test");
  expect_same("fill_uniform", [&] {
    std::vector<T> x(999);
    fill_uniform(x.data(), 999, key, 0);
    return x;
  });
  expect_same("fill_normal", [&] {
    std::vector<T> x(999);
    fill_normal(x.data(), 999, key, 0);
    return x;
  });
}

TEST(FloatingEnvironment, Fills) {
  check_fills<float>();
  check_fills<double>();
}

TEST(FloatingEnvironment, Bessel) {
  expect_same("bessel_j", [] {
    std::vector<double> values;
    for (int n = 0; n < 9; ++n)  // arguments that are exact in any mode
      values.push_back(bessel_j(n, 0.375 + n * 0.75));
    return values;
  });
}

}  // namespace
}  // namespace tessera::numerics
