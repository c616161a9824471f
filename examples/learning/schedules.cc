// Learning rates over 20 steps. All but the last are functions of the step's number; the plateau's falls when a metric no longer improves, and early
// stopping ends the training when it has not for long.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  const std::pair<const char*, nn::Schedule> schedules[] = {
      {"constant, warm-up", nn::constant_schedule(0.1, 4)},
      {"step", nn::step_schedule(0.1, 6, 0.5)},
      {"exponential", nn::exponential_schedule(0.1, 0.9)},
      {"cosine", nn::cosine_schedule(0.1, 20, 0.001)},
      {"cosine, restarts", nn::cosine_restarts_schedule(0.1, 3, 2)},
      {"one-cycle", nn::one_cycle_schedule(0.1, 20)},
  };
  std::printf("%-18s", "step");
  for (int step = 0; step < 20; step += 2) std::printf("%7d", step);
  for (const auto& [name, schedule] : schedules) {
    std::printf("\n%-18s", name);
    for (std::uint64_t step = 0; step < 20; step += 2) std::printf("%7.4f", schedule.rate(step));
  }

  std::printf("\n\nvalidation loss    rate     best so far\n");
  nn::PlateauSchedule plateau(0.1, {.factor = 0.5, .patience = 1});
  nn::EarlyStopping stopping({.patience = 4});
  for (const double loss : {0.9, 0.7, 0.6, 0.61, 0.62, 0.58, 0.59, 0.6, 0.6, 0.61, 0.3}) {
    plateau.observe(loss);
    const bool best = stopping.observe(loss);
    std::printf("%.2f               %.4f   %s\n", loss, plateau.rate(),
                best ? "yes: keep these weights" : "");
    if (stopping.should_stop()) break;
  }
  std::printf("stopped; the weights of observation %d are the result\n",
              static_cast<int>(stopping.best_observation()));
}
