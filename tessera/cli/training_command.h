// The command line of whatever trains from a configuration: CONFIG, --set, where the run goes, how to compute.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/cli/commands.h"
#include "tessera/cli/execution.h"
#include "tessera/train/training_run.h"

namespace tessera::cli {

struct TrainingCommand {
  std::string config_file;
  std::vector<std::string> settings;  // of --set
  train::TrainOptions options;
  Execution execution;

  const train::TrainOptions& apply();  // chooses threads and backend, and says so in the options
};

struct TrainingCommandText {
  std::string name;  // "generate train"
  std::string_view purpose, details;
  std::string_view described;  // by CONFIG: "data, network and training"
  std::string (*keys)();       // what --keys prints
};

// None: help or the keys were asked for, and printed.
std::optional<TrainingCommand> parse_training_command(const TrainingCommandText& text, const Words& words);

}  // namespace tessera::cli
