// The contract by hand: inputs for which another order, a missing fma or a skipped tap would show. 2^24 is
// the float beyond which adding 1 alone is lost while adding 2 is not.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera {
namespace {

constexpr float kBig = 0x1p24f, kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min(),
                       kHighest = std::numeric_limits<std::int64_t>::max();

class ReferenceContract : public ::testing::Test {
 protected:
  void SetUp() override { use_backend("reference"); }
};

bool is_positive_zero(float x) {
  return x == 0 && !std::signbit(x);
}

// n zeros but for the given places.
Tensor probe(std::int64_t n, std::initializer_list<std::pair<std::int64_t, float>> places) {
  std::vector<float> values(static_cast<std::size_t>(n));
  for (const auto& [place, value] : places) values[static_cast<std::size_t>(place)] = value;
  return Tensor::from(values, Shape{n});
}

float dot_with_ones(const Tensor& x) {
  return matmul(x.reshape({1, -1}), ones({x.elements(), 1})).item<float>();
}

// ---- Rule 2 ----

TEST_F(ReferenceContract, ChunksOfK) {
  EXPECT_EQ(dot_with_ones(probe(258, {{0, kBig}, {256, 1}, {257, 1}})), kBig + 2);  // the second chunk is 2
  EXPECT_EQ(dot_with_ones(probe(258, {{0, kBig}, {254, 1}, {255, 1}})), kBig);      // one chain loses both
  EXPECT_EQ(dot_with_ones(probe(258, {{0, kBig}, {255, 1}, {256, 1}})), kBig);      // one on either side
  EXPECT_EQ(dot_with_ones(probe(600, {{0, 1}, {256, 1}, {512, kBig}})),
            kBig + 2);  // chunks add in ascending order
  EXPECT_EQ(dot_with_ones(probe(600, {{0, kBig}, {256, 1}, {512, 1}})), kBig);
  EXPECT_EQ(dot_with_ones(probe(1024, {{0, kBig}, {512, 1}, {768, 1}})), kBig);  // in a chain, not in a tree
}

TEST_F(ReferenceContract, ProductsAreFused) {
  const float x = 1 + 0x1p-13f;  // x^2 = 1 + 2^-12 + 2^-26; a rounded product would lose the last term
  const Tensor a = Tensor::from<float>({-1, x}, {1, 2}), b = Tensor::from<float>({1, x}, {2, 1});
  EXPECT_EQ(matmul(a, b).item<float>(), 0x1p-12f + 0x1p-26f);
}

TEST_F(ReferenceContract, SumsOfSquaresAreFused) {
  // Both terms meet in lane 0 (positions 0 and 16). x^2 = 8393333.265625; rounded first it would be 8393333,
  // and 2^24 + 8393333 is a tie that goes down to even, while the fused sum lies above the tie.
  const float x = 2897.125f;
  EXPECT_EQ(kBig + x * x, 25170548);
  EXPECT_EQ(sum_squares(probe(17, {{0, 0x1p12f}, {16, x}})).item<float>(), 25170550);
}

TEST_F(ReferenceContract, ProductsStartFromPositiveZero) {
  EXPECT_TRUE(is_positive_zero(matmul(zeros({1, 0}), zeros({0, 1})).item<float>()));
  EXPECT_TRUE(is_positive_zero(matmul(Tensor::from<float>({-1}, {1, 1}), zeros({1, 1})).item<float>()));
}

TEST_F(ReferenceContract, ConvolutionExecutesTapsOutside) {
  Conv2dOptions padded;
  padded.padding[0] = padded.padding[1] = 1;
  const Tensor weight = Tensor::from<float>({kInfinity, 0, 0, 0, 1, 0, 0, 0, 0}, {1, 1, 3, 3});
  const auto y = conv2d(ones({1, 1, 2, 2}), weight, padded).to_vector<float>();
  EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[1]) && std::isnan(y[2]));  // infinity times the +0 outside
  EXPECT_EQ(y[3], kInfinity);
}

TEST_F(ReferenceContract, ConvolutionRunsOverChannelRowColumn) {
  // 65 channels of 2x2: k = 260. The probe's places are (channel, row, column).
  std::vector<float> image(260);
  image[0] = kBig;  // the first of chunk 0
  image[256] = image[259] = 1;
  const Tensor x = Tensor::from(image, {1, 65, 2, 2});
  EXPECT_EQ(conv2d(x, ones({1, 65, 2, 2})).item<float>(), kBig + 2);
  image[256] = 0;
  image[255] = 1;
  EXPECT_EQ(conv2d(Tensor::from(image, {1, 65, 2, 2}), ones({1, 65, 2, 2})).item<float>(), kBig);
}

