#include "tessera/backends/cpu/simd_level.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"

namespace tessera::backends {
namespace {

TEST(SimdLevel, TheCeilingHoldsUntilItIsLifted) {
  use_backend("cpu");
  const std::vector<std::string> levels = available_simd_levels();
  for (const std::string& level : levels) {
    use_simd_level(level);
    EXPECT_EQ(active_simd_level(), level);
    EXPECT_EQ(simd_level_name(simd_level()), level);
    EXPECT_NE(cpu_backend().description().find(level), std::string::npos);
  }
  use_simd_level("");
  EXPECT_EQ(active_simd_level(), levels.empty() ? "" : levels.front());
  use_backend("reference");
  EXPECT_EQ(active_simd_level(), "");
}

TEST(SimdLevel, AnUnknownLevelIsAnErrorThatListsTheOthers) {
  try {
    use_simd_level("sse2");
    FAIL() << "accepted sse2";
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("sse2"), std::string::npos) << message;
    for (const std::string& level : available_simd_levels())
      EXPECT_NE(message.find(level), std::string::npos) << message;
    EXPECT_EQ(error.code(), ExitCode::kUsage);
  }
}

}  // namespace
}  // namespace tessera::backends
