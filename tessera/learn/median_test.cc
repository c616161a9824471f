#include "tessera/learn/median.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace tessera::learn {
namespace {

double by_sorting(std::vector<double> values) {
  std::stable_sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  if (values.size() % 2 == 1) return values[half];
  return values[half - 1] + (values[half] - values[half - 1]) / 2;
}

void expect_same(const std::vector<double>& values, const char* what) {
  EXPECT_EQ(std::bit_cast<std::uint64_t>(median(values)), std::bit_cast<std::uint64_t>(by_sorting(values)))
      << what << ", " << values.size() << " values";
}

// Sizes around where the sample begins, and such that the sample's steps leave a rest.
constexpr std::size_t kSizes[] = {1, 2, 3, 4, 8191, 8192, 8193, 8194, 10240, 20001, 100'000};

TEST(Median, LiesBetweenNumbersWhoseDifferenceIsTooLarge) {
  EXPECT_EQ(median(std::vector<double>{-1.7e308, 1.7e308}), 0);
  EXPECT_EQ(median(std::vector<double>{-1.7e308, 1.6e308, -1e308, 1e308}), 0);
}

TEST(Median, IsWhatSortingFinds) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  for (const std::size_t size : kSizes) {
    std::vector<double> values(size), ties(size), rising(size), zeros(size), mostly_equal(size);
    for (std::size_t i = 0; i < size; ++i) {
      values[i] = normal(random);
      ties[i] = static_cast<double>(random() % 5);
      rising[i] = static_cast<double>(i);
      zeros[i] = random() % 3 == 0 ? 1.0 : random() % 2 == 0 ? 0.0 : -0.0;
      mostly_equal[i] = random() % 100 == 0 ? normal(random) : 2;
    }
    expect_same(values, "normal");
    expect_same(ties, "ties");
    expect_same(rising, "rising");
    expect_same(zeros, "zeros of either sign");
    expect_same(mostly_equal, "mostly equal");
    expect_same(std::vector<double>(size, -0.0), "all the same");
  }
}

// What stands at the places of the sample says nothing about the rest.
TEST(Median, DoesNotBelieveASampleThatDiffers) {
  for (const double sampled : {-1.0, 0.0, 1.0}) {
    std::vector<double> values(16 * 2048);
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = i % 16 == 0 ? sampled + 1e-9 * static_cast<double>(i) : static_cast<double>(i % 7) / 3 - 1;
    expect_same(values, "another sample");
    values.pop_back();
    expect_same(values, "another sample");
  }
}

TEST(Median, TakesInfiniteAndTinyValues) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity(), kTiny = 5e-324;
  expect_same({kInfinity}, "infinite");
  expect_same({-kInfinity, 1, kInfinity}, "infinite");
  expect_same({kTiny, 2 * kTiny}, "tiny");
  std::vector<double> values(9001, -kInfinity);
  for (std::size_t i = 0; i < values.size(); i += 2) values[i] = kInfinity;
  expect_same(values, "infinite");
}

}  // namespace
}  // namespace tessera::learn
