#include "tessera/base/error.h"

#include <gtest/gtest.h>

namespace tessera {
namespace {

TEST(Error, CarriesASentenceAndAnExitCode) {
  try {
    fail_with(ExitCode::kUsage, "{}: expected {}", "--threads", 1);
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "--threads: expected 1");
    EXPECT_EQ(error.code(), ExitCode::kUsage);
    return;
  }
  FAIL();
}

TEST(ErrorDeathTest, ABrokenContractAbortsWithItsPlace) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(TESSERA_CHECK(1 + 1 == 3, "sum is {}", 2),
               "error_test.cc:[0-9]+: contract violation: sum is 2");
}

}  // namespace
}  // namespace tessera
