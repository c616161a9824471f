// What charts with axes have in common: the place for title, captions and tick labels, the plot area, and the scales.
//
// The caption of the vertical axis stands above it, horizontally, where it is read first. There is no box around the plot area.
// Thread-safety: distinct objects may be used from distinct threads.
#pragma once

#include <string>
#include <string_view>

#include "tessera/plot/canvas.h"
#include "tessera/plot/chart.h"
#include "tessera/plot/draw.h"
#include "tessera/plot/ticks.h"

namespace tessera::plot {

// ---- Checks; `chart` is how sentences begin: "line chart 'Loss'" ----
void check_axis(const std::string& chart, const char* which, const Axis& axis);
void check_title(const std::string& chart, const std::string& title);

// Ticks of an axis for data from `lowest` to `highest`; throws Error when the axis cannot hold them.
Ticks axis_ticks(const std::string& chart, const char* which, const Axis& axis, double lowest, double highest,
                 int at_most);

// "loss (nats)", "accuracy", "time (s, × 10⁻³)"
std::string caption(const Axis& axis, int exponent = 0);
// A value with its unit, for sentences: "0.42 nats"
std::string with_unit(double value, const Axis& axis);

// ---- Parts of a picture; each returns the y below it ----
double draw_title(Canvas& canvas, const std::string& title, double top);
// One line sample or square per name, in rows.
double draw_legend(Canvas& canvas, const std::vector<std::string>& names, bool as_lines, double top);

// The captions of the axes, above and below the plot area; the lower one returns the y below it.
void draw_vertical_caption(Canvas& canvas, const std::string& caption, double top);
double draw_horizontal_caption(Canvas& canvas, const std::string& caption, const Box& area, double top);
// Axes with ticks along the left and lower side of `area`. The texts of the ticks are outside of it.
void draw_horizontal_axis(Canvas& canvas, const Box& area, const Ticks& ticks, const Options& options);
void draw_vertical_axis(Canvas& canvas, const Box& area, const Ticks& ticks, const Options& options);
int ticks_that_fit(double height, double font);  // on a vertical axis
double widest(const std::vector<std::string>& texts, double size);

// The largest number of horizontal ticks whose labels do not touch.
Ticks fitting_horizontal_ticks(const std::string& chart, const Axis& axis, double lowest, double highest,
                               double width, double font);

std::string series_style(std::size_t index);  // class names of the colour and dash of a series

}  // namespace tessera::plot
