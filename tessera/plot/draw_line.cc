// Line charts: the names stand at the ends of the lines when they fit there, otherwise in a legend above.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tessera/base/error.h"
#include "tessera/plot/frame.h"
#include "tessera/plot/kinds.h"
#include "tessera/plot/style.h"
#include "tessera/plot/text_layout.h"

namespace tessera::plot {
namespace {

constexpr double kLineWidth = 2;

struct Range {
  double lowest = 0, highest = 0;
  bool empty = true;
  void take(double value) {
    lowest = empty ? value : std::min(lowest, value);
    highest = empty ? value : std::max(highest, value);
    empty = false;
  }
};

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

void check_chart(const std::string& name, const LineChart& chart) {
  check_title(name, chart.title);
  check_axis(name, "x axis", chart.x);
  check_axis(name, "y axis", chart.y);
  if (chart.series.empty()) fail("{}: there is no series to draw", name);
  if (chart.series.size() > kSeries)
    fail("{}: {} series cannot be told apart, at most {} can; draw small multiples", name,
         chart.series.size(), kSeries);
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    check_series(name, chart.series[i]);
    if (chart.series.size() == 1) continue;
    if (chart.series[i].name.empty())
      fail("{}: series {} of {} has no name", name, i + 1, chart.series.size());
    for (std::size_t j = 0; j < i; ++j)
      if (chart.series[i].name == chart.series[j].name)
        fail("{}: two series are called '{}'", name, chart.series[i].name);
  }
}

Range x_range(const LineChart& chart) {
  Range range;
  for (const Series& series : chart.series)
    for (const double x : series.x) range.take(x);
  return range;
}

Range y_range(const LineChart& chart) {
  Range range;
  for (const Series& series : chart.series)
    for (const auto* values : {&series.y, &series.low, &series.high})
      for (const double value : *values)
        if (std::isfinite(value)) range.take(value);
  return range;
}

struct Scales {
  Box area;
  Ticks x, y;
  Point at(double value_x, double value_y) const {
    return {area.left + x.share(value_x) * area.width, area.bottom() - y.share(value_y) * area.height};
  }
};

// Of many points per unit of width the first, the lowest, the highest and the last are kept: the same picture in fewer bytes.
void append_thinned(std::vector<Point>& points, Point point) {
  constexpr std::size_t kKept = 4;
  const auto column = [](const Point& p) { return std::floor(p.x * 2); };
  const std::size_t size = points.size();
  bool crowded = size >= kKept;
  for (std::size_t i = 1; crowded && i <= kKept; ++i) crowded = column(points[size - i]) == column(point);
  if (!crowded) {
    points.push_back(point);
    return;
  }
  Point* last = &points[size - kKept];  // first, two extremes in order, last
  const double low = std::min(last[1].y, last[2].y), high = std::max(last[1].y, last[2].y);
  if (last[3].y < low || last[3].y > high) {
    const bool keep_first = last[3].y < low ? last[1].y == high : last[1].y == low;
    if (!keep_first) last[1] = last[2];
    last[2] = last[3];
  }
  last[3] = point;
}

void draw_band(const Series& series, const Scales& scales, std::size_t index, Canvas& canvas) {
  std::vector<Point> upper, lower;
  const auto flush = [&] {
    if (upper.size() > 1) {
      std::vector<Point> outline = upper;
      outline.insert(outline.end(), lower.rbegin(), lower.rend());
      canvas.polygon(outline, fmt::format("b{}", index + 1), 0.2, Ink::kData);
    }
    upper.clear();
    lower.clear();
  };
  for (std::size_t i = 0; i < series.low.size(); ++i) {
    if (!std::isfinite(series.low[i]) || !std::isfinite(series.high[i])) {
      flush();
      continue;
    }
    append_thinned(upper, scales.at(series.x[i], series.high[i]));
    append_thinned(lower, scales.at(series.x[i], series.low[i]));
  }
  flush();
}

void draw_points(const std::vector<Point>& points, std::size_t index, Canvas& canvas) {
  if (points.size() == 1)
    canvas.circle(points[0], 2.5, fmt::format("f{}", index + 1), Ink::kData);
  else if (!points.empty())
    canvas.polyline(points, series_style(index), kLineWidth, Ink::kData);
}

void draw_series(const Series& series, const Scales& scales, std::size_t index, Canvas& canvas) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    if (std::isfinite(series.y[i])) {
      append_thinned(points, scales.at(series.x[i], series.y[i]));
      continue;
    }
    draw_points(points, index, canvas);
    points.clear();
  }
  draw_points(points, index, canvas);
}

Point end_of(const Series& series, const Scales& scales) {
  std::size_t last = series.y.size() - 1;
  while (!std::isfinite(series.y[last])) --last;
  return scales.at(series.x[last], series.y[last]);
}

