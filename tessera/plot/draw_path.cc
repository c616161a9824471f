// Paths on a plane: C. J. Minard's form (Carte figurative des pertes successives en hommes, 1869), in which thickness is a
// quantity that changes on the way, and paths of optimisers over the contours of a surface.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tessera/base/error.h"
#include "tessera/plot/contour.h"
#include "tessera/plot/frame.h"
#include "tessera/plot/kinds.h"
#include "tessera/plot/label_places.h"
#include "tessera/plot/style.h"
#include "tessera/plot/text_layout.h"
#include "tessera/plot/xy.h"

namespace tessera::plot {
namespace {

constexpr std::size_t kMostStops = 20000, kStopsWithDots = 100;
constexpr double kWidest = 0.06;  // the greatest quantity, as a share of the picture's width

// Each name once, in the order in which they come; a path's colour is the place of its name.
std::vector<std::string> names_of(const PathChart& chart) {
  std::vector<std::string> names;
  for (const auto& path : chart.paths)
    if (std::find(names.begin(), names.end(), path.name) == names.end()) names.push_back(path.name);
  return names;
}

std::size_t colour_of(const PathChart& chart, const PathChart::Path& path) {
  const auto names = names_of(chart);
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), path.name) - names.begin());
}

void check_path(const std::string& chart, const PathChart::Path& path, bool quantity) {
  if (path.stops.size() < 2)
    fail("{}: path '{}' has {} stops; expected at least 2", chart, path.name, path.stops.size());
  if (path.stops.size() > kMostStops)
    fail("{}: path '{}' has {} stops, at most {} are drawn", chart, path.name, path.stops.size(), kMostStops);
  for (std::size_t i = 0; i < path.stops.size(); ++i) {
    const PathChart::Stop& stop = path.stops[i];
    if (!std::isfinite(stop.x) || !std::isfinite(stop.y))
      fail("{}: stop {} of path '{}' is at ({}, {}); a path that runs away cannot be drawn, end it before",
           chart, i + 1, path.name, stop.x, stop.y);
    if (quantity && !(stop.quantity >= 0 && std::isfinite(stop.quantity)))
      fail("{}: the quantity at stop {} of path '{}' is {}; expected a number from 0", chart, i + 1,
           path.name, stop.quantity);
  }
}

void check_surface(const std::string& chart, const PathChart::Surface& surface) {
  check_axis(chart, "surface's height", surface.height);
  if (surface.values.size() < 2 || surface.values[0].size() < 2)
    fail("{}: the surface needs at least 2 rows and 2 columns of values", chart);
  for (std::size_t r = 0; r < surface.values.size(); ++r)
    if (surface.values[r].size() != surface.values[0].size())
      fail("{}: row {} of the surface has {} values and row 1 has {}", chart, r + 1, surface.values[r].size(),
           surface.values[0].size());
  if (!(surface.x_from < surface.x_to && surface.y_from < surface.y_to))
    fail("{}: the surface goes from {} to {} and from {} to {}; expected smaller and larger numbers", chart,
         surface.x_from, surface.x_to, surface.y_from, surface.y_to);
}

void check_chart(const std::string& name, const PathChart& chart) {
  check_title(name, chart.title);
  check_axis(name, "x axis", chart.x);
  check_axis(name, "y axis", chart.y);
  if (chart.quantity) {
    check_axis(name, "quantity", *chart.quantity);
    if (chart.quantity->logarithmic) fail("{}: a thickness cannot be logarithmic", name);
  }
  if (chart.paths.empty()) fail("{}: there is no path to draw", name);
  if (names_of(chart).size() > kSeries)
    fail("{}: {} names of paths cannot be told apart, at most {} can", name, names_of(chart).size(), kSeries);
  for (const auto& path : chart.paths) {
    check_path(name, path, chart.quantity.has_value());
    if (path.name.empty() && chart.paths.size() > 1)
      fail("{}: one of {} paths has no name", name, chart.paths.size());
  }
  if (chart.surface) check_surface(name, *chart.surface);
}

