// Feature maps of a network whose filters were set by hand, so that what it looks for, and where, is known.
#include "tessera/visualise/feature_maps.h"

#include <gtest/gtest.h>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"
#include "tessera/visualise/pictures.h"

namespace tessera::visualise {
namespace {

class FeatureMaps : public ::testing::Test {
 protected:
  void SetUp() override {
    use_backend("cpu");
    auto& convolution = network_.add<nn::Conv2d>(1, 3, nn::Conv2dSettings{.padding = {1, 1}, .bias = false});
    // Map 0 looks for upright bars, map 1 for lying ones, map 2 for nothing.
    convolution.weight().value = Tensor::from<float>(
        {-1, 2, -1, -1, 2, -1, -1, 2, -1, -1, -1, -1, 2, 2, 2, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0},
        {3, 1, 3, 3});
    network_.add<nn::ReLU>();
    network_.add<nn::MaxPool2d>();
  }
  void TearDown() override { set_thread_count(threads_); }

  // Image i has a bar of three pixels of brightness i + 1, upright when i is even.
  static Tensor bars(std::int64_t count) {
    std::vector<float> pixels(static_cast<std::size_t>(count * 64), 0);
    for (std::int64_t i = 0; i < count; ++i)
      for (std::int64_t step = -1; step <= 1; ++step) {
        const std::int64_t row = 1 + i % 6 + (i % 2 == 0 ? step : 0),
                           column = 1 + i / 2 % 6 + (i % 2 == 0 ? 0 : step);
        pixels[static_cast<std::size_t>(i * 64 + row * 8 + column)] = static_cast<float>(i + 1);
      }
    return Tensor::from(pixels, {count, 1, 8, 8});
  }

