// Small multiples: gradient descent on the valley (w1^2 + 20 w2^2) / 2 at four learning rates, with and without momentum. All
// panels have the same axes, so that equal heights mean equal losses; a panel with an axis of its own is refused.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

plot::Series descend(const char* name, double rate, double momentum) {
  plot::Series losses{.name = name};
  double w[2] = {-2, 1}, velocity[2] = {0, 0};
  const double curvature[2] = {1, 20};
  for (int step = 0; step <= 60; ++step) {
    losses.x.push_back(step);
    losses.y.push_back((curvature[0] * w[0] * w[0] + curvature[1] * w[1] * w[1]) / 2);
    for (int i = 0; i < 2; ++i) {
      velocity[i] = momentum * velocity[i] + curvature[i] * w[i];
      w[i] -= rate * velocity[i];
    }
  }
  return losses;
}

int main() {
  plot::SmallMultiples chart;
  chart.title = "Loss in a long valley at four learning rates";
  for (const char* rate : {"0.005", "0.02", "0.05", "0.09"}) {
    plot::LineChart panel;
    panel.title = fmt::format("learning rate {}", rate);
    panel.x = {.label = "step", .unit = "1"};
    panel.y = {.label = "loss", .unit = "1", .logarithmic = true};
    panel.series = {descend("plain", std::stod(rate), 0), descend("momentum 0.9", std::stod(rate), 0.9)};
    std::printf("%s: after 60 steps %.2g plain, %.2g with momentum\n", panel.title.c_str(),
                panel.series[0].y.back(), panel.series[1].y.back());
    chart.panels.emplace_back(panel);
  }
  write_user_file("small_multiples.svg", plot::draw(chart).svg);
  std::printf("wrote small_multiples.svg\n");

  std::get<plot::LineChart>(chart.panels[1]).y.to = 1000;
  try {
    plot::draw(chart);
  } catch (const Error& error) {
    std::printf("refused: %s\n", error.what());
  }
}
