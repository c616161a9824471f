// A transposed convolution is the adjoint of a convolution: it leads an error at the output back to the input, and makes images larger. And a layer that all
// points of a cloud share is a convolution of one tap.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(1);
  const DType dtype = DType::kFloat64;

  nn::Conv2d down(3, 8,
                  {.kernel = {4, 4}, .stride = {2, 2}, .padding = {1, 1}, .bias = false, .dtype = dtype});
  nn::ConvTranspose2d up(
      8, 3, {.kernel = {4, 4}, .stride = {2, 2}, .padding = {1, 1}, .bias = false, .dtype = dtype});
  down.initialize(random);
  up.weight().value = down.weight().value;
  const Tensor x = random.normal("x", {1, 3, 32, 32}, dtype), y = random.normal("y", {1, 8, 16, 16}, dtype);
  std::printf("%s: %s -> %s\n", down.describe().c_str(), x.shape().to_string().c_str(),
              down.output_shape(x.shape()).to_string().c_str());
  std::printf("%s: %s -> %s\n", up.describe().c_str(), y.shape().to_string().c_str(),
              up.output_shape(y.shape()).to_string().c_str());
  std::printf("<C x, y>  = %.12f\n", sum(down.evaluate(x) * y).item<double>());
  std::printf("<x, C' y> = %.12f\n\n", sum(x * up.evaluate(y)).item<double>());

  nn::Linear shared(3, 64);
  nn::Conv1d one_tap(3, 64, {.kernel = {1}});
  RandomSource other(2);
  shared.initialize(other);
  one_tap.weight().value = reshape(shared.weight().value, {64, 3, 1});
  one_tap.bias()->value = shared.bias()->value;
  const Tensor points = random.normal("points", {2, 1000, 3});  // [samples, points, coordinates]
  const Tensor by_points = shared.evaluate(points),
               by_channels = one_tap.evaluate(permute(points, {0, 2, 1}));
  std::printf("a shared layer on 1000 points and a convolution of one tap give the same bits: %s\n",
              same_bits(by_points, permute(by_channels, {0, 2, 1})) ? "yes" : "no");
}
