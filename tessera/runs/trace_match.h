// Which events of two traces of one step are the same computation, whatever their order.
//
// C++ leaves open in which order the arguments of a function are evaluated, so two compilers may issue two operations of one expression in
// either order: the same program, the same bits, another numbering. Events are matched by what they are: a tensor of the state by its name, an
// operation by name, attributes, dtype, shape and its matched inputs, a tensor from the program's memory by scope, dtype, shape and, among
// several alike, by equal elements at the same rank, then by equal elements, then by order: a number that a fault changed is not taken for
// an equal one of another place. Internal to this room. Thread-safety: pure function.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tessera/runs/trace_file.h"

namespace tessera::runs {

// For each event of `a` the number of its event in `b`; nothing for one that `b` has not.
std::vector<std::optional<std::uint32_t>> match_events(const TraceStep& a, const TraceStep& b);

}  // namespace tessera::runs