void ranges(const PathChart& chart, Range& xs, Range& ys) {
  for (const auto& path : chart.paths)
    for (const auto& stop : path.stops) {
      xs.take(stop.x);
      ys.take(stop.y);
    }
  if (chart.surface) {
    for (const double x : {chart.surface->x_from, chart.surface->x_to}) xs.take(x);
    for (const double y : {chart.surface->y_from, chart.surface->y_to}) ys.take(y);
  }
  if (!chart.quantity) return;
  // Room for the thickness.
  const double x_room = (xs.highest - xs.lowest) * 0.04, y_room = (ys.highest - ys.lowest) * 0.08;
  if (!chart.x.from) xs.lowest -= x_room;
  if (!chart.x.to) xs.highest += x_room;
  if (!chart.y.from) ys.lowest -= y_room;
  if (!chart.y.to) ys.highest += y_room;
}

// ---- The surface ----

std::vector<double> levels_of(const PathChart::Surface& surface) {
  if (!surface.levels.empty()) return surface.levels;
  Range heights;
  for (const auto& row : surface.values)
    for (const double value : row)
      if (std::isfinite(value)) heights.take(value);
  if (heights.empty) return {};
  return linear_ticks(heights.lowest, heights.highest, {}, {}, 12).values;
}

void draw_surface(const PathChart::Surface& surface, const Scales& scales, LabelPlaces& places,
                  Canvas& canvas) {
  const auto columns = static_cast<double>(surface.values[0].size() - 1),
             rows = static_cast<double>(surface.values.size() - 1);
  const auto plane = [&](Point grid) {
    return scales.at(surface.x_from + (surface.x_to - surface.x_from) * grid.x / columns,
                     surface.y_from + (surface.y_to - surface.y_from) * grid.y / rows);
  };
  for (const double level : levels_of(surface)) {
    auto pieces = contour(surface.values, level);
    if (pieces.empty()) continue;
    for (auto& [a, b] : pieces) {
      a = plane(a);
      b = plane(b);
    }
    canvas.segments(pieces, "contour", 1, Ink::kFrame);
    const std::string label = number_for_people(level);
    // Somewhere on the line where there is room: a few places are tried.
    for (std::size_t attempt = 1; attempt < 8; ++attempt) {
      const Point at = pieces[pieces.size() * attempt / 8].first;
      if (const auto place = places.place(at, label, 2)) {
        canvas.text(place->at, place->anchor, label, "quiet halo");
        break;
      }
    }
  }
}

// ---- The paths ----

void avoid_paths(const PathChart& chart, const Scales& scales, double per_unit, LabelPlaces& places) {
  for (const auto& path : chart.paths)
    for (std::size_t i = 1; i < path.stops.size(); ++i) {
      const Point a = scales.at(path.stops[i - 1].x, path.stops[i - 1].y),
                  b = scales.at(path.stops[i].x, path.stops[i].y);
      const double radius = std::max(1.0, path.stops[i - 1].quantity * per_unit / 2);
      const double length = std::sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y));
      const int parts = std::clamp(static_cast<int>(length / 6), 1, 100);
      for (int k = 0; k <= parts; ++k)
        places.avoid({a.x + (b.x - a.x) * k / parts, a.y + (b.y - a.y) * k / parts}, radius);
    }
}

// Fills the notch on the outer side of a bend with the triangle between the corners of its two pieces.
void fill_bend(Point from, Point bend, Point to, double width_before, double width_after,
               const std::string& style, Canvas& canvas) {
  const Point in{bend.x - from.x, bend.y - from.y}, out{to.x - bend.x, to.y - bend.y};
  const double in_length = std::sqrt(in.x * in.x + in.y * in.y),
               out_length = std::sqrt(out.x * out.x + out.y * out.y);
  const double turn = in.x * out.y - in.y * out.x;
  if (in_length == 0 || out_length == 0 || turn == 0) return;
  const double side = (turn > 0 ? 1 : -1) * 0.5;  // the outer side is opposite to the turn
  const double a = side * width_before / in_length, b = side * width_after / out_length;
  canvas.polygon({bend, {bend.x + in.y * a, bend.y - in.x * a}, {bend.x + out.y * b, bend.y - out.x * b}},
                 style, 1, Ink::kData);
}

