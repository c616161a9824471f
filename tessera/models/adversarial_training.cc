#include "tessera/models/adversarial_training.h"

#include <functional>
#include <vector>

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/nn/normalization.h"
#include "tessera/tensor/ops.h"

namespace tessera::models {
namespace {

const nn::Module* find_batch_norm(const nn::Module& module) {
  if (dynamic_cast<const nn::BatchNorm*>(&module) != nullptr) return &module;
  for (const auto& child : module.children())
    if (const nn::Module* found = find_batch_norm(*child)) return found;
  return nullptr;
}

void check(const AdversarialSettings& settings, const nn::Module& discriminator) {
  if (!(settings.penalty >= 0))
    fail("adversarial_step: penalty is {}, expected at least 0", settings.penalty);
  if (settings.penalty_target != 0 && settings.penalty_target != 1)
    fail("adversarial_step: penalty_target is {}, expected 0 or 1", settings.penalty_target);
  if (settings.discriminator_steps < 1)
    fail("adversarial_step: discriminator_steps is {}, expected at least 1", settings.discriminator_steps);
  if (settings.penalty == 0) return;
  if (const nn::Module* found = find_batch_norm(discriminator))
    fail(
        "adversarial_step: the discriminator has batch normalisation ('{}'), by which the score of a sample "
        "depends on its batch; "
        "expected none where there is a gradient penalty",
        found->path());
}

Tensor penalty_of(const TensorFunction& score, const Tensor& real, const Tensor& fake, const Tensor& u,
                  double target) {
  if (target == 0) return nn::gradient_penalty(score, real, 0) * 0.5;
  return nn::gradient_penalty(score, nn::between(real, fake, u), 1);
}

// A step of the player's optimiser with the loss that `loss` computes.
void train_player(const AdversarialPlayer& player, const std::function<Tensor()>& loss) {
  std::vector<Tensor> weights;
  for (const nn::Parameter* parameter : player.optimizer.parameters()) weights.push_back(parameter->value);
  Tape tape;
  tape.watch(weights);
  const Tensor value = loss();
  tape.stop();
  player.optimizer.step(tape.gradient(value, weights), player.learning_rate);
}

}  // namespace

AdversarialNoise adversarial_noise(RandomSource& random, std::int64_t samples, const Shape& latent,
                                   DType dtype) {
  Shape shape{samples};
  for (const std::int64_t length : latent) shape.append(length);
  return {random.normal("noise/discriminator", shape, dtype), random.normal("noise/generator", shape, dtype),
          random.uniform("noise/between", {samples}, dtype)};
}

double share_above_zero(const Tensor& scores) {
  std::int64_t above = 0;
  for (const double score : scores.to(DType::kFloat64).to_vector<double>()) above += score > 0 ? 1 : 0;
  return static_cast<double>(above) / static_cast<double>(scores.elements());
}

AdversarialResult adversarial_step(const AdversarialPlayer& generator, const AdversarialPlayer& discriminator,
                                   const Tensor& real, const AdversarialNoise& noise,
                                   const AdversarialSettings& settings, RandomSource& random) {
  check(settings, discriminator.network);
  AdversarialResult result;
  nn::Context making{.training = true, .random = &random}, judging{.training = true, .random = &random};
  const auto score = [&](const Tensor& x) { return discriminator.network.forward(x, judging); };
  const Tensor fake = generator.network.forward(noise.discriminator, making);
  train_player(discriminator, [&] {
    const Tensor real_scores = score(real), fake_scores = score(fake);
    const Tensor loss = nn::discriminator_loss(real_scores, fake_scores, settings.loss);
    result.discriminator_loss = loss.item_as_double();
    result.accuracy = (share_above_zero(real_scores) + share_above_zero(-fake_scores)) / 2;
    if (settings.penalty == 0) return loss;
    const Tensor penalty = penalty_of(score, real, fake, noise.between, settings.penalty_target);
    result.penalty = penalty.item_as_double();
    return loss + penalty * settings.penalty;
  });
  if (random.step() % static_cast<std::uint64_t>(settings.discriminator_steps) != 0) return result;
  train_player(generator, [&] {
    const Tensor made = generator.network.forward(noise.generator, making);
    const Tensor loss = nn::generator_loss(score(made), settings.loss);
    result.generator_loss = loss.item_as_double();
    return loss;
  });
  return result;
}

}  // namespace tessera::models
