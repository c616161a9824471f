#include "tessera/nn/convolution.h"

#include <gtest/gtest.h>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/message_test.h"
#include "tessera/nn/layers.h"

namespace tessera::nn {
namespace {

// The transposed convolution with the weight of a convolution is its adjoint: <C x, y> = <x, C' y>.
template <typename Conv, typename Transposed, typename Settings, typename TransposedSettings>
void expect_adjoint(const Settings& settings, const TransposedSettings& back, const Shape& x_shape) {
  RandomSource random(5);
  Conv convolution(4, 6, settings);
  convolution.initialize(random);
  Transposed transposed(6, 4, back);
  transposed.weight().value = convolution.weight().value;
  const Tensor x = random.normal("x", x_shape, DType::kFloat64), forward = convolution.evaluate(x);
  const Tensor y = random.normal("y", forward.shape(), DType::kFloat64), backward = transposed.evaluate(y);
  ASSERT_EQ(backward.shape(), x.shape());
  const double there = sum(forward * y).item<double>(), back_again = sum(x * backward).item<double>();
  EXPECT_NEAR(there, back_again, 1e-11 * std::max(1.0, std::abs(there)));
  EXPECT_GT(std::abs(there), 0.1);
}

TEST(Convolution, TransposedIsTheAdjoint) {
  use_backend("cpu");
  constexpr DType kDouble = DType::kFloat64;
  // The lengths 12, 9 and 7 leave 1, 0 and 0 elements that no window begins at: output_padding brings them back.
  expect_adjoint<Conv1d, ConvTranspose1d>(
      Conv1dSettings{
          .kernel = {3}, .stride = {2}, .padding = {1}, .groups = 2, .bias = false, .dtype = kDouble},
      ConvTranspose1dSettings{.kernel = {3},
                              .stride = {2},
                              .padding = {1},
                              .output_padding = {1},
                              .groups = 2,
                              .bias = false,
                              .dtype = kDouble},
      {3, 4, 12});
  expect_adjoint<Conv2d, ConvTranspose2d>(Conv2dSettings{.kernel = {3, 2},
                                                         .stride = {2, 3},
                                                         .padding = {1, 0},
                                                         .dilation = {1, 2},
                                                         .bias = false,
                                                         .dtype = kDouble},
                                          ConvTranspose2dSettings{.kernel = {3, 2},
                                                                  .stride = {2, 3},
                                                                  .padding = {1, 0},
                                                                  .output_padding = {0, 0},
                                                                  .dilation = {1, 2},
                                                                  .bias = false,
                                                                  .dtype = kDouble},
                                          {2, 4, 9, 9});
  expect_adjoint<Conv3d, ConvTranspose3d>(
      Conv3dSettings{
          .kernel = {2, 3, 3}, .stride = {1, 2, 2}, .padding = {0, 1, 1}, .bias = false, .dtype = kDouble},
      ConvTranspose3dSettings{.kernel = {2, 3, 3},
                              .stride = {1, 2, 2},
                              .padding = {0, 1, 1},
                              .output_padding = {0, 1, 0},
                              .bias = false,
                              .dtype = kDouble},
      {2, 4, 3, 8, 7});
}

// The points of a cloud as the positions of an image: a shared layer is a convolution of one tap, to the bit.
TEST(Convolution, LinearOnPointsIsAConvolutionOfOneTap) {
  for (const char* backend : {"reference", "cpu"}) {
    use_backend(backend);
    for (const std::int64_t channels :
         {3, 64, 300}) {  // the last one needs two chunks of the contract's sums
      RandomSource random(7);
      Linear linear(channels, 64);
      linear.initialize(random);
      Conv1d line(channels, 64, {.kernel = {1}});
      Conv2d image(channels, 64, {.kernel = {1, 1}});
      line.weight().value = reshape(linear.weight().value, {64, channels, 1});
      image.weight().value = reshape(linear.weight().value, {64, channels, 1, 1});
      line.bias()->value = image.bias()->value = linear.bias()->value;
      const Tensor points = random.normal("points", {4, 33, channels});
      const Tensor expected = permute(linear.evaluate(points), {0, 2, 1}), x = permute(points, {0, 2, 1});
      EXPECT_TRUE(same_bits(line.evaluate(x), expected)) << backend << ", " << channels;
      const Tensor found = image.evaluate(reshape(x, {4, channels, 3, 11}));
      EXPECT_TRUE(same_bits(reshape(found, expected.shape()), expected)) << backend << ", " << channels;
    }
  }
}

TEST(Convolution, DescribesItselfAndSaysWhatIsWrong) {
  use_backend("reference");
  EXPECT_EQ(Conv1d(3, 8, {.kernel = {5}, .padding = {2}}).describe(), "Conv1d(3 -> 8, kernel 5, padding 2)");
  const ConvTranspose2d larger(
      4, 2, {.kernel = {4, 4}, .stride = {2, 2}, .padding = {1, 1}, .output_padding = {0, 1}});
  EXPECT_EQ(larger.describe(),
            "ConvTranspose2d(4 -> 2, kernel 4, stride 2, padding 1, output padding (0, 1))");
  EXPECT_EQ(larger.output_shape({1, 4, 8, 8}), (Shape{1, 2, 16, 17}));
  EXPECT_EQ(
      message_of([&] {
        larger.output_shape({1, 3, 8, 8});
      }),
      larger.describe() +
          ": the input has shape [1, 3, 8, 8], but the weight [4, 2, 4, 4] takes [N, 4, H, W] (axis 1 is 3)");
  EXPECT_EQ(message_of([] { ConvTranspose1d(4, 2, {.output_padding = {1}}); }),
            "ConvTranspose1d: output_padding is 1, expected at least 0 and below the stride (1)");
  EXPECT_EQ(message_of([] { ConvTranspose1d(4, 2, {.output_padding = {1}, .dilation = {3}}); }),
            "ConvTranspose1d: output_padding is 1, expected at least 0 and below the stride (1)");
  EXPECT_EQ(message_of([] { Conv3d(4, 2, {.groups = 3}); }),
            "Conv3d: 4 input and 2 output channels do not both divide into 3 groups");
  EXPECT_EQ(message_of([] {
              ConvTranspose1d(1, 1, {.kernel = {1}, .padding = {1}}).output_shape({1, 1, 2});
            }),
            "ConvTranspose1d(1 -> 1, kernel 1, padding 1): the weight [1, 1, 1] does not fit the input [1, "
            "1, 2]: axis 2 is too short");
}

}  // namespace
}  // namespace tessera::nn
