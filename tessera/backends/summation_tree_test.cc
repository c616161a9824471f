// The order in which every reducing kernel adds, revealed from its outputs on each backend and vector width, is the order
// that docs/numerics.md prescribes: beyond one chunk of a product (256) and one block of a reduction (1,024).
#include "tessera/backends/summation_tree_test.h"

#include <gtest/gtest.h>

#include <bit>

#include "tessera/backends/backends.h"
#include "tessera/base/thread_pool.h"
#include "tessera/numerics/random.h"
#include "tessera/tensor/ops.h"

namespace tessera {
namespace {

void for_each_backend(const std::function<void()>& check) {
  use_backend("reference");
  {
    SCOPED_TRACE("reference");
    check();
  }
  use_backend("cpu");
  set_thread_count(2);
  for (const std::string& level : available_simd_levels()) {
    use_simd_level(level);
    SCOPED_TRACE(level);
    check();
  }
  use_simd_level("");
}

void expect_tree(const char* what, const Summation& summation, std::size_t count, const std::string& tree) {
  for_each_backend([&] { EXPECT_TRUE(reveal(summation, count) == tree) << what << " of " << count; });
}

float element(const Tensor& x, std::int64_t index) {
  return x.reshape({x.elements()}).to_vector<float>()[static_cast<std::size_t>(index)];
}
float first_of(const Tensor& x) {
  return element(x, 0);
}
Tensor applied(Op op, const std::vector<Tensor>& inputs, const Attributes& attributes) {
  return apply(op, inputs, attributes);
}

// ---- Rule 3: blocks of 16 lanes, and the tree over them ----

constexpr std::size_t kCounts[] = {1, 2, 15, 17, 100, 1025, 2100};

TEST(SummationTree, OfSumAndMean) {
  for (const std::size_t count : kCounts) {
    const auto n = static_cast<std::int64_t>(count);
    const auto tree = reduction_tree(count);
    const auto scale = static_cast<double>(n);
    expect_tree(
        "sum", [&](auto& x) { return first_of(sum(Tensor::from(x, {n}))); }, count, tree);
    expect_tree(
        "mean", [&](auto& x) { return scale * first_of(mean(Tensor::from(x, {n}))); }, count, tree);
  }
}

TEST(SummationTree, OfSumsAlongOuterAxesAndStrides) {
  for (const std::int64_t n : {17, 1100}) {
    const auto count = static_cast<std::size_t>(n);
    const auto tree = reduction_tree(count);
    const auto columns = [n](auto& x) { return broadcast_to(Tensor::from(x, {n, 1}), {n, 18}); };
    expect_tree(
        "sum of columns", [&](auto& x) { return element(sum(columns(x), {0}), 7); }, count, tree);
    expect_tree(
        "mean of dense columns",
        [&](auto& x) { return double(n) * element(mean(copy(columns(x)), {0}), 17); }, count, tree);
    expect_tree(
        "sum backwards",
        [&](auto& x) {
          std::vector<float> reversed(x.rbegin(), x.rend());
          return first_of(sum(Tensor::from(reversed, {n}).slice({Range::step(-1)})));
        },
        count, tree);
  }
  // Two reduced axes around a kept one make one list, row by row.
  expect_tree(
      "sum of two axes",
      [](auto& x) {
        const Tensor list = Tensor::from(x, {30, 1, 40});
        return element(sum(broadcast_to(list, {30, 5, 40}), {0, 2}), 3);
      },
      1200, reduction_tree(1200));
}

// For sums of terms that are not negative: the triples of the prescribed tree, on every backend.
void expect_triples(const char* what, const Terms& terms,
                    const std::function<bool(const Tensor&, std::size_t)>& above_one) {
  for (const std::size_t count : {17U, 2100U})  // two rows of lanes; three blocks
    for_each_backend([&] {
      const auto of_list = [&](const std::vector<float>& x, std::size_t c) {
        return above_one(Tensor::from(x, {1, static_cast<std::int64_t>(count)}), c);
      };
      EXPECT_EQ(contradicted(reduction_tree(count), count, terms, of_list), "") << what << " of " << count;
    });
}

constexpr Terms kSquares = {0, 0x1p-12F, 1};
// Of exp(x - max), where the largest is 0: exp(-16.64) is 0.996 half ulps of 1.
constexpr Terms kExponents = {-1000, -16.64F, 0};

TEST(SummationTree, OfSumsOfSquares) {
  expect_triples("sum_squares", kSquares,
                 [](const Tensor& x, auto) { return first_of(sum_squares(x, {1})) > 1; });
  expect_triples("sum_squares of columns", kSquares, [](const Tensor& x, auto) {
    return element(sum_squares(copy(broadcast_to(transpose(x), {x.elements(), 20})), {0}), 3) > 1;
  });
}

TEST(SummationTree, OfSoftmaxAndCrossEntropy) {
  const auto at = [](const Tensor& x, std::size_t c) { return element(x, static_cast<std::int64_t>(c)); };
  expect_triples("softmax", kExponents,
                 [&](const Tensor& x, std::size_t c) { return at(softmax(x), c) < 1; });
  expect_triples("softmax along the first axis", kExponents,
                 [&](const Tensor& x, std::size_t c) { return at(softmax(transpose(x), 0), c) < 1; });
  expect_triples("log_softmax", kExponents,
                 [&](const Tensor& x, std::size_t c) { return at(log_softmax(x), c) < 0; });
  expect_triples("cross_entropy", kExponents, [&](const Tensor& x, std::size_t c) {
    return first_of(cross_entropy(x, Tensor::from<std::int64_t>({static_cast<std::int64_t>(c)}, {1}))) > 0;
  });
}

// The variance subtracts a mean, which hides the order from both methods. So the text of rule 3, written down again.
struct Moments {
  float count, mean, m2;
};

template <typename Step>
float lanes_of(const float* x, std::size_t count, Step step) {
  float lanes[16] = {};
  for (std::size_t i = 0; i < count; ++i) lanes[i % 16] = step(lanes[i % 16], x[i]);
  for (const int s : {8, 4, 2, 1})
    for (int j = 0; j < s; ++j) lanes[j] += lanes[j + s];
  return lanes[0];
}

Moments moments_by_the_text(const float* x, std::size_t count) {
  const auto n = static_cast<float>(count);
  if (count <= 1024) {
    const float mean = lanes_of(x, count, [](float lane, float v) { return lane + v; }) / n;
    return {n, mean,
            lanes_of(x, count, [&](float lane, float v) { return std::fma(v - mean, v - mean, lane); })};
  }
  std::size_t half = 1024;
  while (half * 2 < count) half *= 2;
  const Moments a = moments_by_the_text(x, half), b = moments_by_the_text(x + half, count - half);
  const float difference = b.mean - a.mean, weight = b.count / n;
  return {n, a.mean + difference * weight, (a.m2 + b.m2) + (difference * difference) * (a.count * weight)};
}

TEST(SummationTree, OfVariance) {
  for (const std::size_t count : {1U, 15U, 100U, 1024U, 1025U, 5000U}) {
    const auto n = static_cast<std::int64_t>(count);
    std::vector<float> x(count);
    numerics::fill_normal(x.data(), n, numerics::stream_key(5, "variance"), 0);
    const float expected = moments_by_the_text(x.data(), count).m2 / static_cast<float>(count);
    const Tensor row = Tensor::from(x, {1, n});
    for_each_backend([&] {
      const float of_row = first_of(variance(row, {1}));
      const float of_column = element(variance(copy(broadcast_to(transpose(row), {n, 20})), {0}), 19);
      EXPECT_EQ(std::bit_cast<std::uint32_t>(of_row), std::bit_cast<std::uint32_t>(expected)) << count;
      EXPECT_EQ(std::bit_cast<std::uint32_t>(of_column), std::bit_cast<std::uint32_t>(expected)) << count;
    });
  }
}

// ---- Rule 2: products, in chunks of 256 ----

TEST(SummationTree, OfMatrixProducts) {
  for (const auto& [m, n] : {std::pair{1, 1}, {1, 40}, {40, 1}, {20, 20}})
    for (const std::int64_t k : {7, 300, 520})
      expect_tree(
          "matmul",
          [&, m = m, n = n](auto& x) {
            const Tensor a = broadcast_to(Tensor::from(x, {1, k}), {m, k});
            return first_of(matmul(a, ones({k, n})));
          },
          static_cast<std::size_t>(k), product_tree(static_cast<std::size_t>(k)));
}

TEST(SummationTree, OfTransposedAndBatchedMatrixProducts) {
  for (const auto& [m, n] : {std::pair{1, 40}, {20, 20}}) {
    expect_tree(
        "matmul of transposed matrices",
        [m = m, n = n](auto& x) {
          const Tensor a = copy(broadcast_to(Tensor::from(x, {300, 1}), {300, m}));
          return element(matmul(transpose(a), transpose(ones({n, 300}))), m * n - 1);
        },
        300, product_tree(300));
    expect_tree(
        "batched matmul",
        [m = m, n = n](auto& x) {
          const Tensor a = broadcast_to(Tensor::from(x, {300}), {3, m, 300});
          return element(matmul(a, ones({3, 300, n})), 2 * m * n);
        },
        300, product_tree(300));
  }
}

WindowAttributes square_window(std::int64_t kernel, std::int64_t padding, std::int64_t stride = 1) {
  WindowAttributes window;
  for (const int axis : {0, 1}) {
    window.kernel[axis] = kernel;
    window.padding[axis] = padding;
    window.stride[axis] = stride;
  }
  return window;
}

// The image in the upper left corner of a larger one that is zero elsewhere.
Tensor in_corner(const Tensor& image, std::int64_t size) {
  Shape shape = image.shape();
  shape[2] = shape[3] = size;
  const auto whole = [&](int axis) { return Range::Resolved{0, image.shape()[axis], 1, false}; };
  const std::vector<Range::Resolved> ranges = {whole(0), whole(1), whole(2), whole(3)};
  return applied(Op::kEmbed, {image}, SliceAttributes{ranges, shape});
}

TEST(SummationTree, OfConvolution) {
  for (const std::int64_t size : {3, 12})
    expect_tree(
        "conv2d",
        [&](auto& x) {
          const Tensor image = in_corner(Tensor::from(x, {1, 40, 3, 3}), size);
          return first_of(applied(Op::kConv2d, {image, ones({10, 40, 3, 3})}, square_window(3, 0)));
        },
        360, product_tree(360));
}

TEST(SummationTree, OfConvolutionOfVolumes) {
  WindowAttributes window;
  window.axes = 3;
  for (std::int64_t& length : window.kernel) length = 3;
  expect_tree(
      "conv3d",
      [&](auto& x) {
        const Tensor volume = Tensor::from(x, {1, 14, 3, 3, 3});
        return first_of(applied(Op::kConv3d, {volume, ones({10, 14, 3, 3, 3})}, window));
      },
      378, product_tree(378));
}

// The input's pixel (1, 1) meets filter tap (r, c) with the gradient at (2 - r, 2 - c) / stride.
TEST(SummationTree, OfConvolutionInputGradient) {
  const auto turned = [](auto& x, std::int64_t channels, std::int64_t size) {
    return Tensor::from(x, {1, channels, size, size})
        .slice({Range::all(), Range::all(), Range::step(-1), Range::step(-1)});
  };
  WindowAttributes window = square_window(3, 1);
  window.input_shape = {1, 5, 3, 3};
  expect_tree(
      "conv2d_input_gradient",
      [&](auto& x) {
        return element(applied(Op::kConv2dInputGradient, {turned(x, 40, 3), ones({40, 5, 3, 3})}, window), 4);
      },
      360, product_tree(360));
  // With stride 2 only the taps 0 and 2 meet the pixel; they are chunked as if there were no others.
  window = square_window(3, 1, 2);
  window.input_shape = {1, 5, 5, 5};
  expect_tree(
      "conv2d_input_gradient with stride 2",
      [&](auto& x) {
        const Tensor gradient = in_corner(turned(x, 80, 2), 3);
        return element(applied(Op::kConv2dInputGradient, {gradient, ones({80, 5, 3, 3})}, window), 6);
      },
      320, product_tree(320));
}

TEST(SummationTree, OfConvolutionWeightGradient) {
  WindowAttributes window = square_window(3, 1);
  window.input_shape = {6, 4, 3, 3};  // of the weight
  expect_tree(
      "conv2d_weight_gradient",
      [&](auto& x) {
        const Tensor gradient = broadcast_to(Tensor::from(x, {2, 1, 15, 15}), {2, 6, 15, 15});
        return element(applied(Op::kConv2dWeightGradient, {gradient, ones({2, 4, 15, 15})}, window), 4);
      },
      450, product_tree(450));
}

// ---- Chains ----

TEST(SummationTree, OfIndexAdd) {
  for (const std::int64_t width : {1, 40})
    expect_tree(
        "index_add",
        [&](auto& x) {
          const Tensor source = broadcast_to(Tensor::from(x, {300, 1}), {300, width});
          return element(index_add(zeros({2, width}), zeros({300}, DType::kInt64), source), width - 1);
        },
        300, chain(0, 300).text);
}

TEST(SummationTree, OfScatterAdd) {
  for (const std::int64_t width : {1, 40})
    expect_tree(
        "scatter_add",
        [&](auto& x) {
          const Tensor source = broadcast_to(Tensor::from(x, {300, 1}), {300, width});
          return element(scatter_add(zeros({2, width}), zeros({300, width}, DType::kInt64), source, 0),
                         width - 1);
        },
        300, chain(0, 300).text);
}

TEST(SummationTree, OfAveragePooling) {
  for (const std::int64_t size : {3, 18}) {
    const auto count = static_cast<std::size_t>(size * size);
    WindowAttributes window = square_window(size, 0);
    expect_tree(
        "average_pool2d",
        [&](auto& x) {
          const Tensor image = in_corner(Tensor::from(x, {1, 1, size, size}), 20);
          return double(count) * first_of(applied(Op::kAveragePool2d, {image}, window));
        },
        count, chain(0, count).text);
  }
  // The middle of a 5x5 image is in all nine 3x3 windows.
  WindowAttributes window = square_window(3, 0);
  window.input_shape = {1, 1, 5, 5};
  expect_tree(
      "average_pool2d_gradient",
      [&](auto& x) {
        return 9.0 *
               element(applied(Op::kAveragePool2dGradient, {Tensor::from(x, {1, 1, 3, 3})}, window), 12);
      },
      9, chain(0, 9).text);
}

// ---- That another order is seen ----

TEST(SummationTree, AReorderedSumIsSeen) {
  const Summation descending = [](const std::vector<float>& x) {
    volatile float total = 0;
    for (std::size_t i = x.size(); i > 0; --i) total = total + x[i - 1];
    return static_cast<double>(total);
  };
  EXPECT_NE(reveal(descending, 300), product_tree(300));
  EXPECT_NE(reveal(descending, 300), reduction_tree(300));
  EXPECT_EQ(reveal(descending, 3), "(0 (1 2))");
}

TEST(SummationTree, AReorderedSumOfSquaresIsSeen) {
  const auto chain_above_one = [](const std::vector<float>& x, auto) {
    volatile float total = 0;
    for (const float v : x) total = std::fma(v, v, total);
    return total > 1;
  };
  EXPECT_EQ(contradicted(chain(0, 300).text, 300, kSquares, chain_above_one), "");
  EXPECT_NE(contradicted(product_tree(300), 300, kSquares, chain_above_one), "");
  EXPECT_NE(contradicted(reduction_tree(300), 300, kSquares, chain_above_one), "");
  EXPECT_EQ(triples_of("((0 1) (2 3))").size(), 2u);
}

}  // namespace
}  // namespace tessera
