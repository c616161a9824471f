#include "tessera/models/progressive_training.h"

#include <algorithm>
#include <iterator>

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/data/dataset.h"
#include "tessera/nn/adversarial.h"
#include "tessera/tensor/op_scope.h"
#include "tessera/tensor/ops.h"

namespace tessera::models {
namespace {

constexpr auto kLoss = nn::Adversarial::kWasserstein;

void check(const ProgressiveSettings& network, const ProgressiveSettings& other, const Tensor& images,
           const ProgressiveTraining& settings) {
  if (network.channels.size() != other.channels.size() || network.colours != other.colours)
    fail("progressive training: the generator has {} stages and {} colours, the discriminator {} and {}",
         network.channels.size(), network.colours, other.channels.size(), other.colours);
  const auto stages = static_cast<std::int64_t>(network.channels.size());
  if (static_cast<std::int64_t>(settings.stages.size()) != stages)
    fail("progressive training: images for {} stages, but the networks have {}", settings.stages.size(),
         stages);
  const std::int64_t side = resolution_of(stages - 1);
  if (images.rank() != 4 || images.dtype() != network.dtype ||
      images.shape() != Shape{images.size(0), network.colours, side, side})
    fail("progressive training: the images are {} {}, expected {} [N, {}, {}, {}]",
         dtype_name(images.dtype()), images.shape().to_string(), dtype_name(network.dtype), network.colours,
         side, side);
  if (images.size(0) < settings.batch)
    fail("progressive training: {} images, expected at least a batch of {}", images.size(0), settings.batch);
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

// The checks come before anything is made of what they check; an initialised network before its average is begun.
ProgressiveGenerator& initialized(ProgressiveGenerator& generator, ProgressiveDiscriminator& discriminator,
                                  const Tensor& images, const ProgressiveTraining& settings) {
  check(generator.settings(), discriminator.settings(), images, settings);
  RandomSource random(settings.seed);
  generator.initialize(random);
  discriminator.initialize(random);
  return generator;
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
                                       ProgressiveDiscriminator& discriminator, const Tensor& images,
                                       const ProgressiveTraining& settings)
    : generator_(initialized(generator, discriminator, images, settings)),
      discriminator_(discriminator),
      images_(images),
      settings_(settings),
      schedule_(settings.stages, settings.batch),
      random_(settings.seed),
      plan_({.samples = images.size(0), .batch = settings.batch, .seed = settings.seed, .drop_last = true}),
      generator_optimizers_(optimizers_of(generator, settings)),
      discriminator_optimizers_(optimizers_of(discriminator, settings)),
      average_(generator.parameters(), {.decay = settings.average_decay}) {}

ProgressiveLosses ProgressiveTrainer::step(std::uint64_t number) {
  const Growth growth = schedule_.at(number);
  generator_.set_growth(growth);
  discriminator_.set_growth(growth);
  random_.begin_step(number);
  const Tensor real = images_at(data::take_samples(images_, plan_.batch(number).positions), growth);
  ProgressiveLosses losses;
  train_discriminator(real, growth.stage, losses);
  train_generator(real.size(0), growth.stage, losses);
  average_.observe();
  return losses;
}

void ProgressiveTrainer::train_discriminator(const Tensor& real, std::int64_t stage,
                                             ProgressiveLosses& losses) {
  const OpScope scope("discriminator");
  const Tensor fake = generator_.evaluate(latents("latents/discriminator", real.size(0)));
  const Tensor u = random_.uniform("between", {real.size(0)}, real.dtype());
  const auto score = [&](const Tensor& x) { return discriminator_.evaluate(x); };
  const std::vector<Tensor> values = values_of(discriminator_optimizers_, stage);
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

void ProgressiveTrainer::train_generator(std::int64_t samples, std::int64_t stage,
                                         ProgressiveLosses& losses) {
  const OpScope scope("generator");
  const Tensor noise = latents("latents/generator", samples);
  const std::vector<Tensor> values = values_of(generator_optimizers_, stage);
  Tape tape;
  tape.watch(values);
  const Tensor loss = nn::generator_loss(discriminator_.evaluate(generator_.evaluate(noise)), kLoss);
  tape.stop();
  update(generator_optimizers_, tape.gradient(loss, values));
  losses.generator = loss.item_as_double();
}

Tensor ProgressiveTrainer::latents(const char* name, std::int64_t samples) {
  const ProgressiveSettings& network = generator_.settings();
  return random_.normal(name, {samples, network.latent}, network.dtype);
}

void ProgressiveTrainer::update(std::vector<nn::Adam>& optimizers, const std::vector<Tensor>& gradients) {
  auto begin = gradients.begin();
  for (nn::Adam& optimizer : optimizers) {
    if (begin == gradients.end()) break;
    const auto end = std::next(begin, static_cast<std::ptrdiff_t>(optimizer.parameters().size()));
    optimizer.step({begin, end}, settings_.learning_rate);
    begin = end;
  }
}

std::uint64_t ProgressiveTrainer::run(std::uint64_t done, StepObserver* observer, std::uint64_t last) {
  const std::uint64_t end = last == 0 ? schedule_.steps() : std::min(last, schedule_.steps());
  for (std::uint64_t number = done + 1; number <= end; ++number) {
    const ProgressiveLosses losses = step(number);
    const Growth growth = schedule_.at(number);
    const StepScalar scalars[] = {{"discriminator", losses.discriminator},
                                  {"generator", losses.generator},
                                  {"gap", losses.gap},
                                  {"penalty", losses.penalty},
                                  {"resolution", static_cast<double>(resolution_of(growth.stage))},
                                  {"alpha", growth.alpha}};
    if (observer != nullptr && !observer->on_step({number, scalars})) return number;
  }
  return std::max(done, end);
}

Tensor ProgressiveTrainer::samples(const Tensor& latents, std::uint64_t step) {
  const NoTape constant;
  generator_.set_growth(schedule_.at(step));
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
}

}  // namespace tessera::models
