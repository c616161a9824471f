// Sequences of different lengths side by side in one padded tensor, time first: [T, N, ...]. Internal to nn.
//
// Everything is done by selecting and moving whole rows, so what is computed for a sequence does not depend on the padding or on the others.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::nn {

class SequenceLengths {
 public:
  // `lengths` int64 [samples], each from 0 to `times`; undefined: all `times`. Throws Error, beginning with `where`.
  SequenceLengths(const std::string& where, const Tensor& lengths, std::int64_t times, std::int64_t samples);

  // Times that have to be computed: the greatest length, at least 1.
  std::int64_t longest() const { return longest_; }
  // All are as long as that, so there is nothing to mask.
  bool equal() const { return equal_; }

  // For x [longest, N, F]:
  Tensor masked(const Tensor& x) const;    // zeros past the lengths
  Tensor reversed(const Tensor& x) const;  // each sequence from its last time to its first; what is past its length stays there
  Tensor last(const Tensor& x, const Tensor& before) const;  // [N, F]: at the last time; `before` where there is none

 private:
  std::int64_t longest_, samples_;
  bool equal_ = true;
  std::vector<std::int64_t> lengths_;  // empty if equal
  Tensor mask_;                        // bool [longest, N, 1]
};

}  // namespace tessera::nn
