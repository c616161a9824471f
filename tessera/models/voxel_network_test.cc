// The voxel network and the layers that stand before a model.
#include "tessera/models/voxel_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/models/cloud_facts_test.h"
#include "tessera/models/point_layers.h"

namespace tessera::models {
namespace {

class VoxelNetworks : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
};

Tensor clouds(std::int64_t count, std::int64_t points) {
  return RandomSource(11).uniform("clouds", {count, points, 3}) * 2 - 1;
}

TEST_F(VoxelNetworks, ShapesOfVoxNet) {
  VoxelNetwork network({.classes = 10});
  EXPECT_EQ(network.output_shape({7, 100, 3}), (Shape{7, 10}));
  std::vector<Shape> shapes;
  for (const nn::Parameter* parameter : network.parameters())
    if (parameter->value.rank() > 1) shapes.push_back(parameter->value.shape());
  EXPECT_EQ(shapes,
            (std::vector<Shape>{{32, 1, 5, 5, 5}, {32, 32, 3, 3, 3}, {128, 32 * 6 * 6 * 6}, {10, 128}}));
}

// Of points that lie on no border between two cells, so that float32 and float64 see them in the same ones.
TEST_F(VoxelNetworks, EqualsPyTorch) {
  VoxelNetwork network({.classes = 4, .resolution = 15, .channels = 3, .hidden = 5, .drop = 0});
  expect_cloud_facts("voxels", network, facts::pattern(1, {3, 40, 3}).to(DType::kFloat32), {0, 3, 2});
}

TEST_F(VoxelNetworks, OrderOfThePointsBatchAndThreadsDoNotMatter) {
  VoxelNetwork network({.classes = 5, .resolution = 12, .channels = 4, .hidden = 8});
  RandomSource random(1);
  network.initialize(random);
  const Tensor x = clouds(5, 60);
  const Tensor scores = network.evaluate(x);
  EXPECT_TRUE(same_bits(network.evaluate(gather(x, random.permutation("order", 60), 1)), scores));
  EXPECT_TRUE(same_bits(network.evaluate(copy(slice(x, {Range(3, 4)}))), copy(slice(scores, {Range(3, 4)}))));
  const int before = thread_count();
  for (const int threads : {1, 2, 3, 7}) {
    set_thread_count(threads);
    EXPECT_TRUE(same_bits(network.evaluate(x), scores)) << threads;
  }
  set_thread_count(before);
  EXPECT_THROW(network.evaluate(zeros({2, 3})), Error);
  EXPECT_THROW(VoxelNetwork({.resolution = 10}), Error);
}

TEST_F(VoxelNetworks, ChoosePointsTakesEachPointAtMostOnce) {
  ChoosePoints layer(20);
  const Tensor x = clouds(3, 50);
  EXPECT_TRUE(same_bits(layer.evaluate(x), copy(slice(x, {Range::all(), Range(0, 20)}))));
  RandomSource whole(5), parts(5);
  const auto chosen = [&](const Tensor& input, RandomSource& random, std::uint64_t first) {
    nn::Context context;
    context.training = true;
    context.random = &random;
    context.first_sample = first;
    return layer.forward(input, context);
  };
  const Tensor all = chosen(x, whole, 0);
  ASSERT_EQ(all.shape(), (Shape{3, 20, 3}));
  EXPECT_FALSE(same_bits(all, layer.evaluate(x)));
  // Every chosen point is one of the cloud, and none is there twice.
  const Tensor equal_points =
      cast(equal(reshape(all, {3, 20, 1, 3}), reshape(x, {3, 1, 50, 3})), DType::kInt64);
  const Tensor matches = equal(sum(equal_points, {3}), 3);
  EXPECT_EQ(sum(matches).item<std::int64_t>(), 60);
  EXPECT_EQ(max(sum(matches, {1})).item<std::int64_t>(), 1);
  // Two shards choose what one batch does.
  const Tensor first = chosen(copy(slice(x, {Range(0, 1)})), parts, 0),
               rest = chosen(copy(slice(x, {Range(1, 3)})), parts, 1);
  EXPECT_TRUE(same_bits(concatenate({first, rest}, 0), all));
  EXPECT_THROW(layer.evaluate(clouds(3, 19)), Error);
}

TEST_F(VoxelNetworks, LayersBeforeAModelDoWhatTheFunctionsDo) {
  const Tensor x = clouds(3, 30);
  NormalizePoints normalize;
  EXPECT_TRUE(same_bits(normalize.evaluate(x), data::normalize_points(x)));
  AugmentPoints augment({.rotate = true, .jitter = 0.1});
  EXPECT_TRUE(same_bits(augment.evaluate(x), x));
  RandomSource one(4), two(4);
  nn::Context context;
  context.training = true;
  context.random = &one;
  EXPECT_TRUE(same_bits(
      augment.forward(x, context),
      data::augment_points(x, {.rotate = true, .jitter = 0.1}, two, nn::Context().stream_name(""))));
}

}  // namespace
}  // namespace tessera::models
