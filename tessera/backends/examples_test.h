// One call of an operation and what came of it: for the tests that hold one backend against another, in every
// configuration.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tessera/tensor/op.h"
#include "tessera/tensor/tensor.h"

namespace tessera {

struct Example {
  Op op;
  std::vector<Tensor> inputs;
  Attributes attributes;
};

// A result, or the fact that the operation refused the values.
struct Outcome {
  Tensor result;
  std::string error;
};

// What the active backend makes of it.
Outcome outcome_of(const Example& example);
std::vector<Outcome> outcomes_of(const std::vector<Example>& examples);
// "add float32[3, 4] strides [4, 1] ...".
std::string describe(const Example& example);
// "" where both have the same bits or both refuse the values, or what is wrong.
std::string difference(const Outcome& expected, const Outcome& found);

std::vector<Op> ops_of(OpClass op_class);
// The vector widths that this processor has, or "" alone.
std::vector<std::string> simd_levels();

// A row of ops.def with one of its dtypes, as "add/float32".
std::string row_of(const Example& example, const Tensor& result);
// Every row with every dtype that the selftest has it for, but the views, which have no kernel.
std::set<std::string> rows_of_the_selftest();

}  // namespace tessera