// Half a unit further back, so that no hairline shows between two pieces.
Point longer_at_start(Point from, Point to) {
  const double x = to.x - from.x, y = to.y - from.y, length = std::sqrt(x * x + y * y);
  return length == 0 ? from : Point{from.x - x / length / 2, from.y - y / length / 2};
}

// Thick lines; returns what each quantity was drawn as.
void draw_thick(const PathChart& chart, const Scales& scales, double per_unit,
                std::vector<EncodedLength>& widths, Canvas& canvas) {
  for (std::size_t p = 0; p < chart.paths.size(); ++p) {
    const auto& stops = chart.paths[p].stops;
    const std::size_t colour = colour_of(chart, chart.paths[p]) + 1;
    double before = 0;
    for (std::size_t i = 0; i + 1 < stops.size(); ++i) {
      const double width = round_coordinate(stops[i].quantity * per_unit);
      const Point to = scales.at(stops[i + 1].x, stops[i + 1].y);
      Point from = scales.at(stops[i].x, stops[i].y);
      if (i > 0) from = longer_at_start(from, to);
      canvas.line(from, to, fmt::format("w{}", colour), width, Ink::kData,
                  fmt::format(" data-value=\"{}\"", stops[i].quantity),
                  fmt::format("{}: {}", chart.paths[p].name, with_unit(stops[i].quantity, *chart.quantity)));
      if (i > 0) {
        const Point bend = scales.at(stops[i].x, stops[i].y);
        fill_bend(scales.at(stops[i - 1].x, stops[i - 1].y), bend, scales.at(stops[i + 1].x, stops[i + 1].y),
                  before, width, fmt::format("j{}", colour), canvas);
      }
      before = width;
      widths.push_back(
          {stops[i].quantity, width, fmt::format("{}, from stop {}", chart.paths[p].name, i + 1)});
    }
  }
}

// Thin lines, with a dot at every stop if these are few: their distances show the speed.
void draw_thin(const PathChart& chart, const Scales& scales, Canvas& canvas) {
  for (std::size_t p = 0; p < chart.paths.size(); ++p) {
    std::vector<Point> points;
    for (const auto& stop : chart.paths[p].stops) points.push_back(scales.at(stop.x, stop.y));
    const std::size_t colour = colour_of(chart, chart.paths[p]);
    canvas.polyline(points, series_style(colour), 2, Ink::kData);
    if (points.size() <= kStopsWithDots)
      for (const Point& point : points) canvas.circle(point, 2.2, fmt::format("f{}", colour + 1), Ink::kData);
    else
      canvas.circle(points.back(), 4, fmt::format("f{}", colour + 1), Ink::kData);
  }
}

void draw_labels(const PathChart& chart, const Scales& scales, double per_unit, LabelPlaces& places,
                 Canvas& canvas) {
  for (const auto& path : chart.paths)
    for (std::size_t i = 0; i < path.stops.size(); ++i) {
      const auto& stop = path.stops[i];
      if (stop.label.empty()) continue;
      const Point at = scales.at(stop.x, stop.y);
      const double thick = std::max(stop.quantity, i > 0 ? path.stops[i - 1].quantity : 0) * per_unit / 2;
      canvas.circle(at, 2, "dot", Ink::kFrame, stop.label);
      if (const auto place = places.place(at, stop.label, thick + 4))
        canvas.text(place->at, place->anchor, stop.label, "halo");
    }
}

