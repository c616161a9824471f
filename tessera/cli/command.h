// The commands of the tool: one file per command, one row each in the table of command.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tessera/base/error.h"

namespace tessera::cli {

struct Command {
  std::string_view name;  // as typed: "train", "key new"
  std::string_view summary;
  ExitCode (*run)(const std::vector<std::string>& words);  // the words after the name; throws Error
};

const std::vector<Command>& commands();

// What `main` does: finds the command, runs it, prints errors on stderr. Returns the exit status.
int run_command_line(std::vector<std::string> words);

}  // namespace tessera::cli
