// Many random scripts, in several processes: progress, the sum of what was done, and the first finding, made short.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/store_tester/runner.h"

namespace store_tester {

struct Task {
  std::uint64_t seed = 1, first = 0, sequences = 1000, length = 16;
  std::uint64_t jobs = 1;
  bool quiet = false;
};

struct ShortFinding {
  std::uint64_t sequence = 0;
  std::string sentence;
  Script script;  // short
};

struct Outcome {
  Counts counts;
  std::uint64_t sequences = 0;
  std::optional<ShortFinding> finding;
};

// A folder in memory where there is one (a sync is cheap there), unless TMPDIR says otherwise.
std::string make_working_folder();

// Runs a script in a process of its own; the sentence of the finding, if there is one.
std::optional<Finding> run_script(const Script& script, Counts& counts);

Outcome run_task(const Task& task);

}  // namespace store_tester
