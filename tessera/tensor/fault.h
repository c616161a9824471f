// Planted faults: one bit of one value is wrong, once, as on a broken machine. For tests of what finds such faults: `tessera verify`,
// `tessera diff` and traces.
//
// A fault is described by one line:
//
//     step=37 operation=12 element=5 bit=3      one bit of the output of an operation flips when it has been computed
//     step=37 host=0 element=5 bit=3            one bit of a tensor that the program makes from its own memory (positions of samples)
//     step=37 tensor=model.0.weight element=5 bit=3    one bit of the state flips in memory as the step begins
//     step=37 operation=12 element=5 swap=4     term 4 and the next term of the same chain of additions change places, for one element
//                                               of a matmul, linear, conv2d (or a gradient of it), sum, sum_squares or mean
//     step=37 operation=12 drop-task=1          the thread pool leaves out task 1 of the operation's loop; what it would have
//                                               written, output or scratch, keeps
//                                               a pattern (0x3f in every byte, 0 for whole numbers and bool)
//
// Steps are those of a recorded run and count from 1. Operations count from 0 in their step, views included, and host tensors from 0, apart
// from each other; the events of a trace (runs/trace_file.h) count all kinds together. An operation is counted on the thread that works on the run. Elements count row-major,
// bits from the lowest. The next term of a chain is, by the numerics contract, the next one of a product's chunk of 256, and the one 16
// places on in a block of a sum. Which tasks a loop has depends on the number of threads and the backend.
//
// Nothing of this can be seen in a record: it simulates a broken machine, and a machine does not write down that it is broken. What
// keeps it from happening by accident: only the command-line tool and programs with a Run that obeys the environment look at the variable
// TESSERA_PLANT_FAULT; stderr says what is planted, the bits before and after, or that it was never executed. Without a fault
// this costs a test of a pointer per operation and of a number per parallel loop.
//
// One fault per process. Thread-safety: plant before, take away after the work; the fault itself may meet any number of threads.
//
// ```cpp
// const Fault fault = parse_fault("step=3 operation=0 element=1 bit=31");
// assert(fault.step == 3 && fault.bit == 31 && fault_text(fault) == "step=3 operation=0 element=1 bit=31");
// plant_fault(fault, {.quiet = true});
// internal::fault_step_begins(3);  // Run says this
// const Tensor x = full({2}, 1.5F);
// assert(x.to_vector<float>() == (std::vector<float>{1.5F, -1.5F}));
// assert(fault_report().executed);
// remove_fault();
// ```
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera {

struct Fault {
  enum class Target : std::uint8_t { kOperation, kHost, kState };
  enum class Kind : std::uint8_t { kBit, kSwap, kDropTask };
  std::uint64_t step = 1;
  Target target = Target::kOperation;
  Kind kind = Kind::kBit;
  std::int64_t number = 0;   // of the operation or host tensor
  std::string tensor = {};   // kState: its name
  std::int64_t element = 0;  // not of kDropTask
  std::int64_t bit = 0;
  std::int64_t term = 0;  // kSwap
  std::int64_t task = 0;  // kDropTask
};

// Throws Error(kUsage) that names the word, what was found and what was expected.
Fault parse_fault(std::string_view text);
std::string fault_text(const Fault& fault);

struct PlantOptions {
  bool quiet = false;  // nothing on stderr
};
// Throws Error(kUsage) when one is planted already. What does not fit (no such element, an operation without additions) is an Error of
// the step in which it is found out.
void plant_fault(const Fault& fault, const PlantOptions& options = {});
void plant_fault_from_environment();  // TESSERA_PLANT_FAULT, once per process; nothing when it is not set
void remove_fault();                  // not while operations run
bool fault_planted();

struct FaultReport {
  bool executed = false;
  std::string place;          // "step 37, operation 12 (matmul)"
  std::string before, after;  // bits in hexadecimal; empty for a dropped task
  bool changed() const { return before != after; }
};
FaultReport fault_report();

namespace internal {

// A step begins on this thread: operations and host tensors count from 0 again.
void fault_step_begins(std::uint64_t step);
// Is a bit of the state to flip in the step that begins? If so, `state` gives all of it by name.
struct NamedState {
  std::string name;
  Tensor tensor;
};
// Returns whether a tensor's memory was changed.
bool flip_state(std::uint64_t step, const std::function<std::vector<NamedState>()>& state);

// The bits of one element, before and after. A place in memory that several elements share changes for all of them.
struct ChangedBits {
  std::string before, after;
};
ChangedBits flip_bit(const Tensor& tensor, std::int64_t element, std::int64_t bit);

}  // namespace internal
}  // namespace tessera
