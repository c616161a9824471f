// The pictures are read back as text, independently of the code that wrote them; tests/plot_integrity.py does the same with the
// gallery and an XML parser.
#include "tessera/plot/draw.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <regex>

#include "tessera/base/error.h"
#include "tessera/plot/integrity.h"

namespace tessera::plot {
namespace {

using testing::HasSubstr;
using testing::Not;

LineChart line_chart(std::vector<double> x, std::vector<double> y) {
  LineChart chart;
  chart.title = "Title";
  chart.x = {.label = "step", .unit = "1"};
  chart.y = {.label = "loss", .unit = "nats"};
  chart.series = {{.name = "a", .x = std::move(x), .y = std::move(y)}};
  return chart;
}

BarChart bar_chart(std::vector<double> values) {
  BarChart chart;
  chart.title = "Title";
  chart.category_label = "model";
  chart.value = {.label = "time", .unit = "s"};
  for (std::size_t i = 0; i < values.size(); ++i) chart.categories.push_back(fmt::format("m{}", i));
  chart.groups = {{.values = std::move(values)}};
  return chart;
}

HeatMap heat_map(std::vector<std::vector<double>> values) {
  HeatMap map;
  map.title = "Title";
  map.columns = {.label = "column", .unit = "1"};
  map.rows = {.label = "row", .unit = "1"};
  map.value = {.label = "value", .unit = "1"};
  map.values = std::move(values);
  return map;
}

std::string refusal(const Chart& chart, const Options& options = {}) {
  try {
    draw(chart, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "was drawn";
}

struct ReadBar {
  double value, x, y, width, height;
};

std::vector<ReadBar> read_bars(const std::string& svg) {
  static const std::regex pattern(
      R"re(<rect class="[^"]*" x="([^"]*)" y="([^"]*)" width="([^"]*)" height="([^"]*)" data-value="([^"]*)")re");
  std::vector<ReadBar> bars;
  for (std::sregex_iterator i(svg.begin(), svg.end(), pattern), end; i != end; ++i)
    bars.push_back(
        {std::stod((*i)[5]), std::stod((*i)[1]), std::stod((*i)[2]), std::stod((*i)[3]), std::stod((*i)[4])});
  return bars;
}

// ---- What is demanded ----

TEST(Draw, LabelsUnitsAndTitlesAreDemanded) {
  LineChart chart = line_chart({0, 1}, {1, 2});
  chart.y.unit = "";
  EXPECT_EQ(refusal(chart),
            "line chart 'Title': the y axis 'loss' has no unit; write the unit, or \"1\" for a pure number");
  chart.y = {.label = " ", .unit = "s"};
  EXPECT_THAT(refusal(chart), HasSubstr("the y axis has no label"));
  chart = line_chart({0, 1}, {1, 2});
  chart.title = "";
  EXPECT_THAT(refusal(chart), HasSubstr("there is no title"));
  BarChart bars = bar_chart({1, 2});
  bars.category_label = "";
  EXPECT_THAT(refusal(bars), HasSubstr("the categories have no label"));
}

TEST(Draw, WhatCannotBeDrawnIsSaid) {
  const double nan = std::numeric_limits<double>::quiet_NaN(),
               infinity = std::numeric_limits<double>::infinity();
  EXPECT_THAT(refusal(line_chart({0, 1}, {nan, nan})), HasSubstr("series 'a' has no finite value"));
  EXPECT_THAT(refusal(line_chart({}, {})), HasSubstr("series 'a' has no finite value"));
  EXPECT_THAT(refusal(line_chart({0, infinity}, {1, 2})), HasSubstr("x value 2 of series 'a' is not finite"));
  EXPECT_THAT(refusal(line_chart({0, 1}, {1})), HasSubstr("has 2 x values and 1 y values"));
  EXPECT_THAT(refusal(line_chart({0, 1}, {-1e308, 1e308})), HasSubstr("too far to be drawn"));
  EXPECT_THAT(refusal(bar_chart({1, nan})), HasSubstr("the value of 'm1' is nan, which has no length"));
  EXPECT_THAT(refusal(bar_chart({})), HasSubstr("there is nothing to draw"));
  LineChart many = line_chart({0, 1}, {1, 2});
  for (int i = 0; i < 7; ++i) many.series.push_back({.name = fmt::format("b{}", i), .x = {0}, .y = {0}});
  EXPECT_THAT(refusal(many), HasSubstr("8 series cannot be told apart, at most 7 can; draw small multiples"));
  LineChart twins = line_chart({0, 1}, {1, 2});
  twins.series.push_back(twins.series[0]);
  EXPECT_THAT(refusal(twins), HasSubstr("two series are called 'a'"));
  LineChart logarithmic = line_chart({0, 1}, {0, 2});
  logarithmic.y.logarithmic = true;
  EXPECT_THAT(refusal(logarithmic), HasSubstr("the y axis is logarithmic, but 0 is not above 0"));
  BarChart bars = bar_chart({1, 2});
  bars.value.logarithmic = true;
  EXPECT_THAT(refusal(bars), HasSubstr("lengths on a logarithmic axis"));
}

TEST(Draw, NothingIsCutOffSilently) {
  LineChart chart = line_chart({0, 1}, {1, 9});
  chart.y.to = 5;
  EXPECT_THAT(refusal(chart), HasSubstr("the value 9 lies beyond the end of the y axis, 5"));
  chart.y = {.label = "loss", .unit = "1", .from = 5, .to = 5};
  EXPECT_THAT(refusal(chart), HasSubstr("goes from 5 to 5"));
}

TEST(Draw, LabelsCatchAScrambledTable) {
  HeatMap map = heat_map({{1, 2, 3}, {4, 5, 6}});
  map.row_names = {"a", "b", "c"};
  map.column_names = {"x", "y"};
  EXPECT_THAT(refusal(map), HasSubstr("3 names for 2 rows; the table is transposed or was reshaped wrongly"));
  EXPECT_THAT(refusal(heat_map({{1, 2, 3}, {4, 5}})), HasSubstr("row 2 has 2 values and row 1 has 3"));
  map = heat_map({{1, 2, 3}, {4, 5, 6}});
  map.column_names = {"x", "y", "z", "w"};
  EXPECT_THAT(refusal(map), HasSubstr("4 names for 3 columns"));
  EXPECT_THAT(refusal(map), Not(HasSubstr("transposed")));
}

TEST(Draw, SmallMultiplesShareTheirAxes) {
  SmallMultiples chart;
  chart.title = "Both";
  LineChart small = line_chart({0, 1}, {1, 2}), large = line_chart({0, 1}, {10, 50});
  small.title = "small";
  large.title = "large";
  chart.panels = {small, large};
  EXPECT_TRUE(measure(chart).findings.empty());
  const std::string svg = draw(chart).svg;
  const std::regex label("text-anchor=\"end\">60</text>");  // the larger one's tick, in both panels
  EXPECT_EQ(std::distance(std::sregex_iterator(svg.begin(), svg.end(), label), std::sregex_iterator()), 2);

  small.y.to = 5;
  large.y.to = 50;
  chart.panels = {small, large};
  EXPECT_THAT(refusal(chart), HasSubstr("unlike axes make different data look alike"));
  small.y = {.label = "loss", .unit = "bits"};
  large.y = {.label = "loss", .unit = "nats"};
  chart.panels = {small, large};
  EXPECT_THAT(
      refusal(chart),
      HasSubstr("the y axis of panel 'large' is loss in 'nats' and of the first panel loss in 'bits'"));
  chart.panels = {small, bar_chart({1})};
  EXPECT_THAT(refusal(chart), HasSubstr("is of another kind"));
}

// Each panel alone tells the truth; side by side with unlike scales they do not, and that has a number.
TEST(Draw, BarsOfUnlikePanelsHaveALieFactor) {
  SmallMultiples chart;
  chart.title = "Both";
  BarChart small = bar_chart({1, 2}), large = bar_chart({10, 20});
  chart.panels = {small, large};
  EXPECT_NEAR(measure(chart).lie_factor, 1, 0.05);
  small.value.to = 2;
  large.value.to = 20;
  chart.panels = {small, large};
  EXPECT_EQ(measure(chart).lie_factor, 0);  // 1 and 10 are drawn alike
}

TEST(Draw, ThicknessBeginsAtZeroAndIsMeasured) {
  PathChart chart;
  chart.title = "March";
  chart.x = {.label = "longitude", .unit = "degrees"};
  chart.y = {.label = "latitude", .unit = "degrees"};
  chart.quantity = Axis{.label = "strength", .unit = "men"};
  chart.paths = {{"out", {{0, 0, 400000}, {1, 0, 100000}, {2, 1, 10000}}}};
  const Drawing drawing = draw(chart);
  EXPECT_EQ(drawing.integrity.lengths, 2);
  EXPECT_NEAR(drawing.integrity.lie_factor, 1, 0.01);
  chart.paths[0].stops[1].quantity = -1;
  EXPECT_THAT(refusal(chart), HasSubstr("the quantity at stop 2 of path 'out' is -1"));
  chart.paths[0].stops[1] = {std::nan(""), 0, 1};
  EXPECT_THAT(refusal(chart), HasSubstr("a path that runs away cannot be drawn"));
}

// ---- Histograms ----

RC_GTEST_PROP(Histogram, EveryValueIsCountedOnce, ()) {
  const auto numbers =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(-1000, 1000)));
  const std::vector<double> values(numbers.begin(), numbers.end());
  const Histogram chart = histogram_of(values, *rc::gen::inRange(2, 50));
  double all = 0;
  for (std::size_t bin = 0; bin < chart.counts.size(); ++bin) {
    double inside = 0;
    const bool last = bin + 1 == chart.counts.size();
    for (const double value : values)
      inside += value >= chart.edges[bin] &&
                (value < chart.edges[bin + 1] || (last && value == chart.edges[bin + 1]));
    RC_ASSERT(chart.counts[bin] == inside);
    all += inside;
  }
  RC_ASSERT(all == static_cast<double>(values.size()));
}

TEST(Histogram, UnequalBinsAreDensities) {
  Histogram chart;
  chart.title = "Title";
  chart.x = {.label = "time", .unit = "ms"};
  chart.edges = {0, 1, 2, 6};
  chart.counts = {100, 100, 400};  // the same density everywhere
  const Drawing drawing = draw(chart);
  EXPECT_THAT(drawing.svg, HasSubstr("number of values per ms"));
  const auto bars = read_bars(drawing.svg);
  ASSERT_EQ(bars.size(), 3u);
  EXPECT_EQ(bars[0].height, bars[2].height);
  EXPECT_NEAR(drawing.integrity.lie_factor, 1, 0.01);
  chart.count.from = 50;
  EXPECT_THAT(refusal(chart), HasSubstr("lie factor"));
}

// ---- Properties of every picture ----

// The reported lie factor is the one that the written text has, by a reading of its own.
RC_GTEST_PROP(Properties, LieFactorIsThatOfTheWrittenBars, ()) {
  const auto numbers = *rc::gen::suchThat(rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 100000)),
                                          [](const auto& v) { return v.size() >= 2 && v.size() <= 10; });
  BarChart chart = bar_chart(std::vector<double>(numbers.begin(), numbers.end()));
  chart.direction = *rc::gen::element(BarChart::Direction::kHorizontal, BarChart::Direction::kVertical);
  if (*rc::gen::inRange(0, 2) == 1)
    chart.value.from = *std::min_element(numbers.begin(), numbers.end()) * 0.9;
  if (chart.direction == BarChart::Direction::kVertical && numbers.size() > 12)
    return;  // names would not fit
  const Integrity reported = measure(chart);
  const double base = chart.value.from.value_or(0);
  // measure() writes what draw() would write; draw() hands it out only when it is honest.
  if (!reported.findings.empty()) {
    RC_ASSERT(base > 0);
    return;
  }
  const auto bars = read_bars(draw(chart).svg);
  RC_ASSERT(bars.size() == numbers.size());
  double lowest = 1, highest = 1;
  const bool lying = chart.direction == BarChart::Direction::kHorizontal;
  const auto length = [&](const ReadBar& bar) { return lying ? bar.width : bar.height; };
  for (std::size_t i = 0; i < bars.size(); ++i) {
    RC_ASSERT(bars[i].value == numbers[i]);
    for (std::size_t j = i + 1; j < bars.size(); ++j) {
      if (std::fabs(length(bars[i]) - length(bars[j])) < 2.1 || length(bars[i]) < 2.1) continue;
      const double data = std::fabs(bars[j].value - bars[i].value) / bars[i].value;
      const double drawn = std::fabs(length(bars[j]) - length(bars[i])) / length(bars[i]);
      lowest = std::min(lowest, drawn / data);
      highest = std::max(highest, drawn / data);
    }
  }
  RC_ASSERT(lowest >= reported.lie_factor_lowest - 1e-6 && highest <= reported.lie_factor_highest + 1e-6);
  RC_ASSERT(lowest >= kLieFactorLowest && highest <= kLieFactorHighest);
}

