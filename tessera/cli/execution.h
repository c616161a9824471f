// The options that say how to compute, shared by every command that computes. None of them can change a bit of a result.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "tessera/cli/arguments.h"

namespace tessera::cli {

struct Execution {
  std::int64_t threads = 0;  // 0: every processor that this process may use
  std::string backend;       // "": the default
  std::string simd;          // "": the best

  void declare(Arguments& arguments);
  void apply() const;  // chooses threads, backend and SIMD level; throws Error(kUsage) with a suggestion
  std::map<std::string, std::string> environment()
      const;  // what was chosen, for the circumstances of a record
};

}  // namespace tessera::cli
