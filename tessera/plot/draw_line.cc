// Line charts: the names stand at the ends of the lines when they fit there, otherwise in a legend above.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tessera/plot/frame.h"
#include "tessera/plot/kinds.h"
#include "tessera/plot/style.h"
#include "tessera/plot/text_layout.h"
#include "tessera/plot/xy.h"

namespace tessera::plot {
namespace {

constexpr double kLineWidth = 2;

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
    canvas.line({end.x + 3, end.y}, {left - 4, placed[i]}, fmt::format("l{}", i + 1), 1, Ink::kFrame);
    const std::string& name = chart.series[i].name;
    canvas.text({left, placed[i] + canvas.font * 0.35}, Anchor::kStart,
                shorten(name, canvas.font, label_width), "", name);
  }
}

std::string describe(const LineChart& chart) {
  if (!chart.summary.empty()) return chart.summary;
  const Range x = x_range(chart.series);
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
  check_xy(name, chart.title, chart.x, chart.y, chart.series);
  const double font = canvas.font, width = canvas.width;
  const double height = options.height > 0 ? options.height : width * 0.5;
  const std::vector<std::string> names = names_of(chart.series);
  const bool named = !canvas.is_panel && (names.size() > 1 || !names[0].empty());
  const bool at_ends = named && static_cast<double>(names.size()) * font * 1.15 <= height &&
                       widest(names, font) <= width * 0.3;
  const double label_width = widest(names, font) + 1;

  double top = draw_title(canvas, chart.title, 0);
  if (named && !at_ends) top = draw_legend(canvas, names, true, top);
  const Scales scales = draw_axes(name, chart.x, chart.y, x_range(chart.series), y_range(chart.series), top,
                                  at_ends ? label_width + font * 1.1 + 2 : 2, options, canvas);
  for (std::size_t i = 0; i < chart.series.size(); ++i) draw_band(chart.series[i], scales, i, canvas);
  for (std::size_t i = 0; i < chart.series.size(); ++i) draw_series(chart.series[i], scales, i, canvas);
  if (at_ends) draw_end_labels(chart, scales, label_width, canvas);
  canvas.description = describe(chart);
}

}  // namespace tessera::plot
