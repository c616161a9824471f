// Layer normalisation (Ba, Kiros & Hinton, 2016) looks at one sample at a time: its features get mean 0 and variance 1. So louder or shifted samples come out the same, and,
// other than with batch normalisation in training, nothing depends on who else is in the batch.
#include <cmath>
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

double largest_difference(const Tensor& a, const Tensor& b) {
  return max(absolute(a - b)).item_as_double();
}

int main() {
  use_default_backend();
  const Tensor x = Tensor::from<float>({1, 2, 3, 4, 10, 10, 10, 14}, {2, 4});
  nn::LayerNorm norm({4});
  RandomSource random(1);
  norm.initialize(random);
  const Tensor y = norm.evaluate(x);
  for (std::int64_t i = 0; i < 2; ++i)
    std::printf("%s -> %s\n", x.slice({i}).to_string().c_str(), y.slice({i}).to_string().c_str());
  std::printf("times 100, plus 7: differs by %.0e\n", largest_difference(norm.evaluate(x * 100 + 7), y));

  norm.weight().value = Tensor::from<float>({1, 1, 1, 0}, {4});
  norm.bias().value = Tensor::from<float>({0, 0, 0, 5}, {4});
  std::printf("with a weight and a bias for each feature: %s\n\n",
              norm.evaluate(x).slice({0}).to_string().c_str());

  const Tensor batch = random.normal("batch", {16, 32}), alone = copy(batch.slice({Range(0, 2)}));
  nn::LayerNorm layer({32});
  nn::BatchNorm across(32);
  layer.initialize(random);
  across.initialize(random);
  const auto compare = [&](const char* name, nn::Module& module) {
    nn::Context context{.training = true};
    const Tensor all = copy(module.forward(batch, context).slice({Range(0, 2)}));
    const Tensor two = module.forward(alone, context);
    std::printf("%-10s two samples by themselves, or among 16, in training: %s\n", name,
                same_bits(all, two) ? "the same bits" : "other numbers");
  };
  compare("LayerNorm", layer);
  compare("BatchNorm", across);

  // Its gradient has no part along the features' mean, and none along the features themselves: neither could change what comes out.
  const Tensor sample = copy(batch.slice({Range(0, 1)})).to(DType::kFloat64),
               pull = random.normal("pull", {1, 32}, DType::kFloat64);
  nn::LayerNorm exact({32}, {.dtype = DType::kFloat64});
  exact.initialize(random);
  const Tensor slope = grad([&](const Tensor& in) { return sum(exact.evaluate(in) * pull); }, sample);
  const auto nothing = [](const Tensor& t) {
    return std::abs(sum(t).item_as_double()) < 1e-4 ? "nothing" : "something";
  };
  std::printf("gradient of length %.1f: along the mean %s, along the features %s\n",
              sqrt(sum_squares(slope)).item_as_double(), nothing(slope), nothing(slope * sample));
}
