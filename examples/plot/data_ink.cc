// The data-ink ratio (Tufte, 1983): the share of the ink that shows data. A grid is ink that shows none. The band is a
// standard error, the gap a step whose loss was not recorded.
#include <cstdio>
#include <limits>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  plot::LineChart chart;
  chart.title = "Loss while training";
  chart.x = {.label = "step", .unit = "1"};
  chart.y = {.label = "loss", .unit = "nats", .from = 0};
  plot::Series training{.name = "training"}, validation{.name = "validation"};
  for (int step = 0; step <= 1000; step += 20) {
    const double progress = step / 100.0;
    training.x.push_back(step);
    training.y.push_back(2.3 / (1 + progress * progress / 4) + 0.05 * ((step / 20 * 7) % 5));
    validation.x.push_back(step);
    const double loss = 2.3 / (1 + progress * progress / 5) + 0.25 + 0.01 * progress;
    validation.y.push_back(step == 520 ? std::numeric_limits<double>::quiet_NaN() : loss);
    validation.low.push_back(validation.y.back() - 0.12);
    validation.high.push_back(validation.y.back() + 0.12);
  }
  chart.series = {training, validation};

  const plot::Drawing bare = plot::draw(chart), gridded = plot::draw(chart, {.grid = true});
  std::printf("data-ink ratio %.2f, with a grid %.2f\n", bare.integrity.data_ink, gridded.integrity.data_ink);
  write_user_file("data_ink.svg", bare.svg);
  std::printf("wrote data_ink.svg\n");
}