// A line as thick as a round quantity, with its number.
double draw_quantity_key(const Axis& quantity, double greatest, double per_unit, double top,
                         std::vector<EncodedLength>& widths, Canvas& canvas) {
  const Ticks round = linear_ticks(0, greatest, 0.0, greatest, 4);
  const double value = round.values[round.values.size() / 2], width = round_coordinate(value * per_unit);
  const double font = canvas.font, middle = top + std::max(width, font) / 2 + 2;
  canvas.line({2, middle}, {2 + font * 1.6, middle}, "key", width, Ink::kFrame);
  canvas.text({font * 2.4, middle + font * 0.35}, Anchor::kStart,
              fmt::format("thickness: {} = {}", quantity.label, with_unit(value, quantity)), "quiet");
  widths.push_back({value, width, "the key", false});
  return middle + std::max(width, font) / 2 + font * 0.5;
}

std::string describe(const PathChart& chart) {
  if (!chart.summary.empty()) return chart.summary;
  std::string text = fmt::format("Paths on the plane of {} and {}", caption(chart.x), caption(chart.y));
  text += chart.quantity ? fmt::format("; their thickness is {}.", caption(*chart.quantity)) : ".";
  if (chart.surface) text += fmt::format(" Contour lines show {}.", caption(chart.surface->height));
  for (const auto& path : chart.paths) {
    const auto &first = path.stops.front(), &last = path.stops.back(),
               &arriving = path.stops[path.stops.size() - 2];
    text += fmt::format(" {}: {} stops from ({}, {}) to ({}, {})", path.name.empty() ? "Path" : path.name,
                        path.stops.size(), number_for_people(first.x), number_for_people(first.y),
                        number_for_people(last.x), number_for_people(last.y));
    if (chart.quantity)
      text += fmt::format(", from {} to {}", with_unit(first.quantity, *chart.quantity),
                          with_unit(arriving.quantity, *chart.quantity));
    text += ".";
  }
  return text;
}

}  // namespace

void draw_chart(const PathChart& chart, const Options& options, Canvas& canvas) {
  const std::string name = fmt::format("path chart '{}'", chart.title);
  check_chart(name, chart);
  double greatest = 0;
  for (const auto& path : chart.paths)
    for (std::size_t i = 0; i + 1 < path.stops.size(); ++i)
      greatest = std::max(greatest, path.stops[i].quantity);
  if (chart.quantity && greatest == 0) fail("{}: every quantity is 0", name);
  const double per_unit = chart.quantity ? canvas.width * kWidest / greatest : 0;

  double top = draw_title(canvas, chart.title, 0);
  const std::vector<std::string> names = names_of(chart);
  if (names.size() > 1 || !names[0].empty()) top = draw_legend(canvas, names, !chart.quantity, top);
  std::vector<EncodedLength> widths;
  if (chart.quantity) top = draw_quantity_key(*chart.quantity, greatest, per_unit, top, widths, canvas);
  if (chart.surface) {
    canvas.text({2, top + canvas.font}, Anchor::kStart,
                shorten("contour lines: " + caption(chart.surface->height), canvas.font, canvas.width - 4),
                "quiet");
    top += canvas.font * 1.4;
  }
  Range xs, ys;
  ranges(chart, xs, ys);
  const Scales scales = draw_axes(name, chart.x, chart.y, xs, ys, top, 4, options, canvas, chart.y_per_x);
  LabelPlaces places(scales.area, canvas.font);
  avoid_paths(chart, scales, per_unit, places);
  if (chart.surface) draw_surface(*chart.surface, scales, places, canvas);
  if (chart.quantity) {
    draw_thick(chart, scales, per_unit, widths, canvas);
    widths.push_back({0, 0, "no quantity", false});
    canvas.lengths.push_back(std::move(widths));
  } else {
    draw_thin(chart, scales, canvas);
  }
  draw_labels(chart, scales, per_unit, places, canvas);
  canvas.description = describe(chart);
}

}  // namespace tessera::plot
