// Maxout (Goodfellow et al., 2013): the largest of several linear pieces. It bends where its weights say: |x| needs two pieces, ReLU is the case in which one
// piece is 0, and a curve that opens upwards is followed by its tangents.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

// The largest error of x^2 on [-1, 1] by one unit: tangents at the middles of equal parts, raised by half of what they miss at the ends.
double error_of(std::int64_t pieces) {
  const Tensor middles = (cast(arange(pieces), DType::kFloat32) * 2 + 1) / static_cast<double>(pieces) - 1;
  nn::Sequential unit;
  nn::Linear& lines = unit.add<nn::Linear>(1, pieces);
  unit.add<nn::Maxout>(pieces);
  lines.weight().value = reshape(middles * 2, {pieces, 1});
  lines.bias()->value = 0.5 / static_cast<double>(pieces * pieces) - middles * middles;
  const Tensor x = reshape(cast(arange(2049), DType::kFloat32) / 1024 - 1, {2049, 1});
  return max(absolute(unit.evaluate(x) - x * x)).item_as_double();
}

int main() {
  use_default_backend();
  const Tensor x = Tensor::from<float>({-2, -0.5F, 0, 1, 3}, {5, 1});
  nn::Linear lines(1, 2);
  nn::Maxout largest(2);
  lines.bias()->value = zeros({2});
  lines.weight().value = Tensor::from<float>({1, -1}, {2, 1});
  std::printf("x                %s\n", reshape(x, {5}).to_string().c_str());
  std::printf("max(x, -x)       %s\n", reshape(largest.evaluate(lines.evaluate(x)), {5}).to_string().c_str());
  lines.weight().value = Tensor::from<float>({1, 0}, {2, 1});
  std::printf("max(x, 0)        %s\n", reshape(largest.evaluate(lines.evaluate(x)), {5}).to_string().c_str());

  // The gradient goes to the piece that was the largest.
  const Tensor pieces = Tensor::from<float>({1, 5, 2, 3, 0, 4}, {1, 6});
  nn::Maxout of_three(3);
  std::printf("pieces           %s\n", reshape(pieces, {6}).to_string().c_str());
  std::printf("largest of three %s\n", reshape(of_three.evaluate(pieces), {2}).to_string().c_str());
  const Tensor slope = grad([&](const Tensor& p) { return sum(of_three.evaluate(p)); }, pieces);
  std::printf("gradient         %s\n\n", reshape(slope, {6}).to_string().c_str());

  std::printf("x^2 on [-1, 1]: twice the pieces, a quarter of the error\n");
  for (const std::int64_t count : {2, 4, 8, 16})
    std::printf("%2lld pieces  %.6f\n", static_cast<long long>(count), error_of(count));
}
