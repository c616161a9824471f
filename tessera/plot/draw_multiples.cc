// Small multiples (Tufte 1983, p. 170): one kind of chart repeated, with one pair of axes for all panels.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tessera/base/error.h"
#include "tessera/plot/frame.h"
#include "tessera/plot/kinds.h"
#include "tessera/plot/xy.h"

namespace tessera::plot {
namespace {

using Panel = SmallMultiples::Panel;

Axis& x_axis(Panel& panel) {
  return std::visit(
      [](auto& chart) -> Axis& {
        if constexpr (requires { chart.value; })
          return chart.value;  // bars have one axis
        else
          return chart.x;
      },
      panel);
}

Axis& y_axis(Panel& panel) {
  return std::visit(
      [](auto& chart) -> Axis& {
        if constexpr (requires { chart.value; })
          return chart.value;
        else if constexpr (requires { chart.count; })
          return chart.count;
        else
          return chart.y;
      },
      panel);
}

std::string title_of(const Panel& panel) {
  return std::visit([](const auto& chart) { return chart.title; }, panel);
}

// What has to be the same in every panel for the eye to compare them, besides the axes.
std::vector<std::string> names_in(const Panel& panel) {
  std::vector<std::string> names;
  std::visit(
      [&](const auto& chart) {
        if constexpr (requires { chart.series; }) names = names_of(chart.series);
        if constexpr (requires { chart.groups; })
          for (const auto& group : chart.groups) names.push_back(group.name);
      },
      panel);
  return names;
}

void check_same(const std::string& name, const char* which, const Axis& first, const Axis& other,
                const std::string& title) {
  if (first.label != other.label || first.unit != other.unit)
    fail("{}: the {} of panel '{}' is {} in '{}' and of the first panel {} in '{}'", name, which, title,
         other.label, other.unit, first.label, first.unit);
  if (first.logarithmic != other.logarithmic)
    fail("{}: the {} of panel '{}' is {}logarithmic, unlike the first panel's", name, which, title,
         other.logarithmic ? "" : "not ");
}

void check_panels(const std::string& name, SmallMultiples& chart) {
  check_title(name, chart.title);
  if (chart.panels.size() < 2 || chart.panels.size() > 60)
    fail("{}: there are {} panels; expected 2 to 60", name, chart.panels.size());
  if (chart.columns < 1 || chart.columns > 6) fail("{}: {} columns; expected 1 to 6", name, chart.columns);
  Panel& first = chart.panels[0];
  for (Panel& panel : chart.panels) {
    if (panel.index() != first.index())
      fail("{}: panel '{}' is of another kind than the first", name, title_of(panel));
    check_same(name, "x axis", x_axis(first), x_axis(panel), title_of(panel));
    check_same(name, "y axis", y_axis(first), y_axis(panel), title_of(panel));
    if (names_in(panel) != names_in(first))
      fail("{}: panel '{}' has other series than the first; the same colour would mean different things",
           name, title_of(panel));
    if (auto* bars = std::get_if<BarChart>(&panel)) {
      if (bars->categories != std::get<BarChart>(first).categories)
        fail("{}: panel '{}' has other categories than the first", name, title_of(panel));
      if (bars->direction == BarChart::Direction::kAutomatic)
        bars->direction = BarChart::Direction::kVertical;
    }
    const auto* bins = std::get_if<Histogram>(&panel);
    if (bins != nullptr && bins->edges != std::get<Histogram>(first).edges)
      fail("{}: panel '{}' has other bins than the first", name, title_of(panel));
  }
}

// The ranges of the data of one panel.
void take_ranges(const std::string& name, const Panel& panel, Range& xs, Range& ys) {
  if (const auto* lines = std::get_if<LineChart>(&panel)) {
    check_xy(name, lines->title, lines->x, lines->y, lines->series);
    for (const Range& range : {x_range(lines->series)}) xs.take(range.lowest), xs.take(range.highest);
    for (const Range& range : {y_range(lines->series)}) ys.take(range.lowest), ys.take(range.highest);
  } else if (const auto* points = std::get_if<ScatterChart>(&panel)) {
    check_xy(name, points->title, points->x, points->y, points->series);
    for (const Range& range : {x_range(points->series)}) xs.take(range.lowest), xs.take(range.highest);
    for (const Range& range : {y_range(points->series)}) ys.take(range.lowest), ys.take(range.highest);
  } else if (const auto* bars = std::get_if<BarChart>(&panel)) {
    ys.take(0);
    for (const auto& group : bars->groups)
      for (const double value : group.values) ys.take(value);
  } else if (const auto* bins = std::get_if<Histogram>(&panel)) {
    ys.take(0);
    for (std::size_t i = 0; i < bins->counts.size() && i + 1 < bins->edges.size(); ++i)
      ys.take(bins->counts[i]);
  }
}

std::string range_text(const Axis& axis) {
  const auto end = [](std::optional<double> value) {
    return value ? number_for_people(*value) : std::string("automatic");
  };
  return fmt::format("{} to {}", end(axis.from), end(axis.to));
}

// Ranges that the panels give must be the same: unlike axes make unlike data look alike (Tufte's design variation).
bool compare_given(SmallMultiples& chart, bool vertical, Canvas& canvas) {
  const auto axis = [&](Panel& panel) -> Axis& { return vertical ? y_axis(panel) : x_axis(panel); };
  const Axis& first = axis(chart.panels[0]);
  for (Panel& panel : chart.panels) {
    const Axis& other = axis(panel);
    if (other.from == first.from && other.to == first.to) continue;
    canvas.findings.push_back(
        fmt::format("small multiples '{}': the {} axis goes from {} in panel '{}' and from {} in panel '{}'; "
                    "unlike axes make "
                    "different data look alike: give every panel the same range, or none",
                    chart.title, vertical ? "y" : "x", range_text(first), title_of(chart.panels[0]),
                    range_text(other), title_of(panel)));
    return false;
  }
  return true;
}

// Fills in the ends that no panel gives, the same for all.
void share_range(const std::string& name, SmallMultiples& chart, bool vertical, const Range& range,
                 int at_most) {
  if (range.empty) return;
  for (Panel& panel : chart.panels) {
    Axis& axis = vertical ? y_axis(panel) : x_axis(panel);
    if (axis.from && axis.to) continue;
    const Ticks ticks =
        axis_ticks(name, vertical ? "y axis" : "x axis", axis, range.lowest, range.highest, at_most);
    axis.from = ticks.from;
    axis.to = ticks.to;
  }
}

std::string describe(const SmallMultiples& chart, const std::vector<std::string>& texts) {
  if (!chart.summary.empty()) return chart.summary;
  std::string text = fmt::format("{} charts with the same axes.", chart.panels.size());
  for (std::size_t i = 0; i < texts.size(); ++i)
    text += fmt::format(" {}: {}", title_of(chart.panels[i]), texts[i]);
  return text;
}

std::string name_of(const SmallMultiples& chart) {
  return fmt::format("small multiples '{}'", chart.title);
}

}  // namespace

void share_axes(SmallMultiples& chart, double plot_height, Canvas& canvas) {
  const std::string name = name_of(chart);
  Range xs, ys;
  for (const Panel& panel : chart.panels) take_ranges(name, panel, xs, ys);
  const int at_most = ticks_that_fit(plot_height, canvas.font);
  const bool bars = std::holds_alternative<BarChart>(chart.panels[0]);
  // Unlike ranges are drawn as they were given, for measure() to show what that does.
  if (compare_given(chart, true, canvas)) share_range(name, chart, true, ys, at_most);
  if (!bars && compare_given(chart, false, canvas)) share_range(name, chart, false, xs, 5);
}

void share_axes(SmallMultiples& chart, const Options& options) {
  check_panels(name_of(chart), chart);
  Canvas canvas(kFont);
  share_axes(chart, options.height == 0 ? options.width * 0.6 : options.height, canvas);
  if (!canvas.findings.empty()) throw Error(canvas.findings.front());
}

void draw_chart(const SmallMultiples& given, const Options& options, Canvas& canvas) {
  const std::string name = name_of(given);
  SmallMultiples chart = given;
  check_panels(name, chart);
  const double font = canvas.font, gap = font;
  const auto columns = static_cast<std::size_t>(chart.columns);
  const double width = (canvas.width - gap * static_cast<double>(columns - 1)) / static_cast<double>(columns);
  if (width < 100)
    fail("{}: {} panels beside each other would have {:.0f} units each; expected at least 100", name, columns,
         width);
  Options panel_options = options;
  if (options.height == 0) panel_options.height = width * 0.6;
  share_axes(chart, panel_options.height, canvas);
  const bool bars = std::holds_alternative<BarChart>(chart.panels[0]);

  double top = draw_title(canvas, chart.title, 0);
  const std::vector<std::string> names = names_in(chart.panels[0]);
  if (names.size() > 1) top = draw_legend(canvas, names, !bars, top);
  std::vector<std::string> texts;
  std::vector<EncodedLength> lengths;
  double row_height = 0;
  for (std::size_t i = 0; i < chart.panels.size(); ++i) {
    if (i > 0 && i % columns == 0) {
      top += row_height + gap / 2;
      row_height = 0;
    }
    Canvas panel(font);
    panel.width = width;
    panel.is_panel = true;
    panel.y_caption = i % columns == 0;
    panel.x_caption = i + columns >= chart.panels.size();
    std::visit([&](const auto& kind) { draw_chart(kind, panel_options, panel); }, chart.panels[i]);
    canvas.place(panel, {static_cast<double>(i % columns) * (width + gap), top});
    for (const auto& marks : panel.lengths)
      for (EncodedLength mark : marks) {
        mark.name = fmt::format("{} in '{}'", mark.name, title_of(chart.panels[i]));
        lengths.push_back(std::move(mark));
      }
    texts.push_back(panel.description);
    row_height = std::max(row_height, panel.height);
  }
  if (!lengths.empty()) canvas.lengths.push_back(std::move(lengths));  // compared across the panels, too
  canvas.height = top + row_height;
  canvas.description = describe(chart, texts);
}

}  // namespace tessera::plot
