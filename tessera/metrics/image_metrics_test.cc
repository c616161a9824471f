// Distances and similarities of images against scikit-image, pytorch-msssim, scipy and closed forms.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/metrics/image_similarity.h"
#include "tessera/metrics/laplacian_pyramid.h"
#include "tessera/metrics/sliced_wasserstein.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::metrics {
namespace {

class ImageMetrics : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
};

const std::vector<double>& fact(const std::string& name) {
  static const std::map<std::string, std::vector<double>> kFacts = {
#include "tessera/metrics/image_facts_test.inc"
  };
  return kFacts.at(name);
}

void expect_fact(const std::string& name, const std::vector<double>& found, double tolerance) {
  const std::vector<double>& expected = fact(name);
  ASSERT_EQ(found.size(), expected.size()) << name;
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_NEAR(found[i], expected[i], tolerance) << name << ", element " << i;
}

// Both as in image_facts.py.
Tensor pattern(std::int64_t seed, const Shape& shape) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < shape.elements(); ++i)
    values.push_back(static_cast<double>((37 * i + 101 * seed + i / 90 * i) % 251) / 256);
  return Tensor::from(values, shape);
}
struct Pair {
  Tensor a, b;
};
Pair pair(const Shape& shape) {
  std::vector<double> smooth;
  for (std::int64_t y = 0; y < shape[2]; ++y)
    for (std::int64_t x = 0; x < shape[3]; ++x) smooth.push_back(static_cast<double>((x * y) % 512) / 1024);
  const Tensor a = Tensor::from(smooth, {shape[2], shape[3]}) + pattern(1, shape) / 4;
  return {a, a * 0.75 + pattern(2, shape) / 8};
}

TEST_F(ImageMetrics, SimilarityAsScikitImage) {
  const Pair grey = pair({2, 1, 40, 33}), colours = pair({1, 3, 24, 24});
  expect_fact("ssim grey", ssim(grey.a, grey.b).to_vector<double>(), 1e-12);
  expect_fact("ssim colours", ssim(colours.a * 255, colours.b * 255, 255).to_vector<double>(), 1e-12);
}

TEST_F(ImageMetrics, SimilarityOfManyScalesAsPytorchMsssim) {
  for (const std::int64_t side : {22, 44, 88}) {
    const Pair images = pair({2, 1, side, side});
    expect_fact("ms_ssim " + std::to_string(side), ms_ssim(images.a, images.b).to_vector<double>(), 1e-12);
  }
  const Pair large = pair({1, 3, 176, 192});
  expect_fact("ms_ssim 176", ms_ssim(large.a, large.b).to_vector<double>(), 1e-12);
}

TEST_F(ImageMetrics, ScalesThatFitTheImage) {
  EXPECT_EQ(ms_ssim_scales(10, 100), 0);
  for (const auto& [side, scales] :
       {std::pair(11, 1), {21, 1}, {22, 2}, {43, 2}, {44, 3}, {88, 4}, {175, 4}, {176, 5}, {4096, 5}})
    EXPECT_EQ(ms_ssim_scales(side, 5000), scales) << side;
  const Pair one = pair({1, 2, 15, 12});
  EXPECT_NEAR(ms_ssim(one.a, one.b).item<double>(), ssim(one.a, one.b).item<double>(),
              1e-12);  // one scale, power 1
}

TEST_F(ImageMetrics, SimilarityOfEqualOppositeAndSwappedImages) {
  const Pair images = pair({2, 1, 48, 48});
  EXPECT_EQ(ms_ssim(images.a, images.a).to_vector<double>(), (std::vector<double>{1, 1}));
  EXPECT_TRUE(same_bits(ms_ssim(images.a, images.b), ms_ssim(images.b, images.a)));
  EXPECT_EQ(max(ms_ssim(images.a, 1 - images.a)).item<double>(), 0);  // a negative mean counts as 0
  EXPECT_TRUE(same_bits(ssim(images.a, images.b), ssim(images.a * 2, images.b * 2, 2)));
  // One sample does not depend on its batch, nor on threads.
  const Tensor all = ms_ssim(images.a, images.b);
  EXPECT_EQ(ms_ssim(slice(images.a, {Range(1, 2)}), slice(images.b, {Range(1, 2)})).item<double>(),
            all.at<double>({1}));
  const int before = thread_count();
  for (const int threads : {1, 3, 7}) {
    set_thread_count(threads);
    EXPECT_TRUE(same_bits(ms_ssim(images.a, images.b), all));
  }
  set_thread_count(before);
}

