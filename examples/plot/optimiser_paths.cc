// Momentum against learning rate, seen: four optimisers walk the surface (w1^2 + 20 w2^2) / 2 for 30 steps. A high rate swings
// across the valley, a low one creeps along it, momentum does neither.
#include <cstdio>
#include <memory>

#include "tessera/tessera.h"

using namespace tessera;

Tensor valley(const Tensor& w) {
  return (w.slice({0}) * w.slice({0}) + 20 * w.slice({1}) * w.slice({1})) / 2;
}

template <typename Optimizer, typename Settings>
plot::PathChart::Path walk(const char* name, const Settings& settings, double rate) {
  nn::Parameter w{"w", Tensor::from<double>({-4, 1}, {2})};
  Optimizer optimizer({&w}, settings);
  plot::PathChart::Path path{name, {{.x = -4, .y = 1}}};
  for (int step = 0; step < 30; ++step) {
    const std::vector<Tensor> gradients = {grad(valley, w.value)};
    optimizer.step(gradients, rate);
    path.stops.push_back({.x = w.value.at<double>({0}), .y = w.value.at<double>({1})});
  }
  std::printf("%-24s ends at (%7.4f, %7.4f), loss %.4f\n", name, path.stops.back().x, path.stops.back().y,
              valley(w.value).item<double>());
  return path;
}

int main() {
  use_default_backend();
  plot::PathChart chart;
  chart.title = "Four optimisers in a long valley, 30 steps";
  chart.x = {.label = "first weight", .unit = "1"};
  chart.y = {.label = "second weight", .unit = "1"};
  chart.paths = {walk<nn::SGD>("SGD, rate 0.095", nn::SgdSettings{}, 0.095),
                 walk<nn::SGD>("SGD, rate 0.01", nn::SgdSettings{}, 0.01),
                 walk<nn::SGD>("momentum 0.8, rate 0.01", nn::SgdSettings{.momentum = 0.8}, 0.01),
                 walk<nn::Adam>("Adam, rate 0.2", nn::AdamSettings{}, 0.2)};

  plot::PathChart::Surface surface{.x_from = -5, .x_to = 2, .y_from = -1.5, .y_to = 1.5};
  surface.height = {.label = "loss", .unit = "1"};
  surface.levels = {0.5, 2, 5, 10, 15, 20, 25, 30};
  for (int row = 0; row <= 60; ++row) {
    surface.values.emplace_back();
    for (int column = 0; column <= 70; ++column) {
      const double w1 = -5 + 0.1 * column, w2 = -1.5 + 0.05 * row;
      surface.values.back().push_back((w1 * w1 + 20 * w2 * w2) / 2);
    }
  }
  chart.surface = surface;
  write_user_file("optimiser_paths.svg", plot::draw(chart).svg);
  std::printf("wrote optimiser_paths.svg\n");
}
