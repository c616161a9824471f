// Training asks the system for memory in its first step only: real layers, gradients and an optimiser on the backend that users have.
// Counted are the memory pool's requests (tensors, and kernels' large scratch) and, where no sanitizer has its own, calls of posix_memalign
// (the same, and the threads' own scratch).
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>

#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/base/thread_pool.h"
#include "tessera/nn/attention.h"
#include "tessera/nn/convolution.h"
#include "tessera/nn/layers.h"
#include "tessera/nn/losses.h"
#include "tessera/nn/normalization.h"
#include "tessera/nn/optimizers.h"
#include "tessera/nn/pooling.h"
#include "tessera/nn/recurrent.h"
#include "tessera/tensor/storage.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TESSERA_OWN_ALLOCATOR
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TESSERA_OWN_ALLOCATOR
#endif
#endif

namespace {
std::atomic<int> aligned_requests{0};
}  // namespace

#ifndef TESSERA_OWN_ALLOCATOR
// In the place of the C library's, for this program.
extern "C" int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  using Function = int (*)(void**, std::size_t, std::size_t);
  static const auto original = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "posix_memalign"));
  ++aligned_requests;
  return original(memory, alignment, size);
}
#endif

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
  Training(Sequential& layers, const Tensor& x)
      : network(layers), features(x), labels(make_labels(x.size(0))) {
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

void expect_no_new_memory(Training& training) {
  release_cached_memory();
  const int never = aligned_requests;
  training.step();
  const MemoryStatistics before = memory_statistics();
  const int requests = aligned_requests;
#ifndef TESSERA_OWN_ALLOCATOR
  EXPECT_GT(requests, never);
#endif
  training.step();  // the first one that also holds the loss of the one before
  const std::size_t peak = memory_statistics().peak_bytes;
  for (int i = 0; i < 20; ++i) training.step();
  const MemoryStatistics after = memory_statistics();
  EXPECT_EQ(after.system_allocations, before.system_allocations);
  EXPECT_EQ(after.peak_bytes, peak);
  EXPECT_EQ(after.in_use_bytes, before.in_use_bytes);
  EXPECT_GT(after.peak_bytes, after.in_use_bytes);
  // A worker asks for its own scratch when it gets its first task, whenever that is.
  EXPECT_LE(aligned_requests - requests, thread_count() - 1);
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

// Its kernels pack panels of more than a thread's own scratch.
TEST_P(Memory, AWideMlpStopsAllocating) {
  Sequential network;
  network.add<Linear>(300, 4096);
  network.add<ReLU>();
  network.add<Linear>(4096, 10);
  Training training(network, ones({64, 300}));
  expect_no_new_memory(training);
}

TEST_P(Memory, AConvolutionalNetworkStopsAllocating) {
  Sequential network;
  network.add<Conv2d>(1, 6, Conv2dSettings{.padding = {1, 1}});
  network.add<BatchNorm>(6);
  network.add<ReLU>();
  network.add<MaxPool2d>();
  network.add<Flatten>();
  network.add<Linear>(6 * 4 * 4, 10);
  Training training(network, ones({16, 1, 8, 8}));
  expect_no_new_memory(training);
}

TEST_P(Memory, RecurrentNetworksStopAllocating) {
  Sequential network;
  network.add<GRU>(12, 20, RecurrentSettings{.bidirectional = true});
  network.add<LSTM>(40, 16);
  network.add<Flatten>();
  network.add<Linear>(7 * 16, 10);
  Training training(network, ones({8, 7, 12}));
  expect_no_new_memory(training);
}

TEST_P(Memory, AttentionStopsAllocating) {
  Sequential network;
  network.add<MultiheadAttention>(16, 4);
  network.add<LayerNorm>(Shape{16});
  network.add<Flatten>();
  network.add<Linear>(9 * 16, 10);
  Training training(network, ones({8, 9, 16}));
  expect_no_new_memory(training);
}

}  // namespace
}  // namespace tessera::nn