Tensor input_gradient(const Tensor& gradient, const Tensor& weight, const Shape& input, std::int64_t stride) {
  WindowAttributes window;
  window.kernel[0] = weight.size(2);
  window.kernel[1] = weight.size(3);
  window.stride[0] = window.stride[1] = stride;
  window.input_shape = input;
  return apply(Op::kConv2dInputGradient, std::vector<Tensor>{gradient, weight}, window);
}

TEST_F(ReferenceContract, InputGradientLeavesOutTapsThatDoNotDivide) {
  // Stride 2, filter 2x2: each input meets exactly one tap, so an infinite weight stays in its own phase.
  const Tensor weight = Tensor::from<float>({kInfinity, 2, 3, 4}, {1, 1, 2, 2});
  const Tensor gradient = input_gradient(ones({1, 1, 1, 1}), weight, {1, 1, 2, 2}, 2);
  EXPECT_EQ(gradient.to_vector<float>(), (std::vector<float>{kInfinity, 2, 3, 4}));
  // Stride 1: all taps count, those outside the output as products with +0.
  EXPECT_TRUE(
      std::isnan(input_gradient(ones({1, 1, 1, 1}), weight, {1, 1, 2, 2}, 1).at<float>({0, 0, 1, 1})));
}

TEST_F(ReferenceContract, InputGradientCompactsBeforeChunking) {
  // 512 output channels, stride 2, filter 2x2: one tap per channel in each phase, so k = 512 and chunk 1
  // starts at channel 256. Without compaction it would start at channel 64.
  std::vector<float> gradient(512);
  gradient[0] = kBig;
  gradient[100] = gradient[101] = 1;
  const auto in_first_chunk =
      input_gradient(Tensor::from(gradient, {1, 512, 1, 1}), ones({512, 1, 2, 2}), {1, 1, 2, 2}, 2)
          .to_vector<float>();
  EXPECT_EQ(in_first_chunk, std::vector<float>(4, kBig));
  gradient[100] = gradient[101] = 0;
  gradient[256] = gradient[257] = 1;
  const auto in_second_chunk =
      input_gradient(Tensor::from(gradient, {1, 512, 1, 1}), ones({512, 1, 2, 2}), {1, 1, 2, 2}, 2)
          .to_vector<float>();
  EXPECT_EQ(in_second_chunk, std::vector<float>(4, kBig + 2));
}

TEST_F(ReferenceContract, WeightGradientRunsOverImageRowColumn) {
  // 65 images of 2x2, filter 1x1: k = (image, row, column) of 260 products.
  std::vector<float> image(260);
  image[0] = kBig;
  image[256] = image[257] = 1;
  WindowAttributes window;
  window.input_shape = Shape{1, 1, 1, 1};
  const auto gradient = [&] {
    const std::vector<Tensor> inputs = {ones({65, 1, 2, 2}), Tensor::from(image, {65, 1, 2, 2})};
    return apply(Op::kConv2dWeightGradient, inputs, window).item<float>();
  };
  EXPECT_EQ(gradient(), kBig + 2);
  std::swap(image[255], image[257]);
  EXPECT_EQ(gradient(), kBig);
}

TEST_F(ReferenceContract, IndexAddIsOneChainOntoTheRow) {
  const Tensor index = Tensor::from<std::int64_t>({0, 0, 1}, {3});
  const Tensor result =
      index_add(Tensor::from<float>({kBig, 5}, {2}), index, Tensor::from<float>({1, 1, 7}, {3}));
  EXPECT_EQ(result.to_vector<float>(), (std::vector<float>{kBig, 12}));
}

// ---- Rule 3 ----

float sum_of(const Tensor& x) {
  return sum(x).item<float>();
}

TEST_F(ReferenceContract, LanesOfASum) {
  EXPECT_EQ(sum_of(probe(32, {{0, kBig}, {1, 1}, {17, 1}})), kBig + 2);  // 1 and 17 share lane 1
  EXPECT_EQ(sum_of(probe(32, {{0, kBig}, {1, 1}, {9, 1}})), kBig + 2);   // lane 9 goes onto lane 1
  EXPECT_EQ(sum_of(probe(32, {{0, kBig}, {1, 1}, {3, 1}})), kBig + 2);   // lane 3 onto lane 1
  EXPECT_EQ(sum_of(probe(32, {{0, kBig}, {1, 1}, {2, 1}})), kBig);       // lane 2 onto lane 0, then lane 1
  EXPECT_EQ(sum_of(probe(32, {{0, kBig}, {8, 1}, {16, 1}})), kBig);      // lane 0 is a chain; then lane 8
}

