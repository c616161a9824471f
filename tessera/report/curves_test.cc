#include "tessera/report/curves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tessera::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Curve curve_of(const std::vector<double>& values) {
  Curve curve{{}, values};
  for (std::size_t i = 0; i < values.size(); ++i) curve.steps.push_back(static_cast<double>(i + 1));
  return curve;
}

runs::Record record_with(const std::map<std::string, std::vector<double>>& scalars, const std::string& kind) {
  runs::Record record;
  record.claim.kind = kind;
  record.lines.emplace_back();  // of the initial state
  const std::size_t steps = scalars.begin()->second.size();
  for (std::size_t i = 0; i < steps; ++i) {
    runs::RecordLine line;
    line.line.step = i + 1;
    for (const auto& [name, values] : scalars) line.line.scalars[name] = values[i];
    record.lines.push_back(line);
  }
  return record;
}

TEST(Thinning, ShortCurvesStayAsTheyAre) {
  const ThinnedCurve thin = thinned(curve_of({3, 1, 2}), "a", 3);
  EXPECT_EQ(thin.stretch, 1u);
  EXPECT_THAT(thin.series.y, ElementsAre(3, 1, 2));
  EXPECT_TRUE(thin.series.low.empty());
}

TEST(Thinning, MeanAndExtremesOfEveryStretch) {
  const ThinnedCurve thin = thinned(curve_of({1, 3, 5, 4, 0, 8, 7}), "a", 3);
  EXPECT_EQ(thin.stretch, 3u);
  EXPECT_THAT(thin.series.x, ElementsAre(2, 5, 7));
  EXPECT_THAT(thin.series.y, ElementsAre(3, 4, 7));
  EXPECT_THAT(thin.series.low, ElementsAre(1, 0, 7));
  EXPECT_THAT(thin.series.high, ElementsAre(5, 8, 7));
}

TEST(Thinning, IsBoundedAndLosesNoExtreme) {
  for (const std::size_t count : {199u, 200u, 201u, 1350u, 100'000u}) {
    std::vector<double> values(count, 1.0);
    values[count / 3] = 50;
    values[count / 2] = -50;
    const ThinnedCurve thin = thinned(curve_of(values), "a");
    EXPECT_LE(thin.series.x.size(), kMostPoints) << count;
    const auto& low = thin.stretch == 1 ? thin.series.y : thin.series.low;
    const auto& high = thin.stretch == 1 ? thin.series.y : thin.series.high;
    EXPECT_EQ(*std::min_element(low.begin(), low.end()), -50) << count;
    EXPECT_EQ(*std::max_element(high.begin(), high.end()), 50) << count;
  }
}

TEST(Thinning, AStretchThatIsNotFiniteIsAGap) {
  const double infinite = std::numeric_limits<double>::infinity(), nan = std::nan("");
  const ThinnedCurve thin = thinned(curve_of({1, 3, infinite, 4, nan, 8}), "a", 3);
  EXPECT_EQ(thin.series.y[0], 2);
  EXPECT_TRUE(std::isnan(thin.series.y[1]) && std::isnan(thin.series.low[1]));
  EXPECT_TRUE(std::isnan(thin.series.y[2]) && std::isnan(thin.series.high[2]));
}

TEST(Curves, OfATraining) {
  const std::string html = curves_html(record_with({{"loss", std::vector<double>(500, 0.5)},
                                                    {"held_out_loss", std::vector<double>(500, 0.75)},
                                                    {"accuracy", std::vector<double>(500, 0.25)}},
                                                   "train"),
                                       "r")
                               .string();
  EXPECT_THAT(html, HasSubstr("loss (nats)"));
  EXPECT_THAT(html, HasSubstr("500 values in stretches of 3: the line is the mean of each"));
  EXPECT_THAT(html, HasSubstr("id=\"r-curve-1-title\">Loss<"));
  EXPECT_THAT(html, HasSubstr("id=\"r-curve-2-title\">Accuracy<"));
  EXPECT_THAT(html, Not(HasSubstr("r-curve-3")));  // the held-out loss is in the first chart
  EXPECT_THAT(html, HasSubstr("held out begins at 0.75"));
}

TEST(Curves, OfAProgramOfUnknownUnitsAndHostileNames) {
  const std::string html =
      curves_html(record_with({{"<script>x", {1, 2}}, {"loss", {std::nan(""), std::nan("")}}}, "program"),
                  "r")
          .string();
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;x (as recorded)"));
  EXPECT_THAT(html, HasSubstr("Not drawn: line chart"));  // nothing finite: said, and the rest goes on
  EXPECT_THAT(html, HasSubstr("not a number"));
}

TEST(Curves, MisleadingChartsAreNotDrawn) {
  plot::BarChart bars;
  bars.title = "Accuracy";
  bars.category_label = "run";
  bars.value = {.label = "accuracy", .unit = "%", .from = 90};
  bars.categories = {"a", "b"};
  bars.groups = {{.values = {92, 96}}};
  const std::string html = figure_html(bars, "r").string();
  EXPECT_THAT(html, HasSubstr("Not drawn: "));
  EXPECT_THAT(html, HasSubstr("lie factor"));
  EXPECT_THAT(html, Not(HasSubstr("<svg")));
}

TEST(Curves, LossesOverOrdersOfMagnitudeHaveALogarithmicAxis) {
  const auto html = [](std::vector<double> losses) {
    return curves_html(record_with({{"loss", std::move(losses)}}, "train"), "r").string();
  };
  EXPECT_THAT(html({2, 0.5, 0.001}), HasSubstr("logarithmic"));
  EXPECT_THAT(html({2, 0.5, 0.01}), Not(HasSubstr("logarithmic")));
  EXPECT_THAT(html({2, 0.001, 0}), Not(HasSubstr("logarithmic")));  // 0 has no logarithm
  const runs::Record first = record_with({{"loss", {1, 0.5}}}, "train"),
                     second = record_with({{"loss", {1e-4, 1e-5}}}, "train");
  EXPECT_THAT(loss_multiples_html({&first, &second}, {"a", "b"}, "m").string(), HasSubstr("logarithmic"));
}

TEST(Curves, LossesSideBySide) {
  const runs::Record low = record_with({{"loss", {1, 0.5}}}, "train"),
                     high = record_with({{"loss", {90, 40}}, {"held_out_loss", {80, 30}}}, "train"),
                     none = record_with({{"reward", {1, 2}}}, "train");
  const std::string html = loss_multiples_html({&low, &high, &none}, {"a", "b<", "c"}, "m").string();
  EXPECT_THAT(html, HasSubstr("2 charts with the same axes"));
  EXPECT_THAT(html, HasSubstr("b&lt;"));
  EXPECT_THAT(loss_multiples_html({&low, &none}, {"a", "c"}, "m").string(), HasSubstr("Fewer than two"));
}

}  // namespace
}  // namespace tessera::report
