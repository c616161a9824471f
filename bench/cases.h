// What is measured, one file a family in bench/cases. Names, shapes and work are the same in bench/rivals/*.py: a case is found on every side
// by its name, which starts with the name of what is measured.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace bench {

struct Case {
  std::string name;
  std::function<void()> run;  // one call, with inputs made before
};

std::vector<Case> product_cases();
std::vector<Case> convolution_cases();
std::vector<Case> blocked_convolution_cases();
std::vector<Case> elementwise_cases();
std::vector<Case> reduction_cases();
std::vector<Case> type_cases();
std::vector<Case> recurrent_cases();
std::vector<Case> index_cases();
std::vector<Case> training_cases();
std::vector<Case> layer_cases();
std::vector<Case> model_cases();
std::vector<Case> growth_cases();  // one piece of work in many sizes, for the plots of bench/growth.py

// The published models among them, by the name with which their rows begin; and one of them written out as a safetensors file, without
// dropout: "input.NNN" and "state.NNN" in PyTorch's order, "loss.NNN" of some training steps, "prediction.000" before and "prediction.001" after
// them.
std::vector<std::string> model_names();
void write_check(const std::string& name, const std::string& path);

struct Family {
  std::string name;
  std::vector<Case> cases;
};

// In a fixed order. Inputs are allocated when a case is first run.
std::vector<Family> all_families();

// Prints where the time of `calls` calls goes, by operation and shapes, the slowest first.
void print_profile(const Case& item, int calls);

// Multiply-add operations per second that `threads` threads reach with values in registers, counted as 2
// each, in GFLOP/s, with vectors of the active level: the ceiling of any product. 0 where no probe is written for the processor.
double peak_gflops(int threads, double seconds);

// Bytes per second, in GB/s, at which `threads` threads read 10^7 numbers of fp32 (each its part, added up in 8 registers): the
// ceiling of any reduction of them. The median of the readings within `seconds`.
double read_bandwidth(int threads, double seconds);

}  // namespace bench
