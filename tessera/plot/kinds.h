// The kinds of charts, one file each: a function checks its chart (Error when it is incomplete), draws it on the canvas, sets
// the canvas's height, and fills its description and the lengths that stand for numbers.
#pragma once

#include "tessera/plot/canvas.h"
#include "tessera/plot/chart.h"
#include "tessera/plot/draw.h"

namespace tessera::plot {

void draw_chart(const LineChart& chart, const Options& options, Canvas& canvas);
void draw_chart(const ScatterChart& chart, const Options& options, Canvas& canvas);
void draw_chart(const BarChart& chart, const Options& options, Canvas& canvas);
void draw_chart(const Histogram& chart, const Options& options, Canvas& canvas);
void draw_chart(const HeatMap& chart, const Options& options, Canvas& canvas);
void draw_chart(const ConfusionMatrix& chart, const Options& options, Canvas& canvas);
void draw_chart(const PathChart& chart, const Options& options, Canvas& canvas);
void draw_chart(const SmallMultiples& chart, const Options& options, Canvas& canvas);

}  // namespace tessera::plot
