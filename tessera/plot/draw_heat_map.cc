// Heat maps and confusion matrices.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "tessera/base/error.h"
#include "tessera/plot/cells.h"
#include "tessera/plot/frame.h"
#include "tessera/plot/kinds.h"
#include "tessera/plot/style.h"
#include "tessera/plot/text_layout.h"

namespace tessera::plot {
namespace {

constexpr std::size_t kMostCells = 40000;

void check_names(const std::string& chart, const char* side, const std::vector<std::string>& names,
                 std::size_t count, std::size_t other) {
  if (names.empty() || names.size() == count) return;
  fail("{}: there are {} names for {} {}{}", chart, names.size(), count, side,
       names.size() == other ? "; the table is transposed or was reshaped wrongly" : "");
}

void check_chart(const std::string& name, const HeatMap& chart) {
  check_title(name, chart.title);
  check_axis(name, "column axis", chart.columns);
  check_axis(name, "row axis", chart.rows);
  check_axis(name, "value", chart.value);
  if (chart.value.logarithmic)
    fail("{}: colours on a logarithmic scale are not drawn; draw the logarithms", name);
  if (chart.values.empty() || chart.values[0].empty()) fail("{}: there is nothing to draw", name);
  const std::size_t columns = chart.values[0].size(), rows = chart.values.size();
  for (std::size_t r = 0; r < rows; ++r) {
    if (chart.values[r].size() != columns)
      fail("{}: row {} has {} values and row 1 has {}", name, r + 1, chart.values[r].size(), columns);
    for (std::size_t c = 0; c < columns; ++c)
      if (std::isinf(chart.values[r][c]))
        fail("{}: the value of row {}, column {} is infinite", name, r + 1, c + 1);
  }
  if (rows * columns > kMostCells)
    fail("{}: {} cells are too many, at most {} are drawn; take means of neighbours", name, rows * columns,
         kMostCells);
  check_names(name, "rows", chart.row_names, rows, columns);
  check_names(name, "columns", chart.column_names, columns, rows);
}

Ticks value_ticks(const std::string& name, const HeatMap& chart, double font, double width) {
  double lowest = 0, highest = 0;
  bool any = false;
  for (const auto& row : chart.values)
    for (const double value : row) {
      if (std::isnan(value)) continue;
      lowest = any ? std::min(lowest, value) : value;
      highest = any ? std::max(highest, value) : value;
      any = true;
    }
  if (!any) fail("{}: every cell is empty", name);
  Axis axis = chart.value;
  if (chart.colours == HeatMap::Colours::kDiverging) {
    // Equal distances from the centre are equally strong colours.
    if (!std::isfinite(chart.centre)) fail("{}: the centre of the colours is not finite", name);
    double reach = std::max(std::fabs(lowest - chart.centre), std::fabs(highest - chart.centre));
    if (axis.from) reach = std::max(reach, chart.centre - *axis.from);
    if (axis.to) reach = std::max(reach, *axis.to - chart.centre);
    if (reach == 0) reach = 1;
    axis.from.reset();
    axis.to.reset();
    const Ticks half = axis_ticks(name, "colour scale", axis, chart.centre, chart.centre + reach, 4);
    axis.from = chart.centre - (half.to - chart.centre);
    axis.to = half.to;
  }
  return fitting_horizontal_ticks(name, axis, lowest, highest, width, font);
}

std::vector<std::string> numbered(const std::vector<std::string>& names, std::size_t count) {
  if (!names.empty()) return names;
  std::vector<std::string> numbers;
  for (std::size_t i = 0; i < count; ++i) numbers.push_back(fmt::format("{}", i));
  return numbers;
}

int level_of(double share, int levels) {
  return std::clamp(static_cast<int>(std::floor(share * levels)), 0, levels - 1);
}

std::string describe(const HeatMap& chart) {
  if (!chart.summary.empty()) return chart.summary;
  const auto rows = numbered(chart.row_names, chart.values.size());
  const auto columns = numbered(chart.column_names, chart.values[0].size());
  double least = 0, most = 0;
  std::string where_least, where_most;
  for (std::size_t r = 0; r < rows.size(); ++r)
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const double value = chart.values[r][c];
      if (std::isnan(value)) continue;
      const std::string where =
          fmt::format("{} {}, {} {}", chart.rows.label, rows[r], chart.columns.label, columns[c]);
      if (where_least.empty() || value < least) least = value, where_least = where;
      if (where_most.empty() || value > most) most = value, where_most = where;
    }
  return fmt::format("Heat map of {}: {} rows of {}, {} columns of {}. Lowest {} at {}, highest {} at {}.",
                     caption(chart.value), rows.size(), caption(chart.rows), columns.size(),
                     caption(chart.columns), with_unit(least, chart.value), where_least,
                     with_unit(most, chart.value), where_most);
}

}  // namespace

