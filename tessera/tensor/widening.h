// How operations on bfloat16 (bfloat16.h) are computed, the same on every backend: widened, computed in float32, rounded once. Backends need only
// its conversions and copies. Private to this room. Thread-safety: as Backend::run.
#pragma once

#include <span>

#include "tessera/tensor/op.h"

namespace tessera::internal {

// Whether an input or the output is bfloat16 and the operation computes.
bool needs_widening(Op op, std::span<const TensorView> inputs, DType output);
// Fills `output`, which has elements.
void run_widened(Op op, std::span<const TensorView> inputs, const Tensor& output,
                 const Attributes& attributes);

}  // namespace tessera::internal
