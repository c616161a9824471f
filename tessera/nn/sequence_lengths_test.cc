// Cutting sequences of many lengths into segments, and putting them together again.
#include "tessera/nn/sequence_lengths.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tessera/backends/backends.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::nn {
namespace {

const std::vector<std::int64_t> kLengths = {4, 9, 1, 7, 9, 2, 0, 5, 3};
constexpr std::int64_t kTimes = 9, kSamples = 9, kFeatures = 2;

SequenceLengths lengths_with_cuts(std::int64_t rows_per_cut) {
  SequenceLengths lengths("test", Tensor::from(kLengths, {kSamples}), kTimes + 3, kSamples);
  lengths.cut(rows_per_cut);
  return lengths;
}

std::int64_t rows_of(const SequenceLengths& lengths) {
  std::int64_t rows = 0;
  for (const auto& segment : lengths.segments()) rows += (segment.end - segment.begin) * segment.samples;
  return rows;
}

// All ways to cut: bit t of `cuts` for a cut before time t.
std::int64_t least_sum(std::int64_t rows_per_cut) {
  std::int64_t least = 1'000'000;
  for (int cuts = 0; cuts < 1 << (kTimes - 1); ++cuts) {
    std::int64_t sum = 0, samples = 0;
    for (std::int64_t t = 0; t < kTimes; ++t) {
      if (t == 0 || (cuts >> (t - 1) & 1) != 0) {
        samples = std::count_if(kLengths.begin(), kLengths.end(), [&](auto n) { return n > t; });
        sum += rows_per_cut;
      }
      sum += samples;
    }
    least = std::min(least, sum);
  }
  return least;
}

TEST(SequenceLengths, CutsAreTheCheapest) {
  use_backend("reference");
  for (const std::int64_t cost : {1, 2, 3, 5, 8, 13, 30, 1000}) {
    const SequenceLengths lengths = lengths_with_cuts(cost);
    const auto segments = static_cast<std::int64_t>(lengths.segments().size());
    EXPECT_EQ(rows_of(lengths) + cost * segments, least_sum(cost)) << cost;
    EXPECT_EQ(lengths.longest(), kTimes);
  }
  EXPECT_EQ(rows_of(lengths_with_cuts(0)), 40);  // nothing but what the sequences hold
  EXPECT_EQ(lengths_with_cuts(1000).segments().size(), 1U);
  EXPECT_GE(lengths_with_cuts(1).segments().size(), 5U);
}

TEST(SequenceLengths, WhatIsPackedIsUnpacked) {
  use_backend("reference");
  const Tensor x = RandomSource(1).normal("x", {kSamples, kTimes + 3, kFeatures});
  const Tensor before = full({kSamples, kFeatures}, 7);
  for (const std::int64_t cost : {0, 4, 1000})
    for (const bool reverse : {false, true}) {
      const SequenceLengths lengths = lengths_with_cuts(cost);
      std::vector<Tensor> parts;
      for (const auto& segment : lengths.segments()) parts.push_back(lengths.packed(x, segment, reverse));
      const Tensor again = lengths.unpacked(parts, reverse, before), last = lengths.last(parts, before);
      for (std::int64_t i = 0; i < kSamples; ++i) {
        const std::int64_t n = kLengths[static_cast<std::size_t>(i)];
        const Tensor mine = slice(again, {i});
        EXPECT_TRUE(same_bits(slice(mine, {Range(0, n)}), slice(x, {i, Range(0, n)}))) << i;
        EXPECT_EQ(sum(absolute(slice(mine, {Range::from(n)}))).item<float>(), 0) << i;
        // The last time of the run, which goes backwards from the last time of the sequence if it is a reverse one.
        const Tensor expected = n == 0 ? slice(before, {i}) : slice(x, {i, reverse ? 0 : n - 1});
        EXPECT_TRUE(same_bits(slice(last, {i}), expected)) << i;
      }
    }
}

}  // namespace
}  // namespace tessera::nn
