// Copying the elements of one view to where another has them.
#pragma once

#include "tessera/backends/cpu/scratch.h"
#include "tessera/tensor/tensor.h"

namespace tessera::backends {

// Element i of `from` in row-major order goes to element i of `to`; same shape and dtype, no overlap. Runs on
// all threads when there is much to copy.
void copy_view(const TensorView& from, const TensorView& to);

// The elements of `view` in row-major order: where they are, or a copy in scratch memory.
template <typename T>
const T* dense(const TensorView& view, ScratchScope& scratch) {
  if (view.contiguous()) return view.as<const T>();
  T* memory = scratch.allocate<T>(view.elements());
  copy_view(view, {memory, view.dtype, view.shape, row_major_strides(view.shape)});
  return memory;
}

}  // namespace tessera::backends
