// Draws charts as SVG whose lengths tell the truth, and reports the numbers that show it.
//
// The same chart gives the same bytes on every machine: coordinates are rounded to 1/100, ticks and texts follow fixed
// rules, and no function of libm is called. The picture has a title and a description for screen readers, colours that
// colour-blind readers can tell apart (Okabe and Ito 2008) with dashes as the second code, and follows the reader's light or
// dark setting. It scales with its container (viewBox); text has at least 11 px at a width of 360 px with the default options.
//
// Checked for every chart: labels and units are there, data is there and can be drawn. Checked where numbers are drawn as
// lengths: the lie factor (E. Tufte, The Visual Display of Quantitative Information, 1983, p. 57), the size of an effect in the
// picture divided by its size in the data, computed from the rounded coordinates of the marks that were written. Outside of
// 0.95 to 1.05 the chart is refused with the number. Errors are one sentence that names the chart and what to change.
// Thread-safety: pure functions.
//
// ```cpp
// plot::BarChart bars;
// bars.title = "Accuracy";
// bars.category_label = "model";
// bars.value = {.label = "accuracy", .unit = "%", .from = 90};  // the bars would begin at 90
// bars.categories = {"small", "large"};
// bars.groups = {{.values = {92, 96}}};
// const plot::Integrity misleading = plot::measure(bars);
// assert(misleading.lie_factor > 10 && !misleading.findings.empty());  // draw(bars) throws this finding
// bars.value.from.reset();
// assert(plot::draw(bars).integrity.lie_factor < 1.01);
// ```
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/plot/chart.h"

namespace tessera::plot {

inline constexpr double kLieFactorLowest = 0.95, kLieFactorHighest = 1.05;

struct Options {
  double width = 480;  // of the viewBox; a wider one shows smaller text
  double height = 0;   // of the plot area; 0: a good one for the kind of chart
  std::string id =
      {};  // prefix of ids, for charts in one page; left out: from a hash of the chart's own text
  bool style_sheet = true;  // false: the page that the picture stands in has style_sheet() once
  bool grid = false;        // thin lines at the ticks
};

// What was found in the geometry that was written.
struct Integrity {
  std::int64_t lengths = 0;  // marks whose length or width stands for a number
  double lie_factor = 1;     // the one that is farthest from 1, over all pairs of marks that differ visibly
  double lie_factor_lowest = 1, lie_factor_highest = 1;
  double data_ink = 0;  // ink of the marks of data / ink of all marks; text is left out (see canvas.h)
  std::vector<std::string> findings;  // one sentence per reason to refuse the chart; empty: it is honest
};

struct Drawing {
  std::string
      svg;  // one <svg> element, ASCII and UTF-8, no XML declaration: stands in HTML and in a file of its own
  Integrity integrity;
};

// Throws Error when the chart is incomplete, cannot be drawn or misleads.
Drawing draw(const Chart& chart, const Options& options = {});

// Like draw, but reports what misleads instead of refusing it. Throws only when the chart is incomplete or cannot be drawn.
Integrity measure(const Chart& chart, const Options& options = {});

// The rules of all charts, for the <style> of a page. Colours are variables (--plot-ink, --plot-surface, --plot-1 to
// --plot-7, ...) set on the class `tessera-plot`, from prefers-color-scheme or from data-theme="light" / "dark" on any
// element around the picture.
std::string style_sheet();

}  // namespace tessera::plot
