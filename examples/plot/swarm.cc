// Swarms: every value is a dot at its own place, moved aside only as far as it needs so that no dot covers another. The layout follows from the values alone, so the
// same numbers give the same picture. What does not fit is refused, not piled up.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  const std::vector<double> normal =
      RandomSource(4).normal("heights", {240}, DType::kFloat64).to_vector<double>();
  plot::SwarmChart chart;
  chart.title = "Three plots of seedlings after four weeks";
  chart.group_label = "plot";
  chart.value = {.label = "height", .unit = "cm"};
  chart.groups = {{"shade"}, {"half shade"}, {"sun"}};
  for (std::size_t i = 0; i < normal.size(); ++i) {
    const std::size_t group = i < 60 ? 0 : i < 150 ? 1 : 2;
    chart.groups[group].values.push_back(12 + 2.5 * static_cast<double>(group) + 1.8 * normal[i]);
  }
  const std::string svg = plot::draw(chart).svg;
  std::size_t dots = 0;
  for (std::size_t at = svg.find("<circle"); at != std::string::npos; at = svg.find("<circle", at + 1))
    ++dots;
  std::printf("%zu values, %zu dots\n", normal.size(), dots);
  write_user_file("swarm.svg", svg);
  std::printf("wrote swarm.svg\n");
  chart.groups[0].values.assign(2000, 15.0);
  try {
    plot::draw(chart);
  } catch (const Error& error) {
    std::printf("%s\n", error.what());
  }
}
