// Two traces compared: the first event at which they part, and in it the first element.
//
// Events are compared in the order in which they happened in the first trace, so everything before the event that is found agrees, its inputs
// among it: it is where the difference began, not where it was noticed. The second trace may have them in another order, as far as
// inputs allow: which argument of a function is evaluated first is the compiler's choice. What is compared is what was computed: kind, name, attributes, inputs,
// dtype, shape, and the digest of the elements. Source lines and scopes are for people; they may differ between two builds.
//
// Without values in both traces the element is known up to its leaf of 1,024. Traces of different ranges are compared over the steps
// that both have. Errors: Error for a damaged trace, or two without a common step. Thread-safety: pure functions of files.
//
// ```cpp
// const auto distance = runs::ulp_distance(Tensor::scalar(1.0F), Tensor::scalar(1.0000002F), 0);
// assert(distance == 2);
// ```
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tessera/runs/trace_file.h"

namespace tessera::runs {

// One element that differs, and how many do.
struct ElementDifference {
  std::int64_t element = 0;            // row-major
  std::vector<std::int64_t> position;  // the same, per axis
  std::string a, b;                    // "0.25 (0x3e800000)"
  std::optional<std::uint64_t> ulp;  // floats that are no NaN: values of this type between a and b, plus one
  std::optional<int> bit;            // if exactly one bit differs, its number from the lowest
  std::int64_t differing = 0;        // elements of the tensor
};

enum class TraceParting {
  kProgram,  // another operation, or the same one on other inputs: the programs part
  kValue,    // the same event, other elements
  kScalar,   // a recorded number differs though every tensor agrees
  kEnd,      // one has an event more
};

struct TraceDifference {
  TraceParting parting = TraceParting::kValue;
  std::uint64_t step = 0;
  std::uint32_t event = 0, event_b = 0;  // in a, and in b, where compilers may have chosen another order
  std::optional<TraceEvent> a, b;        // as far as each side has one; none for kScalar
  std::string scalar;                    // kScalar: its name; a and b are texts of the two values
  std::string scalar_a, scalar_b;

  // kValue:
  std::int64_t leaf_first = 0, leaf_last = 0;  // elements of the first leaf that differs, both included
  std::optional<ElementDifference> element;    // when both traces hold values
  std::vector<TraceEvent> inputs;              // of the event; they agree
  // kValue of a state tensor: the last event of the step before that gave the bits which one side still has. On the other side they
  // changed after it, by no operation: in memory, or by the program's own code. None when the traces do not hold that step, or no event
  // gave these bits.
  struct Origin {
    std::uint64_t step = 0;
    std::uint32_t event = 0;
    TraceEvent made_by;
    bool changed_in_a = false;  // else in b
  };
  std::optional<Origin> origin;
};

struct TraceComparison {
  std::uint64_t from = 0, to = 0;  // steps that both have; up to the one that differs
  std::uint64_t events = 0;        // that were compared and agree
  std::optional<TraceDifference> difference;
};
TraceComparison compare_traces(const std::string& folder_a, const std::string& folder_b);

// The first differing element of two tensors of one dtype and shape; nothing when all bits (canonical NaN) agree.
std::optional<ElementDifference> first_differing_element(const Tensor& a, const Tensor& b);

// Between the floating elements at `element`: 0 for equal bits and for +0 and -0 one; nothing when either is NaN or the type is not floating.
std::optional<std::uint64_t> ulp_distance(const Tensor& a, const Tensor& b, std::int64_t element);

}  // namespace tessera::runs
