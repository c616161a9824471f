#include "tessera/tensor/bfloat16.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tessera {
namespace {

TEST(BFloat16, RoundsAsPyTorchDoes) {
  struct Known {
    float value;
    std::uint16_t bits;
  };
  // torch.tensor([...]).bfloat16() of PyTorch 2.15: ties go to even, the largest number and subnormals included.
  for (const auto& [value, bits] :
       {Known{1.0F / 3, 0x3eab}, Known{1.00390625F, 0x3f80}, Known{1.01171875F, 0x3f82},
        Known{3.38953139e38F, 0x7f7f}, Known{3.39617753e38F, 0x7f80}, Known{3.396e38F, 0x7f7f},
        Known{1e-40F, 0x0001}, Known{4.6e-41F, 0x0001}, Known{-65537.0F, 0xc780}, Known{0.1F, 0x3dcd},
        Known{-2.5F, 0xc020}, Known{1e10F, 0x5015}})
    EXPECT_EQ(BFloat16(value).bits(), bits) << value;
}

TEST(BFloat16, EveryValueSurvivesTheWayThroughWiderTypes) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const BFloat16 value = BFloat16::from_bits(static_cast<std::uint16_t>(bits));
    const auto wide = static_cast<float>(value);
    if (std::isnan(wide)) {
      EXPECT_TRUE(std::isnan(static_cast<float>(BFloat16(wide))));
      continue;
    }
    EXPECT_EQ(BFloat16(wide).bits(), bits);
    EXPECT_EQ(BFloat16(static_cast<double>(wide)).bits(), bits);
  }
}

// Between two neighbours: below the middle down, above it up, whatever float32 would make of the number first.
TEST(BFloat16, RoundsOnceFromDouble) {
  for (std::uint32_t bits = 0; bits < 0x7f7f; ++bits) {
    const auto low = static_cast<double>(BFloat16::from_bits(static_cast<std::uint16_t>(bits)));
    const auto high = static_cast<double>(BFloat16::from_bits(static_cast<std::uint16_t>(bits + 1)));
    const double middle = (low + high) / 2, away = std::nextafter(middle, high),
                 towards = std::nextafter(middle, low);
    EXPECT_EQ(BFloat16(away).bits(), bits + 1);
    EXPECT_EQ(BFloat16(towards).bits(), bits);
    EXPECT_EQ(BFloat16(middle).bits(), bits + bits % 2);
    EXPECT_EQ(BFloat16(-away).bits(), (bits + 1) | 0x8000U);
    EXPECT_EQ(BFloat16(-towards).bits(), bits | 0x8000U);
  }
  EXPECT_EQ(BFloat16(1e300).bits(), 0x7f80);
  EXPECT_EQ(BFloat16(-std::numeric_limits<double>::infinity()).bits(), 0xff80);
}

TEST(BFloat16, RoundsOnceFromIntegers) {
  EXPECT_EQ(static_cast<float>(BFloat16(257)), 256.0F);
  EXPECT_EQ(static_cast<float>(BFloat16(true)), 1.0F);
  const std::int64_t middle = (std::int64_t{1} << 62) + (std::int64_t{1} << 54);  // of 2^62 and its neighbour
  EXPECT_EQ(static_cast<float>(BFloat16(middle)), 0x1p62F);
  EXPECT_EQ(static_cast<float>(BFloat16(middle + 1)), 0x1.02p62F);
  EXPECT_EQ(static_cast<float>(BFloat16(middle - 1)), 0x1p62F);
  EXPECT_EQ(static_cast<float>(BFloat16(-middle - 1)), -0x1.02p62F);
  EXPECT_EQ(static_cast<float>(BFloat16(std::numeric_limits<std::int64_t>::min())), -0x1p63F);
}

}  // namespace
}  // namespace tessera
