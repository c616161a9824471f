// One digest of this room's results: over threads, backends, vector widths and floating-point modes of the program, and, since it is committed, over
// compilers and machines.
#include <gtest/gtest.h>

#include "tessera/backends/backends.h"
#include "tessera/base/foreign_modes_test.h"
#include "tessera/base/thread_pool.h"
#include "tessera/stats/stats_selftest.h"

namespace tessera::stats {
namespace {

TEST(StatsBits, OneDigestEverywhere) {
  for (const std::string& backend : backend_names())
    for (const int threads : {1, 2, 3, 7}) {
      use_backend(backend);
      set_thread_count(threads);
      EXPECT_EQ(stats_digest(), kStatsDigest) << backend << ", " << threads << " threads";
    }
  for (const std::string& level : available_simd_levels()) {
    use_simd_level(level);
    EXPECT_EQ(stats_digest(), kStatsDigest) << level;
  }
  use_default_backend();
  set_thread_count(2);
  std::string found;
  {
    const ForeignModes modes;
    found = stats_digest();
  }
  EXPECT_EQ(found, kStatsDigest) << "with other rounding and subnormals";
}

}  // namespace
}  // namespace tessera::stats
