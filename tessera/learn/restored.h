// What a state that was read from a file must be before anything is computed with it: somebody else may have written it. Internal to this room.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "tessera/tensor/tensor.h"

namespace tessera::learn {

// Throws Error that names `owner` and `what` unless the tensor is there, of this type, contiguous and of this shape; -1 stands for any length of at least 1.
void require_restored(std::string_view owner, std::string_view what, const Tensor& value, DType dtype,
                      std::initializer_list<std::int64_t> shape);
// The same for a state that is impossible in another way.
[[noreturn]] void refuse_restored(std::string_view owner, std::string_view what);
void require_finite(std::string_view owner, std::string_view what,
                    const Tensor& value);  // float64, contiguous
// Whole numbers from 0 on, below `end`.
void require_below(std::string_view owner, std::string_view what, const Tensor& value, std::int64_t end);

}  // namespace tessera::learn
