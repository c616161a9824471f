// Bits do not depend on what computes them: the same few training steps on the reference backend (plain loops) and on the fast one with every
// vector width that this processor has and several numbers of threads. Then what the tensors held, and that later steps ask the system for nothing.
#include <cstdio>
#include <set>
#include <vector>

#include "tessera/tensor/storage.h"
#include "tessera/tessera.h"

using namespace tessera;

// Parameters after some steps of plain gradient descent on a made-up regression.
std::vector<float> train_for(int steps) {
  RandomSource random(9);
  const Tensor x = random.normal("x", {256, 64}), y = random.normal("y", {256, 1});
  std::vector<Tensor> weights = {random.normal("w1", {32, 64}) * 0.1F, zeros({32}),
                                 random.normal("w2", {1, 32}) * 0.1F, zeros({1})};
  for (int step = 0; step < steps; ++step) {
    const std::vector<Tensor> slopes = grad(
        [&](const std::vector<Tensor>& w) {
          const Tensor prediction = linear(linear(x, w[0], w[1], Activation::kTanh), w[2], w[3]);
          return mean((prediction - y) * (prediction - y));
        },
        weights);
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = weights[i] - slopes[i] * 0.05F;
  }
  return weights[0].to_vector<float>();
}

int main() {
  std::set<std::vector<float>> results;
  use_backend("reference");
  results.insert(train_for(20));

  use_backend("cpu");
  for (const std::string& level : available_simd_levels()) {
    use_simd_level(level);
    for (const int threads : {1, 2, 3, 7}) {
      set_thread_count(threads);
      results.insert(train_for(20));
    }
  }
  std::printf("different results among all of these: %zu\n", results.size());

  const auto blocks = memory_statistics().system_allocations;
  reset_peak_memory();
  train_for(20);
  const MemoryStatistics memory = memory_statistics();
  std::printf("blocks that twenty more steps asked the system for: %zu\n",
              static_cast<std::size_t>(memory.system_allocations - blocks));
  std::printf("most that their tensors held: less than a megabyte: %s\n",
              memory.peak_bytes < (1 << 20) ? "yes" : "no");
}
