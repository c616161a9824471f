#include "tessera/nn/optimizers.h"

#include <set>
#include <utility>

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/nn/optimizer_settings.h"
#include "tessera/tensor/op_scope.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/optimizer_steps.h"

namespace tessera::nn {

void require_setting(const char* name, double value, double low, double high) {
  if (!(value >= low && value < high))
    fail("optimiser: {} is {}, expected at least {} and below {}", name, value, low, high);
}

Optimizer::Optimizer(std::vector<Parameter*> parameters) : parameters_(std::move(parameters)) {
  std::set<std::string> names;
  for (const Parameter* parameter : parameters_) {
    if (!names.insert(parameter->name).second)
      fail("optimiser: two parameters are named '{}'; give the networks root paths of their own",
           parameter->name);
    if (!is_floating(parameter->value.dtype()))
      fail("optimiser: the parameter '{}' is {}, expected float32, float64 or bfloat16", parameter->name,
           dtype_name(parameter->value.dtype()));
  }
}

void Optimizer::add_buffers(const std::string& kind, double value) {
  Buffers buffers{kind, {}};
  for (const Parameter* parameter : parameters_)
    buffers.tensors.push_back(full(parameter->value.shape(), value, parameter->value.dtype()));
  buffers_.push_back(std::move(buffers));
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
  const OpScope optimizer("optimizer");
  update(gradients, learning_rate);
}

void Optimizer::update_together(Op op, const OptimizerAttributes& attributes,
                                const std::vector<double>& factors, const std::vector<Tensor>& gradients) {
  for (const DType dtype : {DType::kFloat32, DType::kFloat64, DType::kBFloat16})
    update_dtype(dtype, op, attributes, factors, gradients);
}

namespace {

Tensor factors_as(DType dtype, const std::vector<double>& factors) {
  const Shape shape{static_cast<std::int64_t>(factors.size())};
  if (dtype == DType::kFloat64) return Tensor::from(factors, shape);
  std::vector<float> rounded;
  for (const double factor : factors) rounded.push_back(static_cast<float>(factor));
  return Tensor::from(rounded, shape);
}

}  // namespace

void Optimizer::update_dtype(DType dtype, Op op, const OptimizerAttributes& attributes,
                             const std::vector<double>& factors, const std::vector<Tensor>& gradients) {
  std::vector<std::size_t> chosen;
  std::vector<std::vector<Tensor>> lists(2 + buffers_.size());
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (parameters_[i]->value.dtype() != dtype) continue;
    chosen.push_back(i);
    lists[0].push_back(parameters_[i]->value);
    lists[1].push_back(gradients[i]);
    for (std::size_t kind = 0; kind < buffers_.size(); ++kind)
      lists[2 + kind].push_back(buffers_[kind].tensors[i]);
  }
  if (chosen.empty()) return;
  const auto step = [&] {
    const OpScope all("step");
    return OptimizerStep(op, lists, factors_as(dtype, factors), attributes);
  }();
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const OpScope parameter(parameters_[chosen[i]]->name);
    parameters_[chosen[i]]->value = step.part(0, i);
    for (std::size_t kind = 0; kind < buffers_.size(); ++kind)
      buffers_[kind].tensors[chosen[i]] = step.part(1 + kind, i);
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
  require_setting("momentum", settings.momentum, 0, 1);
  require_setting("weight_decay", settings.weight_decay, 0, kUnboundedSetting);
  if (settings.nesterov && settings.momentum == 0) fail("optimiser: nesterov needs a momentum above 0");
  if (settings.momentum != 0) add_buffers("momentum");
}

void SGD::update(const std::vector<Tensor>& gradients, double learning_rate) {
  const OptimizerAttributes attributes{.momentum = settings_.momentum != 0,
                                       .nesterov = settings_.nesterov,
                                       .decay = settings_.weight_decay != 0};
  update_together(Op::kSgdStep, attributes, {learning_rate, settings_.momentum, settings_.weight_decay},
                  gradients);
}

}  // namespace tessera::nn
