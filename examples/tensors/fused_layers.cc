// What follows a product in a network - bias, activation, dropout - in the same pass as the product or in one of its own, and that nothing
// but time is different: each fused operation is its composition, bit for bit, forwards and backwards.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

const char* verdict(const Tensor& a, const Tensor& b) {
  return same_bits(a, b) ? "the same bits" : "different";
}

int main() {
  use_default_backend();
  RandomSource random(4);
  const Tensor x = random.normal("x", {32, 100}), weight = random.normal("weight", {50, 100}),
               bias = random.normal("bias", {50});

  // One operation for a layer; five for its parts.
  const auto fused = [&](const Tensor& w) { return linear(x, w, bias, Activation::kRelu); };
  const auto parts = [&](const Tensor& w) { return relu(matmul(x, transpose(w)) + bias); };
  std::printf("linear + ReLU          %s\n", verdict(fused(weight), parts(weight)));
  std::printf("its gradient           %s\n",
              verdict(grad([&](const Tensor& w) { return sum(fused(w)); }, weight),
                      grad([&](const Tensor& w) { return sum(parts(w)); }, weight)));

  // Behind a convolution: the bias of each channel, tanh, and dropout whose draws are given, so that both ways meet the same ones.
  const Tensor image = random.normal("image", {8, 3, 16, 16}),
               filters = random.normal("filters", {5, 3, 3, 3});
  const Tensor offset = random.normal("offset", {5}), draws = random.uniform("draws", {8, 5, 14, 14});
  const Tensor y = conv2d(image, filters);
  const Tensor finished = finish(
      y, {.bias = offset, .activation = Activation::kTanh, .draws = draws, .drop = 0.25, .scale = 1 / 0.75});
  const Tensor kept = select(less(draws, 0.25F), zeros({}), full({}, 1 / 0.75));
  std::printf("bias + tanh + dropout  %s\n", verdict(finished, tanh(y + offset.reshape({5, 1, 1})) * kept));
  std::printf("dropped                %.1f %%\n",
              100 * static_cast<double>(mean(cast(equal(finished, 0), DType::kFloat32)).item<float>()));
}
