#include <algorithm>

#include "tessera/backends/cpu/same_bits_test.h"

namespace tessera::backends {
namespace {

class CpuProduct : public BackendTest {};

// Contract rule 2 written out, without the reference backend.
Tensor product_by_definition(const Tensor& a, const Tensor& b) {
  const std::int64_t m = a.size(0), n = b.size(1), k = a.size(1);
  const std::vector<float> left = a.to_vector<float>(), right = b.to_vector<float>();
  std::vector<float> result;
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      float total = 0;
      for (std::int64_t begin = 0; begin < k; begin += 256) {
        float chain = 0;
        for (std::int64_t x = begin; x < std::min(k, begin + 256); ++x)
          chain = std::fma(left[static_cast<std::size_t>(i * k + x)],
                           right[static_cast<std::size_t>(x * n + j)], chain);
        total = begin == 0 ? chain : total + chain;
      }
      result.push_back(total);
    }
  }
  return Tensor::from<float>(result, {m, n});
}

TEST_F(CpuProduct, MatmulIsTheDefinition) {
  const Tensor a = random_tensor<float>({37, 700}, 1), b = random_tensor<float>({700, 45}, 2);
  const Tensor expected = product_by_definition(a, b);
  use_backend("cpu");
  for (const std::string& level : available_simd_levels()) {
    use_simd_level(level);
    EXPECT_TRUE(same_bits(matmul(a, b), expected)) << level;
  }
}

TEST_F(CpuProduct, MatmulOfEveryLayout) {
  for (const Layout first : kLayouts) {
    for (const Layout second : kLayouts) {
      const Tensor a = random_tensor<float>({45, 270}, 1, first),
                   b = random_tensor<float>({270, 83}, 2, second);
      expect_same_bits([&] { return matmul(a, b); }, "float32");
      const Tensor c = random_tensor<double>({9, 260}, 3, first),
                   d = random_tensor<double>({260, 21}, 4, second);
      expect_same_bits([&] { return matmul(c, d); }, "float64");
    }
  }
}

TEST_F(CpuProduct, MatmulOfOddSizes) {
  const std::int64_t sizes[] = {1, 2, 7, 17, 65};
  for (const std::int64_t m : sizes)
    for (const std::int64_t n : sizes)
      for (const std::int64_t k : {1, 31, 257}) {
        const Tensor a = random_tensor<float>({m, k}, 1), b = random_tensor<float>({k, n}, 2);
        expect_same_bits([&] { return matmul(a, b); },
                         std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k));
      }
}

TEST_F(CpuProduct, MatmulOfManyTiles) {
  const Tensor a = random_tensor<float>({401, 300}, 1), b = random_tensor<float>({300, 333}, 2);
  expect_same_bits([&] { return matmul(a, b); }, "401x300x333");
  const Tensor column = random_tensor<float>({300, 1}, 3), row = random_tensor<float>({1, 401}, 4);
  expect_same_bits([&] { return matmul(a, column); }, "column");
  expect_same_bits([&] { return matmul(row, a); }, "row");
}

TEST_F(CpuProduct, MatmulOfBatchesVectorsAndNothing) {
  const std::vector<std::pair<Shape, Shape>> shapes = {{{3, 4, 5}, {3, 5, 6}},
                                                       {{2, 3, 4, 5}, {5, 6}},
                                                       {{4, 5}, {2, 3, 5, 6}},
                                                       {{2, 1, 4, 5}, {3, 5, 6}},
                                                       {{5}, {5}},
                                                       {{5}, {5, 6}},
                                                       {{4, 5}, {5}},
                                                       {{2, 4, 5}, {5}},
                                                       {{5}, {3, 5, 6}},
                                                       {{0, 5}, {5, 6}},
                                                       {{4, 0}, {0, 6}},
                                                       {{0, 4, 5}, {5, 6}}};
  for (const auto& [left, right] : shapes) {
    const Tensor a = random_tensor<float>(left, 1, Layout::kContiguous, true);
    const Tensor b = random_tensor<float>(right, 2, Layout::kContiguous, true);
    expect_same_bits([&] { return matmul(a, b); }, left.to_string() + right.to_string());
  }
}

// ---- Convolution ----

struct Case {
  Shape image, weight;
  Conv2dOptions options;
};

WindowAttributes attributes_of(const Case& c, const Shape& led_back_to) {
  WindowAttributes window;
  for (int axis = 0; axis < 2; ++axis) {
    window.kernel[axis] = c.weight[axis + 2];
    window.stride[axis] = c.options.stride[axis];
    window.padding[axis] = c.options.padding[axis];
    window.dilation[axis] = c.options.dilation[axis];
  }
  window.groups = c.options.groups;
  window.input_shape = led_back_to;
  return window;
}