// Honest bars are never refused, however small or large the numbers, and of any sign.
RC_GTEST_PROP(Properties, BarsFromZeroAreNeverRefused, ()) {
  const auto numbers =
      *rc::gen::suchThat(rc::gen::container<std::vector<int>>(rc::gen::inRange(-100000, 100000)),
                         [](const auto& v) { return !v.empty() && v.size() <= 12; });
  const double scale = std::pow(10.0, *rc::gen::inRange(-200, 200));
  std::vector<double> values;
  values.reserve(numbers.size());
  for (const int number : numbers) values.push_back(number * scale);
  RC_ASSERT(measure(bar_chart(values)).findings.empty());
}

RC_GTEST_PROP(Properties, EveryPointLiesInThePlotArea, ()) {
  static const std::regex point("(-?[0-9.]+),(-?[0-9.]+)");
  const int count = *rc::gen::inRange(1, 3000);
  const double scale = std::pow(10.0, *rc::gen::inRange(-100, 100));
  std::vector<double> x, y;
  for (int i = 0; i < count; ++i) {
    x.push_back(i * scale);
    const int number = *rc::gen::inRange(-1000, 1000);
    y.push_back(number > 950 ? std::numeric_limits<double>::quiet_NaN() : number / scale);
  }
  y.back() = 0;
  LineChart chart = line_chart(x, y);
  const std::string svg = draw(chart).svg;
  // The axes are the first two lines of class "axis" that are long.
  static const std::regex axis(
      R"re(<line class="axis" x1="([^"]*)" y1="([^"]*)" x2="([^"]*)" y2="([^"]*)" stroke-width="1"/>)re");
  double left = 0, right = 0, top = 0, bottom = 0;
  for (std::sregex_iterator i(svg.begin(), svg.end(), axis), end; i != end; ++i) {
    const double x1 = std::stod((*i)[1]), y1 = std::stod((*i)[2]), x2 = std::stod((*i)[3]),
                 y2 = std::stod((*i)[4]);
    if (x1 == x2 && y2 - y1 > 20) left = x1, top = y1, bottom = y2;
    if (y1 == y2 && x2 - x1 > 20) right = x2;
  }
  RC_ASSERT(right > left && bottom > top);
  for (std::size_t at = svg.find("points=\""); at != std::string::npos; at = svg.find("points=\"", at + 1)) {
    const std::string points = svg.substr(at + 8, svg.find('"', at + 8) - at - 8);
    for (std::sregex_iterator i(points.begin(), points.end(), point), end; i != end; ++i) {
      const double px = std::stod((*i)[1]), py = std::stod((*i)[2]);
      RC_ASSERT(px >= left - 0.01 && px <= right + 0.01 && py >= top - 0.01 && py <= bottom + 0.01);
    }
  }
}

