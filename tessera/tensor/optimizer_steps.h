// A step of an optimiser for many tensors in one operation: every element is read once and written once.
//
// The rows of the class Optimizer take lists of tensors of one dtype, all values first, then all gradients, then each kind of state, and
// at the end `factors`, a vector of the numbers of the step (of that dtype; float32 for bfloat16). They are these compositions, element
// by element and in this order, bit for bit; each number is a factor, each operation rounds once (in float32 for bfloat16, whose results
// are then rounded). The states come in the order in which they are named here:
//
//   sgd_step    factors (rate, momentum, decay)
//     g = g + p * decay                                      if attributes.decay
//     velocity = velocity * momentum + g                     if attributes.momentum (else there are no velocities)
//     g = velocity, or g + velocity * momentum if attributes.nesterov
//     p = p - g * rate
//   adam_step   factors (step size, epsilon, b1, 1 - b1, b2, 1 - b2, decay)
//     p = p * decay                                          if attributes.decoupled (decay is 1 - rate * weight decay)
//     g = g + p * decay                                      if attributes.decay
//     mean = mean * b1 + g * (1 - b1)
//     square = square * b2 + (g * g) * (1 - b2)
//     largest = maximum(largest, square)                     if attributes.amsgrad
//     p = p - (mean * step size) / (sqrt(square) + epsilon), with `largest` in the place of `square` if attributes.amsgrad
//   rmsprop_step  factors (rate, epsilon, alpha, 1 - alpha, momentum, decay)
//     g = g + p * decay                                      if attributes.decay
//     square = square * alpha + (g * g) * (1 - alpha)
//     spread = square
//     mean = mean * alpha + g * (1 - alpha)                  if attributes.centered, and then
//     spread = maximum(square - mean * mean, 0)              (rounding can leave less than nothing of a variance of about 0)
//     g = g / (sqrt(spread) + epsilon)
//     velocity = velocity * momentum + g                     if attributes.momentum, and then g = velocity
//     p = p - g * rate
//   adagrad_step  factors (rate, epsilon, decay)
//     g = g + p * decay                                      if attributes.decay
//     sum = sum + g * g
//     p = p - (g / (sqrt(sum) + epsilon)) * rate
//   adadelta_step  factors (rate, epsilon, rho, 1 - rho, decay)
//     g = g + p * decay                                      if attributes.decay
//     square = square * rho + (g * g) * (1 - rho)
//     g = sqrt(change + epsilon) / sqrt(square + epsilon) * g
//     change = change * rho + (g * g) * (1 - rho)
//     p = p - g * rate
//
// An operation has one output, so the results lie in one buffer: new values, then each kind of new state, each tensor from the next
// multiple of 16 elements on, zeros between them. `part` makes views of it; a view keeps the whole buffer alive.
// Thread-safety: as all operations.
//
// ```cpp
// const std::vector<Tensor> values = {ones({2}), ones({3})}, gradients = {ones({2}), zeros({3})};
// const OptimizerStep step(Op::kSgdStep, {values, gradients}, Tensor::from<float>({0.25F, 0, 0}, {3}), {});
// assert(step.part(0, 0).to_vector<float>() == (std::vector<float>{0.75F, 0.75F}));
// assert(step.part(0, 1).to_vector<float>() == (std::vector<float>{1, 1, 1}));
// ```
#pragma once

#include <cstdint>
#include <vector>

#include "tessera/tensor/op.h"
#include "tessera/tensor/tensor.h"

namespace tessera {

class OptimizerStep {
 public:
  // lists: values, gradients, then the states, of equal lengths; tensor i of each has the same shape.
  OptimizerStep(Op op, const std::vector<std::vector<Tensor>>& lists, const Tensor& factors,
                const OptimizerAttributes& attributes, SourceLocation where = SourceLocation::current());

  // The new value of tensor i (kind 0) or its new state (kind 1, 2, ...).
  Tensor part(std::size_t kind, std::size_t i, SourceLocation where = SourceLocation::current()) const;

 private:
  Tensor buffer_;
  std::vector<Shape> shapes_;
  std::vector<std::int64_t> begins_;  // of the tensors of one kind; at the end where the next kind begins
};

// Elements that a tensor takes in the buffer.
inline constexpr std::int64_t kStepPadding = 16;
constexpr std::int64_t padded_elements(std::int64_t elements) {
  return (elements + kStepPadding - 1) / kStepPadding * kStepPadding;
}

// What a step takes beside values and gradients.
struct OptimizerParts {
  std::size_t states;    // lists of state, at most kMostStepStates
  std::int64_t factors;  // numbers, at most kMostStepFactors
};
inline constexpr std::size_t kMostStepStates = 3, kMostStepFactors = 7;
OptimizerParts optimizer_parts(Op op, const OptimizerAttributes& attributes);

// What the inputs of a call of such a row are.
struct OptimizerLists {
  std::size_t tensors;  // per list
  std::size_t states;   // lists of state
};
// Throws Error when that many inputs are not whole lists and factors.
OptimizerLists optimizer_lists(Op op, std::size_t inputs, const OptimizerAttributes& attributes);

}  // namespace tessera
