// The attributes of an operation as a canonical text, for traces and listings: "kernel 3,3; stride 1,1; padding 1,1". Equal attributes,
// equal text, on every machine; numbers are the shortest decimals that read back as the same double. What the output's shape and dtype
// say already is left out, and an operation without attributes has an empty text.
//
// Thread-safety: pure function.
//
// ```cpp
// assert(attributes_text(ReduceAttributes{{0, 2}, true}) == "axes 0,2; keep_axes");
// assert(attributes_text(NoAttributes{}).empty());
// ```
#pragma once

#include <string>

#include "tessera/tensor/op.h"

namespace tessera {

std::string attributes_text(const Attributes& attributes);

}  // namespace tessera