template <typename T>
void check_convolution(const Case& c, Layout layout, auto&& expect_same) {
  const Tensor image = random_tensor<T>(c.image, 1, layout), weight = random_tensor<T>(c.weight, 2, layout);
  const std::string what = c.image.to_string() + " with " + c.weight.to_string();
  expect_same([&] { return conv2d(image, weight, c.options); }, "conv2d " + what);
  const Tensor gradient = random_tensor<T>(conv2d(image, weight, c.options).shape(), 3, layout);
  expect_same(
      [&] {
        return apply(Op::kConv2dInputGradient, std::vector<Tensor>{gradient, weight},
                     attributes_of(c, c.image));
      },
      "input gradient " + what);
  expect_same(
      [&] {
        return apply(Op::kConv2dWeightGradient, std::vector<Tensor>{gradient, image},
                     attributes_of(c, c.weight));
      },
      "weight gradient " + what);
}

const Case kCases[] = {
    {{3, 1, 8, 8}, {8, 1, 3, 3}, {{1, 1}, {1, 1}, {1, 1}, 1}},
    {{5, 8, 8, 8}, {16, 8, 3, 3}, {{1, 1}, {1, 1}, {1, 1}, 1}},
    {{2, 1, 28, 28}, {8, 1, 3, 3}, {{1, 1}, {1, 1}, {1, 1}, 1}},
    {{2, 40, 7, 7}, {11, 40, 3, 3}, {{1, 1}, {1, 1}, {1, 1}, 1}},  // 360 taps: two chunks
    {{9, 2, 6, 5}, {4, 2, 3, 2}, {{1, 1}, {0, 0}, {1, 1}, 1}},
    {{2, 3, 11, 9}, {5, 3, 3, 3}, {{2, 2}, {1, 1}, {1, 1}, 1}},
    {{2, 3, 11, 9}, {4, 3, 2, 3}, {{3, 2}, {0, 2}, {1, 1}, 1}},
    {{2, 3, 12, 13}, {4, 3, 3, 3}, {{1, 1}, {2, 2}, {2, 2}, 1}},
    {{2, 3, 12, 13}, {4, 3, 3, 3}, {{2, 3}, {2, 0}, {2, 3}, 1}},
    {{3, 6, 9, 9}, {9, 2, 3, 3}, {{1, 1}, {1, 1}, {1, 1}, 3}},
    {{2, 12, 9, 9}, {12, 1, 3, 3}, {{2, 2}, {1, 1}, {1, 1}, 12}},
    {{2, 7, 6, 6}, {5, 7, 1, 1}, {{1, 1}, {0, 0}, {1, 1}, 1}},
    {{2, 7, 6, 6}, {5, 7, 1, 1}, {{2, 2}, {0, 0}, {1, 1}, 1}},  // rows and columns that no tap reaches
    {{1, 2, 3, 3}, {3, 2, 3, 3}, {{1, 1}, {0, 0}, {1, 1}, 1}},
    {{1, 2, 40, 70}, {3, 2, 5, 5}, {{1, 1}, {2, 2}, {1, 1}, 1}},  // one large image, divided by lines
    {{1, 1, 5, 5}, {2, 1, 2, 2}, {{1, 1}, {4, 4}, {1, 1}, 1}},    // padding wider than the filter
    {{70, 1, 4, 4},
     {2, 1, 3, 3},
     {{1, 1}, {1, 1}, {1, 1}, 1}},  // chunks of the weight gradient across images
};

TEST_F(CpuProduct, Convolution) {
  for (const Case& c : kCases)
    check_convolution<float>(c, Layout::kContiguous,
                             [&](auto body, const std::string& what) { expect_same_bits(body, what); });
}

TEST_F(CpuProduct, ConvolutionInDouble) {
  for (const Case& c : kCases)
    if (c.image[0] < 4)
      check_convolution<double>(c, Layout::kContiguous,
                                [&](auto body, const std::string& what) { expect_same_bits(body, what); });
}

TEST_F(CpuProduct, ConvolutionOfEveryLayout) {
  for (const Layout layout : kLayouts)
    check_convolution<float>(kCases[5], layout,
                             [&](auto body, const std::string& what) { expect_same_bits(body, what); });
}

TEST_F(CpuProduct, ConvolutionOfSpecialValues) {
  const Tensor image = random_tensor<float>({2, 2, 6, 6}, 1, Layout::kContiguous, true);
  const Tensor weight = random_tensor<float>({3, 2, 3, 3}, 2, Layout::kContiguous, true);
  Conv2dOptions options;
  options.padding[0] = options.padding[1] = 1;
  expect_same_bits([&] { return conv2d(image, weight, options); }, "specials");
}

}  // namespace
}  // namespace tessera::backends
