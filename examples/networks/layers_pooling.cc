// Max pooling with switches: unpooling puts every maximum back where it came from. And what a network can say of a set of points: their maximum does not
// depend on their order, to the bit; a sum does, in its last bits.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  const Tensor x = Tensor::from<float>({3, 1, 0, 2, 0, 2, 5, 1, 1, 0, 4, 4, 6, 2, 0, 1}, {1, 1, 4, 4});
  const nn::Pooled pooled = nn::max_pool_with_switches(x, {});
  std::printf("x\n%s\n", reshape(x, {4, 4}).to_string().c_str());
  std::printf("maxima of 2 x 2 windows\n%s\n", reshape(pooled.values, {2, 2}).to_string().c_str());
  std::printf("switches\n%s\n", reshape(pooled.switches, {2, 2}).to_string().c_str());
  const Tensor back = nn::max_unpool2d(pooled.values, pooled.switches, x.shape());
  std::printf("unpooled\n%s\n\n", reshape(back, {4, 4}).to_string().c_str());

  RandomSource random(1);
  const Tensor cloud = random.normal("cloud", {1, 64, 5000});  // [samples, features, points]
  const Tensor shuffled = gather(cloud, random.permutation("order", 5000), 2);
  const auto compare = [&](const char* name, nn::Pooling pooling) {
    nn::GlobalPool pool(pooling);
    const Tensor a = pool.evaluate(cloud), b = pool.evaluate(shuffled);
    std::printf("%-4s of 5000 points in another order: %s, largest difference %.1e\n", name,
                same_bits(a, b) ? "the same bits" : "other bits", max(absolute(a - b)).item_as_double());
  };
  compare("max", nn::Pooling::kMax);
  compare("mean", nn::Pooling::kMean);
  compare("sum", nn::Pooling::kSum);
}
