// Violins: how numbers are distributed in each of several groups, as mirrored densities of equal areas. A mean and a deviation would be the same for the second
// and the third group; the picture shows that one of them has two peaks.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(8);
  const std::vector<double> normal = random.normal("normal", {900}, DType::kFloat64).to_vector<double>();
  const std::vector<double> side = random.uniform("side", {300}, DType::kFloat64).to_vector<double>();
  std::vector<double> early, one_peak, two_peaks;
  for (std::size_t i = 0; i < 300; ++i) {
    early.push_back(28 + 9 * normal[i]);
    one_peak.push_back(50 + 15.6 * normal[300 + i]);
    two_peaks.push_back((side[i] < 0.5 ? 35 : 65) + 4 * normal[600 + i]);
  }
  plot::ViolinChart chart;
  chart.title = "Nearly the same mean and deviation, but not alike";
  chart.group_label = "queue";
  chart.value = {.label = "waiting time", .unit = "min"};
  chart.violins = {plot::violin_of("early", early), plot::violin_of("one peak", one_peak),
                   plot::violin_of("two peaks", two_peaks)};
  const plot::Drawing drawing = plot::draw(chart);
  for (const plot::ViolinChart::Violin& violin : chart.violins)
    std::printf("%-10s median %.2f, quartiles %.2f and %.2f\n", violin.name.c_str(), violin.median,
                violin.lower_quartile, violin.upper_quartile);
  for (const auto* group : {&one_peak, &two_peaks})
    std::printf("mean %.2f, deviation %.2f\n", stats::mean(*group), stats::standard_deviation(*group));
  std::printf("%d widths, lie factor %.3f\n", static_cast<int>(drawing.integrity.lengths),
              drawing.integrity.lie_factor);
  write_user_file("violin.svg", drawing.svg);
  std::printf("wrote violin.svg\n");
}
