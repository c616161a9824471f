// Bar charts, standing and lying. Every bar reports its number and its drawn length, and so does the whole axis.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tessera/base/error.h"
#include "tessera/plot/frame.h"
#include "tessera/plot/kinds.h"
#include "tessera/plot/style.h"
#include "tessera/plot/text_layout.h"

namespace tessera::plot {
namespace {

constexpr std::size_t kMostBars = 400;

void check_chart(const std::string& name, const BarChart& chart) {
  check_title(name, chart.title);
  check_axis(name, "value axis", chart.value);
  if (chart.category_label.empty()) fail("{}: the categories have no label; say what they are", name);
  if (chart.value.logarithmic)
    fail("{}: lengths on a logarithmic axis do not show the size of the numbers; draw a line chart", name);
  if (chart.categories.empty() || chart.groups.empty()) fail("{}: there is nothing to draw", name);
  if (chart.groups.size() > kSeries)
    fail("{}: {} groups cannot be told apart, at most {} can; draw small multiples", name,
         chart.groups.size(), kSeries);
  if (chart.categories.size() * chart.groups.size() > kMostBars)
    fail("{}: {} bars are too many, at most {} can be read", name,
         chart.categories.size() * chart.groups.size(), kMostBars);
  for (const auto& group : chart.groups) {
    if (chart.groups.size() > 1 && group.name.empty())
      fail("{}: one of {} groups has no name", name, chart.groups.size());
    if (group.values.size() != chart.categories.size())
      fail("{}: group '{}' has {} values for {} categories", name, group.name, group.values.size(),
           chart.categories.size());
    for (std::size_t i = 0; i < group.values.size(); ++i)
      if (!std::isfinite(group.values[i]))
        fail("{}: the value of '{}' is {}, which has no length", name, chart.categories[i], group.values[i]);
  }
}

// Where the bars begin: 0, or where the caller insisted (for measure() to show what that does).
double baseline(const BarChart& chart) {
  return chart.value.from && *chart.value.from > 0 ? *chart.value.from
         : chart.value.to && *chart.value.to < 0   ? *chart.value.to
                                                   : 0;
}

struct Bars {
  const BarChart& chart;
  Box area;
  Ticks ticks;
  double base;  // the value at which bars begin
  bool lying;

