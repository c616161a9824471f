#include "tessera/numerics/bessel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tessera/base/error.h"
#ifdef TESSERA_HAVE_MPFR
#include <mpfr.h>
#endif

namespace tessera::numerics {
namespace {

// Abramowitz and Stegun, Handbook of Mathematical Functions, tables 9.1 and 9.4.
TEST(BesselJ, PublishedValues) {
  EXPECT_NEAR(bessel_j(0, 1), 0.7651976865579665, 1e-15);
  EXPECT_NEAR(bessel_j(1, 1), 0.4400505857449335, 1e-15);
  EXPECT_NEAR(bessel_j(2, 1), 0.1149034849319005, 1e-15);
  EXPECT_NEAR(bessel_j(0, 10), -0.2459357644513483, 1e-15);
  EXPECT_NEAR(bessel_j(1, 10), 0.0434727461688614, 1e-15);
  EXPECT_NEAR(bessel_j(5, 10), -0.2340615281867936, 1e-15);
  EXPECT_NEAR(bessel_j(10, 1) / 2.630615123687453e-10, 1, 1e-14);
  EXPECT_NEAR(bessel_j(0, 2.404825557695773), 0, 1e-15);  // its first zero
}

TEST(BesselJ, EdgesAndSymmetry) {
  EXPECT_EQ(bessel_j(0, 0), 1);
  EXPECT_EQ(bessel_j(0, -0.0), 1);
  EXPECT_EQ(bessel_j(7, 0), 0);
  for (const double x : {0.25, 3.0, 77.5}) {
    EXPECT_EQ(bessel_j(4, -x), bessel_j(4, x));
    EXPECT_EQ(bessel_j(5, -x), -bessel_j(5, x));
  }
  EXPECT_TRUE(std::isnan(bessel_j(2, std::numeric_limits<double>::quiet_NaN())));
  EXPECT_EQ(bessel_j(1, 5e-324), 0);  // x / 2, rounded to even
  EXPECT_NEAR(bessel_j(1, 1e-300) / 5e-301, 1, 1e-14);
  EXPECT_THROW(bessel_j(-1, 1), Error);
  EXPECT_THROW(bessel_j(10001, 1), Error);
  EXPECT_THROW(bessel_j(0, 1e5), Error);
}

#ifdef TESSERA_HAVE_MPFR
TEST(BesselJ, TheStatedErrorHoldsAgainstMpfr) {
  mpfr_t exact, argument;
  mpfr_init2(exact, 100);
  mpfr_init2(argument, 53);
  double largest = 0;
  for (const std::int64_t n : {0, 1, 2, 3, 5, 8, 30, 120, 700})
    for (double x = 0.01; x <= 10000; x = x * 1.07 + 0.013) {
      mpfr_set_d(argument, x, MPFR_RNDN);
      mpfr_jn(exact, n, argument, MPFR_RNDN);
      mpfr_sub_d(exact, exact, bessel_j(n, x), MPFR_RNDN);
      largest = std::max(largest, std::abs(mpfr_get_d(exact, MPFR_RNDN)));
    }
  mpfr_clear(exact);
  mpfr_clear(argument);
  EXPECT_LE(largest, 5e-16);
  RecordProperty("largest_absolute_error", std::to_string(largest));
}
#endif

}  // namespace
}  // namespace tessera::numerics
