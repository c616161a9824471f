#include <fmt/core.h>

#include "tessera/backends/cpu/same_bits_test.h"
#include "tessera/base/error.h"

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

// Lines below and beyond every way of sorting: by insertion, by digits, by all threads; with many equal keys, with keys that differ in
// the upper or only in the lower half.
TEST_F(CpuMove, SortsOfEveryLength) {
  for (const std::int64_t length : {2, 48, 49, 1000, 33000, 140000}) {
    const Tensor x = random_tensor<float>({length}, 1, Layout::kContiguous, true);
    const Tensor wide = random_tensor<double>({length}, 2, Layout::kContiguous, true);
    const Tensor close = cast(x, DType::kFloat64) * 1e-10 + 1.0;
    const Tensor few = indices(length, 3), many = indices(length, 1 << 30) * (std::int64_t{1} << 20) + few;
    for (const Tensor& line : {x, wide, close, few, many, cast(few, DType::kUInt8)})
      for (const bool descending : {false, true}) {
        const std::string what = fmt::format("{} {}", length, dtype_name(line.dtype()));
        expect_same_bits([&] { return sort(line, 0, descending); }, "sort " + what);
        expect_same_bits([&] { return argsort(line, 0, descending); }, "argsort " + what);
      }
  }
}

TEST_F(CpuMove, SortsAndIndicesAlongEveryAxis) {
  for (const Layout layout : kLayouts) {
    const Tensor x = random_tensor<float>({7, 60, 35}, 1, layout, true);
    for (const std::int64_t axis : {0, 1, 2}) {
      expect_same_bits([&] { return sort(x, axis); }, "sort");
      const Tensor order = argsort(x, axis);
      expect_same_bits([&] { return take_along(x, order, axis); }, "take_along");
      EXPECT_TRUE(same_bits(take_along(x, order, axis), sort(x, axis)));
      expect_same_bits([&] { return scatter_add(x, order, x, axis); }, "scatter_add");
      const Tensor short_index = slice(order, {Range(0, 2), Range(0, 9)});
      if (axis == 1) {
        const Tensor part = slice(x, {Range(0, 2)});
        expect_same_bits([&] { return take_along(part, short_index, axis); }, "take_along a few");
        const Tensor terms = slice(x, {Range(0, 2), Range(0, 9)});
        expect_same_bits([&] { return scatter_add(part, short_index, terms, axis); }, "scatter_add a few");
      }
    }
  }
}

// Among 200,000 keys some have equal upper halves (about 5 pairs).
TEST_F(CpuMove, PermutationsOfEveryLength) {
  for (const std::int64_t length : {1, 2, 3, 1000, 200001}) {
    const RandomAttributes attributes{{length}, DType::kInt64, 3, 4, 5, 0};
    expect_same_bits([&] { return apply(Op::kRandomPermutation, {}, attributes); }, "permutation");
  }
}

TEST_F(CpuMove, AWrongIndexIsAnErrorEverywhere) {
  const Tensor x = random_tensor<float>({3}, 1);
  for (const std::int64_t wrong : {std::int64_t{3}, std::int64_t{-1}}) {
    const Tensor index = Tensor::from<std::int64_t>({0, wrong}, {2});
    for (const char* backend : {"reference", "cpu"}) {
      use_backend(backend);
      EXPECT_ANY_THROW(gather(x, index)) << backend;
      EXPECT_ANY_THROW(index_add(x, index, random_tensor<float>({2}, 1))) << backend;
      EXPECT_ANY_THROW(take_along(x, index)) << backend;
      EXPECT_ANY_THROW(scatter_add(x, index, random_tensor<float>({2}, 1))) << backend;
    }
  }
}

TEST_F(CpuMove, Pooling) {
  const std::vector<Shape> shapes = {{2, 3, 8, 8}, {5, 8, 28, 28}, {2, 3, 7, 9}, {1, 1, 70, 66}};
  std::vector<Pool2dOptions> options(8);
  options[1].kernel[0] = options[1].kernel[1] = 3;
  options[2].kernel[0] = 3, options[2].stride[1] = 1, options[2].padding[0] = 1;
  options[3].round_up = true;
  options[4].kernel[0] = options[4].kernel[1] = 3, options[4].padding[0] = options[4].padding[1] = 1;
  options[4].count_padding = false;
  options[5].kernel[0] = options[5].kernel[1] = 3, options[5].padding[0] = options[5].padding[1] = 1;
  options[5].round_up = true;
  options[6].kernel[1] = options[6].stride[1] = options[7].kernel[1] = options[7].stride[1] = 1;
  options[7].kernel[0] = 3, options[7].stride[0] = 1, options[7].padding[0] = 1, options[7].dilation[0] = 2;
  for (const Shape& shape : shapes) {
    for (const Pool2dOptions& chosen : options) {
      for (const Layout layout : {Layout::kContiguous, Layout::kTransposed}) {
        const Tensor x = random_tensor<float>(shape, 1, layout, true),
                     y = random_tensor<double>(shape, 2, layout, true);
        expect_same_bits([&] { return max_pool2d(x, chosen); }, "max " + shape.to_string());
        expect_same_bits([&] { return max_pool2d_indices(x, chosen); }, "indices " + shape.to_string());
        if (chosen.dilation[0] == 1)
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

TEST_F(CpuMove, IndicesOutOfRangeAreErrorsEverywhere) {
  const Tensor x = random_tensor<float>({2, 700}, 1), nothing = zeros({2, 0});
  for (const std::int64_t wrong :
       {std::int64_t{-1}, std::int64_t{700}, std::numeric_limits<std::int64_t>::min(),
        std::numeric_limits<std::int64_t>::max()}) {
    std::vector<std::int64_t> places(1400, 3);
    places[1399] = wrong;
    const Tensor index = Tensor::from<std::int64_t>(places, {2, 700});
    for (const char* backend : {"reference", "cpu"}) {
      use_backend(backend);
      EXPECT_THROW(take_along(x, index, 1), Error) << backend << wrong;
      EXPECT_THROW(scatter_add(x, index, x, 1), Error) << backend << wrong;
    }
  }
  try {
    take_along(nothing, zeros({2, 3}, DType::kInt64), 1);
    ADD_FAILURE() << "an empty axis has no positions";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "take_along: axis 1 of [2, 0] is empty, but the index asks for 6 of its positions");
  }
}

}  // namespace
}  // namespace tessera::backends