// The heights of the names at the ends: near the ends, one line of text apart, inside of the area.
std::vector<double> spread(const std::vector<double>& wanted, double low, double high, double distance) {
  std::vector<std::size_t> order(wanted.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return wanted[a] < wanted[b]; });
  std::vector<double> placed(wanted);
  double least = low;
  for (const std::size_t i : order) {
    placed[i] = std::max(placed[i], least);
    least = placed[i] + distance;
  }
  double greatest = high;
  for (auto i = order.rbegin(); i != order.rend(); ++i) {
    placed[*i] = std::min(placed[*i], greatest);
    greatest = placed[*i] - distance;
  }
  return placed;
}

void draw_end_labels(const LineChart& chart, const Scales& scales, double label_width, Canvas& canvas) {
  std::vector<double> wanted;
  for (const Series& series : chart.series) wanted.push_back(end_of(series, scales).y);
  const std::vector<double> placed =
      spread(wanted, scales.area.top, scales.area.bottom(), canvas.font * 1.15);
  const double left = scales.area.right() + canvas.font * 1.1;
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const Point end = end_of(chart.series[i], scales);
    canvas.line({end.x + 3, end.y}, {left - 4, placed[i]}, "lead", 0.75, Ink::kFrame);
    const std::string& name = chart.series[i].name;
    canvas.text({left, placed[i] + canvas.font * 0.35}, Anchor::kStart,
                shorten(name, canvas.font, label_width), "", name);
  }
}

std::string describe(const LineChart& chart) {
  if (!chart.summary.empty()) return chart.summary;
  const Range x = x_range(chart);
  std::string text = fmt::format("Line chart of {} against {}, from {} to {}.", caption(chart.y),
                                 caption(chart.x), number_for_people(x.lowest), number_for_people(x.highest));
  for (const Series& series : chart.series) {
    Range y;
    double first = 0, last = 0;
    for (const double value : series.y) {
      if (!std::isfinite(value)) continue;
      if (y.empty) first = value;
      last = value;
      y.take(value);
    }
    text += fmt::format(" {} begins at {}, ends at {}, lowest {}, highest {}.",
                        series.name.empty() ? "It" : series.name, with_unit(first, chart.y),
                        with_unit(last, chart.y), number_for_people(y.lowest), number_for_people(y.highest));
  }
  return text;
}

}  // namespace

void draw_chart(const LineChart& chart, const Options& options, Canvas& canvas) {
  const std::string name = fmt::format("line chart '{}'", chart.title);
  check_chart(name, chart);
  const double font = canvas.font, width = canvas.width;
  const double height = options.height > 0 ? options.height : width * 0.5;
  const Range xs = x_range(chart), ys = y_range(chart);

  Scales scales;
  scales.y = axis_ticks(name, "y axis", chart.y, ys.lowest, ys.highest,
                        std::max(3, static_cast<int>(height / font / 2.5)));
  std::vector<std::string> names;
  for (const Series& series : chart.series) names.push_back(series.name);
  const bool named = chart.series.size() > 1 || !names[0].empty();
  const double label_width = std::min(widest(names, font) + 1, width * 0.3);
  const bool at_ends = named && static_cast<double>(names.size()) * font * 1.15 <= height &&
                       widest(names, font) <= width * 0.3;

  double top = draw_title(canvas, chart.title, 0);
  if (named && !at_ends) top = draw_legend(canvas, names, true, top);
  const double left = widest(scales.y.labels, font) + 10;
  double right = at_ends ? label_width + font * 1.1 + 2 : 2;
  scales.area = {left, top + font * 1.8, width - left - right, height};
  scales.x = fitting_horizontal_ticks(name, chart.x, xs.lowest, xs.highest, scales.area.width, font);
  right = std::max(right, text_width(scales.x.labels.back(), font) / 2 + 2);
  scales.area.width = width - left - right;

  canvas.text({2, top + font}, Anchor::kStart, shorten(caption(chart.y, scales.y.exponent), font, width - 4),
              "quiet");
  draw_vertical_axis(canvas, scales.area, scales.y, options);
  draw_horizontal_axis(canvas, scales.area, scales.x, options);
  const double below = scales.area.bottom() + font * 2.75;
  canvas.text({scales.area.left + scales.area.width / 2, below}, Anchor::kMiddle,
              shorten(caption(chart.x, scales.x.exponent), font, width - 4), "quiet");
  for (std::size_t i = 0; i < chart.series.size(); ++i) draw_band(chart.series[i], scales, i, canvas);
  for (std::size_t i = 0; i < chart.series.size(); ++i) draw_series(chart.series[i], scales, i, canvas);
  if (at_ends) draw_end_labels(chart, scales, label_width, canvas);
  canvas.height = below + font * 0.5;
  canvas.description = describe(chart);
}

}  // namespace tessera::plot
