// Normalisation. In training, batch normalisation brings each channel to mean 0 and deviation 1 over the batch; in evaluation it uses running statistics, and a
// prediction has the same bits whatever batch it sits in. The others never look beyond a sample.
#include <cmath>
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(1);
  nn::BatchNorm2d batch_norm(4);
  batch_norm.initialize(random);
  std::printf("%6s  %28s  %28s\n", "step", "running mean (data: 3)", "running variance (data: 4)");
  for (std::uint64_t step = 1; step <= 40; ++step) {
    random.begin_step(step);
    nn::Context training{.training = true};
    batch_norm.forward(random.normal("x", {16, 4, 8, 8}) * 2 + 3, training);
    if (step == 1 || step % 10 == 0) {
      const auto center = batch_norm.running_mean()->value.to_vector<float>(),
                 spread = batch_norm.running_variance()->value.to_vector<float>();
      std::printf("%6d  %6.3f %6.3f %6.3f %6.3f   %6.3f %6.3f %6.3f %6.3f\n", static_cast<int>(step),
                  center[0], center[1], center[2], center[3], spread[0], spread[1], spread[2], spread[3]);
    }
  }
  const Tensor x = random.normal("images", {7, 4, 8, 8}) * 2 + 3;
  const auto deviation = [&](const Tensor& y, const std::vector<std::int64_t>& axes) {
    return std::sqrt(max(variance(y, axes)).item_as_double());
  };
  nn::Context training{.training = true};
  std::printf("\nlargest deviation of what is normalised together\n");
  std::printf("  a channel of the batch (BatchNorm, training)  %.4f\n",
              deviation(batch_norm.forward(x, training), {0, 2, 3}));
  std::printf("  a channel of a sample  (InstanceNorm)         %.4f\n",
              deviation(nn::InstanceNorm(4).evaluate(x), {2, 3}));
  nn::GroupNorm pairs(2, 4);
  pairs.initialize(random);
  std::printf("  two channels of one    (GroupNorm)            %.4f\n",
              deviation(reshape(pairs.evaluate(x), {7, 2, 128}), {2}));
  std::printf(
      "root mean square of a pixel's vector (PixelNorm)  %.4f\n",
      std::sqrt(max(mean(nn::PixelNorm().evaluate(x) * nn::PixelNorm().evaluate(x), {1})).item_as_double()));

  bool same = true;
  const Tensor whole = batch_norm.evaluate(x);
  for (std::int64_t i = 0; i < 7; ++i)
    same = same && same_bits(batch_norm.evaluate(x.slice({Range(i, i + 1)})), whole.slice({Range(i, i + 1)}));
  std::printf("\nevaluated alone and in a batch of 7: %s\n", same ? "the same bits" : "other bits");
}
