// Examples of every row of ops.def whose axes have a given length, so that every rest of a vector, a block or a tile comes to lie
// at the end of a tensor: for guard_test.cc.
#pragma once

#include <cstdint>
#include <vector>

#include "tessera/backends/examples_test.h"

namespace tessera {

// Of all rows that have a form for this dtype, with `length` in turn at every axis that a kernel has loops for; the numbers are drawn
// from Philox. Rows of a second kind of elements (cast, select) come with the first one's.
std::vector<Example> tail_examples(DType dtype, std::int64_t length);
// The rows whose work grows with the length only: for longer ones.
std::vector<Example> long_tail_examples(DType dtype, std::int64_t length);

}  // namespace tessera