TEST_F(ReferenceContract, BlocksOfASumCombineInATree) {
  EXPECT_EQ(sum_of(probe(4096, {{0, kBig}, {2048, 1}, {3072, 1}})), kBig + 2);  // (0 + 1) + (2 + 3)
  EXPECT_EQ(sum_of(probe(4096, {{0, kBig}, {1024, 1}, {2048, 1}})), kBig);
  EXPECT_EQ(sum_of(probe(3072, {{0, kBig}, {1024, 1}, {2048, 1}})), kBig);      // T(3) = T(2) + T(1)
  EXPECT_EQ(sum_of(probe(6144, {{0, kBig}, {4096, 1}, {5120, 1}})), kBig + 2);  // T(6) = T(4) + T(2)
  EXPECT_EQ(sum_of(probe(7168, {{0, kBig}, {4096, 1}, {6144, 1}})), kBig + 2);  // T(7) = T(4) + (T(2) + T(1))
}

TEST_F(ReferenceContract, ReducedAxesAreOneRowMajorList) {
  const Tensor x = probe(4096, {{0, kBig}, {2048, 1}, {3072, 1}});
  EXPECT_EQ(sum(x.reshape({2, 2048}), {0, 1}).item<float>(), kBig + 2);
  EXPECT_EQ(sum(x.reshape({4096, 1}).broadcast_to({4096, 3}), {0}).to_vector<float>(),
            std::vector<float>(3, kBig + 2));
  // Strides do not matter: the list of the transposed tensor is its own row-major order.
  const Tensor turned = x.reshape({64, 64}).transpose();
  EXPECT_EQ(sum_of(turned), sum_of(copy(turned)));
}

TEST_F(ReferenceContract, EmptyAndSingleReductions) {
  EXPECT_TRUE(is_positive_zero(sum_of(zeros({0}))));
  EXPECT_TRUE(is_positive_zero(sum_of(Tensor::from<float>({-0.0f}, {1}))));  // a lane starts from +0
  EXPECT_TRUE(std::isnan(mean(zeros({0})).item<float>()));
  EXPECT_THROW(max(zeros({0})), Error);
  EXPECT_TRUE(is_positive_zero(max(Tensor::from<float>({-0.0f}, {1})).item<float>()));
  EXPECT_TRUE(std::isnan(max(Tensor::from<float>({1, kNan, 2}, {3})).item<float>()));
  EXPECT_TRUE(std::isnan(min(Tensor::from<float>({1, kNan, 2}, {3})).item<float>()));
  EXPECT_EQ(sum(Tensor::from<std::int64_t>({kHighest, 1}, {2})).item<std::int64_t>(), kLowest);  // wraps
}

TEST_F(ReferenceContract, VarianceOfKnownNumbers) {
  const Tensor x = Tensor::from<double>({2, 4, 4, 4, 5, 5, 7, 9}, {8});
  EXPECT_EQ(variance(x).item<double>(), 4);  // exact in every order
  EXPECT_EQ(mean(x).item<double>(), 5);
  // Two blocks: 1,024 zeros and 1,024 twos, shifted far from zero: no cancellation.
  std::vector<double> shifted(2048, 0x1p40);
  for (std::size_t i = 1024; i < 2048; ++i) shifted[i] += 2;
  EXPECT_EQ(variance(Tensor::from(shifted, {2048})).item<double>(), 1);
}

TEST_F(ReferenceContract, ArgMaxOrder) {
  EXPECT_EQ(argmax(Tensor::from<float>({1, 3, 3, 2}, {4}), 0).item<std::int64_t>(), 1);
  EXPECT_EQ(argmax(Tensor::from<float>({1, kNan, kInfinity, kNan}, {4}), 0).item<std::int64_t>(), 1);
  EXPECT_EQ(argmax(Tensor::from<float>({-0.0f, 0.0f}, {2}), 0).item<std::int64_t>(), 0);
}

// Stable, NaN last in both directions, -0 equal to +0.
TEST_F(ReferenceContract, Sorting) {
  const Tensor x = Tensor::from<float>({0.0f, kNan, -0.0f, kInfinity, -1, 0.0f, -kInfinity, kNan, -1}, {9});
  EXPECT_EQ(argsort(x).to_vector<std::int64_t>(), (std::vector<std::int64_t>{6, 4, 8, 0, 2, 5, 3, 1, 7}));
  EXPECT_EQ(argsort(x, 0, true).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{3, 0, 2, 5, 4, 8, 6, 1, 7}));
  EXPECT_TRUE(same_bits(sort(x), gather(x, argsort(x))));
  EXPECT_TRUE(same_bits(sort(x, 0, true), gather(x, argsort(x, 0, true))));
  const Tensor integers = Tensor::from<std::int64_t>({kHighest, 0, kLowest, -1}, {4});
  EXPECT_EQ(sort(integers).to_vector<std::int64_t>(), (std::vector<std::int64_t>{kLowest, -1, 0, kHighest}));
}

// ---- Rule 1 ----

