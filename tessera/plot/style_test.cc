// The colours are read from the style sheet itself and judged by the formulas of OKLab (B. Ottosson, 2020) and WCAG 2.1.
#include "tessera/plot/style.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace tessera::plot {
namespace {

using Rgb = std::array<double, 3>;

double linear(double channel) {
  return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
}

double luminance(const Rgb& c) {
  return 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
}

double contrast(const Rgb& a, const Rgb& b) {
  const double x = luminance(a), y = luminance(b);
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

double oklab_lightness(const Rgb& c) {
  const double r = linear(c[0]), g = linear(c[1]), b = linear(c[2]);
  return 0.2104542553 * std::cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) +
         0.7936177850 * std::cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) -
         0.0040720468 * std::cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
}

// The value of a variable, for light (0) or dark (1).
Rgb colour(const std::string& name, int theme) {
  static const std::string sheet = picture_style_sheet(true, 15);
  const std::string variable = fmt::format("--plot-{}:", name);
  std::size_t at = sheet.find(variable);
  if (theme == 1) at = sheet.find(variable, at + 1);
  EXPECT_NE(at, std::string::npos) << name;
  std::string text = sheet.substr(sheet.find('#', at) + 1, 6);
  text = text.substr(0, text.find_first_not_of("0123456789abcdef"));
  if (text.size() == 3) text = {text[0], text[0], text[1], text[1], text[2], text[2]};
  EXPECT_EQ(text.size(), 6u) << name;
  const auto channel = [&](std::size_t i) { return std::stoi(text.substr(i, 2), nullptr, 16) / 255.0; };
  return {channel(0), channel(2), channel(4)};
}

std::string level(const char* name, int i) {
  return fmt::format("{}{}", name, i);
}

class Theme : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(LightAndDark, Theme, testing::Values(0, 1));

TEST_P(Theme, SequentialLevelsAreEqualStepsOfLightness) {
  const double first = oklab_lightness(colour("q0", GetParam())),
               last = oklab_lightness(colour("q11", GetParam()));
  EXPECT_GT(std::fabs(last - first), 0.6);
  for (int i = 1; i < kSequentialLevels; ++i)
    EXPECT_NEAR(oklab_lightness(colour(level("q", i), GetParam())), first + (last - first) * i / 11, 0.01);
}

TEST_P(Theme, DivergingLevelsAreSymmetricAroundANeutralMiddle) {
  const double middle = oklab_lightness(colour("d6", GetParam()));
  for (int i = 0; i < 6; ++i) {
    const double low = oklab_lightness(colour(level("d", i), GetParam()));
    EXPECT_NEAR(low, oklab_lightness(colour(level("d", 12 - i), GetParam())), 0.01);
    EXPECT_GT(std::fabs(low - middle),
              std::fabs(oklab_lightness(colour(level("d", i + 1), GetParam())) - middle));
  }
}

TEST_P(Theme, TextCanBeRead) {
  const Rgb surface = colour("surface", GetParam());
  EXPECT_GE(contrast(colour("ink", GetParam()), surface), 7);
  EXPECT_GE(contrast(colour("quiet", GetParam()), surface), 4.5);
  for (int i = 0; i < kSequentialLevels; ++i)
    EXPECT_GE(contrast(colour(level("q", i), GetParam()), colour(level("t", i), GetParam())), 4.5) << i;
  for (int i = 0; i < kDivergingLevels; ++i)
    EXPECT_GE(contrast(colour(level("d", i), GetParam()), colour(level("u", i), GetParam())), 4.5) << i;
}

// The first series, which most charts have, reach the contrast that WCAG asks of graphics; the others are told apart by their
// dashes, too.
TEST_P(Theme, TheFirstSeriesStandOutFromTheSurface) {
  const Rgb surface = colour("surface", GetParam());
  for (const char* name : {"1", "2", "3"}) EXPECT_GE(contrast(colour(name, GetParam()), surface), 3) << name;
  for (const char* name : {"4", "5", "6", "7"})
    EXPECT_GE(contrast(colour(name, GetParam()), surface), 2) << name;
}

}  // namespace
}  // namespace tessera::plot
