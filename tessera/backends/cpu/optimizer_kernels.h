// The inner loops of optimiser steps for each SIMD level: one stretch of one tensor.
#pragma once

#include <cstdint>

#include "tessera/tensor/op.h"
#include "tessera/tensor/optimizer_steps.h"

namespace tessera::backends {

// The states that a step does not have are null.
template <typename T>
struct StepStretch {
  const T *value, *gradient, *state[kMostStepStates];
  T *new_value, *new_state[kMostStepStates];  // 64-byte aligned; padded to a multiple of kStepPadding
  std::int64_t n;
  const T* factors;
  bool stream;  // past the caches: the results are larger than they are
};

template <typename T>
using StepLoop = void (*)(const StepStretch<T>& stretch);

// The active SIMD level's loop; null when there is none.
template <typename T>
StepLoop<T> step_loop(Op op, const OptimizerAttributes& attributes);

}  // namespace tessera::backends
