// What line charts, scatter charts and paths share: checks of series, ranges, and the place of a point in the plot area.
// Thread-safety: distinct objects may be used from distinct threads.
#pragma once

#include <string>
#include <vector>

#include "tessera/plot/canvas.h"
#include "tessera/plot/chart.h"
#include "tessera/plot/draw.h"
#include "tessera/plot/ticks.h"

namespace tessera::plot {

struct Range {
  double lowest = 0, highest = 0;
  bool empty = true;
  void take(double value);
};

struct Scales {
  Box area;
  Ticks x, y;
  Point at(double value_x, double value_y) const;
};

// Throws Error when title, axes or series are incomplete. `chart` is how sentences begin.
void check_xy(const std::string& chart, const std::string& title, const Axis& x, const Axis& y,
              const std::vector<Series>& series);
Range x_range(const std::vector<Series>& series);
Range y_range(const std::vector<Series>& series);
std::vector<std::string> names_of(const std::vector<Series>& series);

// Lays out and draws captions and axes below `top`, with `right` units left free beside the plot area; sets the canvas's height.
// `y_per_x` as in PathChart.
Scales draw_axes(const std::string& chart, const Axis& x, const Axis& y, const Range& xs, const Range& ys,
                 double top, double right, const Options& options, Canvas& canvas, double y_per_x = 0);

}  // namespace tessera::plot
