// Receptive fields: which pixels can change a unit, worked out from the layers, and found by changing every pixel.
#include <fmt/core.h>

#include "tessera/tessera.h"

using namespace tessera;

// The pixels whose change changes the unit (0, row, column), as a picture of an image of 14 rows.
std::string found_by_trying(nn::Sequential& network, std::int64_t row, std::int64_t column) {
  RandomSource random(2);
  const Tensor image = random.uniform("image", {1, 1, 14, 14});
  const auto unit = [&](const Tensor& x) { return network.evaluate(x).at<float>({0, 0, row, column}); };
  std::string picture;
  for (std::int64_t pixel = 0; pixel < 196; ++pixel) {
    const Tensor change = reshape(cast(equal(arange(196), pixel), DType::kFloat32), {1, 1, 14, 14});
    picture += unit(image + change * 10) != unit(image) ? '#' : '.';
  }
  return picture;
}

std::string worked_out(nn::Sequential& network, std::int64_t row, std::int64_t column) {
  const auto field =
      visualise::receptive_field(network, network.children().size(), {1, 1, 14, 14}, row, column);
  std::string picture(196, '.');
  for (const std::int64_t y : field.rows.seen)
    for (const std::int64_t x : field.columns.seen) picture[static_cast<std::size_t>(y * 14 + x)] = '#';
  return picture;
}

void show(const char* name, nn::Sequential& network, std::int64_t row, std::int64_t column) {
  RandomSource random(1);
  network.initialize(random);
  for (nn::Parameter* weight : network.parameters())
    weight->value = absolute(weight->value);  // so that nothing is rectified away
  const std::string picture = worked_out(network, row, column);
  fmt::print("{}, unit ({}, {}); found by trying: {}\n", name, row, column,
             found_by_trying(network, row, column) == picture ? "the same" : "another field");
  for (std::size_t y = 0; y < 14; ++y) fmt::print("  {}\n", picture.substr(y * 14, 14));
}

int main() {
  use_default_backend();
  nn::Sequential plain;
  plain.add<nn::Conv2d>(1, 2, nn::Conv2dSettings{.padding = {1, 1}});
  plain.add<nn::ReLU>();
  plain.add<nn::AvgPool2d>();
  plain.add<nn::Conv2d>(2, 1, nn::Conv2dSettings{.padding = {1, 1}});
  show("conv 3, pool 2, conv 3", plain, 3, 3);
  show("the same near the edge", plain, 0, 6);
  nn::Sequential holes;
  holes.add<nn::Conv2d>(1, 1, nn::Conv2dSettings{.kernel = {3, 2}, .dilation = {3, 4}});
  holes.add<nn::Conv2d>(1, 1, nn::Conv2dSettings{.kernel = {1, 2}, .stride = {2, 3}});
  show("dilation 3 and 4, then a stride", holes, 2, 1);
}
