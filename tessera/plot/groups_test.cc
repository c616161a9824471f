// Violins and swarms, read back from the pictures as text.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <regex>

#include "tessera/base/error.h"
#include "tessera/plot/draw.h"

namespace tessera::plot {
namespace {

using testing::HasSubstr;

// Skewed numbers without a pattern.
std::vector<double> numbers(int count, int seed) {
  std::vector<double> values;
  std::uint64_t state = static_cast<std::uint64_t>(seed) * 2 + 1;
  for (int i = 0; i < count; ++i) {
    double sum = 0;
    for (int k = 0; k < 4; ++k) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      sum += static_cast<double>(state >> 40) / 16777216;
    }
    values.push_back(sum * sum);
  }
  return values;
}

ViolinChart violins(const std::vector<int>& counts) {
  ViolinChart chart;
  chart.title = "Title";
  chart.group_label = "species";
  chart.value = {.label = "length", .unit = "cm"};
  for (std::size_t i = 0; i < counts.size(); ++i)
    chart.violins.push_back(violin_of(fmt::format("g{}", i), numbers(counts[i], static_cast<int>(i))));
  return chart;
}

SwarmChart swarms(std::vector<std::vector<double>> values) {
  SwarmChart chart;
  chart.title = "Title";
  chart.group_label = "species";
  chart.value = {.label = "length", .unit = "cm"};
  for (std::size_t i = 0; i < values.size(); ++i)
    chart.groups.push_back({fmt::format("g{}", i), std::move(values[i])});
  return chart;
}

std::string refusal(const Chart& chart) {
  try {
    draw(chart);
  } catch (const Error& error) {
    return error.what();
  }
  return "was drawn";
}

struct Circle {
  double x, y, radius;
};

std::vector<Circle> circles(const std::string& svg) {
  static const std::regex pattern(R"re(<circle class="f1 swarm" cx="([^"]*)" cy="([^"]*)" r="([^"]*)")re");
  std::vector<Circle> found;
  for (std::sregex_iterator i(svg.begin(), svg.end(), pattern), end; i != end; ++i)
    found.push_back({std::stod((*i)[1]), std::stod((*i)[2]), std::stod((*i)[3])});
  return found;
}

// Area of each polygon of class violin, by the shoelace formula.
std::vector<double> violin_areas(const std::string& svg) {
  static const std::regex pattern(R"re(<polygon class="b1 violin" points="([^"]*)")re");
  std::vector<double> areas;
  for (std::sregex_iterator i(svg.begin(), svg.end(), pattern), end; i != end; ++i) {
    std::vector<std::pair<double, double>> points;
    std::string text = (*i)[1];
    for (std::size_t at = 0; at < text.size();) {
      std::size_t used = 0;
      const double x = std::stod(text.substr(at), &used);
      at += used + 1;
      const double y = std::stod(text.substr(at), &used);
      at += used + 1;
      points.emplace_back(x, y);
    }
    double doubled = 0;
    for (std::size_t k = 0; k < points.size(); ++k) {
      const auto &a = points[k], &b = points[(k + 1) % points.size()];
      doubled += a.first * b.second - b.first * a.second;
    }
    areas.push_back(std::fabs(doubled) / 2);
  }
  return areas;
}

TEST(Violins, HaveTheSameAreaHoweverManyValues) {
  const Drawing drawing = draw(violins({30, 300, 3000}));
  const std::vector<double> areas = violin_areas(drawing.svg);
  ASSERT_EQ(areas.size(), 3U);
  for (const double area : areas) EXPECT_NEAR(area / areas[0], 1, 0.01);
  EXPECT_EQ(drawing.integrity.lengths, 3 * 64);
  EXPECT_NEAR(drawing.integrity.lie_factor, 1, 0.05);
}

// Against the kernel's formula, written out.
TEST(Violins, DensityIsTheSumOfKernels) {
  const std::vector<double> values = {1, 2, 2.5, 7};
  const ViolinChart::Violin violin = violin_of("v", values, 13, 1.5);
  EXPECT_EQ(violin.places.front(), 1);
  EXPECT_EQ(violin.places.back(), 7);
  for (std::size_t i = 0; i < violin.places.size(); ++i) {
    double sum = 0;
    for (const double value : values) {
      const double u = (violin.places[i] - value) / 1.5;
      if (std::fabs(u) <= 1) sum += 0.75 * (1 - u * u) / (1.5 * 4);
    }
    EXPECT_NEAR(violin.density[i], sum, 1e-15) << i;
  }
  EXPECT_EQ(violin.median, 2.25);
  EXPECT_EQ(violin.lower_quartile, 1.75);
}

// 32 numbers from 0 to 31: deviation 9.2331, quartile range 15.5, n^(1/5) = 2, so the half width is 2.34 * 9.2331 / 2 = 10.8027.
TEST(Violins, TheRuleOfThumb) {
  std::vector<double> values;
  for (int i = 0; i < 32; ++i) values.push_back(i);
  const ViolinChart::Violin by_rule = violin_of("v", values), by_hand = violin_of("v", values, 64, 10.80273);
  for (std::size_t i = 0; i < 64; ++i) EXPECT_NEAR(by_rule.density[i], by_hand.density[i], 1e-7);
  EXPECT_EQ(violin_of("equal", {3, 3, 3}).places.size(), 64U);
  EXPECT_THAT(refusal(violins({1, 5})), HasSubstr("was drawn"));
}

TEST(Violins, WhatMisleadsOrCannotBeDrawnIsSaid) {
  ViolinChart chart = violins({50, 50});
  chart.value.logarithmic = true;
  EXPECT_THAT(refusal(chart), HasSubstr("areas on a logarithmic axis"));
  chart = violins({50, 50});
  chart.violins[1].name = "g0";
  EXPECT_THAT(refusal(chart), HasSubstr("two groups are called 'g0'"));
  chart = violins({50});
  chart.violins[0].density[3] = -1;
  EXPECT_THAT(refusal(chart), HasSubstr("density 4 of group 'g0' is -1; expected a number from 0"));
  chart = violins({50});
  std::fill(chart.violins[0].density.begin(), chart.violins[0].density.end(), 0);
  EXPECT_THAT(refusal(chart), HasSubstr("the density of group 'g0' is 0 everywhere"));
  chart = violins({50});
  chart.violins[0].median = 1e9;
  EXPECT_THAT(refusal(chart), HasSubstr("the quartiles of group 'g0' do not ascend"));
  chart.violins.clear();
  EXPECT_THAT(refusal(chart), HasSubstr("there is no group to draw"));
  chart = violins(std::vector<int>(21, 10));
  EXPECT_THAT(refusal(chart), HasSubstr("21 groups are too many, at most 20 are drawn"));
  chart = violins({50});
  chart.group_label = " ";
  EXPECT_THAT(refusal(chart), HasSubstr("the groups have no label"));
  EXPECT_THROW(violin_of("v", {}), Error);
  EXPECT_THROW(violin_of("v", {1, std::numeric_limits<double>::quiet_NaN()}), Error);
  EXPECT_THROW(violin_of("v", {1, 2}, 3), Error);
}

TEST(Swarms, NoDotCoversAnotherAndNoneIsLost) {
  for (const std::vector<int>& counts : std::vector<std::vector<int>>{{1}, {200, 100}, {400, 400, 50}}) {
    std::vector<std::vector<double>> values;
    for (std::size_t g = 0; g < counts.size(); ++g) values.push_back(numbers(counts[g], static_cast<int>(g)));
    const SwarmChart chart = swarms(values);
    const std::string svg = draw(chart).svg;
    const std::vector<Circle> dots = circles(svg);
    std::size_t all = 0;
    for (const auto& group : values) all += group.size();
    ASSERT_EQ(dots.size(), all);
    for (std::size_t i = 0; i < dots.size(); ++i)
      for (std::size_t j = 0; j < i; ++j) {
        const double x = dots[i].x - dots[j].x, y = dots[i].y - dots[j].y;
        ASSERT_GE(std::sqrt(x * x + y * y), 2 * dots[i].radius) << i << " and " << j;
      }
    EXPECT_EQ(draw(chart).svg, svg);
  }
}

// The places along the axis are the values': equally far apart, and in their order.
TEST(Swarms, DotsStandAtTheirValues) {
  std::vector<Circle> dots = circles(draw(swarms({{0, 10, 20, 30, 40}})).svg);
  ASSERT_EQ(dots.size(), 5U);
  std::sort(dots.begin(), dots.end(), [](const Circle& a, const Circle& b) { return a.y > b.y; });
  for (std::size_t i = 1; i + 1 < dots.size(); ++i)
    EXPECT_NEAR(dots[i - 1].y - dots[i].y, dots[i].y - dots[i + 1].y, 0.021);
  for (const Circle& dot : dots) EXPECT_EQ(dot.x, dots[0].x);  // nothing to move aside for
}

// Of equal values the first stands in the middle, the others to its right and left in turn.
TEST(Swarms, EqualValuesStandBesideEachOther) {
  const std::vector<Circle> dots = circles(draw(swarms({{1, 1, 1, 2}})).svg);
  ASSERT_EQ(dots.size(), 4U);
  EXPECT_GT(dots[1].x, dots[0].x);
  EXPECT_LT(dots[2].x, dots[0].x);
  EXPECT_NEAR(dots[1].x - dots[0].x, dots[0].x - dots[2].x, 0.011);
}

TEST(Swarms, WhatCannotBeDrawnIsSaid) {
  EXPECT_THAT(refusal(swarms({{1, std::numeric_limits<double>::infinity()}})),
              HasSubstr("value 2 of group 'g0' is inf, which has no place"));
  EXPECT_THAT(refusal(swarms({{}, {}})), HasSubstr("there are no values"));
  EXPECT_THAT(refusal(swarms({std::vector<double>(5001, 1)})),
              HasSubstr("5001 dots are too many, at most 5000 are drawn"));
  EXPECT_THAT(refusal(swarms({std::vector<double>(900, 1)})),
              HasSubstr("900 dots do not fit beside each other"));
  EXPECT_EQ(refusal(swarms({{}, {1, 2}})), "was drawn");
}

}  // namespace
}  // namespace tessera::plot
