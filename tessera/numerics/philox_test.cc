#include "tessera/numerics/philox.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "tessera/base/hash.h"

namespace tessera::numerics {
namespace {

// The published vectors of the Random123 distribution: name, rounds, counter, key, expected words.
TEST(Philox, AgreesWithPublishedVectors) {
  const char* data = std::getenv("TESSERA_DATA");
  if (data == nullptr) GTEST_SKIP() << "TESSERA_DATA is not set";
  std::ifstream file(std::string(data) + "/rng/random123_kat_vectors.txt");
  ASSERT_TRUE(file.good());
  int checked = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    int rounds = 0;
    if (!(words >> name >> rounds) || name != "philox4x32" || rounds != 10) continue;
    std::uint32_t v[10];
    for (std::uint32_t& word : v) ASSERT_TRUE(words >> std::hex >> word) << line;
    EXPECT_EQ(philox({v[4], v[5]}, {v[0], v[1], v[2], v[3]}), (PhiloxBlock{v[6], v[7], v[8], v[9]})) << line;
    ++checked;
  }
  EXPECT_EQ(checked, 3);
}

// The same vectors once more, so that a build without the data folder checks something too.
TEST(Philox, AgreesWithTheVectorOfPi) {
  EXPECT_EQ(philox({0xa4093822u, 0x299f31d0u}, {0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}),
            (PhiloxBlock{0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u}));
}

TEST(Philox, KeyIsTheHashOfTheStatedBytes) {
  const std::string bytes("\x09\0\0\0\0\0\0\0tessera/1\x2a\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0fit", 36);
  const Digest digest = sha256(bytes);
  const PhiloxKey key = stream_key(42, "fit");
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ((key.k0 >> (8 * i)) & 0xFF, digest[i]);
    EXPECT_EQ((key.k1 >> (8 * i)) & 0xFF, digest[4 + i]);
  }
  EXPECT_FALSE(stream_key(42, "fit") == stream_key(43, "fit"));
  EXPECT_FALSE(stream_key(42, "fit") == stream_key(42, "fi"));
}

TEST(Philox, CounterHoldsBlockStepAttempt) {
  EXPECT_EQ(philox_counter(0x0123456789ABCDEFu, 7, 3), (PhiloxCounter{0x89ABCDEFu, 0x01234567u, 7, 3}));
}

}  // namespace
}  // namespace tessera::numerics
