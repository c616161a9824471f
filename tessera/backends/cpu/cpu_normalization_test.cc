#include "tessera/backends/cpu/same_bits_test.h"

namespace tessera::backends {
namespace {

class CpuNormalization : public BackendTest {};

Tensor gradient_of(Op op, const Tensor& y, const Tensor& g, int axis) {
  return apply(op, std::vector<Tensor>{y, g}, AxisAttributes{axis});
}

TEST_F(CpuNormalization, SoftmaxAndCrossEntropy) {
  const std::vector<Shape> shapes = {{128, 10}, {1, 1}, {7, 17}, {3, 2000}, {2, 3, 33}, {5}};
  for (const Shape& shape : shapes) {
    for (const Layout layout : kLayouts) {
      const Tensor x = random_tensor<float>(shape, 1, layout), y = random_tensor<double>(shape, 2, layout);
      for (const std::int64_t axis : {std::int64_t{-1}, std::int64_t{0}}) {
        expect_same_bits([&] { return softmax(x, axis); }, "softmax");
        expect_same_bits([&] { return log_softmax(x, axis); }, "log_softmax");
        expect_same_bits([&] { return log_softmax(y, axis); }, "log_softmax");
        const int along = axis == 0 ? 0 : shape.rank() - 1;
        for (const Op op : {Op::kSoftmaxGradient, Op::kLogSoftmaxGradient}) {
          expect_same_bits([&] { return gradient_of(op, x, x * 0.5, along); }, "softmax gradients");
          expect_same_bits([&] { return gradient_of(op, y * 0.5, y, along); }, "softmax gradients");
        }
      }
      if (shape.rank() != 2) continue;
      std::vector<std::int64_t> labels;
      for (std::int64_t i = 0; i < shape[0]; ++i) labels.push_back(i * 7 % shape[1]);
      const Tensor label = Tensor::from<std::int64_t>(labels, {shape[0]});
      expect_same_bits([&] { return cross_entropy(x, label); }, "cross_entropy");
      expect_same_bits([&] { return cross_entropy(y, label); }, "cross_entropy");
      const Tensor g = random_tensor<float>({shape[0]}, 4, layout);
      expect_same_bits(
          [&] {
            return apply(Op::kCrossEntropyGradient, std::vector<Tensor>{x, label, g}, NoAttributes{});
          },
          "cross_entropy_gradient");
    }
  }
  const Tensor special = random_tensor<float>({40, 10}, 3, Layout::kContiguous, true);
  expect_same_bits([&] { return softmax(special); }, "softmax of specials");
  expect_same_bits([&] { return log_softmax(special); }, "log_softmax of specials");
}

// Lines side by side (softmax_columns.h): fewer columns than a vector and more than a tile, several blocks of a sum, awkward numbers in one
// line of many, results that are written past the caches.
TEST_F(CpuNormalization, SoftmaxAlongAnAxisThatIsNotTheLast) {
  const auto expect = [&](const Tensor& x, const Tensor& g) {
    expect_same_bits([&] { return softmax(x, 1); }, "softmax " + x.shape().to_string());
    expect_same_bits([&] { return log_softmax(x, 1); }, "log_softmax " + x.shape().to_string());
    for (const Op op : {Op::kSoftmaxGradient, Op::kLogSoftmaxGradient})
      expect_same_bits([&] { return gradient_of(op, x, g, 1); }, "gradients " + x.shape().to_string());
  };
  for (const Shape& shape : {Shape{3, 5, 2}, Shape{3, 21, 8}, Shape{2, 16, 19}, Shape{2, 70, 5, 9},
                             Shape{1, 1, 40}, Shape{2, 3100, 17}, Shape{1, 5, 2100}, Shape{5, 40, 130}})
    for (const Layout layout : {Layout::kContiguous, Layout::kTransposed, Layout::kStepped}) {
      expect(random_tensor<float>(shape, 1, layout), random_tensor<float>(shape, 2, layout));
      expect(random_tensor<double>(shape, 3, layout), random_tensor<double>(shape, 4, layout));
    }
  for (const bool all : {false, true}) {
    const Tensor special = random_tensor<float>({4, 30, 50}, 5, Layout::kContiguous, true);
    const Tensor x =
        all ? special : concatenate({special.slice({Range(0, 1)}), random_tensor<float>({3, 30, 50}, 6)}, 0);
    expect(x, special);
    expect(cast(x, DType::kFloat64), cast(special, DType::kFloat64));
  }
  const Tensor signed_zeros = zeros({2, 1, 40}) * -1.0;  // log_softmax of -0 alone
  expect(signed_zeros, signed_zeros);
  const Tensor large = random_tensor<float>({4, 17, 1 << 16}, 7);
  expect(large, large);
}

TEST_F(CpuNormalization, SoftmaxOfLinesSideBySideOfEveryWidth) {
  for (const double width : {1.0, 59.0, 61.0, 100.0, 120.0, 610.0, 760.0}) {
    const Tensor x = random_tensor<float>({2, 30, 70}, 8) * (width / 16),
                 y = random_tensor<double>({2, 30, 70}, 9) * (width / 16);
    expect_same_bits([&] { return softmax(x, 1); }, "softmax");
    expect_same_bits([&] { return softmax(y, 1); }, "softmax");
    expect_same_bits([&] { return log_softmax(x, 1); }, "log_softmax");
  }
}

// Rows within the easy range of normalization_kernels.h, at its ends and beyond: there exponentials and quotients
// become subnormal.
TEST_F(CpuNormalization, SoftmaxOfRowsOfEveryWidth) {
  for (const double width : {1.0, 20.0, 59.0, 61.0, 80.0, 100.0, 120.0, 590.0, 610.0, 760.0}) {
    const Tensor x = random_tensor<float>({300, 70}, 5) * (width / 16),
                 y = random_tensor<double>({50, 70}, 6) * (width / 16);
    expect_same_bits([&] { return softmax(x); }, "softmax");
    expect_same_bits([&] { return softmax(y); }, "softmax");
    expect_same_bits([&] { return log_softmax(x); }, "log_softmax");
  }
}

// Results that are written past the caches.
TEST_F(CpuNormalization, OfLargeTensors) {
  const Tensor x = random_tensor<float>({2056, 2048}, 7), w = random_tensor<float>({2048}, 8);
  expect_same_bits([&] { return softmax(x); }, "softmax");
  expect_same_bits([&] { return layer_norm(x, w, w); }, "layer_norm");
  expect_same_bits([&] { return gradient_of(Op::kLogSoftmaxGradient, x, x, 1); }, "log_softmax_gradient");
  expect_same_bits(
      [&] {
        return apply(Op::kLayerNormGradient, std::vector<Tensor>{x, x * 0.5, w}, LayerNormAttributes{});
      },
      "layer_norm_gradient");
}

TEST_F(CpuNormalization, LayerNormAndItsGradients) {
  const std::vector<std::pair<Shape, int>> cases = {{{128, 10}, 1}, {{1, 1}, 1},     {{7, 17}, 1},
                                                    {{3, 3000}, 1}, {{2, 3, 33}, 2}, {{1100, 12}, 1},
                                                    {{1030, 3}, 1}, {{5}, 1},        {{2, 5000}, 1}};
  for (const auto& [shape, axes] : cases) {
    Shape row;
    for (int axis = shape.rank() - axes; axis < shape.rank(); ++axis) row.append(shape[axis]);
    for (const Layout layout : kLayouts) {
      const Tensor x = random_tensor<float>(shape, 1, layout), g = random_tensor<float>(shape, 2, layout);
      const Tensor scale = random_tensor<float>(row, 3), shift = random_tensor<float>(row, 4);
      const Tensor y = random_tensor<double>(shape, 5, layout), wide_scale = random_tensor<double>(row, 6);
      const LayerNormAttributes attributes{axes, 1e-5};
      expect_same_bits([&] { return layer_norm(x, scale, shift); }, "layer_norm");
      expect_same_bits([&] { return layer_norm(y, wide_scale, wide_scale, 0.5); }, "layer_norm");
      const std::vector<Tensor> three = {g, x, scale}, wide = {y, y * 0.5, wide_scale}, two = {g, x},
                                wide_two = {y, y * 0.5};
      for (const auto& inputs : {three, wide})
        for (const Op op : {Op::kLayerNormInputGradient, Op::kLayerNormGradient})
          expect_same_bits([&] { return apply(op, inputs, attributes); },
                           op == Op::kLayerNormGradient ? "all gradients" : "input gradient");
      for (const auto& inputs : {two, wide_two})
        expect_same_bits([&] { return apply(Op::kLayerNormScaleGradient, inputs, attributes); },
                         "scale gradient");
    }
  }
}

// A row of the table that is a composition of others equals that composition.
TEST_F(CpuNormalization, FusedRowsAreTheirDefinitions) {
  for (const std::int64_t n : {1, 10, 1024, 3000}) {
    const Shape shape{40, n};
    const Tensor x = random_tensor<float>(shape, 1), g = random_tensor<float>(shape, 2), y = softmax(x),
                 logarithms = log_softmax(x), scale = random_tensor<float>({n}, 3),
                 shift = random_tensor<float>({n}, 4);
    const auto expect_equal = [&](const Tensor& fused, const Tensor& composed) {
      EXPECT_TRUE(same_bits(fused, composed)) << n << ": " << first_difference(fused, composed);
    };
    expect_equal(gradient_of(Op::kSoftmaxGradient, y, g, 1), y * (g - sum(g * y, {1}, true)));
    expect_equal(gradient_of(Op::kLogSoftmaxGradient, logarithms, g, 1),
                 g - exp(logarithms) * sum(g, {1}, true));
    std::vector<std::int64_t> places;
    for (std::int64_t i = 0; i < 40; ++i) places.push_back(i * 7 % n);
    const Tensor labels = Tensor::from<std::int64_t>(places, {40}), of_loss = random_tensor<float>({40}, 5);
    const Tensor one_hot = cast(equal(reshape(labels, {40, 1}), arange(n, DType::kInt64)), DType::kFloat32);
    expect_equal(apply(Op::kCrossEntropyGradient, std::vector<Tensor>{x, labels, of_loss}, NoAttributes{}),
                 (y - one_hot) * reshape(of_loss, {40, 1}));

    const Tensor inverse = 1 / sqrt(variance(x, {1}, true) + 1e-5),
                 normalized = (x - mean(x, {1}, true)) * inverse, u = g * scale;
    expect_equal(layer_norm(x, scale, shift), normalized * scale + shift);
    expect_equal(apply(Op::kLayerNormInputGradient, std::vector<Tensor>{g, x, scale}, LayerNormAttributes{}),
                 inverse * ((u - mean(u, {1}, true)) - normalized * mean(u * normalized, {1}, true)));
    expect_equal(apply(Op::kLayerNormScaleGradient, std::vector<Tensor>{g, x}, LayerNormAttributes{}),
                 sum(g * normalized, {0}));
    const Tensor parts =
        apply(Op::kLayerNormGradient, std::vector<Tensor>{g, x, scale}, LayerNormAttributes{});
    const Tensor of_x = inverse * ((u - mean(u, {1}, true)) - normalized * mean(u * normalized, {1}, true));
    expect_equal(parts, concatenate({reshape(of_x, {40 * n}), sum(g * normalized, {0}), sum(g, {0})}, 0));
  }
}

TEST_F(CpuNormalization, AWrongLabelIsAnErrorEverywhere) {
  const Tensor logits = random_tensor<float>({2, 3}, 1), labels = Tensor::from<std::int64_t>({0, 3}, {2});
  for (const char* backend : {"reference", "cpu"}) {
    use_backend(backend);
    EXPECT_ANY_THROW(cross_entropy(logits, labels)) << backend;
  }
}

}  // namespace
}  // namespace tessera::backends
