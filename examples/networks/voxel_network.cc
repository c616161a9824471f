// Voxels and convolutions in three axes: the baseline beside which PointNet has to be seen (VoxNet, Maturana & Scherer, 2015). Balls, cubes and tetrahedra as clouds of 200
// points on their surfaces, turned at random about the vertical axis.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

const char* const kOff[] = {
    "OFF 4 4 0\n1 1 1\n1 -1 -1\n-1 1 -1\n-1 -1 1\n3 0 1 2\n3 0 3 1\n3 0 2 3\n3 1 3 2\n",
    "OFF 8 6 0\n-1 -1 -1\n1 -1 -1\n1 1 -1\n-1 1 -1\n-1 -1 1\n1 -1 1\n1 1 1\n-1 1 1\n"
    "4 0 1 2 3\n4 4 5 6 7\n4 0 1 5 4\n4 1 2 6 5\n4 2 3 7 6\n4 3 0 4 7\n",
    "OFF 6 8 0\n1 0 0\n-1 0 0\n0 1 0\n0 -1 0\n0 0 1\n0 0 -1\n"
    "3 0 2 4\n3 2 1 4\n3 1 3 4\n3 3 0 4\n3 2 0 5\n3 1 2 5\n3 3 1 5\n3 0 3 5\n"};
constexpr std::int64_t kEach = 8;

// [3 kEach, 200, 3]; the class of cloud i is i / kEach.
Tensor draw(RandomSource& random, std::uint64_t step) {
  random.begin_step(step);
  std::vector<Tensor> clouds;
  for (std::int64_t i = 0; i < 3 * kEach; ++i)
    clouds.push_back(reshape(data::sample_surface(data::parse_off(kOff[i / kEach], "solid"), 200, random,
                                                  "cloud " + std::to_string(i)),
                             {1, 200, 3}));
  return data::augment_points(data::normalize_points(concatenate(clouds, 0)),
                              {.rotate = true, .jitter = 0.02}, random, "turn");
}

int main() {
  use_default_backend();
  models::VoxelNetwork network({.classes = 3, .resolution = 16, .channels = 8, .hidden = 32, .drop = 0.2});
  RandomSource random(1);
  network.initialize(random);
  for (const nn::Parameter* parameter : network.parameters())
    if (parameter->value.rank() > 1)
      std::printf("%-20s %s\n", parameter->name.c_str(), parameter->value.shape().to_string().c_str());
  const Tensor labels = arange(3 * kEach) / kEach;
  nn::Adam optimizer(network.parameters());
  for (std::uint64_t step = 1; step <= 60; ++step) {
    const Tensor clouds = draw(random, step);
    std::vector<Tensor> values;
    for (nn::Parameter* parameter : network.parameters()) values.push_back(parameter->value);
    nn::Context context{.training = true, .random = &random};
    Tape tape;
    tape.watch(values);
    const Tensor loss = nn::cross_entropy_loss(network.forward(clouds, context), labels);
    tape.stop();
    optimizer.step(tape.gradient(loss, values), 0.003);
    if (step % 20 == 0)
      std::printf("step %llu  loss %.4f\n", static_cast<unsigned long long>(step), loss.item_as_double());
  }
  metrics::ConfusionMatrix confusion(3);
  for (std::uint64_t step = 1001; step <= 1005; ++step)
    confusion.add(labels.to_vector<std::int64_t>(),
                  metrics::predicted_classes(network.evaluate(draw(random, step))));
  std::printf("%s", confusion.to_string({"tetrahedron", "cube", "octahedron"}).c_str());
}
