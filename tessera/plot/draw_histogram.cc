// Histograms: the count of a bin is the area of its bar, and with equally wide bins also its height.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tessera/base/error.h"
#include "tessera/plot/frame.h"
#include "tessera/plot/kinds.h"
#include "tessera/plot/text_layout.h"

namespace tessera::plot {
namespace {

constexpr std::size_t kMostBins = 500;

void check_chart(const std::string& name, const Histogram& chart) {
  check_title(name, chart.title);
  check_axis(name, "x axis", chart.x);
  check_axis(name, "count axis", chart.count);
  if (chart.x.logarithmic || chart.count.logarithmic)
    fail("{}: areas on a logarithmic axis do not show the size of the counts", name);
  if (chart.counts.empty()) fail("{}: there are no bins", name);
  if (chart.counts.size() > kMostBins)
    fail("{}: {} bins are too many, at most {} are drawn", name, chart.counts.size(), kMostBins);
  if (chart.edges.size() != chart.counts.size() + 1)
    fail("{}: {} bins need {} edges, found {}", name, chart.counts.size(), chart.counts.size() + 1,
         chart.edges.size());
  for (std::size_t i = 0; i < chart.edges.size(); ++i) {
    if (!std::isfinite(chart.edges[i])) fail("{}: edge {} is not finite", name, i + 1);
    if (i > 0 && !(chart.edges[i] > chart.edges[i - 1]))
      fail("{}: edge {} is {}, which is not above the one before, {}", name, i + 1, chart.edges[i],
           chart.edges[i - 1]);
  }
  for (std::size_t i = 0; i < chart.counts.size(); ++i)
    if (!(chart.counts[i] >= 0 && std::isfinite(chart.counts[i])))
      fail("{}: the count of bin {} is {}; expected a number from 0", name, i + 1, chart.counts[i]);
}

bool equally_wide(const std::vector<double>& edges) {
  const double width = (edges.back() - edges.front()) / static_cast<double>(edges.size() - 1);
  for (std::size_t i = 1; i < edges.size(); ++i)
    if (std::fabs(edges[i] - edges[i - 1] - width) > width * 1e-6) return false;
  return true;
}

// What the bars are as high as: counts, or counts per unit of x.
std::vector<double> heights_of(const Histogram& chart, bool equal) {
  std::vector<double> heights = chart.counts;
  for (std::size_t i = 0; !equal && i < heights.size(); ++i)
    heights[i] /= chart.edges[i + 1] - chart.edges[i];
  return heights;
}

Axis height_axis(const Histogram& chart, bool equal) {
  Axis axis = chart.count;
  if (equal) return axis;
  const std::string per =
      chart.x.unit == "1" || chart.x.unit == "none" ? "unit of " + chart.x.label : chart.x.unit;
  axis.label += " per " + per;
  return axis;
}

std::string describe(const Histogram& chart) {
  if (!chart.summary.empty()) return chart.summary;
  double all = 0;
  for (const double count : chart.counts) all += count;
  const auto most = static_cast<std::size_t>(std::max_element(chart.counts.begin(), chart.counts.end()) -
                                             chart.counts.begin());
  return fmt::format("Histogram of {} in {} bins from {} to {}: {} {}, most of them, {}, from {} to {}.",
                     caption(chart.x), chart.counts.size(), number_for_people(chart.edges.front()),
                     number_for_people(chart.edges.back()), chart.count.label, number_for_people(all),
                     number_for_people(chart.counts[most]), number_for_people(chart.edges[most]),
                     number_for_people(chart.edges[most + 1]));
}

void draw_bins(const Histogram& chart, const std::vector<double>& heights, const Box& area, const Ticks& x,
               const Ticks& y, Canvas& canvas) {
  const double base = y.from > 0 ? y.from : 0;
  const double typical = area.width * (x.share(chart.edges.back()) - x.share(chart.edges.front())) /
                         static_cast<double>(chart.counts.size());
  std::vector<EncodedLength> lengths;
  for (std::size_t i = 0; i < chart.counts.size(); ++i) {
    const double left = area.left + x.share(chart.edges[i]) * area.width;
    const double right = area.left + x.share(chart.edges[i + 1]) * area.width;
    const double top = area.bottom() - y.share(heights[i]) * area.height;
    const double foot = area.bottom() - y.share(base) * area.height;
    const std::string bin =
        fmt::format("{} to {}", number_for_people(chart.edges[i]), number_for_people(chart.edges[i + 1]));
    const Box drawn = canvas.rectangle({left, top, right - left, foot - top}, "f1 bin", Ink::kData,
                                       fmt::format("{}: {}", bin, number_for_people(chart.counts[i])),
                                       fmt::format(" data-value=\"{}\"", chart.counts[i]));
    if (drawn.width < 2)
      fail("histogram '{}': the bin from {} would be {:.2g} units wide, too narrow to be seen; join bins",
           chart.title, bin, right - left);
    lengths.push_back({chart.counts[i], drawn.height * drawn.width / typical, bin});
  }
  lengths.push_back({base > 0 ? base : 0, 0, "the foot of the bars", false});
  canvas.lengths.push_back(std::move(lengths));
}

}  // namespace

Histogram histogram_of(const std::vector<double>& values, int most_bins) {
  if (values.empty()) fail("histogram: there are no values");
  if (most_bins < 1 || most_bins > 200)
    fail("histogram: at most {} bins asked for; expected 1 to 200", most_bins);
  double lowest = values[0], highest = values[0];
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i]))
      fail("histogram: value {} is {}, which falls into no bin", i + 1, values[i]);
    lowest = std::min(lowest, values[i]);
    highest = std::max(highest, values[i]);
  }
  if (std::max(std::fabs(lowest), std::fabs(highest)) > 1e300)
    fail("histogram: the values are too far apart");
  Histogram histogram;
  histogram.edges = linear_ticks(lowest, highest, {}, {}, most_bins + 1).values;
  if (histogram.edges.size() < 2)
    fail("histogram: the values from {} to {} differ too little to be cut into bins", lowest, highest);
  histogram.counts.assign(histogram.edges.size() - 1, 0);
  for (const double value : values) {
    const auto above = std::upper_bound(histogram.edges.begin(), histogram.edges.end(), value);
    const auto bin = std::clamp<std::ptrdiff_t>(above - histogram.edges.begin() - 1, 0,
                                                static_cast<std::ptrdiff_t>(histogram.counts.size()) - 1);
    histogram.counts[static_cast<std::size_t>(bin)] += 1;
  }
  return histogram;
}

