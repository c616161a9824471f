// What slices of one tensor give its gradient, put together in one pass. Internal to autograd.
//
// By itself a slice gives its input a tensor of zeros that has the slice's gradient at its place (embed), and what several slices give is added.
// Most tensors that are sliced are cut into parts that lie side by side: queries, keys and values of one projection, the states of a
// recurrent layer. Their sum is the parts one behind the other, without writing and adding zeros once per part.
#pragma once

#include <cstdint>
#include <vector>

#include "tessera/tensor/op.h"

namespace tessera::internal {

struct SliceGradient {
  SliceAttributes slice;
  Tensor gradient;  // of the slice's shape
};

// The bits of embed(first) + embed(second) + ... (contract rule 6), of which the first `entries` along the first axis are given out. The slices are
// of one tensor; there is at least one.
Tensor sum_of_slices(const std::vector<SliceGradient>& slices, std::int64_t entries);

// How many entries of the output's first axis carry a gradient: what recurrent layers keep for their own gradient does not.
std::int64_t carrying_entries(Op op, const Shape& output);

}  // namespace tessera::internal