  // The drawn box of one bar, its place across the axis given.
  Box box(double across, double thickness, double value) const {
    const double a = ticks.share(base), b = ticks.share(value), low = std::min(a, b), high = std::max(a, b);
    if (lying) return {area.left + low * area.width, across, (high - low) * area.width, thickness};
    return {across, area.bottom() - high * area.height, thickness, (high - low) * area.height};
  }
};

void draw_bars(const Bars& bars, Canvas& canvas) {
  const BarChart& chart = bars.chart;
  const auto count = static_cast<double>(chart.categories.size());
  const double slot = (bars.lying ? bars.area.height : bars.area.width) / count;
  const double start = bars.lying ? bars.area.top : bars.area.left;
  const double thickness = slot * 0.75 / static_cast<double>(chart.groups.size());
  std::vector<EncodedLength> lengths;
  for (std::size_t g = 0; g < chart.groups.size(); ++g) {
    for (std::size_t i = 0; i < chart.categories.size(); ++i) {
      const double value = chart.groups[g].values[i];
      const double across =
          start + (static_cast<double>(i) + 0.125) * slot + static_cast<double>(g) * thickness;
      std::string name = chart.categories[i];
      if (chart.groups.size() > 1) name += ", " + chart.groups[g].name;
      const Box drawn =
          canvas.rectangle(bars.box(across, thickness, value), fmt::format("f{}", g + 1), Ink::kData,
                           fmt::format("{}: {}", name, with_unit(value, chart.value)),
                           fmt::format(" data-value=\"{}\"", value));
      const double length = bars.lying ? drawn.width : drawn.height;
      lengths.push_back({value, value < bars.base ? -length : length, name});
    }
  }
  // No length stands for no quantity: that holds only if the bars begin at 0, and tells the truth of one bar alone.
  lengths.push_back({bars.base, 0, "the foot of the bars", false});
  canvas.lengths.push_back(std::move(lengths));
}

// Names below standing bars: lines of text that fit into the slots, or nothing if they do not.
std::vector<std::vector<std::string>> names_below(const BarChart& chart, double slot, double font) {
  std::vector<std::vector<std::string>> names;
  for (const std::string& category : chart.categories) {
    names.push_back(wrap(category, font, slot - font * 0.4, 3));
    std::string joined;
    for (const std::string& line : names.back()) joined += (joined.empty() ? "" : " ") + line;
    if (joined != category) return {};
  }
  return names;
}

double baseline_position(const Bars& bars) {
  const double share = bars.ticks.share(bars.base);
  return bars.lying ? bars.area.left + share * bars.area.width
                    : bars.area.bottom() - share * bars.area.height;
}

void draw_standing(Bars& bars, const std::vector<std::vector<std::string>>& names, double top,
                   const Options& options, Canvas& canvas) {
  const double font = canvas.font;
  draw_vertical_caption(canvas, caption(bars.chart.value, bars.ticks.exponent), top);
  draw_vertical_axis(canvas, bars.area, bars.ticks, options);
  draw_bars(bars, canvas);
  const double line = baseline_position(bars);
  canvas.line({bars.area.left, line}, {bars.area.right(), line}, "axis", 1, Ink::kFrame);
  const double slot = bars.area.width / static_cast<double>(names.size());
  std::size_t lines = 1;
  for (std::size_t i = 0; i < names.size(); ++i) {
    lines = std::max(lines, names[i].size());
    for (std::size_t k = 0; k < names[i].size(); ++k)
      canvas.text({bars.area.left + (static_cast<double>(i) + 0.5) * slot,
                   bars.area.bottom() + font * (1.2 + 1.15 * static_cast<double>(k))},
                  Anchor::kMiddle, names[i][k]);
  }
  const double below = bars.area.bottom() + font * (0.5 + 1.15 * static_cast<double>(lines));
  canvas.height = draw_horizontal_caption(canvas, bars.chart.category_label, bars.area, below);
}

void draw_lying(Bars& bars, double name_width, double top, const Options& options, Canvas& canvas) {
  const double font = canvas.font;
  draw_vertical_caption(canvas, bars.chart.category_label, top);
  draw_horizontal_axis(canvas, bars.area, bars.ticks, options);
  draw_bars(bars, canvas);
  const double line = baseline_position(bars);
  canvas.line({line, bars.area.top}, {line, bars.area.bottom()}, "axis", 1, Ink::kFrame);
  const double slot = bars.area.height / static_cast<double>(bars.chart.categories.size());
  for (std::size_t i = 0; i < bars.chart.categories.size(); ++i) {
    const std::string& name = bars.chart.categories[i];
    canvas.text(
        {bars.area.left - font * 0.5, bars.area.top + (static_cast<double>(i) + 0.5) * slot + font * 0.35},
        Anchor::kEnd, shorten(name, font, name_width), "", name);
  }
  canvas.height = draw_horizontal_caption(canvas, caption(bars.chart.value, bars.ticks.exponent), bars.area,
                                          bars.area.bottom() + font * 1.75);
}

std::string describe(const BarChart& chart) {
  if (!chart.summary.empty()) return chart.summary;
  std::string text = fmt::format("Bar chart of {} for {} of {}.", caption(chart.value),
                                 chart.categories.size(), chart.category_label);
  for (const auto& group : chart.groups) {
    const auto [least, most] = std::minmax_element(group.values.begin(), group.values.end());
    const auto category = [&](auto place) {
      return chart.categories[static_cast<std::size_t>(place - group.values.begin())];
    };
    text += fmt::format(" {}{} has the least, {}, {} the most, {}.",
                        group.name.empty() ? "" : group.name + ": ", category(least),
                        with_unit(*least, chart.value), category(most), with_unit(*most, chart.value));
  }
  return text;
}

}  // namespace

void draw_chart(const BarChart& chart, const Options& options, Canvas& canvas) {
  const std::string name = fmt::format("bar chart '{}'", chart.title);
  check_chart(name, chart);
  const double font = canvas.font, width = canvas.width;
  double lowest = baseline(chart), highest = lowest;
  for (const auto& group : chart.groups)
    for (const double value : group.values) {
      lowest = std::min(lowest, value);
      highest = std::max(highest, value);
    }
  double top = draw_title(canvas, chart.title, 0);
  std::vector<std::string> group_names;
  for (const auto& group : chart.groups) group_names.push_back(group.name);
  if (chart.groups.size() > 1 && !canvas.is_panel) top = draw_legend(canvas, group_names, false, top);

  Bars bars{chart, {}, {}, baseline(chart), false};
  const double height = options.height > 0 ? options.height : width * 0.5;
  bars.ticks = axis_ticks(name, "value axis", chart.value, lowest, highest, ticks_that_fit(height, font));
  const double left = widest(bars.ticks.labels, font) + 10;
  bars.area = {left, top + font * 1.8, width - left - 2, height};
  const double slot = bars.area.width / static_cast<double>(chart.categories.size());
  const auto names = names_below(chart, slot, font);
  bars.lying = chart.direction == BarChart::Direction::kHorizontal ||
               (chart.direction == BarChart::Direction::kAutomatic && names.empty());
  canvas.description = describe(chart);
  if (!bars.lying) {
    if (names.empty())
      fail("{}: the names of {} categories do not fit below bars that have {} units each; let the bars lie",
           name, chart.categories.size(), static_cast<int>(slot));
    return draw_standing(bars, names, top, options, canvas);
  }
  const double name_width = std::min(widest(chart.categories, font) + 1, width * 0.4);
  const double thickness =
      font * (chart.groups.size() > 1 ? 0.75 * static_cast<double>(chart.groups.size()) + 0.5 : 1.5);
  const double tall =
      options.height > 0 ? options.height : thickness * static_cast<double>(chart.categories.size());
  bars.area = {name_width + font * 0.7, top + font * 1.6, width - name_width - font * 0.7 - font, tall};
  bars.ticks = fitting_horizontal_ticks(name, chart.value, lowest, highest, bars.area.width, font);
  bars.area.width -= std::max(0.0, text_width(bars.ticks.labels.back(), font) / 2 - font);
  draw_lying(bars, name_width, top, options, canvas);
}

}  // namespace tessera::plot
