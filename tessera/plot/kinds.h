// The kinds of charts, one file each: a function checks its chart (Error when it is incomplete), draws it on the canvas, sets
// the canvas's height, and fills its description and the lengths that stand for numbers.
#pragma once

#include "tessera/plot/canvas.h"
#include "tessera/plot/chart.h"
#include "tessera/plot/draw.h"

namespace tessera::plot {

inline constexpr double kFont = 15;  // 15 of 480 is 11.25 px in a window of 360 px

void draw_chart(const LineChart& chart, const Options& options, Canvas& canvas);
void draw_chart(const ScatterChart& chart, const Options& options, Canvas& canvas);
void draw_chart(const BarChart& chart, const Options& options, Canvas& canvas);
void draw_chart(const Histogram& chart, const Options& options, Canvas& canvas);
void draw_chart(const HeatMap& chart, const Options& options, Canvas& canvas);
void draw_chart(const ConfusionMatrix& chart, const Options& options, Canvas& canvas);
void draw_chart(const PathChart& chart, const Options& options, Canvas& canvas);
void draw_chart(const ViolinChart& chart, const Options& options, Canvas& canvas);
void draw_chart(const SwarmChart& chart, const Options& options, Canvas& canvas);
void draw_chart(const SmallMultiples& chart, const Options& options, Canvas& canvas);

// Gives panels that can be compared the ranges that they leave out, the same for all. Ranges that they give and that differ are findings
// on the canvas. The second form checks first whether they can be compared, and throws Error for what it finds.
void share_axes(SmallMultiples& chart, double plot_height, Canvas& canvas);
void share_axes(SmallMultiples& chart, const Options& options);

}  // namespace tessera::plot
