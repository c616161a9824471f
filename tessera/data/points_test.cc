// Sampling, normalisation, augmentation, voxels and depth images, against NumPy and SciPy where data are there.
#include "tessera/data/points.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/message_test.h"
#include "tessera/base/thread_pool.h"
#include "tessera/data/point_cloud.h"
#include "tessera/data/volumes.h"
#include "tessera/tensor/ops.h"

namespace tessera::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Points : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
};

std::string data_file(const std::string& name) {
  const char* folder = std::getenv("TESSERA_DATA");
  return folder == nullptr ? "" : std::string(folder) + "/pointclouds/" + name;
}

// Shapes 0, 100, 900 and 2000 of the training file.
Tensor four_shapes() {
  return gather(read_points(data_file("modelnet10_train_points.npy.gz")),
                Tensor::from<std::int64_t>({0, 100, 900, 2000}, {4}));
}

Tensor cloud(std::int64_t clouds, std::int64_t points) {
  return RandomSource(5).normal("cloud", {clouds, points, 3});
}

// Two triangles, one with three times the area of the other: shares within four standard deviations.
TEST_F(Points, SamplesByArea) {
  const Mesh mesh = parse_off("OFF 6 2 0\n0 0 0\n1 0 0\n0 1 0\n5 0 1\n8 0 1\n5 1 1\n3 0 1 2\n3 3 4 5\n", "t");
  RandomSource random(3);
  const Tensor points = sample_surface(mesh, 10000, random, "s");
  const Tensor z = slice(points, {Range::all(), Range(2)});
  EXPECT_NEAR(mean(z).item<float>(), 0.75, 4 * std::sqrt(0.75 * 0.25 / 10000));
  const std::vector<float> all = points.to_vector<float>();
  for (std::size_t i = 0; i < all.size(); i += 3) {
    const float x = all[i] - (all[i + 2] == 1 ? 5 : 0), width = all[i + 2] == 1 ? 3 : 1;
    ASSERT_TRUE((all[i + 2] == 0 || all[i + 2] == 1) && x >= 0 && all[i + 1] >= 0 &&
                x / width + all[i + 1] <= 1.000001F)
        << i;
  }
}

// Mean and mean square of each coordinate over the surface, by NumPy from the formulas for triangles.
TEST_F(Points, SamplesOfABathtubHaveItsMoments) {
  if (data_file("").empty()) GTEST_SKIP() << "TESSERA_DATA is not set";
  RandomSource random(1);
  const std::int64_t count = 40000;
  const Tensor points =
      cast(sample_surface(read_off(data_file("off_samples/bathtub_0002.off.gz")), count, random, "s"),
           DType::kFloat64);
  const std::vector<double> means = mean(points, {0}).to_vector<double>(),
                            squares = mean(points * points, {0}).to_vector<double>();
  const double expected[] = {-0.02618441, 0.66132255, 1.71513344},
               second[] = {94.41070953, 243.62929655, 66.39245277};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(means[i], expected[i], 4 * std::sqrt(second[i] / static_cast<double>(count)));
    EXPECT_NEAR(squares[i] / second[i], 1, 0.02);
  }
}

TEST_F(Points, SamplesAreFunctionsOfSeedNameAndPosition) {
  const Mesh mesh = parse_off("OFF 4 1 0\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n4 0 1 2 3\n", "t");
  RandomSource one(1), two(1);
  const Tensor longer = sample_surface(mesh, 100, one, "a");
  EXPECT_TRUE(same_bits(copy(slice(longer, {Range::to(40)})), sample_surface(mesh, 40, two, "a")));
  EXPECT_FALSE(same_bits(longer, sample_surface(mesh, 100, one, "b")));
  EXPECT_EQ(message_of([&] {
              sample_surface(parse_off("OFF 3 1 0\n0 0 0\n1 1 1\n2 2 2\n3 0 1 2\n", "t"), 5, one, "c");
            }),
            "sample_surface: the mesh has 1 triangles with an area of 0, expected a positive one");
}

TEST_F(Points, NormalizesAsNumPy) {
  if (data_file("").empty()) GTEST_SKIP() << "TESSERA_DATA is not set";
  const Tensor unit = normalize_points(four_shapes());
  const std::vector<float> first = slice(unit, {Range::all(), Range(0)}).to_vector<float>();
  const double expected[] = {0.24668898238543352,   0.5350214333451813,   0.18189907512092227,
                             0.28375627017831956,   -0.5747728544962062,  0.23931411097165248,
                             0.35573295178374853,   -0.11715801205954228, -0.33350420393507696,
                             -0.042899496084837785, 0.3848125721060751,   -0.19811775323281722};
  for (std::size_t i = 0; i < 12; ++i) EXPECT_NEAR(first[i], expected[i], 3e-7) << i;
}

