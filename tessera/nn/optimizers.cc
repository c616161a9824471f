#include "tessera/nn/optimizers.h"

#include <set>
#include <utility>

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/numerics/functions.h"
#include "tessera/tensor/op_scope.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {
namespace {

void require_between(const char* name, double value, double low, double high) {
  if (!(value >= low && value < high))
    fail("optimiser: {} is {}, expected at least {} and below {}", name, value, low, high);
}

constexpr double kUnbounded = 1e300;

}  // namespace

Optimizer::Optimizer(std::vector<Parameter*> parameters) : parameters_(std::move(parameters)) {
  std::set<std::string> names;
  for (const Parameter* parameter : parameters_)
    if (!names.insert(parameter->name).second)
      fail("optimiser: two parameters are named '{}'; give the networks root paths of their own",
           parameter->name);
}

std::size_t Optimizer::add_buffers(const std::string& kind) {
  Buffers buffers{kind, {}};
  for (const Parameter* parameter : parameters_)
    buffers.tensors.push_back(zeros(parameter->value.shape(), parameter->value.dtype()));
  buffers_.push_back(std::move(buffers));
  return buffers_.size() - 1;
}

void Optimizer::step(const std::vector<Tensor>& gradients, double learning_rate) {
  if (gradients.size() != parameters_.size())
    fail("optimiser: {} gradients for {} parameters", gradients.size(), parameters_.size());
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const Tensor& value = parameters_[i]->value;
    if (gradients[i].shape() != value.shape() || gradients[i].dtype() != value.dtype())
      fail("optimiser: the gradient of '{}' is {} {}, expected {} {}", parameters_[i]->name,
           dtype_name(gradients[i].dtype()), gradients[i].shape().to_string(), dtype_name(value.dtype()),
           value.shape().to_string());
  }
  const NoTape no_tape;
  const FloatEnvironment contract;  // for the numbers that are computed here, not in kernels
  ++steps_;
  begin_step(learning_rate);
  const OpScope optimizer("optimizer");
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const OpScope parameter(parameters_[i]->name);
    parameters_[i]->value = update(i, parameters_[i]->value, gradients[i], learning_rate);
  }
}

void Optimizer::visit_state(StateVisitor& visitor) {
  visitor.integer("steps", steps_);
  for (Buffers& buffers : buffers_)
    for (std::size_t i = 0; i < parameters_.size(); ++i)
      visit_tensor(visitor, buffers.kind + "." + parameters_[i]->name, buffers.tensors[i]);
}

// ---- SGD ----

SGD::SGD(std::vector<Parameter*> parameters, const SgdSettings& settings)
    : Optimizer(std::move(parameters)), settings_(settings) {
  require_between("momentum", settings.momentum, 0, 1);
  require_between("weight_decay", settings.weight_decay, 0, kUnbounded);
  if (settings.nesterov && settings.momentum == 0) fail("optimiser: nesterov needs a momentum above 0");
  if (settings.momentum != 0) add_buffers("momentum");
}

Tensor SGD::update(std::size_t i, const Tensor& value, const Tensor& gradient, double learning_rate) {
  Tensor direction = settings_.weight_decay == 0 ? gradient : gradient + value * settings_.weight_decay;
  if (settings_.momentum != 0) {
    Tensor& velocity = buffer(0, i);
    velocity = velocity * settings_.momentum + direction;
    direction = settings_.nesterov ? direction + velocity * settings_.momentum : velocity;
  }
  return value - direction * learning_rate;
}

// ---- Adam ----

Adam::Adam(std::vector<Parameter*> parameters, const AdamSettings& settings)
    : Optimizer(std::move(parameters)), settings_(settings) {
  require_between("beta1", settings.beta1, 0, 1);
  require_between("beta2", settings.beta2, 0, 1);
  require_between("epsilon", settings.epsilon, 0, kUnbounded);
  require_between("weight_decay", settings.weight_decay, 0, kUnbounded);
  add_buffers("mean");
  add_buffers("square");
}

void Adam::begin_step(double learning_rate) {
  const auto t = static_cast<double>(steps());
  const double mean_correction = 1 - numerics::pow(settings_.beta1, t);
  const double root_correction = numerics::sqrt(1 - numerics::pow(settings_.beta2, t));
  step_size_ = learning_rate * root_correction / mean_correction;
  epsilon_ = settings_.epsilon * root_correction;
}

Tensor Adam::update(std::size_t i, const Tensor& value, const Tensor& gradient, double /*learning_rate*/) {
  const Tensor g = settings_.weight_decay == 0 ? gradient : gradient + value * settings_.weight_decay;
  Tensor &mean = buffer(0, i), &square = buffer(1, i);
  mean = mean * settings_.beta1 + g * (1 - settings_.beta1);
  square = square * settings_.beta2 + (g * g) * (1 - settings_.beta2);
  return value - (mean * step_size_) / (sqrt(square) + epsilon_);
}

}  // namespace tessera::nn