TEST_F(ImageMetrics, PairsTellVarietyFromOneImage) {
  const Tensor varied = RandomSource(1).uniform("images", {20, 1, 24, 24});
  const Tensor same = copy(broadcast_to(slice(varied, {Range(0, 1)}), varied.shape()));
  EXPECT_EQ(similarity_of_pairs(same, 300), 1);
  const double found = similarity_of_pairs(varied, 300);  // more pairs than are compared at once
  EXPECT_LT(found, 0.3);
  EXPECT_NE(similarity_of_pairs(varied, 300, 1, 1), found);
  // Of two images every pair is the pair of both.
  const Tensor two = slice(varied, {Range(0, 2)});
  EXPECT_NEAR(similarity_of_pairs(two, 5),
              ms_ssim(slice(two, {Range(0, 1)}), slice(two, {Range(1, 2)})).item<double>(), 1e-15);
  EXPECT_THROW(similarity_of_pairs(slice(varied, {Range(0, 1)}), 5), Error);
}

TEST_F(ImageMetrics, DistanceOnALineAsScipy) {
  const Tensor a = pattern(3, {40, 1}), b = pattern(4, {40, 1}) + 0.25;
  expect_fact("wasserstein equal sizes", {sliced_wasserstein(a, b, {.projections = 3})}, 1e-14);
  const Tensor fewer = slice(b, {Range(0, 27)});
  expect_fact("wasserstein other sizes", {sliced_wasserstein(a, fewer, {.projections = 3})}, 1e-14);
  EXPECT_NEAR(sliced_wasserstein(a, fewer), sliced_wasserstein(fewer, a), 1e-15);
}

TEST_F(ImageMetrics, DistanceOfShiftedSetsHasAClosedForm) {
  // Along a direction u the sets are u.d apart whatever they look like. The mean of |u.d| over the sphere in 5 dimensions is 3/8 |d|,
  // that of (u.d)^2 in n dimensions |d|^2 / n.
  RandomSource random(5);
  const Tensor a = random.normal("a", {200, 5}, DType::kFloat64);
  const Tensor shift = Tensor::from<double>({1, -2, 0.5, 3, -1}, {5});
  const double length = std::sqrt(15.25);
  constexpr std::int64_t kMany = 4000;
  EXPECT_NEAR(sliced_wasserstein(a, a + shift, {.projections = kMany}) / length, 3.0 / 8, 0.015);
  EXPECT_NEAR(sliced_wasserstein(a, a + shift, {.projections = kMany, .order = 2}) / length, 1 / std::sqrt(5),
              0.015);
  // Normal distributions with deviations 1 and 3 are along each direction 2 E|N(0,1)| apart for p = 1 and 2 for p = 2.
  const Tensor narrow = random.normal("narrow", {20000, 3}), wide = random.normal("wide", {20000, 3}) * 3;
  EXPECT_NEAR(sliced_wasserstein(narrow, wide, {.projections = 40}), 2 * std::sqrt(2 / M_PI), 0.05);
  EXPECT_NEAR(sliced_wasserstein(narrow, wide, {.projections = 40, .order = 2}), 2, 0.05);
}

TEST_F(ImageMetrics, DistanceIsAMetricOfSets) {
  RandomSource random(6);
  const Tensor a = random.normal("a", {60, 4}), b = random.normal("b", {60, 4}) + 0.5,
               c = random.normal("c", {60, 4}) * 2;
  EXPECT_EQ(sliced_wasserstein(a, a), 0);
  EXPECT_EQ(sliced_wasserstein(a, gather(a, random.permutation("order", 60))), 0);  // sets have no order
  EXPECT_EQ(sliced_wasserstein(a, b), sliced_wasserstein(b, a));
  for (const int order : {1, 2}) {
    const SlicedWassersteinSettings settings{.order = order};
    EXPECT_LE(sliced_wasserstein(a, c, settings),
              sliced_wasserstein(a, b, settings) + sliced_wasserstein(b, c, settings));
  }
  // Every point twice is the same distribution: the sets' sizes do not matter.
  EXPECT_NEAR(sliced_wasserstein(concatenate({a, a}, 0), b), sliced_wasserstein(a, b), 1e-6);
  EXPECT_NE(sliced_wasserstein(a, b, {.seed = 1}), sliced_wasserstein(a, b));
}

