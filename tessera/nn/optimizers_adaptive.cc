// The optimisers that divide by a measure of the gradients so far.
#include <utility>

#include "tessera/nn/optimizer_settings.h"
#include "tessera/nn/optimizers.h"
#include "tessera/numerics/functions.h"

namespace tessera::nn {
namespace {

AdamSettings decoupled(const AdamWSettings& settings) {
  return {.beta1 = settings.beta1,
          .beta2 = settings.beta2,
          .epsilon = settings.epsilon,
          .weight_decay = settings.weight_decay,
          .decoupled = true,
          .amsgrad = settings.amsgrad};
}

}  // namespace

// ---- Adam ----

Adam::Adam(std::vector<Parameter*> parameters, const AdamSettings& settings)
    : Optimizer(std::move(parameters)), settings_(settings) {
  require_setting("beta1", settings.beta1, 0, 1);
  require_setting("beta2", settings.beta2, 0, 1);
  require_setting("epsilon", settings.epsilon, 0, kUnboundedSetting);
  require_setting("weight_decay", settings.weight_decay, 0, kUnboundedSetting);
  add_buffers("mean");
  add_buffers("square");
  if (settings.amsgrad) add_buffers("largest");
}

AdamW::AdamW(std::vector<Parameter*> parameters, const AdamWSettings& settings)
    : Adam(std::move(parameters), decoupled(settings)) {}

void Adam::update(const std::vector<Tensor>& gradients, double learning_rate) {
  const auto t = static_cast<double>(steps());
  const double beta1 = settings_.beta1, beta2 = settings_.beta2, decay = settings_.weight_decay;
  const double mean_correction = 1 - numerics::pow(beta1, t);
  const double root_correction = numerics::sqrt(1 - numerics::pow(beta2, t));
  const double step_size = learning_rate * root_correction / mean_correction;
  const double epsilon = settings_.epsilon * root_correction;
  const OptimizerAttributes attributes{.decay = decay != 0 && !settings_.decoupled,
                                       .decoupled = decay != 0 && settings_.decoupled,
                                       .amsgrad = settings_.amsgrad};
  update_together(Op::kAdamStep, attributes,
                  {step_size, epsilon, beta1, 1 - beta1, beta2, 1 - beta2,
                   settings_.decoupled ? 1 - learning_rate * decay : decay},
                  gradients);
}

// ---- RMSprop ----

RMSprop::RMSprop(std::vector<Parameter*> parameters, const RMSpropSettings& settings)
    : Optimizer(std::move(parameters)), settings_(settings) {
  require_setting("alpha", settings.alpha, 0, 1);
  require_setting("epsilon", settings.epsilon, 0, kUnboundedSetting);
  require_setting("momentum", settings.momentum, 0, 1);
  require_setting("weight_decay", settings.weight_decay, 0, kUnboundedSetting);
  add_buffers("square");
  if (settings.centered) add_buffers("mean");
  if (settings.momentum != 0) add_buffers("momentum");
}

void RMSprop::update(const std::vector<Tensor>& gradients, double learning_rate) {
  const double alpha = settings_.alpha, decay = settings_.weight_decay;
  const OptimizerAttributes attributes{
      .momentum = settings_.momentum != 0, .decay = decay != 0, .centered = settings_.centered};
  update_together(Op::kRmspropStep, attributes,
                  {learning_rate, settings_.epsilon, alpha, 1 - alpha, settings_.momentum, decay}, gradients);
}

// ---- Adagrad ----

Adagrad::Adagrad(std::vector<Parameter*> parameters, const AdagradSettings& settings)
    : Optimizer(std::move(parameters)), settings_(settings) {
  require_setting("rate_decay", settings.rate_decay, 0, kUnboundedSetting);
  require_setting("epsilon", settings.epsilon, 0, kUnboundedSetting);
  require_setting("weight_decay", settings.weight_decay, 0, kUnboundedSetting);
  require_setting("initial_sum", settings.initial_sum, 0, kUnboundedSetting);
  add_buffers("sum", settings.initial_sum);
}

void Adagrad::update(const std::vector<Tensor>& gradients, double learning_rate) {
  const double rate = learning_rate / (1 + static_cast<double>(steps() - 1) * settings_.rate_decay);
  const double decay = settings_.weight_decay;
  update_together(Op::kAdagradStep, {.decay = decay != 0}, {rate, settings_.epsilon, decay}, gradients);
}

// ---- Adadelta ----

Adadelta::Adadelta(std::vector<Parameter*> parameters, const AdadeltaSettings& settings)
    : Optimizer(std::move(parameters)), settings_(settings) {
  require_setting("rho", settings.rho, 0, 1);
  require_setting("epsilon", settings.epsilon, 0, kUnboundedSetting);
  require_setting("weight_decay", settings.weight_decay, 0, kUnboundedSetting);
  add_buffers("square");
  add_buffers("change");
}

void Adadelta::update(const std::vector<Tensor>& gradients, double learning_rate) {
  const double rho = settings_.rho, decay = settings_.weight_decay;
  update_together(Op::kAdadeltaStep, {.decay = decay != 0},
                  {learning_rate, settings_.epsilon, rho, 1 - rho, decay}, gradients);
}

}  // namespace tessera::nn
