#include "tessera/plot/xy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tessera/base/error.h"
#include "tessera/plot/frame.h"
#include "tessera/plot/style.h"
#include "tessera/plot/text_layout.h"

namespace tessera::plot {

void Range::take(double value) {
  lowest = empty ? value : std::min(lowest, value);
  highest = empty ? value : std::max(highest, value);
  empty = false;
}

Point Scales::at(double value_x, double value_y) const {
  return {area.left + x.share(value_x) * area.width, area.bottom() - y.share(value_y) * area.height};
}

namespace {

void check_series(const std::string& chart, const Series& series) {
  if (series.x.size() != series.y.size())
    fail("{}: series '{}' has {} x values and {} y values", chart, series.name, series.x.size(),
         series.y.size());
  for (const auto* band : {&series.low, &series.high})
    if (band->size() != series.low.size() || (!band->empty() && band->size() != series.x.size()))
      fail("{}: the band of series '{}' has {} low and {} high values for {} points", chart, series.name,
           series.low.size(), series.high.size(), series.x.size());
  bool any = false;
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    if (!std::isfinite(series.x[i]))
      fail("{}: x value {} of series '{}' is not finite", chart, i + 1, series.name);
    any = any || std::isfinite(series.y[i]);
    if (!series.low.empty() && series.low[i] > series.high[i])
      fail("{}: the band of series '{}' is upside down at point {}: low {} and high {}", chart, series.name,
           i + 1, series.low[i], series.high[i]);
  }
  if (!any) fail("{}: series '{}' has no finite value", chart, series.name);
}

}  // namespace

void check_xy(const std::string& chart, const std::string& title, const Axis& x, const Axis& y,
              const std::vector<Series>& series) {
  check_title(chart, title);
  check_axis(chart, "x axis", x);
  check_axis(chart, "y axis", y);
  if (series.empty()) fail("{}: there is no series to draw", chart);
  if (series.size() > kSeries)
    fail("{}: {} series cannot be told apart, at most {} can; draw small multiples", chart, series.size(),
         kSeries);
  for (std::size_t i = 0; i < series.size(); ++i) {
    check_series(chart, series[i]);
    if (series.size() == 1) continue;
    if (series[i].name.empty()) fail("{}: series {} of {} has no name", chart, i + 1, series.size());
    for (std::size_t j = 0; j < i; ++j)
      if (series[i].name == series[j].name) fail("{}: two series are called '{}'", chart, series[i].name);
  }
}

Range x_range(const std::vector<Series>& all) {
  Range range;
  for (const Series& series : all)
    for (const double x : series.x) range.take(x);
  return range;
}

Range y_range(const std::vector<Series>& all) {
  Range range;
  for (const Series& series : all)
    for (const auto* values : {&series.y, &series.low, &series.high})
      for (const double value : *values)
        if (std::isfinite(value)) range.take(value);
  return range;
}

std::vector<std::string> names_of(const std::vector<Series>& all) {
  std::vector<std::string> names;
  names.reserve(all.size());
  for (const Series& series : all) names.push_back(series.name);
  return names;
}

Scales draw_axes(const std::string& chart, const Axis& x, const Axis& y, const Range& xs, const Range& ys,
                 double top, double right, const Options& options, Canvas& canvas, double y_per_x) {
  const double font = canvas.font, width = canvas.width;
  double height = options.height > 0 ? options.height : width * 0.5;
  Scales scales;
  const auto fit_y = [&] {
    scales.y = axis_ticks(chart, "y axis", y, ys.lowest, ys.highest, ticks_that_fit(height, font));
    scales.area.left = widest(scales.y.labels, font) + 10;
    scales.area.width = width - scales.area.left - right;
  };
  fit_y();
  // The last label stands out to the right of its tick by half of its width.
  scales.x = fitting_horizontal_ticks(chart, x, xs.lowest, xs.highest, scales.area.width, font);
  right = std::max(right, text_width(scales.x.labels.back(), font) / 2 + 2);
  fit_y();
  if (y_per_x > 0) {
    height = scales.area.width / (scales.x.to - scales.x.from) * (scales.y.to - scales.y.from) * y_per_x;
    if (!(height >= 40 && height <= 4000))
      fail("{}: with one unit of y as long as {} of x it would be {:.3g} high and {:.3g} wide", chart,
           y_per_x, height, scales.area.width);
    fit_y();
    height = scales.area.width / (scales.x.to - scales.x.from) * (scales.y.to - scales.y.from) * y_per_x;
  }
  scales.area.top = top + font * 1.8;
  scales.area.height = height;
  draw_vertical_caption(canvas, caption(y, scales.y.exponent), top);
  draw_vertical_axis(canvas, scales.area, scales.y, options);
  draw_horizontal_axis(canvas, scales.area, scales.x, options);
  canvas.height = draw_horizontal_caption(canvas, caption(x, scales.x.exponent), scales.area,
                                          scales.area.bottom() + font * 1.75);
  return scales;
}

}  // namespace tessera::plot
