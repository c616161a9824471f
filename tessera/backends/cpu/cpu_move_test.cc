#include "tessera/backends/cpu/same_bits_test.h"

namespace tessera::backends {
namespace {

class CpuMove : public BackendTest {};

TEST_F(CpuMove, CopiesOfEveryLayout) {
  const std::vector<Shape> shapes = {{}, {1}, {5}, {17, 33}, {200, 300}, {3, 4, 5}, {2, 3, 20, 21}, {0, 4}};
  for (const Shape& shape : shapes) {
    for (const Layout layout : kLayouts) {
      const Tensor x = random_tensor<float>(shape, 1, layout, true);
      expect_same_bits([&] { return copy(x); }, "copy " + shape.to_string());
      if (shape.rank() == 4) {
        const Tensor turned = x.permute({0, 2, 3, 1});
        expect_same_bits([&] { return copy(turned); }, "copy");
        const Tensor back = x.permute({3, 1, 0, 2});
        expect_same_bits([&] { return copy(back); }, "copy");
      }
      const Tensor y = cast(x, DType::kFloat64), z = cast(x, DType::kBool);
      const Tensor doubles = y.transpose(), flags = z.transpose();
      expect_same_bits([&] { return copy(doubles); }, "copy of doubles");
      expect_same_bits([&] { return copy(flags); }, "copy of flags");
    }
  }
}

TEST_F(CpuMove, ConcatenateAndEmbed) {
  const Tensor a = random_tensor<float>({4, 5, 6}, 1),
               b = random_tensor<float>({4, 5, 6}, 2, Layout::kTransposed);
  for (const std::int64_t axis : {0, 1, 2})
    expect_same_bits([&] { return concatenate({a, b, a}, axis); }, "concatenate");
  const std::vector<std::vector<Range>> slices = {{Range(1, 4), Range::all(), Range::step(-2)},
                                                  {Range(2), Range(1, 5, 2)},
                                                  {Range::all(), Range(3), Range(-1)}};
  for (const auto& ranges : slices) {
    SliceAttributes attributes;
    attributes.full_shape = a.shape();
    for (int axis = 0; axis < 3; ++axis) {
      const Range range =
          axis < static_cast<int>(ranges.size()) ? ranges[static_cast<std::size_t>(axis)] : Range::all();
      attributes.ranges.push_back(range.resolve(a.shape()[axis], axis));
    }
    const Tensor x = a.slice(ranges);
    expect_same_bits([&] { return embed(x, attributes); }, "embed");
  }
}

Tensor indices(std::int64_t count, std::int64_t length) {
  std::mt19937 bits(7);
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < count; ++i)
    values.push_back(static_cast<std::int64_t>(bits() % static_cast<std::uint32_t>(length)));
  return Tensor::from<std::int64_t>(values, {count});
}

TEST_F(CpuMove, GatherAndIndexAddOfEveryLayout) {
  for (const Layout layout : kLayouts) {
    const Tensor x = random_tensor<float>({6, 7, 20}, 1, layout);
    for (const std::int64_t axis : {0, 1, 2}) {
      const Tensor index = indices(31, x.size(axis));
      expect_same_bits([&] { return gather(x, index, axis); }, "gather");
      const Tensor source = random_tensor<float>(gather(x, index, axis).shape(), 2, layout);
      expect_same_bits([&] { return index_add(x, index, source, axis); }, "index_add");
    }
  }
}

TEST_F(CpuMove, IndexAddKeepsTheOrderOfContributions) {
  for (const Shape& inner : {Shape{}, Shape{3}, Shape{40}}) {
    for (const std::int64_t length : {1, 13, 5000}) {
      Shape shape{length}, source_shape{20000};
      for (int i = 0; i < inner.rank(); ++i) {
        shape.append(inner[i]);
        source_shape.append(inner[i]);
      }
      const Tensor x = random_tensor<float>(shape, 1), source = random_tensor<float>(source_shape, 2);
      const Tensor index = indices(20000, length);
      expect_same_bits([&] { return index_add(x, index, source); }, "index_add " + shape.to_string());
    }
  }
  // Destinations that rise with the position, as in the gradient of pooling.
  std::vector<std::int64_t> rising;
  for (std::int64_t i = 0; i < 20000; ++i) rising.push_back(i * 3 + i % 3);
  const Tensor index = Tensor::from<std::int64_t>(rising, {20000});
  const Tensor source = random_tensor<float>({20000}, 3);
  expect_same_bits([&] { return index_add(zeros({60003}), index, source); }, "rising");
}

TEST_F(CpuMove, AWrongIndexIsAnErrorEverywhere) {
  const Tensor x = random_tensor<float>({3}, 1);
  for (const std::int64_t wrong : {std::int64_t{3}, std::int64_t{-1}}) {
    const Tensor index = Tensor::from<std::int64_t>({0, wrong}, {2});
    for (const char* backend : {"reference", "cpu"}) {
      use_backend(backend);
      EXPECT_ANY_THROW(gather(x, index)) << backend;
      EXPECT_ANY_THROW(index_add(x, index, random_tensor<float>({2}, 1))) << backend;
    }
  }
}

TEST_F(CpuMove, Pooling) {
  const std::vector<Shape> shapes = {{2, 3, 8, 8}, {5, 8, 28, 28}, {2, 3, 7, 9}, {1, 1, 70, 66}};
  std::vector<Pool2dOptions> options(6);
  options[1].kernel[0] = options[1].kernel[1] = 3;
  options[2].kernel[0] = 3, options[2].stride[1] = 1, options[2].padding[0] = 1;
  options[3].round_up = true;
  options[4].kernel[0] = options[4].kernel[1] = 3, options[4].padding[0] = options[4].padding[1] = 1;
  options[4].count_padding = false;
  options[5].kernel[0] = options[5].kernel[1] = 3, options[5].padding[0] = options[5].padding[1] = 1;
  options[5].round_up = true;
  for (const Shape& shape : shapes) {
    for (const Pool2dOptions& chosen : options) {
      for (const Layout layout : {Layout::kContiguous, Layout::kTransposed}) {
        const Tensor x = random_tensor<float>(shape, 1, layout, true),
                     y = random_tensor<double>(shape, 2, layout, true);
        expect_same_bits([&] { return max_pool2d(x, chosen); }, "max " + shape.to_string());
        expect_same_bits([&] { return max_pool2d_indices(x, chosen); }, "indices " + shape.to_string());
        expect_same_bits([&] { return average_pool2d(x, chosen); }, "average " + shape.to_string());
        expect_same_bits([&] { return max_pool2d(y, chosen); }, "max " + shape.to_string());
        expect_same_bits([&] { return max_pool2d_indices(y, chosen); }, "indices " + shape.to_string());
      }
    }
  }
  Pool2dOptions dilated;
  dilated.dilation[0] = 2, dilated.dilation[1] = 3;
  const Tensor x = random_tensor<float>({2, 2, 9, 11}, 1, Layout::kContiguous, true);
  expect_same_bits([&] { return max_pool2d(x, dilated); }, "dilated");
  expect_same_bits([&] { return max_pool2d_indices(x, dilated); }, "dilated");
}

}  // namespace
}  // namespace tessera::backends
