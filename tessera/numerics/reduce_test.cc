#include "tessera/numerics/reduce.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tessera/numerics/random.h"
#include "tessera/numerics/reduce-inl.h"

namespace tessera::numerics {
namespace {

std::vector<float> numbers(std::int64_t n) {
  std::vector<float> x(static_cast<std::size_t>(n));
  fill_normal(x.data(), n, stream_key(3, "reduce"), 0);
  return x;
}

// The contract's text, written down a second time and differently: an explicit list of additions.
float sum_by_the_text(const std::vector<float>& x) {
  std::vector<float> blocks;
  for (std::size_t begin = 0; begin < x.size(); begin += 1024) {
    float lanes[16] = {};
    for (std::size_t i = begin; i < std::min(begin + 1024, x.size()); ++i) lanes[(i - begin) % 16] += x[i];
    for (const int s : {8, 4, 2, 1})
      for (int j = 0; j < s; ++j) lanes[j] += lanes[j + s];
    blocks.push_back(lanes[0]);
  }
  if (blocks.empty()) return 0;
  // T as a stack of complete subtrees, as a binary counter: merged when equal, and at the end from the right.
  std::vector<std::pair<int, float>> stack;
  for (const float block : blocks) {
    stack.emplace_back(0, block);
    while (stack.size() >= 2 && stack[stack.size() - 2].first == stack.back().first) {
      const float right = stack.back().second;
      stack.pop_back();
      stack.back() = {stack.back().first + 1, stack.back().second + right};
    }
  }
  float total = stack.back().second;
  for (std::size_t i = stack.size() - 1; i-- > 0;) total = stack[i].second + total;
  return total;
}

TEST(Reduce, SumIsTheContractsOrder) {
  for (const std::int64_t n : {0, 1, 2, 15, 16, 17, 1023, 1024, 1025, 2048, 3072, 3073, 5000, 7168, 70000}) {
    const std::vector<float> x = numbers(n);
    EXPECT_EQ(std::bit_cast<std::uint32_t>(sum(std::span<const float>(x))),
              std::bit_cast<std::uint32_t>(sum_by_the_text(x)))
        << n;
  }
}

TEST(Reduce, OrderIsNotThatOfALoop) {
  const std::vector<float> x = numbers(5000);
  float loop = 0;
  for (const float v : x) loop += v;
  EXPECT_NE(sum(std::span<const float>(x)), loop);
}

TEST(Reduce, SumOfNothingAndOfMinusZeros) {
  EXPECT_EQ(std::signbit(sum(std::span<const float>())), false);
  const std::vector<float> zeros(3, -0.0f);
  EXPECT_FALSE(std::signbit(sum(std::span<const float>(zeros))));
}

TEST(Reduce, StridedAccessGivesTheSameBits) {
  const std::vector<float> x = numbers(3000);
  std::vector<float> spread(9000, 1e30f);
  for (std::size_t i = 0; i < x.size(); ++i) spread[3 * i] = x[i];
  const auto at = [&](std::int64_t i) { return spread[3 * i]; };
  const std::span<const float> list(x);
  EXPECT_EQ(sum_of<float>(3000, at), sum(list));
  EXPECT_EQ(sum_of_squares_of<float>(3000, at), sum_of_squares(list));
  EXPECT_EQ(moments_of<float>(3000, at).m2, moments(list).m2);
  EXPECT_EQ(dot_chunked(spread.data(), 3, x.data(), 1, 3000), dot_chunked(x.data(), 1, x.data(), 1, 3000));
}

TEST(Reduce, TreeSplitsAtTheLargestPowerOfTwoBelow) {
  const auto leaf = [](std::int64_t i) { return std::to_string(i); };
  const auto join = [](const std::string& a, const std::string& b) { return "(" + a + b + ")"; };
  EXPECT_EQ(tree_combine(1, leaf, join), "0");
  EXPECT_EQ(tree_combine(2, leaf, join), "(01)");
  EXPECT_EQ(tree_combine(3, leaf, join), "((01)2)");
  EXPECT_EQ(tree_combine(4, leaf, join), "((01)(23))");
  EXPECT_EQ(tree_combine(6, leaf, join), "(((01)(23))(45))");
  EXPECT_EQ(tree_combine(7, leaf, join), "(((01)(23))((45)6))");
}

// NIST Statistical Reference Datasets, univariate NumAcc3: mean and deviation certified to 15 digits.
TEST(Reduce, VarianceOfNistNumAcc3) {
  std::vector<double> x = {1000000.2};
  for (int i = 0; i < 500; ++i) x.push_back(1000000.1), x.push_back(1000000.3);
  const Moments<double> m = moments(std::span<const double>(x));
  EXPECT_EQ(m.count, 1001);
  EXPECT_NEAR(m.mean, 1000000.2, 1e-9);
  EXPECT_NEAR(std::sqrt(m.m2 / 1000), 0.1, 1e-9);
}

TEST(Reduce, MomentsMergeAcrossBlocks) {
  std::vector<double> x;
  for (int i = 0; i < 10000; ++i) x.push_back(i);
  EXPECT_DOUBLE_EQ(variance(std::span<const double>(x)), (10000.0 * 10000.0 - 1) / 12);
  EXPECT_EQ(mean(std::span<const double>(x)), 4999.5);
  EXPECT_TRUE(std::isnan(variance(std::span<const double>())));
}

TEST(Reduce, MergeIsChansFormula) {
  const Moments<double> m = merge(Moments<double>{2, 1.0, 2.0}, Moments<double>{2, 5.0, 8.0});
  EXPECT_EQ(m.count, 4);
  EXPECT_EQ(m.mean, 3.0);
  EXPECT_EQ(m.m2, 26.0);  // {0, 2, 3, 7}: deviations 9 + 1 + 0 + 16
}

TEST(Reduce, DotIsCutAtEveryChunkAndOnlyThere) {
  const std::vector<float> ones(512, 1.0f);
  std::vector<float> a(512, 0.0f);
  a[0] = 0x1p60f;
  a[254] = -0x1p60f;
  a[255] = 1;  // the same chain: 2^60 - 2^60 + 1
  EXPECT_EQ(dot_chunked(a.data(), 1, ones.data(), 1, 512), 1.0f);
  std::vector<float> b(512, 0.0f);
  b[0] = 0x1p60f;
  b[256] = -0x1p60f;
  b[257] = 1;  // the second chunk is -2^60 + 1 = -2^60; one chain would give 1
  EXPECT_EQ(dot_chunked(b.data(), 1, ones.data(), 1, 512), 0.0f);
  EXPECT_FALSE(std::signbit(dot_chunked(b.data(), 1, ones.data(), 1, 0)));
}

TEST(Reduce, DotKeepsTheSignOfACopiedChunk) {
  // A chain starts at +0, so that -0 terms give +0.
  const float a = -0.0f, b = 1.0f;
  EXPECT_FALSE(std::signbit(dot_chunked(&a, 1, &b, 1, 1)));
}

TEST(Reduce, SumOfSquaresIsFused) {
  std::vector<float> values(17, 0.0f);
  values[0] = 0x1p-12f;
  values[16] =
      1.0f + 0x1p-12f;  // the same lane: 2^-24 + (1 + 2^-11 + 2^-24); rounded apart, both 2^-24 would be lost
  EXPECT_EQ(sum_of_squares(std::span<const float>(values)), 1.0f + 0x1p-11f + 0x1p-23f);
}

TEST(Reduce, ExtremesFollowTheContract) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto span = [](const std::vector<float>& v) { return std::span<const float>(v); };
  EXPECT_EQ(max(span({1, 5, 3})), 5);
  EXPECT_EQ(min(span({1, 5, -3})), -3);
  EXPECT_TRUE(std::isnan(max(span({1, nan, 3}))));
  EXPECT_TRUE(std::isnan(min(span({nan, 1, 3}))));
  EXPECT_TRUE(std::isnan(max(span({1, 3, nan}))));
  EXPECT_FALSE(std::signbit(max(span({-0.0f, -0.0f}))));
  EXPECT_FALSE(std::signbit(min(span({0.0f, -0.0f}))));
  EXPECT_FALSE(std::signbit(min(span({-0.0f}))));
  EXPECT_EQ(arg_max(span({1, 5, 5, 3})), 1);
  EXPECT_EQ(arg_max(span({1, nan, 7, nan})), 1);
  EXPECT_EQ(arg_max(span({-0.0f, 0.0f})), 0);
}

}  // namespace
}  // namespace tessera::numerics
