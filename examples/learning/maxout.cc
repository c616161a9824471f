// Maxout (Goodfellow et al., 2013): the largest of several linear pieces. It bends where its weights say: |x| needs two pieces, ReLU is the case in which one
// piece is 0, and a curve that opens upwards is approached from below or above by its tangents.
#include <cmath>
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

float learn(std::int64_t pieces) {
  RandomSource random(1);
  const Tensor x = reshape(cast(arange(129), DType::kFloat32) / 64 - 1, {129, 1}), y = x * x;
  nn::Sequential unit;  // one unit of `pieces` lines
  unit.add<nn::Linear>(1, pieces);
  unit.add<nn::Maxout>(pieces);
  unit.initialize(random);
  nn::Adam optimizer(unit.parameters());
  const nn::Schedule schedule = nn::cosine_schedule(0.05, 800);
  for (std::uint64_t step = 0; step < 800; ++step) {
    std::vector<Tensor> values;
    for (nn::Parameter* parameter : unit.parameters()) values.push_back(parameter->value);
    Tape tape;
    tape.watch(values);
    const Tensor loss = nn::mse_loss(unit.evaluate(x), y);
    tape.stop();
    optimizer.step(tape.gradient(loss, values), schedule.rate(step));
  }
  return max(absolute(unit.evaluate(x) - y)).item<float>();
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

  std::printf("x^2 on [-1, 1] by one unit: largest error\n");
  for (const std::int64_t count : {2, 3, 4, 8})
    std::printf("%lld pieces  %.4f\n", static_cast<long long>(count), learn(count));
}
