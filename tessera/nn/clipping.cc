#include "tessera/nn/clipping.h"

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/numerics/functions.h"
#include "tessera/tensor/op_scope.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {
namespace {

void require_positive(const char* what, double limit) {
  if (!(limit > 0)) fail("{}: the limit is {}, expected more than 0", what, limit);
}

}  // namespace

void clip_by_value(std::vector<Tensor>& gradients, double limit) {
  require_positive("clip_by_value", limit);
  const NoTape no_tape;
  const OpScope scope("clip");
  for (Tensor& gradient : gradients) gradient = maximum(minimum(gradient, limit), -limit);
}

double global_norm(const std::vector<Tensor>& gradients) {
  if (gradients.empty()) return 0;
  const NoTape no_tape;
  const FloatEnvironment contract;
  const OpScope scope("norm");
  std::vector<Tensor> squares;
  for (const Tensor& gradient : gradients)
    squares.push_back(reshape(cast(sum_squares(gradient), DType::kFloat64), {1}));
  return numerics::sqrt(sum(concatenate(squares, 0)).item<double>());
}

double clip_by_norm(std::vector<Tensor>& gradients, double limit) {
  require_positive("clip_by_norm", limit);
  const double norm = global_norm(gradients);
  const NoTape no_tape;
  const FloatEnvironment contract;
  const OpScope scope("clip");
  const double factor = limit / (norm + 1e-6);
  if (factor >= 1) return norm;
  for (Tensor& gradient : gradients) gradient = gradient * factor;
  return norm;
}

void constrain_max_norm(const std::vector<Parameter*>& parameters, double limit) {
  require_positive("constrain_max_norm", limit);
  const NoTape no_tape;
  const OpScope scope("max_norm");
  for (Parameter* parameter : parameters) {
    const Tensor& value = parameter->value;
    if (value.rank() < 2) continue;
    std::vector<std::int64_t> incoming;
    for (int axis = 1; axis < value.rank(); ++axis) incoming.push_back(axis);
    const Tensor lengths = sqrt(sum_squares(value, incoming, true));
    const Tensor factors = select(greater(lengths, limit), limit / lengths, 1);
    parameter->value = value * factors;
  }
}

}  // namespace tessera::nn
