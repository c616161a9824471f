// One element of an operation's output with two neighbouring additions in swapped order. Private to fault.cc.
#pragma once

#include <cstdint>

#include "tessera/tensor/fault.h"
#include "tessera/tensor/op.h"

namespace tessera::internal {

// Stores the element of event.output whose additions have `term` and the next term of the same chain exchanged. Throws Error when the
// operation adds nothing, or the term has no next one in its chain.
ChangedBits swap_additions(const OpEvent& event, std::int64_t element, std::int64_t term);

}  // namespace tessera::internal
