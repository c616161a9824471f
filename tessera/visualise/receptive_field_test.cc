// Receptive fields against what changing every pixel finds, and against published lengths.
#include "tessera/visualise/receptive_field.h"

#include <gtest/gtest.h>

#include <functional>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera::visualise {
namespace {

// Positive weights and pixels: what grows anywhere grows everywhere behind it, also through maxima when it grows much.
void make_positive(nn::Sequential& network, RandomSource& random) {
  network.initialize(random);
  for (nn::Parameter* weight : network.parameters()) weight->value = absolute(weight->value) + 0.01;
}

// unit -> the pixels that change it, one row per unit of the first map: all pixels are tried as one batch.
std::vector<std::vector<bool>> found_by_trying(nn::Sequential& network, const Shape& input,
                                               RandomSource& random) {
  const std::int64_t pixels = input[2] * input[3];
  const Tensor image = random.uniform("image", {1, 1, input[2], input[3]}, DType::kFloat64);
  const Tensor changed =
      image + reshape(cast(equal(reshape(arange(pixels), {pixels, 1}), arange(pixels)), DType::kFloat64),
                      {pixels, 1, input[2], input[3]}) *
                  1e6;
  const Tensor plain = network.evaluate(image), tried = network.evaluate(changed);
  const std::int64_t units = plain.size(2) * plain.size(3);
  std::vector<std::vector<bool>> found(static_cast<std::size_t>(units));
  const std::vector<double> base = plain.to_vector<double>(), values = tried.to_vector<double>();
  const auto stride = static_cast<std::size_t>(plain.elements());
  for (std::size_t unit = 0; unit < found.size(); ++unit)
    for (std::size_t pixel = 0; pixel < static_cast<std::size_t>(pixels); ++pixel)
      found[unit].push_back(values[pixel * stride + unit] != base[unit]);
  return found;
}

void expect_exact(nn::Sequential& network, const Shape& input, RandomSource& random) {
  make_positive(network, random);
  const auto found = found_by_trying(network, input, random);
  const Shape maps = network.output_shape(input);
  for (std::int64_t row = 0; row < maps[2]; ++row)
    for (std::int64_t column = 0; column < maps[3]; ++column) {
      const ReceptiveField field = receptive_field(network, network.children().size(), input, row, column);
      std::vector<bool> expected(static_cast<std::size_t>(input[2] * input[3]), false);
      for (const std::int64_t y : field.rows.seen)
        for (const std::int64_t x : field.columns.seen)
          expected[static_cast<std::size_t>(y * input[3] + x)] = true;
      EXPECT_EQ(found[static_cast<std::size_t>(row * maps[3] + column)], expected)
          << network.describe() << " at " << row << ", " << column;
      for (const Reach* reach : {&field.rows, &field.columns}) {
        if (reach->seen.empty()) continue;
        EXPECT_LE(reach->first, reach->seen.front());
        EXPECT_GE(reach->last, reach->seen.back());
      }
    }
}

class ReceptiveFields : public ::testing::Test {
 protected:
  void SetUp() override { use_backend("cpu"); }
};

// Layers with geometry drawn at random; those that do not fit are left out.
TEST_F(ReceptiveFields, AreWhatChangingEveryPixelFinds) {
  int stacks = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    RandomSource random(seed);
    const std::vector<float> draws = random.uniform("draws", {40}).to_vector<float>();
    std::size_t next = 0;
    const auto draw = [&](std::int64_t lowest, std::int64_t highest) {
      return lowest + static_cast<std::int64_t>(draws[next++] * static_cast<float>(highest - lowest + 1));
    };
    nn::Sequential network;
    const Shape input{1, 1, draw(7, 12), draw(7, 12)};
    for (int layer = 0; layer < 3; ++layer) {
      nn::Conv2dSettings window{.kernel = {draw(1, 3), draw(1, 3)},
                                .stride = {draw(1, 2), draw(1, 3)},
                                .padding = {draw(0, 1), draw(0, 2)},
                                .dilation = {draw(1, 2), draw(1, 3)},
                                .dtype = DType::kFloat64};
      const std::int64_t kind = draw(0, 3);
      std::unique_ptr<nn::Module> made;
      if (kind == 0)
        made = std::make_unique<nn::MaxPool2d>(nn::Pool2dSettings{.kernel = {2, 3},
                                                                  .stride = window.stride,
                                                                  .padding = {window.padding[0], 1},
                                                                  .dilation = window.dilation});
      if (kind == 1)
        made = std::make_unique<nn::AvgPool2d>(nn::Pool2dSettings{
            .kernel = {3, 2}, .stride = window.stride, .padding = {window.padding[0], 1}, .round_up = true});
      if (kind == 2)
        made = std::make_unique<nn::ConvTranspose2d>(1, 1,
                                                     nn::ConvTranspose2dSettings{.kernel = window.kernel,
                                                                                 .stride = window.stride,
                                                                                 .dilation = window.dilation,
                                                                                 .dtype = DType::kFloat64});
      if (kind == 3) made = std::make_unique<nn::Conv2d>(1, 1, window);
      try {
        (void)made->output_shape(network.output_shape(input));
      } catch (const Error&) {
        continue;
      }
      network.add(std::move(made));
    }
    if (network.children().empty() || network.output_shape(input).elements() == 0) continue;
    expect_exact(network, input, random);
    stacks += network.children().size() >= 2;
  }
  EXPECT_GE(stacks, 30);
}

