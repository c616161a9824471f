// Scatter charts: the shape of a mark is the second code beside its colour.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tessera/base/error.h"
#include "tessera/plot/frame.h"
#include "tessera/plot/kinds.h"
#include "tessera/plot/marks.h"
#include "tessera/plot/text_layout.h"
#include "tessera/plot/xy.h"

namespace tessera::plot {
namespace {

constexpr std::size_t kMostPoints = 20000;
constexpr double kMarkSize = 3.2;

std::string describe(const ScatterChart& chart) {
  if (!chart.summary.empty()) return chart.summary;
  const Range x = x_range(chart.series), y = y_range(chart.series);
  std::string text = fmt::format("Scatter chart of {} from {} to {} against {} from {} to {}.",
                                 caption(chart.y), number_for_people(y.lowest), number_for_people(y.highest),
                                 caption(chart.x), number_for_people(x.lowest), number_for_people(x.highest));
  for (const Series& series : chart.series)
    text += fmt::format(" {}{} points.", series.name.empty() ? "" : series.name + ": ",
                        number_for_people(static_cast<double>(series.x.size())));
  return text;
}

double draw_mark_legend(const std::vector<std::string>& names, double top, Canvas& canvas) {
  const double font = canvas.font;
  double left = 2;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string shown = shorten(names[i], font, canvas.width - font * 2);
    const double width = font * 1.2 + text_width(shown, font);
    if (left > 2 && left + width > canvas.width - 2) {
      left = 2;
      top += font * 1.4;
    }
    draw_mark({left + font * 0.45, top + font * 0.7}, kMarkSize * 1.4, i, Ink::kFrame, canvas);
    canvas.text({left + font * 1.1, top + font * 1.05}, Anchor::kStart, shown, "", names[i]);
    left += width + font;
  }
  return top + font * 1.7;
}

}  // namespace

void draw_mark(Point at, double size, std::size_t index, Ink ink, Canvas& canvas) {
  const std::string style = fmt::format("f{}", index + 1);
  const auto polygon = [&](const std::vector<Point>& corners) {
    std::vector<Point> placed;
    placed.reserve(corners.size());
    for (const Point& corner : corners) placed.push_back({at.x + corner.x * size, at.y + corner.y * size});
    canvas.polygon(placed, style, 1, ink);
  };
  // Seven shapes of about the same area.
  switch (index) {
    case 0:
      canvas.circle(at, size, style, ink);
      break;
    case 1:
      polygon({{-0.9, -0.9}, {0.9, -0.9}, {0.9, 0.9}, {-0.9, 0.9}});
      break;
    case 2:
      polygon({{0, -1.35}, {1.2, 0.8}, {-1.2, 0.8}});
      break;
    case 3:
      polygon({{0, -1.35}, {1.1, 0}, {0, 1.35}, {-1.1, 0}});
      break;
    case 4:
      polygon({{0, 1.35}, {1.2, -0.8}, {-1.2, -0.8}});
      break;
    case 5:
      polygon({{-0.4, -1.4},
               {0.4, -1.4},
               {0.4, -0.4},
               {1.4, -0.4},
               {1.4, 0.4},
               {0.4, 0.4},
               {0.4, 1.4},
               {-0.4, 1.4},
               {-0.4, 0.4},
               {-1.4, 0.4},
               {-1.4, -0.4},
               {-0.4, -0.4}});
      break;
    default:
      polygon({{-1.5, -0.6}, {1.5, -0.6}, {1.5, 0.6}, {-1.5, 0.6}});
      break;
  }
}

void draw_chart(const ScatterChart& chart, const Options& options, Canvas& canvas) {
  const std::string name = fmt::format("scatter chart '{}'", chart.title);
  check_xy(name, chart.title, chart.x, chart.y, chart.series);
  std::size_t points = 0;
  for (const Series& series : chart.series) points += series.x.size();
  if (points > kMostPoints)
    fail("{}: {} points would cover each other, at most {} are drawn; draw a heat map of counts", name,
         points, kMostPoints);
  const std::vector<std::string> names = names_of(chart.series);
  double top = draw_title(canvas, chart.title, 0);
  if (!canvas.is_panel && names.size() > 1) top = draw_mark_legend(names, top, canvas);
  Range ys;  // without the bands, which are not drawn
  for (const Series& series : chart.series)
    for (const double y : series.y)
      if (std::isfinite(y)) ys.take(y);
  const Scales scales = draw_axes(name, chart.x, chart.y, x_range(chart.series), ys, top, 4, options, canvas);
  for (std::size_t s = 0; s < chart.series.size(); ++s)
    for (std::size_t i = 0; i < chart.series[s].x.size(); ++i)
      if (std::isfinite(chart.series[s].y[i]))
        draw_mark(scales.at(chart.series[s].x[i], chart.series[s].y[i]), kMarkSize, s, Ink::kData, canvas);
  canvas.description = describe(chart);
}

}  // namespace tessera::plot
