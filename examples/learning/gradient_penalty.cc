// A Wasserstein critic with its gradient penalty, which needs the gradient of a gradient. The real samples lie around (2, 0), the fake ones around
// (-1, 0): mass must be moved over a distance of 3. A critic of slope s between them has the gap 3 s and the penalty 10 (s - 1)^2, so the best
// one has s = 1.15 and the gap 3.45.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

constexpr std::int64_t kSamples = 128;

int main() {
  use_default_backend();
  nn::Sequential critic;
  critic.add<nn::Linear>(2, 32);
  critic.add<nn::Tanh>();
  critic.add<nn::Linear>(32, 1);
  RandomSource random(1);
  critic.initialize(random);
  const auto score = [&](const Tensor& x) { return critic.evaluate(x); };

  // The penalty's gradient in one weight, by the tape and by centred differences.
  const Tensor points = random.normal("points", {16, 2});
  nn::Parameter& weight = *critic.parameters()[0];
  const Tensor before = weight.value;
  const auto penalty_at = [&](double change) {
    const Tensor first = equal(arange(before.elements()), 0);
    weight.value = before + select(reshape(first, before.shape()), change, zeros({1}));
    const double found = nn::gradient_penalty(score, points).item_as_double();
    weight.value = before;
    return found;
  };
  Tape check;
  check.watch(weight.value);
  const Tensor slope = check.gradient(nn::gradient_penalty(score, points), {weight.value})[0];
  check.stop();
  std::printf("d penalty / d w: %.4f, by differences %.4f\n", slope.to_vector<float>()[0],
              (penalty_at(1e-2) - penalty_at(-1e-2)) / 2e-2);

  nn::Adam optimizer(critic.parameters(), {.beta1 = 0.5, .beta2 = 0.9});
  for (std::uint64_t step = 1; step <= 600; ++step) {
    random.begin_step(step);
    const Tensor noise = random.normal("samples", {2 * kSamples, 2}) * 0.25;
    const Tensor real = noise.slice({Range(0, kSamples)}) + Tensor::from<float>({2, 0}, {2});
    const Tensor fake = noise.slice({Range::from(kSamples)}) + Tensor::from<float>({-1, 0}, {2});
    std::vector<Tensor> values;
    for (nn::Parameter* parameter : critic.parameters()) values.push_back(parameter->value);
    Tape tape;
    tape.watch(values);
    const Tensor gap = nn::discriminator_loss(score(real), score(fake), nn::Adversarial::kWasserstein);
    const Tensor penalty =
        nn::gradient_penalty(score, nn::between(real, fake, random.uniform("u", {kSamples})));
    const Tensor loss = gap + penalty * 10;
    tape.stop();
    optimizer.step(tape.gradient(loss, values), 0.01);
    if (step == 1 || step % 200 == 0)
      std::printf("step %3d   gap %.3f   penalty %.4f\n", static_cast<int>(step), -gap.item_as_double(),
                  penalty.item_as_double());
  }
}
