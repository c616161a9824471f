// Charts as plain data. draw.h turns them into SVG and checks that they do not mislead.
//
// A chart says what is to be shown, never where: positions, ticks, colours and sizes are draw's. Every axis needs a label
// and a unit; a pure number says so with the unit "1" (or "none"). Charts are values: copy them, build them in any thread.
//
// ```cpp
// plot::LineChart chart;
// chart.title = "Loss while training";
// chart.x = {.label = "step", .unit = "1"};
// chart.y = {.label = "loss", .unit = "nats"};
// chart.series.push_back({.name = "training", .x = {0, 100, 200}, .y = {2.3, 0.8, 0.5}});
// const std::string svg = plot::draw(chart).svg;
// assert(svg.starts_with("<svg ") && svg.find("loss (nats)") != std::string::npos);
// ```
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tessera::plot {

struct Axis {
  std::string label;  // what is measured: "loss"
  std::string unit;   // "s", "%", "nats"; "1" or "none" for a pure number
  std::optional<double> from =
      {};  // the range of the axis; left out: what the data needs, ended by ticks. Data outside
  std::optional<double> to = {};  // of a given range is an error: nothing is cut off silently
  bool logarithmic = false;       // positions only; lengths (bars, histograms) cannot be logarithmic
};

// A sequence of points. A y that is not finite is a gap in the line (and no point of a scatter); every x is finite.
struct Series {
  std::string name = {};
  std::vector<double> x = {};
  std::vector<double> y = {};
  std::vector<double> low = {},
                      high = {};  // optional band around y, both as long as x (a standard error, a quantile)
};

struct LineChart {
  std::string title;
  Axis x, y;
  std::vector<Series> series;  // 1 to 7
  std::string summary = {};    // a sentence for screen readers; left out: made from the data
};

// Numbers as lengths: the bars begin at 0, whatever the data. `value.from` other than 0 is refused with the lie factor.
struct BarChart {
  struct Group {
    std::string name = {};            // may be empty if there is one group
    std::vector<double> values = {};  // one per category, finite
  };
  enum class Direction { kAutomatic, kVertical, kHorizontal };

  std::string title;
  std::string category_label;  // what the categories are: "class"
  Axis value;
  std::vector<std::string> categories;
  std::vector<Group> groups;                    // 1 to 7; bars of one category stand side by side
  Direction direction = Direction::kAutomatic;  // vertical if the names of the categories fit below the bars
  std::string summary = {};
};

// A table as colours. values[row][column]; row 0 is drawn at the top.
struct HeatMap {
  enum class Colours { kSequential, kDiverging };  // diverging: around `centre`, for signed things

  std::string title;
  Axis columns, rows;                          // labels and units of the two sides; ranges are not used
  std::vector<std::string> column_names = {};  // if given, as many as there are columns: a transposed or
  std::vector<std::string> row_names = {};     // wrongly reshaped table is caught by them
  std::vector<std::vector<double>> values;     // NaN: an empty cell
  Axis value;                                  // what the colours mean; from and to fix their range
  Colours colours = Colours::kSequential;
  double centre = 0;
  bool write_values = true;  // where the cells are large enough
  std::string summary = {};
};

// counts[true class][predicted class].
struct ConfusionMatrix {
  std::string title;
  std::vector<std::string> classes;
  std::vector<std::vector<std::int64_t>> counts;
  std::string summary = {};
};

using Chart = std::variant<LineChart, BarChart, HeatMap, ConfusionMatrix>;

}  // namespace tessera::plot
