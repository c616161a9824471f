#include "tessera/plot/ticks.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace tessera::plot {
namespace {

using testing::ElementsAre;

TEST(Ticks, RoundStepsAroundTheData) {
  EXPECT_THAT(linear_ticks(0.3, 9.6, {}, {}, 6).values, ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(linear_ticks(0, 0.3, {}, {}, 4).values,
              ElementsAre(0, 0.1, 0.2, 0.3));  // the doubles next to the decimals
  EXPECT_THAT(linear_ticks(-7, 3, {}, {}, 5).values, ElementsAre(-10, -5, 0, 5));
  EXPECT_THAT(linear_ticks(0.1, 0.9, 0.0, 1.0, 6).labels,
              ElementsAre("0.0", "0.2", "0.4", "0.6", "0.8", "1.0"));
}

TEST(Ticks, AGivenEndIsKept) {
  const Ticks ticks = linear_ticks(12, 88, 5.0, 93.0, 5);
  EXPECT_EQ(ticks.from, 5);
  EXPECT_EQ(ticks.to, 93);
  EXPECT_THAT(ticks.values, ElementsAre(20, 40, 60, 80));
}

TEST(Ticks, ConstantsGetARange) {
  for (const double value : {0.0, 1.0, -3.0, 1e-300, 1e12}) {
    const Ticks ticks = linear_ticks(value, value, {}, {}, 5);
    EXPECT_LE(ticks.from, value);
    EXPECT_GE(ticks.to, value);
    EXPECT_LT(ticks.from, ticks.to);
  }
}

TEST(Ticks, LongNumbersShareAPowerOfTen) {
  const Ticks large = linear_ticks(0, 4.2e7, {}, {}, 6);
  EXPECT_EQ(large.exponent, 6);
  EXPECT_THAT(large.labels, ElementsAre("0", "10", "20", "30", "40", "50"));
  const Ticks small = linear_ticks(0, 4.2e-7, {}, {}, 6);
  EXPECT_EQ(small.exponent, -9);
  EXPECT_THAT(small.labels, ElementsAre("0", "100", "200", "300", "400", "500"));
  EXPECT_THAT(linear_ticks(0, 400000, {}, {}, 5).labels,
              ElementsAre("0", "100,000", "200,000", "300,000", "400,000"));
}

TEST(Ticks, Decades) {
  EXPECT_THAT(logarithmic_ticks(0.002, 700, {}, {}, 8).labels,
              ElementsAre("0.001", "0.01", "0.1", "1", "10", "100", "1,000"));
  EXPECT_THAT(logarithmic_ticks(1e-12, 1, {}, {}, 4).labels,
              ElementsAre("10⁻¹²", "10⁻⁹", "10⁻⁶", "10⁻³", "10⁰"));
  EXPECT_THAT(logarithmic_ticks(3, 40, {}, {}, 8).labels, ElementsAre("2", "5", "10", "20", "50"));
}

TEST(Ticks, NumbersForPeople) {
  EXPECT_EQ(number_for_people(1234567), "1,234,567");
  EXPECT_EQ(number_for_people(-0.5), "−0.5");
  EXPECT_EQ(number_for_people(3.14159265), "3.142");
  EXPECT_EQ(number_for_people(6.02214e23), "6.022 × 10²³");
  EXPECT_EQ(number_for_people(0.00001), "1 × 10⁻⁵");
}

RC_GTEST_PROP(Ticks, LogarithmIsTheLibrarysToFourteenDigits, ()) {
  const int exponent = *rc::gen::inRange(-1000, 1000);
  const double value = std::ldexp(1 + *rc::gen::inRange(0, 1 << 30) / double{1 << 30}, exponent);
  RC_ASSERT(std::fabs(log10_fixed(value) - std::log10(value)) <=
            1e-13 * std::max(1.0, std::fabs(std::log10(value))));
}

// Whatever the data: ascending ticks, not too many, equal labels never, and an automatic axis covers the data.
RC_GTEST_PROP(Ticks, PropertiesOfLinearTicks, ()) {
  const double scale = std::pow(10.0, *rc::gen::inRange(-290, 290));
  double a = *rc::gen::inRange(-1000000, 1000000) * scale, b = *rc::gen::inRange(-1000000, 1000000) * scale;
  if (a > b) std::swap(a, b);
  const int at_most = *rc::gen::inRange(3, 12);
  const Ticks ticks = linear_ticks(a, b, {}, {}, at_most);
  RC_ASSERT(!ticks.values.empty() && ticks.values.size() <= static_cast<std::size_t>(at_most));
  RC_ASSERT(ticks.values.size() == ticks.labels.size());
  for (std::size_t i = 1; i < ticks.values.size(); ++i) {
    RC_ASSERT(ticks.values[i] > ticks.values[i - 1]);
    RC_ASSERT(ticks.labels[i] != ticks.labels[i - 1]);
  }
  const double slack = (ticks.to - ticks.from) * 1e-8;
  RC_ASSERT(ticks.from <= a + slack && ticks.to >= b - slack);
}

RC_GTEST_PROP(Ticks, PropertiesOfLogarithmicTicks, ()) {
  double a = std::pow(10.0, *rc::gen::inRange(-2900, 2900) / 10.0),
         b = std::pow(10.0, *rc::gen::inRange(-2900, 2900) / 10.0);
  if (a > b) std::swap(a, b);
  const Ticks ticks = logarithmic_ticks(a, b, {}, {}, 7);
  RC_ASSERT(ticks.from <= a && ticks.to >= b && ticks.from < ticks.to);
  RC_ASSERT(ticks.values.size() >= 2 && ticks.values.size() <= 9);
  for (std::size_t i = 1; i < ticks.values.size(); ++i) RC_ASSERT(ticks.values[i] > ticks.values[i - 1]);
}

}  // namespace
}  // namespace tessera::plot
