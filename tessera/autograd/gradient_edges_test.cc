// What central differences cannot see: the gradients at ties and edges, and of one tensor in several places.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>

#include "tessera/autograd/functional.h"
#include "tessera/autograd/gradient_examples_test.h"
#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/tensor/activate.h"
#include "tessera/tensor/batch_norm.h"
#include "tessera/tensor/finish.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/recurrent.h"

namespace tessera {
namespace {

using namespace gradient_examples;

std::vector<double> slope(const TensorFunction& f, std::vector<double> x) {
  use_backend("reference");
  const Tensor at = Tensor::from(x, {static_cast<std::int64_t>(x.size())});
  return grad([&](const Tensor& t) { return sum(f(t)); }, at).to_vector<double>();
}

TEST(GradientTies, AsTheTableSays) {
  EXPECT_EQ(slope([](const Tensor& x) { return max(x); }, {3, 1, 3, 3, 2}),
            (std::vector<double>{1. / 3, 0, 1. / 3, 1. / 3, 0}));
  EXPECT_EQ(slope([](const Tensor& x) { return min(x); }, {1, 1, 2}), (std::vector<double>{0.5, 0.5, 0}));
  const Tensor one = Tensor::scalar(1.0);
  EXPECT_EQ(slope([&](const Tensor& x) { return maximum(x, one); }, {0, 1, 2}),
            (std::vector<double>{0, 1, 1}));
  EXPECT_EQ(slope([&](const Tensor& x) { return maximum(one, x); }, {0, 1, 2}),
            (std::vector<double>{0, 0, 1}));
  EXPECT_EQ(slope([&](const Tensor& x) { return minimum(x, one); }, {0, 1, 2}),
            (std::vector<double>{1, 1, 0}));
  EXPECT_EQ(slope([](const Tensor& x) { return relu(x); }, {-1, 0, 1}), (std::vector<double>{0, 0, 1}));
  EXPECT_EQ(slope([](const Tensor& x) { return absolute(x); }, {-1, 0, 1}), (std::vector<double>{-1, 0, 1}));
}

TEST(GradientEdges, PowAtZero) {
  EXPECT_EQ(slope([](const Tensor& x) { return pow(x, 2); }, {0, -3}), (std::vector<double>{0, -6}));
  EXPECT_EQ(slope([](const Tensor& x) { return pow(x, 0); }, {0, 2}), (std::vector<double>{0, 0}));
  EXPECT_EQ(slope([](const Tensor& x) { return pow(x, 1); }, {0, 2}), (std::vector<double>{1, 1}));
  const Tensor zero = Tensor::scalar(0.0);
  EXPECT_EQ(slope([&](const Tensor& b) { return pow(zero, b); }, {0, 2}), (std::vector<double>{0, 0}));
}

// Taps at -1 and 2 beside rows and columns 0 and 1: one window has a tap in each direction, the others' gaps skip the image.
TEST(GradientEdges, PoolingWindowsWithoutAnyElement) {
  const auto pooled = [](const Tensor& x) {
    Pool2dOptions options;
    for (int i = 0; i < 2; ++i) {
      options.stride[i] = options.padding[i] = 1;
      options.dilation[i] = 2;
    }
    return max_pool2d(reshape(x, {1, 1, 1, -1}), options);
  };
  use_backend("reference");
  const Tensor row = Tensor::from<double>({5, 7, 6}, {3});
  // Rows -1 and 1 of an image with one row: no window has an element.
  EXPECT_EQ(pooled(row).to_vector<double>(), std::vector<double>(3, -INFINITY));
  EXPECT_EQ(slope(pooled, {5, 7, 6}), (std::vector<double>{0, 0, 0}));
  const auto one_way = [](const Tensor& x) {
    Pool2dOptions options;
    options.kernel[0] = options.stride[0] = options.stride[1] = 1;
    options.padding[1] = 1;
    options.dilation[1] = 2;
    return max_pool2d(reshape(x, {1, 1, 1, 1}), options);
  };
  EXPECT_EQ(slope(one_way, {5}), (std::vector<double>{0}));
}

TEST(GradientEdges, NoElements) {
  EXPECT_EQ(slope([](const Tensor& x) { return exp(x) * 2; }, {}), std::vector<double>{});
  const Tensor x = zeros({0, 3}, DType::kFloat64), w = ones({3, 2}, DType::kFloat64);
  const auto gradients = grad([](const Inputs& in) { return sum(matmul(in[0], in[1])); }, Inputs{x, w});
  EXPECT_EQ(gradients[0].shape(), x.shape());
  EXPECT_EQ(gradients[1].to_vector<double>(), std::vector<double>(6, 0.0));
}

// With one x in both places of activate_gradient, s = x f'(x), so s' = f' + x f''; with a copy of x in one of them, the two parts come apart.
TEST(GradientPlaces, SlopeTimesItsArgument) {
  use_backend("reference");
  const Tensor x = numbers({7});
  Tape tape;
  tape.watch(x);
  const Tensor s = tape.gradient(activate(x, Curve::kSilu), {x}, x)[0];
  const Tensor found = tape.gradient(sum(s), {x})[0], p = sigmoid(x), q = p * (1 - p);
  const Tensor first = p + x * q, second = q * 2 + x * (q * (1 - p * 2));  // of x p(x)
  EXPECT_LT(max(absolute(found - (first + x * second))).item<double>(), 1e-14);
}

TEST(GradientPlaces, OneTensorInTwoPlacesOfAGradient) {
  use_backend("reference");
  const auto expect_whole = [](const std::function<Tensor(const Tensor&)>& layer, const Tensor& x) {
    const auto slopes = [&](const Tensor& g, const std::vector<Tensor>& watched) {
      Tape tape;
      tape.watch(watched);
      const Tensor s = tape.gradient(layer(x), {x}, g)[0];
      return tape.gradient(sum(s * s), watched);
    };
    const Tensor g = copy(x);
    const std::vector<Tensor> apart = slopes(g, {x, g});
    const Tensor whole = apart[0] + apart[1];
    EXPECT_LT(max(absolute(slopes(x, {x})[0] - whole)).item<double>(), 1e-12);
    EXPECT_GT(max(absolute(whole)).item<double>(), 1e-3);
  };
  const Tensor x = numbers({4, 3});
  for (const Curve curve : {Curve::kSilu, Curve::kGelu, Curve::kMish})
    expect_whole([=](const Tensor& in) { return activate(in, curve); }, x);
  const FinishAttributes tangent{.activation = Activation::kTanh};
  expect_whole([=](const Tensor& in) { return apply(Op::kFinish, std::array{in}, tangent); }, x);
  const Tensor scale = numbers({3}, 0.5, 2), shift = zeros({3}, DType::kFloat64);
  const Tensor statistics = numbers({2, 3}, 0.5, 2);
  for (const bool own : {true, false})
    expect_whole(
        [=](const Tensor& in) {
          const Tensor found = own ? batch_statistics(in) : statistics;
          return batch_norm(in, found, scale, shift, {.epsilon = 1, .own = own});
        },
        x);
}

// First hidden and cell states that are one tensor, beside two; and biases.
TEST(GradientPlaces, OneTensorInTwoPlacesOfALayer) {
  use_backend("reference");
  const Tensor products = numbers({2, 2, 8}), weight = numbers({8, 2}, -1, 1), bias = numbers({8}, -1, 1);
  const auto second = [&](const Tensor& h0, const Tensor& c0) {
    Tape tape;
    tape.watch({products, h0, c0});
    const Tensor states = apply(Op::kLstm, std::array{products, h0, c0, weight, bias, bias}, NoAttributes{});
    const Tensor first = tape.gradient(sum(states * states), {products})[0];
    return tape.gradient(sum(first * first), {h0, c0, products});
  };
  const Tensor state = numbers({2, 2}, -1, 1);
  const std::vector<Tensor> one = second(state, state), two = second(state, copy(state));
  EXPECT_LT(max(absolute(one[0] - (two[0] + two[1]))).item<double>(), 1e-13);
  EXPECT_LT(max(absolute(one[2] - two[2])).item<double>(), 1e-13);
  for (const auto& [op, gates] : {std::pair(Op::kGru, 3), std::pair(Op::kRnn, 1)}) {
    const Tensor inputs = numbers({2, 2, 2 * gates}), matrix = numbers({2 * gates, 2}, -1, 1);
    const auto of_biases = [&, row = op](const Tensor& a, const Tensor& b) {
      const Attributes attributes = row == Op::kRnn ? Attributes(RecurrentAttributes{}) : NoAttributes{};
      Tape tape;
      tape.watch({inputs, a, b});
      const Tensor states = apply(row, std::array{inputs, state, matrix, a, b}, attributes);
      const Tensor first = tape.gradient(sum(states * states), {inputs})[0];
      return tape.gradient(sum(first * first), {a, b});
    };
    const Tensor vector = numbers({2 * gates}, -1, 1);
    const std::vector<Tensor> joined = of_biases(vector, vector), apart = of_biases(vector, copy(vector));
    EXPECT_LT(max(absolute(joined[0] - (apart[0] + apart[1]))).item<double>(), 1e-13);
  }
}

}  // namespace
}  // namespace tessera
