// What becomes of a cloud in PointNet, stage by stage; and the choice of what is made of all points: with the largest, a point far out that is no part of the
// shape shows, and points that are there twice do not; with the mean it is the other way round; and only the largest is the same bits in any order.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

models::PointNetSettings settings(models::PointPool pool) {
  return {.classes = 5,
          .input_transform = false,
          .feature_transform = false,
          .first = {16},
          .second = {64},
          .pool = pool,
          .head = {16}};
}

// How far the pooled vector moves, relative to its length.
double moved(models::PointFeatures& features, const Tensor& from, const Tensor& to) {
  const Tensor before = features.evaluate(from), after = features.evaluate(to);
  return sqrt(sum_squares(after - before) / sum_squares(before)).item_as_double();
}

int main() {
  use_default_backend();
  RandomSource random(1);
  const Tensor clouds = random.normal("clouds", {8, 256, 3}) * 0.4;
  models::PointNet paper({.classes = 40});
  paper.initialize(random);
  nn::Context context;
  const models::PointFeatures::Stages stages = paper.features().stages(clouds, context);
  const auto show = [](const char* what, const Tensor& tensor) {
    std::printf("%-46s %s\n", what, tensor.shape().to_string().c_str());
  };
  show("clouds", clouds);
  show("a matrix for each cloud, by which it is turned", stages.input_transform);
  show("a matrix for the features of its points", stages.feature_transform);
  show("each point's features, by channel", stages.local);
  show("the largest of each over the points", stages.global);
  show("scores", paper.evaluate(clouds));
  show("points that gave the largest", paper.features().critical_points(clouds));
  models::PointNetSegmentation points({.classes = 6, .head = {64}});
  random.begin_step(1);
  points.initialize(random);
  show("scores of each point, by the segmentation", points.evaluate(clouds));

  const Tensor cloud = clouds.slice({Range(0, 1)}), order = random.permutation("order", 256);
  const Tensor outlier = concatenate({cloud, full({1, 1, 3}, 5.0)}, 1);
  const Tensor first = slice(cloud, {Range::all(), Range::to(64)});
  const Tensor denser = concatenate({cloud, first, first, first, first}, 1);
  std::printf("\nmoves by          a far point   a quarter five times   another order\n");
  for (const auto pool : {models::PointPool::kMax, models::PointPool::kMean, models::PointPool::kSum}) {
    models::PointFeatures features(settings(pool));
    RandomSource same(7);
    features.initialize(same);
    std::printf("%-17s %8.3f %17.3f %20s\n", models::point_pool_name(pool), moved(features, cloud, outlier),
                moved(features, cloud, denser),
                same_bits(features.evaluate(cloud), features.evaluate(gather(cloud, order, 1)))
                    ? "the same bits"
                    : "other bits");
  }
}