void draw_chart(const HeatMap& chart, const Options& options, Canvas& canvas) {
  const std::string name = fmt::format("heat map '{}'", chart.title);
  check_chart(name, chart);
  const bool diverging = chart.colours == HeatMap::Colours::kDiverging;
  const Ticks ticks = value_ticks(name, chart, canvas.font, canvas.width - canvas.font * 4);
  const int levels = diverging ? kDivergingLevels : kSequentialLevels;
  const char fill = diverging ? 'd' : 'q', text = diverging ? 'u' : 't';

  CellTable table{caption(chart.columns) + " →",
                  "↓ " + caption(chart.rows),
                  numbered(chart.column_names, chart.values[0].size()),
                  numbered(chart.row_names, chart.values.size()),
                  {}};
  for (std::size_t r = 0; r < chart.values.size(); ++r) {
    table.cells.emplace_back();
    for (std::size_t c = 0; c < chart.values[r].size(); ++c) {
      const double value = chart.values[r][c];
      Cell cell;
      if (!std::isnan(value)) {
        const int level = level_of(ticks.share(value), levels);
        cell = {fmt::format("{}{}", fill, level), fmt::format("{}{}", text, level), {}, ""};
        if (chart.write_values) cell.lines = {number_for_people(value)};
        cell.tooltip = fmt::format("{}, {}: {}", table.row_names[r], table.column_names[c],
                                   with_unit(value, chart.value));
      }
      table.cells.back().push_back(std::move(cell));
    }
  }
  const auto rows = static_cast<double>(chart.values.size());
  const double height = options.height > 0
                            ? options.height / rows
                            : std::clamp(canvas.width * 0.7 / rows, canvas.width / 400, canvas.font * 2.2);
  double top = draw_title(canvas, chart.title, 0);
  top = draw_cells(table, top, height, canvas);
  canvas.height = draw_colour_key(caption(chart.value, ticks.exponent), ticks, levels, fill, top, canvas);
  canvas.description = describe(chart);
}

// ---- Confusion matrices ----

namespace {

void check_chart(const std::string& name, const ConfusionMatrix& chart) {
  check_title(name, chart.title);
  const std::size_t classes = chart.classes.size();
  if (classes < 2) fail("{}: there are {} classes; at least 2 can be confused", name, classes);
  if (classes > 200) fail("{}: {} classes are too many, at most 200 are drawn", name, classes);
  if (std::set<std::string>(chart.classes.begin(), chart.classes.end()).size() != classes)
    fail("{}: two classes have the same name", name);
  if (chart.counts.size() != classes)
    fail("{}: {} rows of counts for {} classes", name, chart.counts.size(), classes);
  for (std::size_t r = 0; r < classes; ++r) {
    if (chart.counts[r].size() != classes)
      fail("{}: the row of class '{}' has {} counts for {} classes", name, chart.classes[r],
           chart.counts[r].size(), classes);
    for (std::size_t c = 0; c < classes; ++c)
      if (chart.counts[r][c] < 0)
        fail("{}: the count of '{}' taken for '{}' is negative", name, chart.classes[r], chart.classes[c]);
  }
}

std::int64_t sum_of(const std::vector<std::int64_t>& counts) {
  std::int64_t sum = 0;
  for (const std::int64_t count : counts) sum += count;
  return sum;
}

std::string percent(std::int64_t part, std::int64_t whole) {
  if (whole == 0) return "–";
  const double share = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  return share > 0 && share < 1 ? "<1%" : fmt::format("{:.0f}%", std::floor(share + (share < 99 ? 0.5 : 0)));
}

std::string describe(const ConfusionMatrix& chart) {
  if (!chart.summary.empty()) return chart.summary;
  std::int64_t right = 0, all = 0, most = 0;
  std::string confused;
  for (std::size_t r = 0; r < chart.classes.size(); ++r)
    for (std::size_t c = 0; c < chart.classes.size(); ++c) {
      all += chart.counts[r][c];
      if (r == c) {
        right += chart.counts[r][c];
      } else if (chart.counts[r][c] > most) {
        most = chart.counts[r][c];
        confused = fmt::format(" Most often {} was taken for {}, {} times.", chart.classes[r],
                               chart.classes[c], number_for_people(static_cast<double>(most)));
      }
    }
  return fmt::format(
      "Confusion matrix of {} classes, rows the true class, columns the predicted one: {} of {} right.{}",
      chart.classes.size(), number_for_people(static_cast<double>(right)),
      number_for_people(static_cast<double>(all)), confused);
}

}  // namespace

void draw_chart(const ConfusionMatrix& chart, const Options& options, Canvas& canvas) {
  const std::string name = fmt::format("confusion matrix '{}'", chart.title);
  check_chart(name, chart);
  CellTable table{"predicted class →", "↓ true class", chart.classes, chart.classes, {}};
  table.all_columns_named = true;
  for (std::size_t r = 0; r < chart.classes.size(); ++r) {
    const std::int64_t row = sum_of(chart.counts[r]);
    table.cells.emplace_back();
    for (std::size_t c = 0; c < chart.classes.size(); ++c) {
      const std::int64_t count = chart.counts[r][c];
      const double share = row > 0 ? static_cast<double>(count) / static_cast<double>(row) : 0;
      const int level = count == 0 ? 0 : level_of(share, kSequentialLevels);
      const std::string text = number_for_people(static_cast<double>(count)), shown = percent(count, row);
      std::vector<std::string> lines;
      if (count > 0) lines = {text, shown};
      table.cells.back().push_back({fmt::format("q{}", level), fmt::format("t{}", level), lines,
                                    fmt::format("true {}, predicted {}: {} ({} of its row)", chart.classes[r],
                                                chart.classes[c], text, shown)});
    }
  }
  const auto rows = static_cast<double>(chart.classes.size());
  const double height = options.height > 0
                            ? options.height / rows
                            : std::clamp(canvas.width * 0.8 / rows, canvas.width / 300, canvas.font * 2.6);
  double top = draw_title(canvas, chart.title, 0);
  top = draw_cells(table, top, height, canvas);
  const Ticks key = linear_ticks(0, 100, 0.0, 100.0, 6);
  canvas.height = draw_colour_key("share of the true class (%)", key, kSequentialLevels, 'q', top, canvas);
  canvas.description = describe(chart);
}

}  // namespace tessera::plot