void draw_chart(const Histogram& chart, const Options& options, Canvas& canvas) {
  const std::string name = fmt::format("histogram '{}'", chart.title);
  check_chart(name, chart);
  const double font = canvas.font, width = canvas.width,
               height = options.height > 0 ? options.height : width * 0.5;
  const bool equal = equally_wide(chart.edges);
  const std::vector<double> heights = heights_of(chart, equal);
  const Axis axis = height_axis(chart, equal);
  const double foot = std::max(0.0, axis.from.value_or(0));
  const double highest = std::max(*std::max_element(heights.begin(), heights.end()), foot);
  const Ticks y =
      axis_ticks(name, "count axis", axis, std::min(foot, *std::min_element(heights.begin(), heights.end())),
                 highest, ticks_that_fit(height, font));
  Axis range = chart.x;
  range.from = chart.edges.front();
  range.to = chart.edges.back();
  const double left = std::max(widest(y.labels, font) + 10, font);
  Box area{left, draw_title(canvas, chart.title, 0) + font * 1.8, width - left - 2, height};
  const Ticks x = fitting_horizontal_ticks(name, range, *range.from, *range.to, area.width, font);
  area.width -= text_width(x.labels.back(), font) / 2;
  draw_vertical_caption(canvas, caption(axis, y.exponent), area.top - font * 1.8);
  draw_vertical_axis(canvas, area, y, options);
  draw_bins(chart, heights, area, x, y, canvas);
  draw_horizontal_axis(canvas, area, x, options);
  canvas.height =
      draw_horizontal_caption(canvas, caption(chart.x, x.exponent), area, area.bottom() + font * 1.75);
  canvas.description = describe(chart);
}

}  // namespace tessera::plot
