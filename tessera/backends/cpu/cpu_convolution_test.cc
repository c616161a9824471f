#include <array>

#include "tessera/backends/cpu/same_bits_test.h"

namespace tessera::backends {
namespace {

class CpuConvolution : public BackendTest {};

// Of images (two spatial axes) or volumes (three).
struct Case {
  Shape image, weight;
  std::array<std::int64_t, 3> stride = {1, 1, 1}, padding = {0, 0, 0}, dilation = {1, 1, 1};
  std::int64_t groups = 1;
};

WindowAttributes attributes_of(const Case& c, const Shape& led_back_to = {}) {
  WindowAttributes window;
  window.axes = c.image.rank() - 2;
  for (int axis = 0; axis < window.axes; ++axis) {
    const auto i = static_cast<std::size_t>(axis);
    window.kernel[axis] = c.weight[axis + 2];
    window.stride[axis] = c.stride[i];
    window.padding[axis] = c.padding[i];
    window.dilation[axis] = c.dilation[i];
  }
  window.groups = c.groups;
  window.input_shape = led_back_to;
  return window;
}

template <typename T>
void check_convolution(const Case& c, Layout layout, auto&& expect_same) {
  const bool volumes = c.image.rank() == 5;
  const Op forward = volumes ? Op::kConv3d : Op::kConv2d;
  const Op input_gradient = volumes ? Op::kConv3dInputGradient : Op::kConv2dInputGradient;
  const Op weight_gradient = volumes ? Op::kConv3dWeightGradient : Op::kConv2dWeightGradient;
  const Tensor image = random_tensor<T>(c.image, 1, layout), weight = random_tensor<T>(c.weight, 2, layout);
  const auto convolve = [&] { return apply(forward, std::vector<Tensor>{image, weight}, attributes_of(c)); };
  const std::string what = c.image.to_string() + " with " + c.weight.to_string();
  expect_same(convolve, "forward " + what);
  const Tensor gradient = random_tensor<T>(convolve().shape(), 3, layout);
  expect_same(
      [&] {
        return apply(input_gradient, std::vector<Tensor>{gradient, weight}, attributes_of(c, c.image));
      },
      "input gradient " + what);
  expect_same(
      [&] {
        return apply(weight_gradient, std::vector<Tensor>{gradient, image}, attributes_of(c, c.weight));
      },
      "weight gradient " + what);
}

const Case kCases[] = {
    {.image = {3, 1, 8, 8}, .weight = {8, 1, 3, 3}, .padding = {1, 1}},
    {.image = {5, 8, 8, 8}, .weight = {16, 8, 3, 3}, .padding = {1, 1}},
    {.image = {2, 1, 28, 28}, .weight = {8, 1, 3, 3}, .padding = {1, 1}},
    {.image = {2, 40, 7, 7}, .weight = {11, 40, 3, 3}, .padding = {1, 1}},  // 360 taps: two chunks
    {.image = {9, 2, 6, 5}, .weight = {4, 2, 3, 2}},
    {.image = {2, 3, 11, 9}, .weight = {5, 3, 3, 3}, .stride = {2, 2}, .padding = {1, 1}},
    {.image = {2, 3, 11, 9}, .weight = {4, 3, 2, 3}, .stride = {3, 2}, .padding = {0, 2}},
    {.image = {2, 3, 12, 13}, .weight = {4, 3, 3, 3}, .padding = {2, 2}, .dilation = {2, 2}},
    {.image = {2, 3, 12, 13},
     .weight = {4, 3, 3, 3},
     .stride = {2, 3},
     .padding = {2, 0},
     .dilation = {2, 3}},
    {.image = {3, 6, 9, 9}, .weight = {9, 2, 3, 3}, .padding = {1, 1}, .groups = 3},
    {.image = {2, 12, 9, 9}, .weight = {12, 1, 3, 3}, .stride = {2, 2}, .padding = {1, 1}, .groups = 12},
    {.image = {2, 7, 6, 6}, .weight = {5, 7, 1, 1}},
    {.image = {2, 7, 6, 6}, .weight = {5, 7, 1, 1}, .stride = {2, 2}},  // lines that no tap reaches
    {.image = {1, 2, 3, 3}, .weight = {3, 2, 3, 3}},
    {.image = {1, 2, 40, 70}, .weight = {3, 2, 5, 5}, .padding = {2, 2}},  // one large image
    {.image = {1, 1, 5, 5}, .weight = {2, 1, 2, 2}, .padding = {4, 4}},    // wider than the filter
    {.image = {70, 1, 4, 4}, .weight = {2, 1, 3, 3}, .padding = {1, 1}},   // chunks of k across images
    // the input gradient: only sums without a term; lines without a tap between others; as many phases as taps
    {.image = {2, 3, 5, 6}, .weight = {0, 3, 3, 3}},
    {.image = {2, 0, 5, 6}, .weight = {4, 0, 3, 3}},
    {.image = {2, 3, 23, 19},
     .weight = {4, 3, 3, 2},
     .stride = {5, 4},
     .padding = {1, 0},
     .dilation = {2, 1}},
    {.image = {1, 2, 80, 41}, .weight = {3, 2, 40, 40}, .stride = {40, 40}},
    {.image = {1, 1, 512, 512}, .weight = {1, 1, 1, 1}, .stride = {512, 512}},
};

// What the boxes, panels and waves of the fast kernels could get wrong.
const Case kLargeCases[] = {
    // position tiles: several boxes with a remainder, panels of several widths
    {.image = {2, 20, 31, 29}, .weight = {100, 20, 3, 3}, .padding = {1, 1}},
    {.image = {1, 30, 45, 23}, .weight = {70, 30, 3, 2}, .stride = {2, 1}, .padding = {1, 1}},
    {.image = {1, 70, 40, 40}, .weight = {24, 70, 1, 1}},
    // the same with a copy of the source, whose channels lie at multiples of a page from each other
    {.image = {1, 40, 64, 64}, .weight = {24, 40, 3, 3}, .padding = {1, 1}},
    {.image = {1, 70, 32, 32}, .weight = {20, 35, 3, 3}, .stride = {2, 1}, .padding = {1, 2}, .groups = 2},
    // many small images together, with a remainder; one position each; wider than its box
    {.image = {150, 20, 4, 4}, .weight = {18, 20, 4, 4}, .stride = {2, 2}, .padding = {1, 1}},
    {.image = {37, 24, 4, 4}, .weight = {17, 24, 4, 4}},
    {.image = {1, 20, 2, 500}, .weight = {18, 20, 2, 3}, .padding = {1, 2}},
    // line tiles: rows wider than a box, rows shorter than a vector, several tiles of rows
    {.image = {1, 1, 3, 9001}, .weight = {2, 1, 2, 3}, .padding = {1, 1}},
    {.image = {2, 3, 50, 5}, .weight = {7, 3, 3, 3}, .padding = {1, 1}},
    {.image = {1, 30, 35, 33}, .weight = {13, 30, 3, 3}, .padding = {1, 1}, .dilation = {1, 2}},
    // depthwise: more groups than lanes, chunks across images, more taps than one tile
    {.image = {3, 37, 17, 19}, .weight = {37, 1, 3, 3}, .padding = {1, 1}, .groups = 37},
    {.image = {2, 20, 12, 15}, .weight = {20, 1, 5, 5}, .stride = {1, 2}, .padding = {2, 2}, .groups = 20},
    {.image = {2, 9, 14, 14}, .weight = {27, 1, 3, 3}, .padding = {1, 1}, .groups = 9},
    {.image = {1, 3, 30, 29}, .weight = {3, 1, 3, 3}, .dilation = {1, 3}, .groups = 3},
    {.image = {1, 3, 30, 150}, .weight = {3, 1, 3, 3}, .stride = {2, 1}, .padding = {2, 1}, .groups = 3},
    {.image = {2, 3, 130, 50}, .weight = {3, 1, 3, 3}, .padding = {1, 1}, .dilation = {2, 1}, .groups = 3},
    // weight gradient: several waves
    {.image = {6, 64, 64, 64}, .weight = {3, 64, 1, 2}},
};

const Case kVolumes[] = {
    {.image = {2, 3, 4, 6, 7}, .weight = {5, 3, 2, 3, 3}},
    {.image = {2, 8, 5, 6, 6}, .weight = {18, 8, 3, 3, 3}, .padding = {1, 1, 1}},
    {.image = {1, 2, 7, 8, 9}, .weight = {3, 2, 3, 2, 3}, .stride = {2, 1, 3}, .padding = {1, 0, 2}},
    {.image = {2, 4, 7, 6, 9},
     .weight = {6, 2, 2, 3, 2},
     .padding = {1, 2, 1},
     .dilation = {3, 1, 2},
     .groups = 2},
    {.image = {2, 19, 4, 5, 6}, .weight = {19, 1, 3, 3, 3}, .padding = {1, 1, 1}, .groups = 19},
    {.image = {1, 4, 9, 17, 16}, .weight = {20, 4, 3, 3, 3}, .stride = {2, 2, 2}, .padding = {1, 1, 1}},
    {.image = {1, 3, 20, 24, 25},
     .weight = {4, 3, 3, 1, 3},
     .padding = {1, 0, 1}},  // several boxes of slices
};

// Three by three taps of one channel whose strides leave no gap between the rows of a box: all of its rows are one
// line then, where the stencil that goes from row to row would read and write past the end.
const Case kJoinedRows[] = {
    {.image = {1, 1, 8, 9}, .weight = {1, 1, 3, 3}, .stride = {1, 3}},
    {.image = {3, 8, 42, 16}, .weight = {8, 1, 3, 3}, .stride = {1, 3}, .padding = {1, 0}, .groups = 8},
    {.image = {2, 20, 33, 8}, .weight = {20, 1, 3, 3}, .stride = {1, 5}, .padding = {1, 0}, .groups = 20},
    // right values, but a row that ends behind the last slice: for the sanitizer to see
    {.image = {1, 1, 15, 8, 14}, .weight = {1, 1, 1, 3, 3}, .stride = {1, 2, 5}, .dilation = {1, 2, 1}},
};

TEST_F(CpuConvolution, Images) {
  for (const Case& c : kCases)
    check_convolution<float>(c, Layout::kContiguous,
                             [&](auto body, const std::string& what) { expect_same_bits(body, what); });
}

TEST_F(CpuConvolution, LargeImages) {
  for (const Case& c : kLargeCases)
    check_convolution<float>(c, Layout::kContiguous,
                             [&](auto body, const std::string& what) { expect_same_bits(body, what); });
}

TEST_F(CpuConvolution, Volumes) {
  for (const Case& c : kVolumes)
    check_convolution<float>(c, Layout::kContiguous,
                             [&](auto body, const std::string& what) { expect_same_bits(body, what); });
}

TEST_F(CpuConvolution, JoinedRows) {
  for (const Case& c : kJoinedRows) {
    const auto expect_same = [&](auto body, const std::string& what) { expect_same_bits(body, what); };
    check_convolution<float>(c, Layout::kContiguous, expect_same);
    check_convolution<double>(c, Layout::kContiguous, expect_same);
  }
}

TEST_F(CpuConvolution, InDouble) {
  for (const Case& c : kCases)
    if (c.image[0] < 4)
      check_convolution<double>(c, Layout::kContiguous,
                                [&](auto body, const std::string& what) { expect_same_bits(body, what); });
  for (const Case& c : {kVolumes[1], kVolumes[3], kVolumes[4]})
    check_convolution<double>(c, Layout::kContiguous,
                              [&](auto body, const std::string& what) { expect_same_bits(body, what); });
}

TEST_F(CpuConvolution, OfEveryLayout) {
  for (const Case& c : {kCases[5], kCases[10], kVolumes[2]})
    for (const Layout layout : kLayouts)
      check_convolution<float>(c, layout,
                               [&](auto body, const std::string& what) { expect_same_bits(body, what); });
}

TEST_F(CpuConvolution, OfSpecialValues) {
  const Tensor image = random_tensor<float>({2, 2, 6, 6}, 1, Layout::kContiguous, true);
  const Tensor weight = random_tensor<float>({3, 2, 3, 3}, 2, Layout::kContiguous, true);
  Conv2dOptions options;
  options.padding[0] = options.padding[1] = 1;
  expect_same_bits([&] { return conv2d(image, weight, options); }, "specials");
}

TEST_F(CpuConvolution, OfSpecialWeights) {
  for (const Case& c :
       {Case{.image = {9, 5, 6, 6}, .weight = {20, 5, 3, 3}, .padding = {1, 1}},
        Case{.image = {2, 20, 6, 6}, .weight = {9, 20, 4, 4}, .stride = {2, 2}, .padding = {1, 1}}}) {
    const Tensor image = random_tensor<float>(c.image, 1, Layout::kContiguous, true);
    const Tensor plain = random_tensor<float>(c.weight, 2),
                 special = random_tensor<float>(c.weight, 2, Layout::kContiguous, true);
    for (const Tensor& weight : {plain, special}) {
      const auto convolve = [&] {
        return apply(Op::kConv2d, std::vector<Tensor>{image, weight}, attributes_of(c));
      };
      expect_same_bits(convolve, "forward");
      const Tensor gradient = random_tensor<float>(convolve().shape(), 3, Layout::kContiguous, true);
      expect_same_bits(
          [&] {
            return apply(Op::kConv2dInputGradient, std::vector<Tensor>{gradient, weight},
                         attributes_of(c, c.image));
          },
          "input gradient");
    }
  }
}

// What is left of products too small for float is -0 or +0, and the +0 of a tap outside makes +0 of it; with sums that end there.
TEST_F(CpuConvolution, OfProductsTooSmallBesideTheBorder) {
  for (const Case& c :
       {Case{.image = {9, 40, 5, 5}, .weight = {20, 40, 3, 3}, .padding = {2, 2}},
        Case{.image = {3, 20, 6, 6}, .weight = {24, 20, 4, 4}, .stride = {2, 2}, .padding = {1, 1}}}) {
    const Tensor image = random_tensor<float>(c.image, 1) * 1e-25,
                 weight = random_tensor<float>(c.weight, 2) * 1e-25;
    const auto convolve = [&] {
      return apply(Op::kConv2d, std::vector<Tensor>{image, weight}, attributes_of(c));
    };
    expect_same_bits(convolve, "forward");
    const Tensor gradient = random_tensor<float>(convolve().shape(), 3) * 1e-25;
    expect_same_bits(
        [&] {
          return apply(Op::kConv2dInputGradient, std::vector<Tensor>{gradient, weight},
                       attributes_of(c, c.image));
        },
        "input gradient");
  }
}

// A line is an image of one row, an image a volume of one slice: the same sums in the same order.
TEST_F(CpuConvolution, AnAxisOfLengthOneChangesNoBit) {
  use_backend("cpu");
  const Tensor line = random_tensor<float>({3, 20, 301}, 1), taps = random_tensor<float>({24, 10, 15}, 2);
  const Tensor y = conv1d(line, taps, {.stride = 2, .padding = 3, .dilation = 2, .groups = 2});
  const Tensor row = conv2d(line.reshape({3, 20, 1, 301}), taps.reshape({24, 10, 1, 15}),
                            {.stride = {1, 2}, .padding = {0, 3}, .dilation = {1, 2}, .groups = 2});
  EXPECT_TRUE(same_bits(y, row.reshape(y.shape())));
  const Tensor column = conv2d(line.reshape({3, 20, 301, 1}), taps.reshape({24, 10, 15, 1}),
                               {.stride = {2, 1}, .padding = {3, 0}, .dilation = {2, 1}, .groups = 2});
  EXPECT_TRUE(same_bits(y, column.reshape(y.shape())));
  const Tensor slice =
      conv3d(line.reshape({3, 20, 1, 301, 1}), taps.reshape({24, 10, 1, 15, 1}),
             {.stride = {1, 2, 1}, .padding = {0, 3, 0}, .dilation = {1, 2, 1}, .groups = 2});
  EXPECT_TRUE(same_bits(y, slice.reshape(y.shape())));
}

}  // namespace
}  // namespace tessera::backends
