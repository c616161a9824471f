// Two ways to put points on a grid, for networks that convolve: voxels (a box is full or empty, or how many points it holds) and six depth images, as seen from each side
// of the cube. A chair's seat, back and legs, seen from two sides; neither depends on the order of the points.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

// Points on the surfaces of a chair that looks along +x.
Tensor chair() {
  std::vector<float> points;
  const auto box = [&](float x0, float x1, float y0, float y1, float z0, float z1) {
    for (int i = 0; i <= 16; ++i)
      for (int j = 0; j <= 16; ++j)
        for (int k = 0; k <= 16; ++k)
          points.insert(points.end(), {x0 + (x1 - x0) * static_cast<float>(i) / 16,
                                       y0 + (y1 - y0) * static_cast<float>(j) / 16,
                                       z0 + (z1 - z0) * static_cast<float>(k) / 16});
  };
  box(-0.55F, 0.55F, -0.55F, 0.55F, -0.1F, 0.0F);  // seat
  box(-0.55F, -0.4F, -0.55F, 0.55F, 0.0F, 0.9F);   // back
  for (const float x : {-0.5F, 0.4F})
    for (const float y : {-0.5F, 0.4F}) box(x, x + 0.1F, y, y + 0.1F, -0.9F, -0.1F);  // legs
  const auto count = static_cast<std::int64_t>(points.size()) / 3;
  return Tensor::from(points, {1, count, 3});
}

// Rows from the top; the nearer, the darker.
void show(const char* name, const Tensor& image) {
  std::printf("%s\n", name);
  for (std::int64_t row = image.size(0) - 1; row >= 0; --row) {
    for (std::int64_t column = 0; column < image.size(1); ++column) {
      const float nearness = image.at<float>({row, column});
      std::printf("%c", nearness == 0 ? '.' : nearness < 0.4F ? '-' : nearness < 0.7F ? 'o' : '#');
    }
    std::printf("\n");
  }
}

int main() {
  use_default_backend();
  const Tensor points = chair();
  const Tensor voxels = data::voxelise(points, {.resolution = 16}),
               counts = data::voxelise(points, {.resolution = 16, .count = true});
  std::printf("%lld points: voxels %s, %g of 4096 full, at most %g points in one\n",
              static_cast<long long>(points.size(1)), voxels.shape().to_string().c_str(),
              sum(voxels).item_as_double(), max(counts).item_as_double());
  const Tensor views = data::project_views(points, {.resolution = 16});
  std::printf("views %s\n", views.shape().to_string().c_str());
  show("from the front (+x): the seat's edge is nearer than the back", views.slice({0, 0}));
  show("from the side (+y)", views.slice({0, 2}));
  RandomSource random(1);
  const Tensor shuffled = gather(points, random.permutation("order", points.size(1)), 1);
  std::printf("another order of the points: voxels %s, views %s\n",
              same_bits(data::voxelise(shuffled, {.resolution = 16}), voxels) ? "the same" : "others",
              same_bits(data::project_views(shuffled, {.resolution = 16}), views) ? "the same" : "others");
}
