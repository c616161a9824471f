// The View rows: a new shape, strides and offset over the same storage, without a kernel. Private to this room.
#pragma once

#include <optional>

#include "tessera/tensor/op.h"

namespace tessera::internal {

// The view that a row of class View makes of `input`; `shape` comes from the shape rule. Nothing when a reshape cannot be
// expressed by strides: the caller then copies first.
std::optional<Tensor> make_view_of(Op op, const Tensor& input, const Shape& shape,
                                   const Attributes& attributes);

// Strides under which `shape` (as many elements) reads the same elements in the same order, if there are any.
std::optional<Strides> reshaped_strides(const Shape& from, const Strides& strides, const Shape& shape);

// Strides of a view broadcast to `shape`: 0 for repeated axes.
Strides broadcast_strides(const Shape& from, const Strides& strides, const Shape& shape);

}  // namespace tessera::internal
