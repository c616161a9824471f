// A sweep step by step: one setting after the other, each chosen before the next is tried. Every trial is a recorded run with a seal; a sweep that was interrupted goes on from
// them, and a configuration that was there before is not trained again.
#include "tessera/train/sweep.h"

#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

const char* const kBase = R"(
seed = 1
[data]
format = "csv"
path = "spirals.csv"
label_column = "arm"
held_out = 0.25
[[network]]
layer = "linear"
units = 24
[[network]]
layer = "sigmoid"
[[network]]
layer = "linear"
units = 2
[training]
epochs = 40
batch = 32
learning_rate = 0.1
)";
const char* const kPlan = R"(
base = "spirals.toml"
method = "step_by_step"
[[parameter]]
key = "training.learning_rate"
values = [0.1, 1.0]
[[parameter]]
key = "network.2.layer"
values = ["sigmoid", "tanh", "relu"]
[[parameter]]
key = "optimiser"
settings = [["training.optimizer=sgd"], ["training.optimizer=adam", "training.learning_rate=0.02"]]
)";

int main() {
  use_default_backend();
  const std::string folder = make_temporary_folder("sweep-example");
  std::string rows = "x,y,arm\n";
  for (int i = 0; i < 400; ++i) {  // two spirals in each other
    const double turn = 0.015 * i + 0.5, sign = i % 2 == 0 ? 1 : -1;
    rows += std::to_string(sign * turn / 3 * numerics::cos(turn)) + "," +
            std::to_string(sign * turn / 3 * numerics::sin(turn)) + "," + (i % 2 == 0 ? "first" : "second") +
            "\n";
  }
  write_file_atomically(folder + "/spirals.csv", rows);
  write_file_atomically(folder + "/spirals.toml", kBase);
  write_file_atomically(folder + "/plan.toml", kPlan);
  const train::SweepPlan plan = train::SweepPlan::read(folder + "/plan.toml");
  const train::SweepOptions options{.store = folder + "/sweeps", .quiet = true};
  const auto show = [](std::size_t number, const train::SweepTrial& trial) {
    std::printf("trial %zu  %-8s held out %.3f ", number, trial.trained ? "trained" : "was there",
                trial.accuracy.value_or(0));
    for (const std::string& setting : train::overrides_of(trial.result.settings))
      std::printf(" %s", setting.substr(setting.find('.') + 1).c_str());
    std::printf("\n");
  };
  const train::SweepResult result = train::run_sweep(plan, options, show);
  const train::SweepTrial& best = result.trials[*result.best];
  std::printf("best: trial %zu, %.3f, seal %.12s...\n", *result.best + 1, *best.accuracy,
              to_hex(runs::seal_value(*runs::read_seal(best.run))).c_str());
  int trained = 0;
  train::run_sweep(plan, options,
                   [&](std::size_t, const train::SweepTrial& trial) { trained += trial.trained; });
  std::printf("the same sweep once more: %d of %zu trained again\n", trained, result.trials.size());
  remove_folder(folder);
}
