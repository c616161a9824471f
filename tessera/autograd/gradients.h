// The gradients as a table: for every differentiable row of ops.def one function of the row's name, which gives the contribution
// of the row's output to each of its inputs. The table is expanded from ops.def, so a row without a gradient fails the link.
//
// Each function is a composition of table operations on the recorded tensors, so that it is recorded and differentiates again.
// Internal to autograd; the definitions are grouped by class in gradients_*.cc.
#pragma once

#include <array>
#include <vector>

#include "tessera/tensor/op.h"
#include "tessera/tensor/ops.h"

namespace tessera::internal {

// One recorded operation, and the gradient that has arrived at its output.
struct GradientCall {
  const std::vector<Tensor>& inputs;
  const Tensor& output;
  const Attributes& attributes;
  const Tensor& gradient;  // of the output's shape, but for entries that carry none (slice_gradients.h)
  const std::vector<bool>& wanted;  // per input: false if nobody asks for its gradient
};

// Per input its contribution, of the input's shape; undefined where it is not wanted.
using Contributions = std::vector<Tensor>;
using GradientFunction = Contributions (*)(const GradientCall&);

// nullptr for rows that are not differentiable.
GradientFunction gradient_function(Op op);

namespace gradients {
#define TESSERA_GRADIENT_0(Id)
#define TESSERA_GRADIENT_1(Id) Contributions Id(const GradientCall& call);
#define TESSERA_OP(Id, name, arity, op_class, differentiable, definition) \
  TESSERA_GRADIENT_##differentiable(Id)
#include "tessera/tensor/ops.def"
#undef TESSERA_OP
#undef TESSERA_GRADIENT_1
#undef TESSERA_GRADIENT_0

// `gradient` summed over the axes along which an input of this shape was broadcast.
Tensor unbroadcast(const Tensor& gradient, const Shape& shape);

// g where x > 0, else 0: the gradient of relu, in one pass; x may be relu's result as well.
Tensor before_relu(const Tensor& x, const Tensor& g);

// Inputs for a tape of their own. A tape looks tensors up by identity and would give each place of one tensor the gradient of all of them: where a
// tensor stands in a second place, a view of it stands there instead.
std::vector<Tensor> by_place(std::vector<Tensor> inputs);

// Zeros of x's shape as one repeated element: what adds to them writes each result once, not the zeros first.
Tensor zeros_like(const Tensor& x);

}  // namespace gradients
}  // namespace tessera::internal