// Thinning keeps the extremes of what it leaves out.
TEST(Draw, ManyPointsKeepTheirExtremes) {
  std::vector<double> x, y;
  for (int i = 0; i < 100000; ++i) {
    x.push_back(i);
    y.push_back(i == 31207 ? 100 : i == 70001 ? -50 : (i * 7919) % 10);
  }
  const std::string svg = draw(line_chart(x, y)).svg;
  EXPECT_LT(svg.size(), 100000u);
  LineChart few = line_chart({0, 31207, 70001, 99999}, {0, 100, -50, 1});
  const auto extremes = [](const std::string& text) {
    static const std::regex point("(-?[0-9.]+),(-?[0-9.]+)");
    const std::size_t at = text.find("points=\"");
    const std::string points = text.substr(at, text.find("/>", at) - at);
    double low = 1e9, high = -1e9;
    for (std::sregex_iterator i(points.begin(), points.end(), point), end; i != end; ++i) {
      low = std::min(low, std::stod((*i)[2]));
      high = std::max(high, std::stod((*i)[2]));
    }
    return std::pair(low, high);
  };
  EXPECT_EQ(extremes(svg), extremes(draw(few).svg));
}

// ---- The text of the picture ----

TEST(Draw, TextIsEscapedAndAccessible) {
  LineChart chart = line_chart({0, 1}, {1, 2});
  chart.title = "a < b & \"c\" \x1b[2J";
  chart.series[0].name = "<script>alert(1)</script>";
  const std::string svg = draw(chart, {.id = "loss"}).svg;
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
  EXPECT_THAT(svg, Not(HasSubstr("\x1b")));
  EXPECT_THAT(svg, HasSubstr("a &lt; b &amp; &quot;c&quot;"));
  EXPECT_THAT(svg, HasSubstr("role=\"img\""));
  EXPECT_THAT(svg, HasSubstr("aria-labelledby=\"loss-title loss-desc\""));
  EXPECT_THAT(svg, HasSubstr("<title id=\"loss-title\">"));
  EXPECT_THAT(svg, HasSubstr("begins at 1 nats, ends at 2 nats"));
  EXPECT_THAT(refusal(chart, {.id = "x\" onload=\"y"}),
              HasSubstr("holds more than letters, digits, - and _"));
}

