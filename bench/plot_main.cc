// Draws what bench/growth.py measured, in panels for comparison.
//
//   tessera_bench_plot TITLE UNIT_OF_X LABEL_OF_Y UNIT_OF_Y FILE.svg       with lines `panel <tab> series <tab> x <tab> y` on stdin
#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/plot/draw.h"

namespace {

using namespace tessera;

// The element whose `name` that is, appended if there is none.
template <typename Element>
Element& named(std::vector<Element>& elements, std::string Element::*name, const std::string& wanted) {
  const auto found = std::find_if(elements.begin(), elements.end(),
                                  [&](const Element& element) { return element.*name == wanted; });
  if (found != elements.end()) return *found;
  elements.emplace_back().*name = wanted;
  return elements.back();
}

std::vector<plot::LineChart> read_panels() {
  std::vector<plot::LineChart> panels;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream fields(line);
    std::string panel, series, x, y;
    std::getline(fields, panel, '\t');
    std::getline(fields, series, '\t');
    std::getline(fields, x, '\t');
    std::getline(fields, y, '\t');
    plot::Series& points =
        named(named(panels, &plot::LineChart::title, panel).series, &plot::Series::name, series);
    points.x.push_back(std::stod(x));
    points.y.push_back(std::stod(y));
  }
  return panels;
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count != 6) {
    std::fprintf(stderr, "usage: tessera_bench_plot TITLE UNIT_OF_X LABEL_OF_Y UNIT_OF_Y FILE.svg\n");
    return 2;
  }
  try {
    plot::SmallMultiples chart;
    chart.title = arguments[1];
    for (plot::LineChart& panel : read_panels()) {
      panel.x = {.label = "size", .unit = arguments[2], .logarithmic = true};
      panel.y = {.label = arguments[3], .unit = arguments[4], .from = 0};
      chart.panels.emplace_back(std::move(panel));
    }
    write_user_file(arguments[5], plot::draw(chart, {.width = 720}).svg);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tessera_bench_plot: %s\n", error.what());
    return 1;
  }
  return 0;
}
