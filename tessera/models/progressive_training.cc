#include "tessera/models/progressive_training.h"

#include <algorithm>
#include <iterator>

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/nn/adversarial.h"
#include "tessera/tensor/op_scope.h"
#include "tessera/tensor/ops.h"

namespace tessera::models {
namespace {

constexpr auto kLoss = nn::Adversarial::kWasserstein;

void check(const ProgressiveSettings& network, const ProgressiveSettings& other,
           const ProgressiveTraining& settings) {
  if (network.channels.size() != other.channels.size() || network.colours != other.colours ||
      network.dtype != other.dtype)
    fail(
        "progressive training: the generator has {} stages, {} colours and {}, the discriminator {}, {} and "
        "{}",
        network.channels.size(), network.colours, dtype_name(network.dtype), other.channels.size(),
        other.colours, dtype_name(other.dtype));
  if (settings.stages.size() != network.channels.size())
    fail("progressive training: images for {} stages, but the networks have {}", settings.stages.size(),
         network.channels.size());
  const std::int64_t group = other.deviation_group;
  if (group > 0 && settings.batch > group && settings.batch % group != 0)
    fail(
        "progressive training: batch is {}, expected a multiple of the discriminator's deviation_group of {}",
        settings.batch, group);
  if (!(settings.learning_rate > 0))
    fail("progressive training: learning_rate is {}, expected above 0", settings.learning_rate);
  for (const auto& [name, value] :
       {std::pair("penalty", settings.penalty), std::pair("drift", settings.drift)})
    if (!(value >= 0)) fail("progressive training: {} is {}, expected at least 0", name, value);
}

template <typename Network>
std::vector<nn::Adam> optimizers_of(Network& network, const ProgressiveTraining& settings) {
  std::vector<nn::Adam> optimizers;
  for (std::size_t stage = 0; stage < settings.stages.size(); ++stage)
    optimizers.emplace_back(
        network.parameters_of(static_cast<std::int64_t>(stage)),
        nn::AdamSettings{.beta1 = settings.beta1, .beta2 = settings.beta2, .epsilon = settings.epsilon});
  return optimizers;
}

// The values of all parameters up to this stage, in the order of the optimisers.
std::vector<Tensor> values_of(const std::vector<nn::Adam>& optimizers, std::int64_t stage) {
  std::vector<Tensor> values;
  for (std::int64_t i = 0; i <= stage; ++i)
    for (const nn::Parameter* parameter : optimizers[static_cast<std::size_t>(i)].parameters())
      values.push_back(parameter->value);
  return values;
}

// The averages are in the parameters while it is alive, if there are any.
class Averaged {
 public:
  explicit Averaged(nn::WeightAverage& average) : average_(average), used_(average.observations() > 0) {
    if (used_) average_.swap();
  }
  ~Averaged() {
    if (used_) average_.swap();
  }
  Averaged(const Averaged&) = delete;
  Averaged& operator=(const Averaged&) = delete;

 private:
  nn::WeightAverage& average_;
  const bool used_;
};

}  // namespace

ProgressiveTrainer::ProgressiveTrainer(ProgressiveGenerator& generator,
                                       ProgressiveDiscriminator& discriminator,
                                       const ProgressiveTraining& settings)
    : generator_(generator),
      discriminator_(discriminator),
      settings_(settings),
      schedule_(settings.stages, settings.batch),
      average_(generator.parameters(), {.decay = settings.average_decay}) {
  check(generator.settings(), discriminator.settings(), settings);
  generator_optimizers_ = optimizers_of(generator, settings);
  discriminator_optimizers_ = optimizers_of(discriminator, settings);
}

Growth ProgressiveTrainer::growth() const {
  return schedule_.at(std::max<std::uint64_t>(steps(), 1));
}

ProgressiveLosses ProgressiveTrainer::step(const Tensor& images, RandomSource& random) {
  if (random.step() != steps() + 1)
    fail("progressive training: step {} after step {}, expected one after the other", random.step(), steps());
  if (images.rank() != 4 || images.size(0) != settings_.batch)
    fail("progressive training: the images have shape {}, expected a batch of {}", images.shape().to_string(),
         settings_.batch);
  const Growth growth = schedule_.at(random.step());
  generator_.set_growth(growth);
  discriminator_.set_growth(growth);
  ProgressiveLosses losses;
  train_discriminator(images_at(images, growth), random, losses);
  train_generator(random, losses);
  average_.observe();
  ++steps_;
  return losses;
}

void ProgressiveTrainer::train_discriminator(const Tensor& real, RandomSource& random,
                                             ProgressiveLosses& losses) {
  const OpScope scope("discriminator");
  const Tensor fake = generator_.evaluate(latents("latents/discriminator", random));
  const Tensor u = random.uniform("between", {real.size(0)}, real.dtype());
  const auto score = [&](const Tensor& x) { return discriminator_.evaluate(x); };
  const std::vector<Tensor> values = values_of(discriminator_optimizers_, generator_.growth().stage);
  Tape tape;
  tape.watch(values);
  const Tensor real_scores = score(real);
  const Tensor gap = -nn::discriminator_loss(real_scores, score(fake), kLoss);
  const Tensor penalty = nn::gradient_penalty(score, nn::between(real, fake, u));
  const Tensor loss = penalty * settings_.penalty - gap + mean(real_scores * real_scores) * settings_.drift;
  tape.stop();
  update(discriminator_optimizers_, tape.gradient(loss, values));
  losses.discriminator = loss.item_as_double();
  losses.gap = gap.item_as_double();
  losses.penalty = penalty.item_as_double();
}

void ProgressiveTrainer::train_generator(RandomSource& random, ProgressiveLosses& losses) {
  const OpScope scope("generator");
  const Tensor noise = latents("latents/generator", random);
  const std::vector<Tensor> values = values_of(generator_optimizers_, generator_.growth().stage);
  Tape tape;
  tape.watch(values);
  const Tensor loss = nn::generator_loss(discriminator_.evaluate(generator_.evaluate(noise)), kLoss);
  tape.stop();
  update(generator_optimizers_, tape.gradient(loss, values));
  losses.generator = loss.item_as_double();
}

Tensor ProgressiveTrainer::latents(const char* name, RandomSource& random) const {
  const ProgressiveSettings& network = generator_.settings();
  return random.normal(name, {settings_.batch, network.latent}, network.dtype);
}

void ProgressiveTrainer::update(std::vector<nn::Adam>& optimizers,
                                const std::vector<Tensor>& gradients) const {
  auto begin = gradients.begin();
  for (nn::Adam& optimizer : optimizers) {
    if (begin == gradients.end()) break;
    const auto end = std::next(begin, static_cast<std::ptrdiff_t>(optimizer.parameters().size()));
    optimizer.step({begin, end}, settings_.learning_rate);
    begin = end;
  }
}

Tensor ProgressiveTrainer::samples(const Tensor& latents) {
  const NoTape constant;
  generator_.set_growth(growth());
  const Averaged averaged(average_);
  return generator_.evaluate(latents);
}

void ProgressiveTrainer::visit_state(StateVisitor& visitor) {
  generator_.visit_state(visitor);
  discriminator_.visit_state(visitor);
  for (std::size_t stage = 0; stage < generator_optimizers_.size(); ++stage) {
    visit_part(visitor, fmt::format("stage{}.generator_optimizer", stage), generator_optimizers_[stage]);
    visit_part(visitor, fmt::format("stage{}.discriminator_optimizer", stage),
               discriminator_optimizers_[stage]);
  }
  average_.visit_state(visitor);
  visitor.integer("steps", steps_);
}

}  // namespace tessera::models
