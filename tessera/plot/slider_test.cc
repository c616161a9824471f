#include "tessera/plot/slider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/base/error.h"

namespace tessera::plot {
namespace {

using testing::HasSubstr;
using testing::Not;

LineChart line(double slope) {
  LineChart chart;
  chart.title = "a line";
  chart.x = {.label = "x", .unit = "1"};
  chart.y = {.label = "y", .unit = "m"};
  chart.series = {{.name = "line", .x = {0, 1}, .y = {0, slope}}};
  return chart;
}

Slider slider_of(const std::vector<double>& slopes) {
  Slider slider;
  slider.title = "Lines & <slopes>";
  slider.parameter = {.label = "slope", .unit = "m"};
  slider.values = slopes;
  for (const double slope : slopes) slider.frames.push_back(line(slope));
  return slider;
}

std::string message_of(const Slider& slider) {
  try {
    (void)slider_page(slider);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(SliderPage, HoldsEveryFrameWithTheSameAxes) {
  const std::string page = slider_page(slider_of({1, 2, 40}));
  EXPECT_EQ(count(page, "<figure"), 3U);
  EXPECT_EQ(count(page, "<svg "), 3U);
  EXPECT_EQ(count(page, ">40<"), 3U);  // the tick that only the steepest line needs
  EXPECT_THAT(page, HasSubstr("max=\"2\" value=\"0\""));
  EXPECT_THAT(page, HasSubstr("data-value=\"slope 40 m\""));
  EXPECT_EQ(page, slider_page(slider_of({1, 2, 40})));
}

TEST(SliderPage, IsOneFileThatNeedsNoNetworkAndNoScript) {
  const std::string page = slider_page(slider_of({1, 2}));
  EXPECT_THAT(page, HasSubstr("Lines &amp; &lt;slopes&gt;"));
  EXPECT_EQ(count(page, "http"), count(page, "http://www.w3.org/2000/svg"));
  EXPECT_THAT(page, Not(HasSubstr("<figure hidden")));          // scripts hide, not the page
  EXPECT_THAT(page, HasSubstr("<div id=\"control\" hidden>"));  // and show the slider that needs them
}

TEST(SliderPage, WhatDoesNotFitIsRefused) {
  Slider slider = slider_of({1, 2});
  slider.values.pop_back();
  EXPECT_THAT(message_of(slider), HasSubstr("1 values for 2 frames"));
  EXPECT_THAT(message_of(slider_of({2, 1})), HasSubstr("do not ascend"));
  EXPECT_THAT(message_of(slider_of({1})), HasSubstr("at least 2"));
  slider = slider_of({1, 2});
  slider.parameter.unit.clear();
  EXPECT_THAT(message_of(slider), HasSubstr("needs a label and a unit"));
  slider = slider_of({1, 2});
  std::get<LineChart>(slider.frames[1]).y.to = 5;  // unlike axes
  EXPECT_THAT(message_of(slider), HasSubstr("unlike axes make"));
  slider.first = 2;
  EXPECT_THAT(message_of(slider), HasSubstr("frame 2 is to be shown first, but there are 2"));
}

}  // namespace
}  // namespace tessera::plot
