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

// Points without order. The series differ in colour and in the shape of their marks.
struct ScatterChart {
  std::string title;
  Axis x, y;
  std::vector<Series> series;  // 1 to 7; bands are not drawn
  std::string summary = {};
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

// How often values fall into bins. If the bins are equally wide, the height is the count; otherwise it is the count per unit
// of x, so that the area of a bar is its count.
struct Histogram {
  std::string title;
  Axis x;                      // from and to are not used: the bins are the range
  std::vector<double> edges;   // ascending, one more than counts
  std::vector<double> counts;  // not negative
  Axis count = {.label = "number of values", .unit = "1"};
  std::string summary = {};
};

// At most `most_bins` (1 to 200) equally wide bins whose edges are round numbers around the values, which are finite and at
// least one. A value on an edge belongs to the bin on its right, the last edge to the last bin.
Histogram histogram_of(const std::vector<double>& values, int most_bins = 20);

// How numbers are distributed in each of several groups: a density, mirrored. All violins of a chart have the same area, which stands for all values of
// a group, however many they are; a line inside runs from quartile to quartile, and a dot marks the median (J. Hintze & R. Nelson, "Violin plots", The American
// Statistician 52, 1998).
struct ViolinChart {
  struct Violin {
    std::string name;                  // of the group
    std::vector<double> places = {};   // ascending, at least 2, finite
    std::vector<double> density = {};  // at each place, per unit of the value, not negative
    double lower_quartile = 0, median = 0, upper_quartile = 0;
    std::int64_t values = 0;  // how many it was made of
  };

  std::string title;
  std::string group_label;  // what the groups are: "species"
  Axis value;
  std::vector<Violin> violins;  // 1 to 20
  std::string summary = {};
};

// The density of finite values, at least one, at `places` equally distant places (8 to 500) from the least to the greatest, beyond which nothing is drawn: the sum of a kernel of
// Epanechnikov's around each value. Its half width is Silverman's rule of thumb for it, 2.34 n^(-1/5) min(deviation, quartile range / 1.34) (B. Silverman, Density estimation, 1986,
// 3.4.2), or `half_width` where that is above 0; equal values get a narrow one and are shown as wide as it is.
ViolinChart::Violin violin_of(std::string name, const std::vector<double>& values, int places = 64,
                              double half_width = 0);

// Each value as a dot at its place along the axis, moved aside just as far as it needs so that no dot covers another: the width of a swarm shows where values are dense. The
// layout depends on the values alone: from the least to the greatest, each at the free place nearest to the middle of its group, of two the right one.
struct SwarmChart {
  struct Group {
    std::string name;
    std::vector<double> values = {};  // finite
  };

  std::string title;
  std::string group_label;
  Axis value;
  std::vector<Group>
      groups;  // 1 to 20, with at most 5,000 values together; where they do not fit even as small dots, that is an error
  std::string summary = {};
};

// Paths on a plane: a march on a map (C. J. Minard, Carte figurative, 1869), optimisers on a surface. The thickness of a path
// can stand for a quantity, and then it begins at 0 like every length.
struct PathChart {
  struct Stop {
    double x = 0, y = 0;
    double quantity =
        0;  // on the way from this stop to the next, not negative; used if the chart has a quantity axis
    std::string label = {};  // a place, a time; written beside the stop where there is room
  };
  struct Path {
    std::string name;         // paths of the same name have the same colour
    std::vector<Stop> stops;  // at least 2
  };
  // Heights over the plane, drawn as contour lines: values[row][column] at rows from y_from up to y_to.
  struct Surface {
    double x_from = 0, x_to = 1, y_from = 0, y_to = 1;
    std::vector<std::vector<double>> values = {};
    std::vector<double> levels = {};  // of the contours; left out: round numbers
    Axis height = {};
  };

  std::string title;
  Axis x, y;
  std::vector<Path> paths;  // with 1 to 7 names
  std::optional<Axis> quantity = {};
  std::optional<Surface> surface = {};
  double y_per_x = 0;  // how long one unit of y is, in units of x; 0: whatever fills the place
  std::string summary = {};
};

// One kind of chart repeated for comparison. All panels have the same axes and the same size; ranges that the panels leave
// out are shared, and ranges that differ are refused.
struct SmallMultiples {
  using Panel = std::variant<LineChart, ScatterChart, BarChart, Histogram>;

  std::string title;
  std::vector<Panel>
      panels;  // 2 to 60, the same kind, labels, units, series and categories; their titles say what differs
  int columns = 2;
  std::string summary = {};
};

using Chart = std::variant<LineChart, ScatterChart, BarChart, Histogram, HeatMap, ConfusionMatrix, PathChart,
                           ViolinChart, SwarmChart, SmallMultiples>;

}  // namespace tessera::plot
