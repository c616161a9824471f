// Published networks: a training step (forward, gradients, plain SGD) and predictions.
#include <fmt/core.h>

#include "bench/cases/tools.h"
#include "tessera/autograd/tape.h"
#include "tessera/models/pointnet.h"
#include "tessera/nn/losses.h"
#include "tessera/nn/optimizers.h"

namespace bench {

using tessera::RandomSource;
using tessera::Tape;
using tessera::Tensor;

namespace {

struct PointNetStep {
  PointNetStep(std::int64_t batch, std::int64_t points)
      : x(normal({batch, points, 3})), y(labels(batch, 40)), optimizer(network.parameters()) {
    network.initialize(random);
  }

  void operator()() {
    random.begin_step(random.step() + 1);
    std::vector<Tensor> weights;
    for (const tessera::nn::Parameter* parameter : optimizer.parameters())
      weights.push_back(parameter->value);
    Tape tape;
    tape.watch(weights);
    tessera::nn::Context context;
    context.training = true;
    context.random = &random;
    const Tensor scores = network.forward(x, context);
    const Tensor loss = tessera::nn::with_added_losses(tessera::nn::cross_entropy_loss(scores, y), context);
    tape.stop();
    optimizer.step(tape.gradient(loss, weights), 0.01);
  }

  RandomSource random{1};
  Tensor x, y;
  tessera::models::PointNet network;
  tessera::nn::SGD optimizer;
};

Case pointnet_step(std::int64_t points, std::int64_t batch) {
  return lazy(fmt::format("training step PointNet {} points batch {}", points, batch),
              [=] { return [step = std::make_shared<PointNetStep>(batch, points)] { (*step)(); }; });
}

Case pointnet_inference(std::int64_t points, std::int64_t batch) {
  return lazy(fmt::format("inference PointNet {} points batch {}", points, batch), [=] {
    auto network = std::make_shared<tessera::models::PointNet>();
    RandomSource random(1);
    network->initialize(random);
    return [network, x = normal({batch, points, 3})] { network->evaluate(x); };
  });
}

}  // namespace

std::vector<Case> model_cases() {
  return {pointnet_step(1024, 32), pointnet_inference(1024, 1), pointnet_inference(1024, 64)};
}

}  // namespace bench
