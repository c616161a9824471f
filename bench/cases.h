// What is measured. Names, shapes and work are the same in bench/rivals.py; a case is found in both by its
// name.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace bench {

struct Case {
  std::string name;
  std::function<void()> run;  // one call, with inputs made before
};

// The cases whose name contains `part`, in a fixed order. Inputs are allocated when a case is first run.
std::vector<Case> all_cases();

// Multiply-add operations per second that `threads` threads reach with values in registers, counted as 2
// each, in GFLOP/s: the ceiling of any product. 0 where no probe is written for the processor.
double peak_gflops(int threads, double seconds);

}  // namespace bench
