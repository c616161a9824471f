// Histograms: with equal bins the height of a bar is its count; with unequal bins its area is, and the axis says so. The
// numbers are 5,000 draws from the standard normal distribution.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  const std::vector<double> draws =
      RandomSource(5).normal("draws", {5000}, DType::kFloat64).to_vector<double>();
  plot::Histogram chart = plot::histogram_of(draws, 24);
  chart.title = "5,000 draws from the standard normal distribution";
  chart.x = {.label = "value", .unit = "1"};
  const plot::Drawing drawing = plot::draw(chart);
  std::printf("%zu bins from %g to %g, lie factor %.3f\n", chart.counts.size(), chart.edges.front(),
              chart.edges.back(), drawing.integrity.lie_factor);
  write_user_file("histogram.svg", drawing.svg);
  std::printf("wrote histogram.svg\n");

  // The tails joined: as high as their counts, the wide bars would look like more than they are.
  plot::Histogram joined = chart;
  joined.edges = {-4, -2, -1, -0.5, 0, 0.5, 1, 2, 4};
  joined.counts.assign(8, 0);
  for (std::size_t i = 0; i < chart.counts.size(); ++i) {
    std::size_t bin = 0;
    while (joined.edges[bin + 1] <= chart.edges[i]) ++bin;
    joined.counts[bin] += chart.counts[i];
  }
  const plot::Integrity areas = plot::measure(joined);
  std::printf("8 unequal bins as densities: lie factor of the areas %.3f\n", areas.lie_factor);
}
