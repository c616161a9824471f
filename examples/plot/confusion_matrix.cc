// A confusion matrix: counts, and under each its share of the true class, which is also its colour. These are Fisher's irises
// (1936) classified by his linear discriminant, each flower having been used to find it.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  plot::ConfusionMatrix chart;
  chart.title = "Irises by linear discriminant";
  chart.classes = {"setosa", "versicolor", "virginica"};
  chart.counts = {{50, 0, 0}, {0, 48, 2}, {0, 1, 49}};
  const std::string svg = plot::draw(chart).svg;
  write_user_file("confusion_matrix.svg", svg);
  const std::size_t begin = svg.find("<desc"), text = svg.find('>', begin) + 1;
  std::printf("for screen readers: %s\nwrote confusion_matrix.svg\n",
              svg.substr(text, svg.find('<', text) - text).c_str());
}