  nn::Sequential network_;
  int threads_ = thread_count();
};

TEST_F(FeatureMaps, FindWhatWasPlanted) {
  const Tensor images = bars(40);
  const auto views = view_feature_maps(network_, images, {.layers = {3, 2}});
  ASSERT_EQ(views.size(), 2u);
  EXPECT_EQ(views[0].layers, 2u);
  EXPECT_EQ(views[0].output, (Shape{1, 3, 8, 8}));
  EXPECT_EQ(views[0].rows, 3);
  EXPECT_EQ(views[1].window_rows, 4);
  for (const std::size_t map : {std::size_t{0}, std::size_t{1}}) {
    const MapView& view = views[0].maps[map];
    ASSERT_EQ(view.strongest.size(), 9u);
    for (std::size_t i = 0; i < 9; ++i) {
      const auto image = static_cast<std::int64_t>(38 + map - 2 * i);  // the brightest bars of its kind
      EXPECT_EQ(view.strongest[i].sample, image);
      EXPECT_EQ(view.strongest[i].value, static_cast<double>(6 * (image + 1)));
      EXPECT_EQ(view.strongest[i].row, 1 + image % 6);
      EXPECT_EQ(view.strongest[i].column, 1 + image / 2 % 6);
    }
    // Of the brightest one the unit sees its bar, and its projection is the filter times the activation.
    const Tensor patch = slice(view.patches, {Range(0, 1)}),
                 projection = slice(view.projections, {Range(0, 1)});
    const auto bright = static_cast<float>(39 + map);
    EXPECT_EQ(patch.to_vector<float>(), map == 0
                                            ? (std::vector<float>{0, bright, 0, 0, bright, 0, 0, bright, 0})
                                            : (std::vector<float>{0, 0, 0, bright, bright, bright, 0, 0, 0}));
    const float activation = 6 * bright;
    std::vector<float> filter(9, -activation);
    for (const std::size_t tap :
         map == 0 ? std::vector<std::size_t>{1, 4, 7} : std::vector<std::size_t>{3, 4, 5})
      filter[tap] = 2 * activation;
    EXPECT_EQ(projection.to_vector<float>(), filter);
  }
  EXPECT_TRUE(views[0].maps[2].strongest.empty());
  EXPECT_FALSE(views[0].maps[2].patches.defined());
}

TEST_F(FeatureMaps, DoNotDependOnGroupsOrThreads) {
  RandomSource random(3);
  const Tensor images = random.normal("images", {70, 1, 8, 8});
  const auto look = [&](std::int64_t group) {
    return view_feature_maps(network_, images, {.layers = {2, 3}, .method = Method::kGuided, .group = group});
  };
  const auto expected = look(256);
  for (const int threads : {1, 2, 3, 7}) {
    set_thread_count(threads);
    const auto found = look(threads == 1 ? 1 : 13 * threads);
    for (std::size_t layer = 0; layer < 2; ++layer)
      for (std::size_t map = 0; map < 2; ++map) {
        const MapView &a = found[layer].maps[map], &b = expected[layer].maps[map];
        EXPECT_EQ(a.strongest, b.strongest);
        EXPECT_TRUE(same_bits(a.patches, b.patches));
        EXPECT_TRUE(same_bits(a.projections, b.projections));
      }
  }
}

// A unit in the corner sees 2x2 of its 3x3 window: the piece is moved into the image.
TEST_F(FeatureMaps, PiecesLieInTheImage) {
  std::vector<float> pixels(64, 0);
  pixels[0] = pixels[8] = pixels[16] = 1;
  const auto views =
      view_feature_maps(network_, Tensor::from(pixels, {1, 1, 8, 8}), {.layers = {2}, .maps = 1});
  const MapView& map = views[0].maps[0];
  ASSERT_EQ(map.strongest.size(), 1u);
  EXPECT_EQ(map.strongest[0].column, 0);
  const Piece& piece = map.pieces[0];
  EXPECT_EQ(piece.first_row, map.strongest[0].row - 1);
  EXPECT_EQ(piece.first_column, 0);
  EXPECT_EQ(piece.seen_columns[0], 0);
  EXPECT_EQ(piece.seen_columns[1], 2);
  const report::Picture picture = patches_picture(map, 0, 1);
  EXPECT_EQ(picture.width, 17u);      // three tiles of three, and gaps of four
  EXPECT_EQ(picture.pixels[0], 254);  // white
  EXPECT_EQ(picture.pixels[1], 0);
  EXPECT_EQ(picture.pixels[2], 255);  // blue: not seen
}

TEST_F(FeatureMaps, LayersAreChosenByStages) {
  nn::Sequential network;
  network.add<nn::Conv2d>(3, 4, nn::Conv2dSettings{.padding = {1, 1}});  // 1
  network.add<nn::BatchNorm2d>(4);
  network.add<nn::ReLU>();  // 3
  network.add<nn::MaxPool2d>();
  network.add<nn::Conv2d>(4, 4, nn::Conv2dSettings{.padding = {1, 1}});  // 5
  network.add<nn::Residual>(std::make_unique<nn::Conv2d>(4, 4, nn::Conv2dSettings{.padding = {1, 1}}));
  network.add<nn::ReLU>();  // 7
  network.add<nn::Flatten>();
  network.add<nn::Linear>(4 * 4 * 4, 2);
  EXPECT_EQ(choose_layers(network, {1, 3, 8, 8}), (std::vector<std::size_t>{3, 5, 7}));
}

TEST_F(FeatureMaps, PicturesOfColoursAndManyChannels) {
  const Tensor colours = Tensor::from<float>({1, 0, -2}, {1, 3, 1, 1});
  const report::Picture red = filters_picture(colours);
  EXPECT_EQ(red.channels, 3u);
  EXPECT_EQ(red.pixels, (std::vector<std::uint8_t>{192, 128, 0}));
  const report::Picture grey = filters_picture(Tensor::from<float>({1, 3, -4, -4}, {2, 2, 1, 1}), 2);
  // The means 2 and -4, and a blue gap between them.
  const std::vector<std::uint8_t> line = {254, 254, 255, 255, 255, 255, 0, 0};
  std::vector<std::uint8_t> lines = line;
  lines.insert(lines.end(), line.begin(), line.end());
  EXPECT_EQ(grey.pixels, lines);
  ASSERT_EQ(grey.palette.size(), 768u);
  EXPECT_EQ(grey.palette[127 * 3], 128);
  EXPECT_EQ(grey.palette[254 * 3], 255);
  EXPECT_EQ(beside(grey, grey, 1).width, 17u);
  EXPECT_EQ(filters_picture(ones({1, 1, 130, 70})).height, 44u);  // every third pixel
}

TEST_F(FeatureMaps, Errors) {
  const auto message = [&](const Tensor& images, const ViewOptions& options) -> std::string {
    try {
      (void)view_feature_maps(network_, images, options);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(
      message(zeros({3, 8, 8}), {.layers = {1}}),
      "the images have the shape [3, 8, 8], expected [N, channels, rows, columns] with at least one image");
  EXPECT_EQ(message(zeros({3, 1, 8, 8}), {}),
            "view_feature_maps: found 0 layers, 16 maps and groups of 256, expected at least 1 of each");
  EXPECT_EQ(message(zeros({3, 1, 8, 8}), {.layers = {4}}),
            "the projection begins after layer 4, expected 1 to 3, the number of the network's layers");
}

}  // namespace
}  // namespace tessera::visualise
