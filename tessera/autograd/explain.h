// An expression as a drawn graph: every operation with its value above and the gradient of the result below, the way backpropagation is
// taught (Karpathy, Johnson & Li, "CS231n", Stanford, lecture notes "Backpropagation, Intuitions").
//
// Nodes are the inputs, the numbers that the expression uses, and the operations in the order in which they ran. A gradient is there for every
// node that the inputs lead to. `dot` is for Graphviz; `svg` draws the same by itself, in columns by distance from the inputs, which is
// readable for some tens of nodes.
//
// Errors: a result of more than one element, as in Tape::gradient. Thread-safety: pure function of its arguments, on the calling thread.
//
// ```cpp
// const Explanation square = explain([](const std::vector<Tensor>& in) { return in[0] * in[0] + 1; },
//                                    {{"x", Tensor::from<double>({3}, {1})}});
// assert(square.nodes.size() == 4);  // x, multiply, 1, add
// assert(square.find("x").gradient.item<double>() == 6);
// assert(square.nodes.back().label == "add" && square.nodes.back().value.item<double>() == 10);
// ```
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera {

struct ExplainedInput {
  std::string name;
  Tensor value;
};

struct ExplainedNode {
  std::string label;  // the name of an input or of the operation; of a number "constant"
  Tensor value;
  Tensor gradient = {};                  // of the result in this; undefined where no input leads here
  std::vector<std::size_t> inputs = {};  // positions of its arguments, all before it
};

struct Explanation {
  std::vector<ExplainedNode> nodes;  // each after its arguments; the last one is the result

  const ExplainedNode& find(std::string_view label) const;  // the first one of that label; throws Error
  std::string text() const;  // a line per node: number, label, arguments, value, gradient
  std::string dot() const;
  std::string svg() const;
};

// Runs `expression` once on the inputs, which must be floating.
Explanation explain(const std::function<Tensor(const std::vector<Tensor>&)>& expression,
                    const std::vector<ExplainedInput>& inputs);

// "0.25", "[1, 2, 3]", "[[1, 2], [3, 4]]", of many elements "float32[64, 10]".
std::string short_text(const Tensor& value);

}  // namespace tessera