TEST(Draw, TheSameChartGivesTheSameBytesAndOtherChartsOtherIds) {
  const LineChart a = line_chart({0, 1}, {1, 2}), b = line_chart({0, 1}, {1, 3});
  EXPECT_EQ(draw(a).svg, draw(a).svg);
  const auto id = [](const std::string& svg) { return svg.substr(svg.find("<title id=\""), 30); };
  EXPECT_NE(id(draw(a).svg), id(draw(b).svg));
}

TEST(Draw, LongNamesLieDownAndAreShortened) {
  BarChart chart = bar_chart({1, 2, 3});
  chart.categories = {"a name that is far too long to stand below a bar of any chart, really", "b", "c"};
  const std::string svg = draw(chart).svg;
  EXPECT_THAT(svg, HasSubstr("…<title>a name that is far too long"));
  const auto bars = read_bars(svg);
  EXPECT_EQ(bars[0].x, bars[1].x);  // lying: all begin at the same place
  chart.direction = BarChart::Direction::kVertical;
  EXPECT_THAT(refusal(chart), HasSubstr("let the bars lie"));
}

TEST(Draw, AGridIsInkWithoutData) {
  const LineChart chart = line_chart({0, 1, 2}, {1, 2, 4});
  EXPECT_LT(draw(chart, {.grid = true}).integrity.data_ink, draw(chart).integrity.data_ink);
  EXPECT_THAT(draw(chart).svg, Not(HasSubstr("class=\"grid\"")));
}

TEST(ConfusionMatrix, SharesAreOfTheTrueClass) {
  ConfusionMatrix chart;
  chart.title = "Title";
  chart.classes = {"cat", "dog"};
  chart.counts = {{3, 1}, {0, 8}};
  const std::string svg = draw(chart).svg;
  EXPECT_THAT(svg, HasSubstr("true cat, predicted dog: 1 (25% of its row)"));
  EXPECT_THAT(svg, HasSubstr("11 of 12 right"));
  chart.counts = {{3, 1}};
  EXPECT_THAT(refusal(chart), HasSubstr("1 rows of counts for 2 classes"));
}

TEST(Draw, SubnormalDifferencesHaveNoBins) {
  try {
    histogram_of({0, 5e-324});
    FAIL() << "was cut";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("differ too little to be cut into bins"));
  }
  EXPECT_EQ(histogram_of({1, std::nextafter(1.0, 2.0)}).edges.size(),
            histogram_of({1, std::nextafter(1.0, 2.0)}).counts.size() + 1);
}

}  // namespace
}  // namespace tessera::plot
