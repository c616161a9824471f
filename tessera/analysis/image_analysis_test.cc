// Images: pixel by pixel beside sums written out, planted marks and repeats, and what is known of MNIST.
#include "tessera/analysis/image_analysis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "tessera/analysis/input.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/folder_test.h"
#include "tessera/base/hash.h"
#include "tessera/base/thread_pool.h"
#include "tessera/data/npy.h"
#include "tessera/tensor/random.h"

namespace tessera::analysis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

data::Dataset noise(std::int64_t images, const Shape& shape, std::int64_t classes) {
  use_default_backend();
  data::Dataset set;
  Shape all{images};
  for (const std::int64_t length : shape) all.append(length);
  set.features = RandomSource(9).uniform("pixels", all);
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < images; ++i) labels.push_back(i % classes);
  set.labels = Tensor::from<std::int64_t>(labels, {images});
  for (std::int64_t c = 0; c < classes; ++c) set.classes.push_back(fmt::format("c{}", c));
  return set;
}

TEST(ImageAnalysis, PixelsAndClassesByHand) {
  const data::Dataset set = noise(50, {3, 2, 4}, 3);
  const ImageAnalysis found = analyse_images(set, "t");
  ASSERT_EQ(found.pixels(), 24);
  const std::vector<float> values = set.features.to_vector<float>();
  for (std::size_t p = 0; p < 24; ++p) {
    double sum = 0, squares = 0, of_class = 0;
    for (std::size_t i = 0; i < 50; ++i) sum += static_cast<double>(values[i * 24 + p]);
    for (std::size_t i = 0; i < 50; ++i)
      squares += std::pow(static_cast<double>(values[i * 24 + p]) - sum / 50, 2);
    for (std::size_t i = 1; i < 50; i += 3) of_class += static_cast<double>(values[i * 24 + p]);
    EXPECT_NEAR(found.mean[p], sum / 50, 1e-14);
    EXPECT_NEAR(found.deviation[p], std::sqrt(squares / 50), 1e-14);
    EXPECT_NEAR(found.classes[1].mean[p], of_class / 17, 1e-14);
  }
  EXPECT_EQ(found.classes[1].images, 17);
  for (const ImageClass& each : found.classes) {
    EXPECT_EQ(each.samples.size(), kClassSamples);
    for (const std::int64_t sample : each.samples) EXPECT_EQ(fmt::format("c{}", sample % 3), each.name);
  }
  EXPECT_TRUE(found.leaks.empty());
}

TEST(ImageAnalysis, AMarkInTheCornerIsFound) {
  data::Dataset set = noise(200, {5, 5}, 2);
  EXPECT_TRUE(analyse_images(set, "t").leaks.empty());
  std::vector<float> values = set.features.to_vector<float>();
  for (std::size_t i = 0; i < 200; ++i) values[i * 25 + 9] = i % 2 == 0 ? 0.1F : 0.9F;
  set.features = Tensor::from<float>(values, {200, 5, 5});
  EXPECT_THAT(analyse_images(set, "t").leaks,
              ElementsAre(HasSubstr("the pixel in row 1, column 4 alone tells the classes")));
}

TEST(ImageAnalysis, RepeatsAndOddities) {
  data::Dataset set = noise(60, {1, 3, 3}, 2);
  std::vector<float> values = set.features.to_vector<float>();
  std::copy(values.begin(), values.begin() + 9, values.begin() + 9 * 10);  // the same class
  std::copy(values.begin(), values.begin() + 9, values.begin() + 9 * 11);  // the other one
  std::fill(values.begin() + 9 * 20, values.begin() + 9 * 21, 0.5F);
  set.features = Tensor::from<float>(values, {60, 1, 3, 3});
  const ImageAnalysis found = analyse_images(set, "t");
  EXPECT_EQ(found.repeated, 2);
  EXPECT_EQ(found.conflicting, 3);
  EXPECT_EQ(found.constant_images, 1);
  EXPECT_THAT(image_text(found), HasSubstr("1 image is of one colour"));
}

TEST(ImageAnalysis, OneDigestOverThreadsAndBackends) {
  std::string first;
  for (const std::string& backend : backend_names())
    for (const int threads : {1, 2, 3, 7}) {
      const data::Dataset set = noise(80, {6, 7}, 3);
      use_backend(backend);
      set_thread_count(threads);
      const ImageAnalysis found = analyse_images(set, "t");
      const std::string digest =
          to_hex(sha256(image_text(found) + image_json(found) + image_page(found, set)));
      if (first.empty()) first = digest;
      EXPECT_EQ(digest, first) << backend << ", " << threads;
    }
  use_default_backend();
  set_thread_count(2);
}

TEST(ImageAnalysis, OtherShapesAreSaid) {
  use_default_backend();
  data::Dataset set;
  set.features = Tensor::from<float>({1, 2, 3, 4, 5, 6, 7, 8}, {2, 2, 1, 2});
  try {
    analyse_images(set, "t.npy");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("t.npy: its samples have the shape [2, 2, 1, 2], expected images"));
  }
}

TEST(AnalysisInput, ArraysAreTablesOrImages) {
  use_default_backend();
  const TestFolder folder;
  data::write_npy(folder / "flat.npy", Tensor::from<double>({1, 2, 3}, {3}));
  data::write_npy(folder / "wide.npy", Tensor::from<double>({1, 2, 3, 4}, {2, 2}));
  data::write_npy(folder / "deep.npy", Tensor::from<float>({1, 2, 3, 4}, {2, 1, 2}));
  data::write_npy(folder / "labels.npy", Tensor::from<std::int64_t>({1, 0}, {2}));
  EXPECT_EQ(read_analysis_input({.file = folder / "flat.npy"}).table->columns.size(), 1U);
  EXPECT_EQ(read_analysis_input({.file = folder / "wide.npy"}).table->rows, 2);
  const Input images = read_analysis_input({.file = folder / "deep.npy", .labels = folder / "labels.npy"});
  ASSERT_TRUE(images.images && !images.table);
  EXPECT_EQ(analyse_images(*images.images, "t").classes.size(), 2U);
  EXPECT_THROW(read_analysis_input({.file = folder / "wide.npy", .labels = folder / "labels.npy"}), Error);
}

// The numbers of MNIST's training images that everybody normalises with: 0.1307 and 0.3081 of 255; 717 pixels differ.
TEST(ImageAnalysis, Mnist) {
  use_default_backend();
  const char* data = std::getenv("TESSERA_DATA");
  const std::string folder = data == nullptr ? "" : std::string(data) + "/images/mnist/";
  if (folder.empty() || !exists(folder + "train-images-idx3-ubyte.gz"))
    GTEST_SKIP() << "skipped: TESSERA_DATA has no MNIST";
  const Input input = read_analysis_input(
      {.file = folder + "train-images-idx3-ubyte.gz", .labels = folder + "train-labels-idx1-ubyte.gz"});
  const ImageAnalysis found = analyse_images(*input.images, "mnist");
  EXPECT_NEAR(found.pixel_mean / 255, 0.1307, 5e-5);
  EXPECT_NEAR(found.pixel_deviation / 255, 0.3081, 5e-5);
  EXPECT_EQ(784 - found.constant_pixels, 717);
  std::vector<std::int64_t> counts;
  for (const ImageClass& each : found.classes) counts.push_back(each.images);
  EXPECT_THAT(counts, ElementsAre(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949));
  EXPECT_EQ(found.repeated, 0);
  EXPECT_TRUE(found.leaks.empty());
}

}  // namespace
}  // namespace tessera::analysis
