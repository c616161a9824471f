#include <string>
#include <vector>

#include "tessera/cli/command.h"

int main(int argc, char** argv) {
  return tessera::cli::run_command_line(std::vector<std::string>(argv + 1, argv + argc));
}
