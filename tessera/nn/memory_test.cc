// Training asks the system for memory in its first steps only: real layers, gradients and an optimiser on the backend that users have.
#include <gtest/gtest.h>

#include <memory>

#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/base/thread_pool.h"
#include "tessera/nn/layers.h"
#include "tessera/nn/losses.h"
#include "tessera/nn/optimizers.h"
#include "tessera/tensor/storage.h"

namespace tessera::nn {
namespace {

class Memory : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    use_backend("cpu");
    set_thread_count(GetParam());
  }
  void TearDown() override { set_thread_count(2); }
};
INSTANTIATE_TEST_SUITE_P(Threads, Memory, testing::Values(1, 3));

struct Training {
  Training(Sequential& layers, const Tensor& x) : network(layers), features(x), labels(make_labels(x.size(0))) {
    network.initialize(random);
    optimizer = std::make_unique<Adam>(network.parameters());
  }

  static Tensor make_labels(std::int64_t samples) {
    std::vector<std::int64_t> classes;
    for (std::int64_t i = 0; i < samples; ++i) classes.push_back(i % 10);
    return Tensor::from(classes, {samples});
  }

  // The loss is kept until the next step has one, as a program that prints it does.
  void step() {
    random.begin_step(++steps);
    std::vector<Tensor> weights;
    for (const Parameter* parameter : network.parameters()) weights.push_back(parameter->value);
    Tape tape;
    tape.watch(weights);
    Context context{.training = true, .random = &random};
    loss = cross_entropy_loss(network.forward(features, context), labels);
    tape.stop();
    optimizer->step(tape.gradient(loss, weights), 0.01);
  }

  Sequential& network;
  Tensor features, labels, loss;
  RandomSource random{1};
  std::unique_ptr<Optimizer> optimizer;
  std::uint64_t steps = 0;
};

// After two steps (the second has the loss of the first beside it) neither blocks nor bytes are asked for.
void expect_no_new_memory(Training& training) {
  training.step();
  training.step();
  const MemoryStatistics before = memory_statistics();
  for (int i = 0; i < 20; ++i) training.step();
  const MemoryStatistics after = memory_statistics();
  EXPECT_EQ(after.system_allocations, before.system_allocations);
  EXPECT_EQ(after.peak_bytes, before.peak_bytes);
  EXPECT_EQ(after.in_use_bytes, before.in_use_bytes);
  EXPECT_GT(after.peak_bytes, after.in_use_bytes);
}

TEST_P(Memory, AnMlpStopsAllocating) {
  Sequential network;
  network.add<Linear>(64, 50);
  network.add<ReLU>();
  network.add<Dropout>(0.3);
  network.add<Linear>(50, 10);
  Training training(network, ones({32, 64}));
  expect_no_new_memory(training);
}

TEST_P(Memory, AConvolutionalNetworkStopsAllocating) {
  Sequential network;
  network.add<Conv2d>(1, 6, Conv2dSettings{.padding = {1, 1}});
  network.add<ReLU>();
  network.add<MaxPool2d>();
  network.add<Flatten>();
  network.add<Linear>(6 * 4 * 4, 10);
  Training training(network, ones({16, 1, 8, 8}));
  expect_no_new_memory(training);
}

}  // namespace
}  // namespace tessera::nn
