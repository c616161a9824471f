#include "tessera/runs/leaf_lanes.h"

#include <gtest/gtest.h>
#include <hwy/highway.h>
#include <hwy/targets.h>

#include <vector>

#include "tessera/numerics/random.h"

namespace tessera::runs {
namespace {

std::vector<std::byte> random_bytes(std::size_t count, std::uint64_t seed) {
  const numerics::PhiloxKey key = numerics::stream_key(seed, "leaf lanes");
  std::vector<std::byte> bytes(count);
  for (std::size_t i = 0; i < count; ++i)
    bytes[i] = static_cast<std::byte>(numerics::bounded(256, key, 1, static_cast<std::int64_t>(i)));
  return bytes;
}

Digest by_libcrypto(std::byte prefix, const std::byte* leaf, std::size_t bytes) {
  return Sha256().add(&prefix, 1).add(leaf, bytes).finish();
}

// Each vector width that this processor has; the widest is what everybody uses.
class LeafLanes : public testing::TestWithParam<std::int64_t> {
 protected:
  void SetUp() override {
    hwy::SetSupportedTargetsForTest(0);
    if ((hwy::SupportedTargets() & GetParam()) == 0) GTEST_SKIP() << "this processor does not have it";
    hwy::SetSupportedTargetsForTest(GetParam());
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
  void TearDown() override {
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
};

// Every number of leaves up to several vectors, and lengths of one block to that of a leaf of float64.
TEST_P(LeafLanes, DigestsAreThoseOfLibcrypto) {
  constexpr std::size_t kMost = 40;
  for (const std::size_t leaf_bytes : {64, 128, 192, 1024, 4096, 8192}) {
    // Odd addresses: leaves need no alignment.
    const std::vector<std::byte> memory = random_bytes(1 + kMost * (leaf_bytes + 7), leaf_bytes);
    std::vector<const std::byte*> leaves;
    for (std::size_t i = 0; i < kMost; ++i) leaves.push_back(memory.data() + 1 + i * (leaf_bytes + 7));
    for (std::size_t count = 0; count <= kMost; ++count) {
      std::vector<Digest> found(kMost, Digest{});
      const std::byte prefix{static_cast<unsigned char>(count % 2)};
      const std::size_t done =
          hash_in_lanes(prefix, std::span(leaves).first(count), leaf_bytes, found.data());
      ASSERT_LE(done, count);
      if (count == kMost) {
        ASSERT_EQ(done, kMost);  // of 8 and of 16 lanes
      }
      for (std::size_t i = 0; i < kMost; ++i)
        ASSERT_EQ(found[i], i < done ? by_libcrypto(prefix, leaves[i], leaf_bytes) : Digest{})
            << leaf_bytes << " bytes, leaf " << i << " of " << count;
    }
  }
}

TEST(LeavesOfOtherLengths, AreLeftToLibcrypto) {
  const std::vector<std::byte> memory = random_bytes(4096, 1);
  const std::vector<const std::byte*> leaves(32, memory.data());
  std::vector<Digest> digests(32);
  EXPECT_EQ(hash_in_lanes(std::byte{0}, leaves, 0, digests.data()), 0U);
  EXPECT_EQ(hash_in_lanes(std::byte{0}, leaves, 100, digests.data()), 0U);
}

INSTANTIATE_TEST_SUITE_P(Targets, LeafLanes, testing::Values(HWY_AVX3, HWY_AVX2),
                         [](const auto& target) { return target.param == HWY_AVX3 ? "avx512" : "avx2"; });

}  // namespace
}  // namespace tessera::runs