TEST_F(ReceptiveFields, OfOtherLayers) {
  RandomSource random(3);
  const nn::Conv2dSettings small{.kernel = {2, 2}, .dtype = DType::kFloat64};
  nn::Sequential network;
  network.add<nn::Conv2d>(1, 2, small);
  network.add<nn::BatchNorm2d>(2, nn::BatchNormSettings{.dtype = DType::kFloat64});
  network.add<nn::ReLU>();
  network.add<nn::Dropout>(0.5);
  network.add<nn::Maxout>(2);
  network.add<nn::Upsample>(2);
  network.add<nn::Conv2d>(1, 1, small);
  expect_exact(network, {1, 1, 5, 6}, random);
  nn::Sequential between;
  between.add<nn::Conv2d>(1, 1, small);
  between.add<nn::Upsample>(3, nn::Interpolation::kBilinear);
  random.begin_step(1);
  expect_exact(between, {1, 1, 5, 6}, random);
  nn::Sequential parts;
  parts.add<nn::Conv2d>(1, 1, small);
  parts.add<nn::AdaptiveAvgPool2d>(std::array<std::int64_t, 2>{3, 2});
  random.begin_step(2);
  expect_exact(parts, {1, 1, 8, 9}, random);
  nn::Sequential block;
  auto body = std::make_unique<nn::Sequential>();
  body->add<nn::Conv2d>(1, 1, nn::Conv2dSettings{.padding = {1, 1}, .dtype = DType::kFloat64});
  block.add<nn::Residual>(std::move(body));
  block.add<nn::LayerNorm>(Shape{6}, nn::LayerNormSettings{.dtype = DType::kFloat64});
  const ReceptiveField field = receptive_field(block, 2, {1, 1, 8, 6}, 3, 0);
  EXPECT_EQ(field.rows.seen, (std::vector<std::int64_t>{2, 3, 4}));
  EXPECT_EQ(field.columns.seen.size(), 6u);  // the normalisation sees them all
}

std::int64_t window_of(const std::vector<std::array<std::int64_t, 2>>& layers, std::int64_t image) {
  nn::Sequential network;
  for (const auto& [kernel, stride] : layers)
    network.add<nn::MaxPool2d>(nn::Pool2dSettings{.kernel = {kernel, kernel}, .stride = {stride, stride}});
  const Reach reach = receptive_field(network, layers.size(), {1, 1, image, image}, 0, 0).columns;
  return reach.last - reach.first + 1;
}

// Araujo, Norris & Sim (Distill, 2019), table 1: AlexNet (v2) 195 pixels, VGG-16 212.
TEST_F(ReceptiveFields, HaveThePublishedLengths) {
  EXPECT_EQ(window_of({{11, 4}, {3, 2}, {5, 1}, {3, 2}, {3, 1}, {3, 1}, {3, 1}, {3, 2}}, 400), 195);
  std::vector<std::array<std::int64_t, 2>> vgg;
  for (const int convolutions : {2, 2, 3, 3, 3}) {
    for (int i = 0; i < convolutions; ++i) vgg.push_back({3, 1});
    vgg.push_back({2, 2});
  }
  EXPECT_EQ(window_of(vgg, 400), 212);
}

TEST_F(ReceptiveFields, MayBeEmptyAndSayWhatIsWrong) {
  nn::Sequential network;
  network.add<nn::Conv2d>(1, 1, nn::Conv2dSettings{.kernel = {1, 1}, .padding = {2, 0}});
  EXPECT_TRUE(receptive_field(network, 1, {1, 1, 3, 3}, 0, 1).rows.seen.empty());
  network.add<nn::Flatten>();
  const auto message = [&](std::size_t layers, const Shape& input, std::int64_t row) -> std::string {
    try {
      (void)receptive_field(network, layers, input, row, 0);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message(1, {1, 1, 3, 3}, 7),
            "receptive_field: the unit is at row 7, column 0, expected one of the 7 x 3 of a feature map");
  EXPECT_EQ(message(2, {1, 1, 3, 3}, 0),
            "receptive_field: the output has the shape [1, 21], expected [N, channels, rows, columns]");
  EXPECT_EQ(message(3, {1, 1, 3, 3}, 0),
            "receptive_field: found 3 layers, expected at most 2, those of the network");
}

}  // namespace
}  // namespace tessera::visualise
