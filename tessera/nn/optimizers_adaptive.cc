// The optimisers that divide by a measure of the gradients so far.
#include <utility>

#include "tessera/nn/optimizer_settings.h"
#include "tessera/nn/optimizers.h"
#include "tessera/numerics/functions.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {
namespace {

Tensor with_decay(const Tensor& gradient, const Tensor& value, double decay) {
  return decay == 0 ? gradient : gradient + value * decay;
}

// A mean that forgets.
Tensor moving(const Tensor& mean, double keep, const Tensor& value) {
  return mean * keep + value * (1 - keep);
}

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
  if (settings_.amsgrad)
    return update_each(gradients, [&](const Tensor& before, const Tensor& gradient,
                                      std::vector<Tensor>& buffers) {
      Tensor &mean = buffers[0], &square = buffers[1], &largest = buffers[2];
      const Tensor value = settings_.decoupled && decay != 0 ? before * (1 - learning_rate * decay) : before;
      const Tensor g = settings_.decoupled ? gradient : with_decay(gradient, value, decay);
      mean = moving(mean, beta1, g);
      square = moving(square, beta2, g * g);
      largest = maximum(largest, square);
      return value - (mean * step_size) / (sqrt(largest) + epsilon);
    });
  const OptimizerAttributes attributes{.decay = decay != 0 && !settings_.decoupled,
                                       .decoupled = decay != 0 && settings_.decoupled};
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
  update_each(gradients, [&](const Tensor& value, const Tensor& gradient, std::vector<Tensor>& buffers) {
    const Tensor g = with_decay(gradient, value, settings_.weight_decay);
    buffers[0] = moving(buffers[0], settings_.alpha, g * g);
    Tensor spread = buffers[0];
    if (settings_.centered) {
      buffers[1] = moving(buffers[1], settings_.alpha, g);
      // Rounding can leave less than nothing of a variance of about 0.
      spread = maximum(spread - buffers[1] * buffers[1], 0);
    }
    Tensor direction = g / (sqrt(spread) + settings_.epsilon);
    if (settings_.momentum != 0) {
      buffers.back() = buffers.back() * settings_.momentum + direction;
      direction = buffers.back();
    }
    return value - direction * learning_rate;
  });
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
  update_each(gradients, [&](const Tensor& value, const Tensor& gradient, std::vector<Tensor>& buffers) {
    const Tensor g = with_decay(gradient, value, settings_.weight_decay);
    buffers[0] = buffers[0] + g * g;
    return value - g / (sqrt(buffers[0]) + settings_.epsilon) * rate;
  });
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
  update_each(gradients, [&](const Tensor& value, const Tensor& gradient, std::vector<Tensor>& buffers) {
    const Tensor g = with_decay(gradient, value, settings_.weight_decay);
    buffers[0] = moving(buffers[0], settings_.rho, g * g);
    const Tensor change = sqrt(buffers[1] + settings_.epsilon) / sqrt(buffers[0] + settings_.epsilon) * g;
    buffers[1] = moving(buffers[1], settings_.rho, change * change);
    return value - change * learning_rate;
  });
}

}  // namespace tessera::nn