TEST_F(ImageMetrics, PyramidAsScipy) {
  const Tensor x = pattern(5, {2, 2, 8, 12});
  const std::vector<Tensor> pyramid = laplacian_pyramid(x, 2);
  expect_fact("pyramid_down", pyramid[1].to_vector<double>(), 1e-15);
  expect_fact("pyramid detail", pyramid[0].to_vector<double>(), 1e-15);
  EXPECT_LT(max(absolute(from_pyramid(pyramid) - x)).item<double>(), 1e-15);
  EXPECT_TRUE(same_bits(laplacian_pyramid(x, 1)[0], x));
  // A constant image has no details, at the edges either.
  EXPECT_EQ(max(absolute(laplacian_pyramid(full({1, 1, 8, 8}, 0.75), 2)[0])).item_as_double(), 0);
  EXPECT_THROW(laplacian_pyramid(zeros({1, 1, 10, 8}), 3), Error);  // 5 rows cannot be halved
  EXPECT_THROW(laplacian_pyramid(zeros({1, 8, 8}), 2), Error);
}

TEST_F(ImageMetrics, PatchesOfEqualSetsAreEqualAndDetailsAreFoundAtTheirLevel) {
  RandomSource random(7);
  const Tensor images = random.uniform("images", {80, 1, 64, 64});
  const PatchDistanceSettings few{.patches_per_image = 16, .projections = 64};
  for (const LevelDistance& level : patch_distances(images, images, few)) EXPECT_EQ(level.distance, 0);
  const std::vector<LevelDistance> ab = patch_distances(images, images * images, few);
  const std::vector<LevelDistance> ba = patch_distances(images * images, images, few);
  ASSERT_EQ(ab.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(ab[i].distance, ba[i].distance);
  EXPECT_EQ(ab[0].rows, 64);
  EXPECT_EQ(ab[2].rows, 16);
  // The filter takes a chessboard of single pixels away: only the finest level knows of it.
  const Tensor parity = arange(64) + reshape(arange(64), {64, 1});
  const Tensor chessboard = cast(parity - parity / 2 * 2, DType::kFloat32) - 0.5;
  const std::vector<LevelDistance> found = patch_distances(images, images + chessboard, few);
  EXPECT_GT(found[0].distance, 0.05);
  EXPECT_LT(found[1].distance, 1e-5);
  EXPECT_LT(found[2].distance, 1e-5);
  // Brightness and contrast of a channel as a whole do not count, constant channels neither.
  EXPECT_LT(mean_distance(patch_distances(images, images * 0.5 + 0.25, few)), 1e-5);
  EXPECT_EQ(mean_distance(patch_distances(zeros({4, 1, 16, 16}), ones({4, 1, 16, 16}), few)), 0);
}

TEST_F(ImageMetrics, PatchDistancesOfParts) {
  // More images than are cut at once, and sets of different sizes.
  const Tensor images = RandomSource(8).uniform("images", {300, 1, 8, 8});
  const PatchDistanceSettings settings{.patches_per_image = 4, .projections = 16};
  const std::vector<LevelDistance> found = patch_distances(images, slice(images, {Range(0, 280)}), settings);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_GT(found[0].distance, 0);
  EXPECT_LT(found[0].distance, 0.05);
  EXPECT_THROW(patch_distances(images, zeros({300, 3, 8, 8}), settings), Error);
  EXPECT_THROW(patch_distances(zeros({3, 1, 6, 6}), zeros({3, 1, 6, 6})), Error);
  EXPECT_THROW(patch_distances(zeros({0, 1, 8, 8}), images), Error);
  EXPECT_THROW(sliced_wasserstein(zeros({3, 2}), zeros({3, 2}), {.order = 3}), Error);
  EXPECT_THROW(sliced_wasserstein(zeros({3, 2}), zeros({3, 2}), {.projections = 0}), Error);
  EXPECT_THROW(ssim(zeros({1, 1, 10, 30}), zeros({1, 1, 10, 30})), Error);
  EXPECT_THROW(ssim(images, images, 0), Error);
}

}  // namespace
}  // namespace tessera::metrics