TEST_F(ReferenceContract, MaximumMinimumRelu) {
  const Tensor a = Tensor::from<float>({-0.0f, -0.0f, kNan, 1, -1}, {5}),
               b = Tensor::from<float>({-0.0f, 0, 1, kNan, 2}, {5});
  for (const auto& values : {maximum(a, b).to_vector<float>(), minimum(a, b).to_vector<float>()}) {
    EXPECT_TRUE(is_positive_zero(values[0]) && is_positive_zero(values[1]));
    EXPECT_TRUE(std::isnan(values[2]) && std::isnan(values[3]));
  }
  EXPECT_EQ(maximum(a, b).at<float>({4}), 2);
  EXPECT_EQ(minimum(a, b).at<float>({4}), -1);
  const auto activated = relu(a).to_vector<float>();
  EXPECT_TRUE(is_positive_zero(activated[0]) && std::isnan(activated[2]) && is_positive_zero(activated[4]));
}

TEST_F(ReferenceContract, IntegersWrapAndDivisionByZeroIsAnError) {
  const Tensor lowest = Tensor::scalar<std::int64_t>(kLowest), minus_one = Tensor::scalar<std::int64_t>(-1);
  EXPECT_EQ(divide(lowest, minus_one).item<std::int64_t>(), kLowest);
  EXPECT_EQ(multiply(lowest, minus_one).item<std::int64_t>(), kLowest);
  EXPECT_EQ(negate(lowest).item<std::int64_t>(), kLowest);
  EXPECT_EQ(add(lowest, minus_one).item<std::int64_t>(), kHighest);
  EXPECT_EQ(divide(Tensor::scalar<std::int64_t>(-7), Tensor::scalar<std::int64_t>(2)).item<std::int64_t>(),
            -3);
  EXPECT_THROW(divide(lowest, Tensor::scalar<std::int64_t>(0)), Error);
  EXPECT_EQ(divide(Tensor::scalar<float>(1), Tensor::scalar<float>(0)).item<float>(), kInfinity);
}

TEST_F(ReferenceContract, Casts) {
  const Tensor x = Tensor::from<float>({kNan, kInfinity, -kInfinity, 2.9f, -2.9f, 0x1p63f, 300}, {7});
  EXPECT_EQ(x.to(DType::kInt64).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{0, kHighest, kLowest, 2, -2, kHighest, 300}));
  EXPECT_EQ(x.to(DType::kUInt8).to_vector<std::uint8_t>(),
            (std::vector<std::uint8_t>{0, 255, 0, 2, 0, 255, 255}));
  EXPECT_EQ(x.to(DType::kBool).to_vector<bool>(), std::vector<bool>(7, true));
  EXPECT_EQ(Tensor::scalar<std::int64_t>((1 << 24) + 1).to(DType::kFloat32).item<float>(),
            kBig);  // a tie to even
  EXPECT_EQ(Tensor::scalar<std::int64_t>((1 << 24) + 3).to(DType::kFloat32).item<float>(), kBig + 4);
  EXPECT_EQ(Tensor::scalar<double>(0x1p-149 * 0.75).to(DType::kFloat32).item<float>(),
            0x1p-149f);  // subnormals stay
}

// ---- Windows, indices, errors ----

TEST_F(ReferenceContract, PoolingWindows) {
  const Tensor x = Tensor::from<float>({1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 1, 3, 3});
  Pool2dOptions options;
  options.padding[0] = options.padding[1] = 1;
  EXPECT_EQ(max_pool2d(x, options).to_vector<float>(), (std::vector<float>{1, 3, 7, 9}));
  EXPECT_EQ(max_pool2d_indices(x, options).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{0, 2, 6, 8}));
  EXPECT_EQ(average_pool2d(x, options).to_vector<float>(), (std::vector<float>{0.25f, 1.25f, 2.75f, 7}));
  options.count_padding = false;
  EXPECT_EQ(average_pool2d(x, options).to_vector<float>(), (std::vector<float>{1, 2.5f, 5.5f, 7}));
  // Rounded up: the last window hangs over the end and is divided by what lies inside, as PyTorch does.
  Pool2dOptions up;
  up.round_up = true;
  EXPECT_EQ(average_pool2d(x, up).to_vector<float>(), (std::vector<float>{3, 4.5f, 7.5f, 9}));
}

TEST_F(ReferenceContract, IndicesAreChecked) {
  const Tensor x = ones({2, 3});
  EXPECT_THROW(gather(x, Tensor::from<std::int64_t>({0, 3}, {2}), 1), Error);
  EXPECT_THROW(gather(x, Tensor::from<std::int64_t>({-1}, {1}), 0), Error);
  EXPECT_THROW(cross_entropy(x, Tensor::from<std::int64_t>({0, 3}, {2})), Error);
  try {
    gather(x, Tensor::from<std::int64_t>({0, 3}, {2}), 1);
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), "gather: index[1] is 3, but axis 1 of [2, 3] has positions 0 to 2");
  }
}

}  // namespace
}  // namespace tessera