TEST_F(Points, NormalizesEdges) {
  const Tensor same = Tensor::from<float>({2, 3, 4, 2, 3, 4}, {2, 3});
  EXPECT_TRUE(same_bits(normalize_points(same), zeros({2, 3})));
  const Tensor clouds = cloud(2, 9);
  const Tensor alone = normalize_points(copy(slice(clouds, {Range(1)})), PointCentre::kBox);
  EXPECT_TRUE(same_bits(copy(slice(normalize_points(clouds, PointCentre::kBox), {Range(1)})), alone));
  // In another order: the box's middle gives the same bits.
  const Tensor order = Tensor::from<std::int64_t>({8, 3, 1, 0, 2, 7, 6, 4, 5}, {9});
  EXPECT_TRUE(same_bits(normalize_points(gather(clouds, order, 1), PointCentre::kBox),
                        gather(normalize_points(clouds, PointCentre::kBox), order, 1)));
  EXPECT_THAT(message_of([&] {
                normalize_points(zeros({4, 2}));
              }),
              HasSubstr("are float32 [4, 2], expected float32 [points, 3]"));
}

TEST_F(Points, RotationKeepsTheVerticalAxisAndDistances) {
  const Tensor points = cloud(3, 20);
  for (const int up : {0, 1, 2}) {
    RandomSource random(7);
    const Tensor turned = augment_points(points, {.rotate = true, .up = up}, random, "a");
    EXPECT_TRUE(same_bits(slice(turned, {Range::all(), Range::all(), Range(up)}) + 0,
                          slice(points, {Range::all(), Range::all(), Range(up)}) + 0));
    EXPECT_LT(max(absolute(sum_squares(turned, {2}) - sum_squares(points, {2}))).item<float>(), 1e-5F);
    // Each cloud by an angle of its own, the right way around: cross products with the axis keep their sign.
    const Tensor first = slice(turned, {Range::all(), Range(0), Range((up + 1) % 3)});
    EXPECT_GT(
        max(absolute(first - slice(points, {Range::all(), Range(0), Range((up + 1) % 3)}))).item<float>(),
        0.01F);
  }
}

TEST_F(Points, ScaleJitterAndDropStayWithinTheirBounds) {
  const Tensor points = cloud(4, 500);
  RandomSource random(7);
  const Tensor scaled = augment_points(points, {.scale = 0.2}, random, "s") / points;
  for (const float ratio : scaled.to_vector<float>()) ASSERT_TRUE(ratio > 0.8F && ratio < 1.2F);
  const Tensor noise = augment_points(points, {.jitter = 0.01, .jitter_limit = 0.02}, random, "j") - points;
  EXPECT_LE(max(absolute(noise)).item<float>(), 0.0200005F);
  EXPECT_NEAR(mean(noise).item<float>(), 0, 4 * 0.01 / std::sqrt(6000.0));
  EXPECT_NEAR(std::sqrt(mean(noise * noise).item<float>()), 0.009594,
              0.0004);  // of a normal cut at two deviations
  const Tensor dropped = augment_points(points, {.drop = 0.875}, random, "d");
  const Tensor gone =
      sum(cast(equal(dropped, slice(points, {Range::all(), Range(0, 1)})), DType::kFloat32), {1, 2}) / 3;
  for (const float count : gone.to_vector<float>()) EXPECT_TRUE(count >= 1 && count < 0.95F * 500);
  EXPECT_TRUE(same_bits(augment_points(points, {}, random, "n"), points));
}

// A batch in two shards is the batch in one, and threads do not matter.
TEST_F(Points, AugmentationDoesNotDependOnShardsAndThreads) {
  const Tensor points = cloud(5, 33);
  const PointAugmentation all{.rotate = true, .scale = 0.1, .jitter = 0.02, .drop = 0.5};
  RandomSource whole(9), parts(9);
  const Tensor expected = augment_points(points, all, whole, "a");
  const Tensor first = augment_points(copy(slice(points, {Range(0, 2)})), all, parts, "a", 0);
  const Tensor second = augment_points(copy(slice(points, {Range(2, 5)})), all, parts, "a", 2);
  EXPECT_TRUE(same_bits(concatenate({first, second}, 0), expected));
  const int before = thread_count();
  for (const int threads : {1, 2, 3, 7}) {
    set_thread_count(threads);
    RandomSource again(9);
    EXPECT_TRUE(same_bits(augment_points(points, all, again, "a"), expected)) << threads;
  }
  set_thread_count(before);
  EXPECT_THAT(message_of([&] { augment_points(points, {.drop = 1}, whole, "b"); }),
              HasSubstr("drop is 1, expected"));
  EXPECT_THAT(message_of([&] { augment_points(points, {.up = 3}, whole, "b"); }),
              HasSubstr("up is 3, expected"));
}

