#include "tessera/plot/integrity.h"

#include <gmock/gmock.h>

#include "tessera/base/error.h"

namespace tessera::plot {
namespace {

using testing::HasSubstr;

// Tufte's own example (The Visual Display of Quantitative Information, 1983, p. 57): fuel economy standards from 18 to 27.5
// miles per gallon, an increase of 53 %, drawn as lines of 0.6 and 5.3 inches, an increase of 783 %: lie factor 14.8.
TEST(LieFactor, TuftesExample) {
  EXPECT_NEAR(lie_factor(18, 27.5, 0.6, 5.3), 14.8, 0.05);
}

TEST(LieFactor, ProportionalLengthsTellTheTruth) {
  EXPECT_EQ(lie_factor(10, 25, 4, 10), 1);
  EXPECT_EQ(lie_factor(0, 0, 3, 3), 1);
  EXPECT_GT(lie_factor(5, 5, 3, 4), 1e300);  // a difference that the data does not have
  EXPECT_EQ(lie_factor(5, 6, 3, 3), 0);      // one that the picture does not have
}

BarChart accuracies() {
  BarChart chart;
  chart.title = "Accuracy";
  chart.category_label = "model";
  chart.value = {.label = "accuracy", .unit = "%"};
  chart.categories = {"small", "large"};
  chart.groups = {{.values = {92, 96}}};
  return chart;
}

TEST(Integrity, BarsThatBeginAt90AreRefusedWithTheNumber) {
  BarChart chart = accuracies();
  EXPECT_NEAR(measure(chart).lie_factor, 1, 0.01);
  EXPECT_EQ(measure(chart).lengths, 2);
  chart.value.from = 90;
  // 92 to 96 is 4.35 % in the data; from 90 on it is drawn as 2 to 6, which is 200 %.
  EXPECT_NEAR(measure(chart).lie_factor, 2.0 / (4.0 / 92), 0.5);
  try {
    draw(chart);
    FAIL() << "was drawn";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("lie factor 46"));
    EXPECT_THAT(error.what(), HasSubstr("'Accuracy'"));
  }
}

TEST(Integrity, OneBarAloneIsComparedWithTheAxis) {
  BarChart chart = accuracies();
  chart.categories = {"small"};
  chart.groups = {{.values = {92}}};
  EXPECT_TRUE(measure(chart).findings.empty());
  chart.value.from = 90;
  EXPECT_FALSE(measure(chart).findings.empty());
}

}  // namespace
}  // namespace tessera::plot
