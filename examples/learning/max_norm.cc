// Few and noisy samples, a network that is far too large, and what holds it back: dropout, and the limit on the length of each unit's incoming
// weights (max-norm, 3), alone and together, at a high learning rate. `drop` is the probability to leave a feature out; texts that speak of the
// probability to keep one mean 1 - drop.
#include <algorithm>
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

constexpr std::int64_t kFeatures = 20;

// The sign of a product of two features, one label in ten wrong.
std::pair<Tensor, Tensor> samples(const char* name, std::int64_t count, bool noisy) {
  RandomSource random(11);
  const Tensor x = random.normal(name, {count, kFeatures});
  const Tensor product = x.slice({Range::all(), 0}) * x.slice({Range::all(), 1});
  const Tensor wrong = less(random.uniform(std::string(name) + " noise", {count}), noisy ? 0.1 : 0);
  return {x, cast(not_equal(greater(product, 0), wrong), DType::kInt64)};
}

float accuracy(const Tensor& scores, const Tensor& labels) {
  return mean(cast(equal(argmax(scores, 1), labels), DType::kFloat32)).item<float>();
}

// The greatest length of a unit's incoming weights.
float longest(const std::vector<nn::Parameter*>& parameters) {
  float found = 0;
  for (const nn::Parameter* parameter : parameters)
    if (parameter->value.rank() == 2)
      found = std::max(found, max(sqrt(sum_squares(parameter->value, {1}))).item<float>());
  return found;
}

void run(double drop, double limit) {
  const auto [x, labels] = samples("train", 1024, true);
  const auto [fresh, truth] = samples("test", 2048, false);
  nn::Sequential network;
  network.add<nn::Linear>(kFeatures, 256);
  network.add<nn::ReLU>();
  network.add<nn::Dropout>(drop);
  network.add<nn::Linear>(256, 2);
  RandomSource random(1);
  network.initialize(random);
  nn::SGD optimizer(network.parameters(), {.momentum = 0.95});
  const nn::Schedule schedule = nn::one_cycle_schedule(0.2, 400);
  for (std::uint64_t step = 1; step <= 400; ++step) {
    random.begin_step(step);
    std::vector<Tensor> values;
    for (nn::Parameter* parameter : network.parameters()) values.push_back(parameter->value);
    nn::Context context{.training = true, .random = &random};
    Tape tape;
    tape.watch(values);
    const Tensor loss = nn::cross_entropy_loss(network.forward(x, context), labels);
    tape.stop();
    optimizer.step(tape.gradient(loss, values), schedule.rate(step - 1));
    if (limit > 0) nn::constrain_max_norm(network.parameters(), limit);
  }
  std::printf("%.1f   %-4s   %6.2f   %.3f   %.3f\n", drop, limit > 0 ? "yes" : "no",
              longest(network.parameters()), accuracy(network.evaluate(x), labels),
              accuracy(network.evaluate(fresh), truth));
}

int main() {
  use_default_backend();
  std::printf("drop  limit  longest  train   test\n");
  for (const double drop : {0.0, 0.5})
    for (const double limit : {0.0, 3.0}) run(drop, limit);
}