TEST_F(Points, VoxelsHaveTheirPlaces) {
  const Tensor points =
      Tensor::from<float>({-1, -1, -1, 1, -0.5F, 0, 1.01F, 0, 0, 1, -0.5F, 0.2F}, {1, 4, 3});
  const Tensor voxels = voxelise(points, {.resolution = 4, .count = true});
  EXPECT_EQ(sum(voxels).item<float>(), 3);
  EXPECT_EQ(voxels.at<float>({0, 0, 0, 0, 0}), 1);
  EXPECT_EQ(voxels.at<float>({0, 0, 2, 1, 3}), 2);  // z, y, x; the upper bound is in the last cell
  EXPECT_EQ(voxelise(points, {.resolution = 4}).at<float>({0, 0, 2, 1, 3}), 1);
  EXPECT_THAT(message_of([&] { voxelise(points, {.resolution = 0}); }),
              HasSubstr("resolution is 0, expected"));
  EXPECT_THAT(message_of([&] {
                voxelise(zeros({4, 3}));
              }),
              HasSubstr("expected float32 [clouds, points, 3]"));
}

// Occupied cells, fullest cell and a sum that depends on the places: numpy.histogramdd of the same four shapes.
TEST_F(Points, VoxelsAsNumPy) {
  if (data_file("").empty()) GTEST_SKIP() << "TESSERA_DATA is not set";
  const Tensor counts = reshape(
      permute(voxelise(normalize_points(four_shapes()), {.resolution = 8, .count = true}), {0, 1, 4, 3, 2}),
      {4, 512});
  EXPECT_THAT(sum(minimum(counts, 1), {1}).to_vector<float>(), ElementsAre(115, 82, 108, 101));
  EXPECT_THAT(max(counts, {1}).to_vector<float>(), ElementsAre(17, 26, 17, 26));
  EXPECT_THAT(sum(counts * arange(512, DType::kFloat32), {1}).to_vector<float>(),
              ElementsAre(260667, 262817, 260814, 262162));
}

// Sums over the images, weighted by row and by column: scipy.stats.binned_statistic_2d(..., 'max') of the first two of these shapes.
TEST_F(Points, ViewsAsSciPy) {
  if (data_file("").empty()) GTEST_SKIP() << "TESSERA_DATA is not set";
  const Tensor images = project_views(normalize_points(four_shapes()), {.resolution = 16});
  ASSERT_EQ(images.shape(), (Shape{4, 6, 16, 16}));
  const double expected[2][6][3] = {{{82.17320314608749, 655.7991196561104, 656.4567223367603},
                                     {80.59968485104278, 639.8989112673004, 644.1421273396984},
                                     {62.101419966385805, 498.49284719104025, 464.882659352749},
                                     {59.28598838222465, 471.1734023869107, 443.4272149258811},
                                     {64.28923116712716, 503.94550779550354, 482.84217303522155},
                                     {70.77809892851049, 555.8420655073417, 529.1650825673105}},
                                    {{52.72005534472264, 422.1843634522165, 406.6328277710773},
                                     {53.16626920478747, 425.6918492824359, 409.6247525283376},
                                     {43.81150717064163, 367.2052394198288, 328.53111988505793},
                                     {38.51496843480109, 309.41878739685365, 288.6981416749048},
                                     {65.13947035193384, 495.40546995177965, 487.9823015351231},
                                     {67.84447615685326, 508.24925971341185, 508.53780696248396}}};
  const Tensor column = arange(16, DType::kFloat32), row = reshape(column, {16, 1});
  for (std::int64_t shape = 0; shape < 2; ++shape)
    for (std::int64_t view = 0; view < 6; ++view) {
      const Tensor image = copy(slice(images, {Range(shape), Range(view)}));
      const double* facts = expected[shape][view];
      EXPECT_NEAR(sum(image).item<float>(), facts[0], 1e-3);
      EXPECT_NEAR(sum(image * row).item<float>(), facts[1], 1e-2);
      EXPECT_NEAR(sum(image * column).item<float>(), facts[2], 1e-2);
    }
}

}  // namespace
}  // namespace tessera::data
