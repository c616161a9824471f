#include "tessera/cli/training_command.h"

#include <fmt/core.h>

#include "tessera/base/error.h"
#include "tessera/cli/arguments.h"

namespace tessera::cli {

const train::TrainOptions& TrainingCommand::apply() {
  execution.apply();
  options.environment = execution.environment();
  return options;
}

std::optional<TrainingCommand> parse_training_command(const TrainingCommandText& text, const Words& words) {
  Arguments arguments(text.name, text.purpose, text.details);
  TrainingCommand command;
  bool keys = false;
  arguments.positional("CONFIG", command.config_file,
                       fmt::format("TOML file that describes {}", text.described), false);
  arguments.option("--set KEY=VALUE", command.settings, "Override one key of CONFIG; may be repeated");
  arguments.option("--store DIR", command.options.store, "The folder of all runs (default: runs)");
  arguments.option("--name NAME", command.options.name,
                   "Name of the run (default: the configuration's name and a number)");
  arguments.option("--key FILE", command.options.key_file,
                   "Sign the seal with this private key (see 'tessera key new')");
  arguments.flag("--quiet", command.options.quiet, "No progress");
  arguments.flag("--keys", keys, "List every key that a configuration may have, and stop");
  command.execution.declare(arguments);
  if (!arguments.parse(words)) return std::nullopt;  // help was asked for
  if (keys) {
    fmt::print("{}", text.keys());
    return std::nullopt;
  }
  if (command.config_file.empty())
    fail_with(ExitCode::kUsage,
              "tessera {0} needs a configuration: tessera {0} CONFIG (see 'tessera {0} --help')", text.name);
  return command;
}

}  // namespace tessera::cli
