#include "tessera/nn/activations.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/tensor/activate.h"
#include "tessera/tensor/random.h"

namespace tessera::nn {
namespace {

struct Composition {
  std::string name;
  Curve curve;
  std::function<Tensor(const Tensor&)> value, gradient;  // tensor/activate.h; of ones
};

Tensor softplus_of(const Tensor& x) {
  return maximum(x, 0) + log1p(exp(-absolute(x)));
}
Tensor gelu_tanh_of(const Tensor& x) {
  return tanh((x + x * x * x * 0.044715) * 0.79788456080286535587989211986876);
}

std::vector<Composition> compositions() {
  constexpr double kSqrtHalf = 0.70710678118654752440084436210485,
                   kSqrt2OverPi = 0.79788456080286535587989211986876,
                   kInverseSqrt2Pi = 0.39894228040143267793994605993438;
  const auto plus = [](const Tensor& x) { return greater(x, 0); };
  return {
      {"leaky_relu", Curve::kLeakyRelu, [=](const Tensor& x) { return select(plus(x), x, x * 0.3); },
       [=](const Tensor& x) { return select(plus(x), 1, ones(x.shape(), x.dtype()) * 0.3); }},
      {"elu", Curve::kElu, [=](const Tensor& x) { return select(plus(x), x, expm1(x) * 0.3); },
       [=](const Tensor& x) { return select(plus(x), 1, exp(x) * 0.3); }},
      {"softplus", Curve::kSoftplus, softplus_of, [](const Tensor& x) { return sigmoid(x); }},
      {"gelu", Curve::kGelu, [=](const Tensor& x) { return x * 0.5 * (1 + erf(x * kSqrtHalf)); },
       [=](const Tensor& x) {
         return 0.5 * (1 + erf(x * kSqrtHalf)) + x * (exp(x * x * -0.5) * kInverseSqrt2Pi);
       }},
      {"gelu with tanh", Curve::kGeluTanh, [](const Tensor& x) { return x * 0.5 * (1 + gelu_tanh_of(x)); },
       [=](const Tensor& x) {
         const Tensor t = gelu_tanh_of(x);
         return 0.5 * (1 + t) + x * 0.5 * (1 - t * t) * ((x * x * 0.134145 + 1) * kSqrt2OverPi);
       }},
      {"silu", Curve::kSilu, [](const Tensor& x) { return x * sigmoid(x); },
       [](const Tensor& x) {
         const Tensor s = sigmoid(x);
         return s * (x * (1 - s) + 1);
       }},
      {"mish", Curve::kMish, [](const Tensor& x) { return x * tanh(softplus_of(x)); },
       [](const Tensor& x) {
         const Tensor w = tanh(softplus_of(x));
         return x * ((1 - w * w) * sigmoid(x)) + w;
       }}};
}

// The row of the table and the operations that it is made of have the same bits, also at the edges.
TEST(Activations, AreTheirCompositions) {
  for (const char* backend : {"reference", "cpu"}) {
    use_backend(backend);
    RandomSource random(5);
    const Tensor edges =
        Tensor::from<double>({0, -0.0, 1e-30, -1e-30, 40, -40, 200, -200, 1e300, -1e300}, {10});
    for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
      const Tensor x = concatenate({cast(edges, dtype), random.normal("x", {1003}, dtype) * 4}, 0);
      for (const Composition& row : compositions()) {
        Tape tape;
        tape.watch(x);
        const Tensor y = activate(x, row.curve, 0.3);
        EXPECT_TRUE(same_bits(y, row.value(x))) << row.name << ", " << backend;
        const Tensor slope = tape.gradient(y, {x}, ones(x.shape(), dtype))[0];
        EXPECT_TRUE(same_bits(slope, row.gradient(x))) << row.name << ", " << backend;
      }
      random.begin_step(random.step() + 1);
    }
  }
}

TEST(Activations, KnownValues) {
  use_backend("reference");
  const Tensor x = Tensor::from<double>({-1, 0, 2}, {3});
  const auto near = [](const Tensor& y, std::vector<double> expected) {
    for (std::size_t i = 0; i < expected.size(); ++i)
      EXPECT_NEAR(y.to_vector<double>()[i], expected[i], 1e-15);
  };
  // PyTorch, float64
  near(gelu(x), {-0.15865525393145707, 0, 1.9544997361036416});
  near(gelu(x, GeluForm::kTanh), {-0.15880800939172324, 0, 1.9545976940877752});
  near(silu(x), {-0.2689414213699951, 0, 1.7615941559557649});
  near(mish(x), {-0.30340146137410895, 0, 1.9439589595339946});
  near(softplus(x), {0.31326168751822286, 0.6931471805599453, 2.1269280110429727});
  near(selu(x), {-1.1113307378125625, 0, 2.101401974710961});
}

TEST(Activations, MaxoutTakesTheLargestPiece) {
  use_backend("reference");
  const Tensor x = Tensor::from<double>({1, 5, 2, -1, -3, -2}, {1, 6});
  EXPECT_EQ(maxout(x, 3).to_vector<double>(), (std::vector<double>{5, -1}));
  EXPECT_EQ(Maxout(2).output_shape({4, 6, 3}), (Shape{4, 3, 3}));
  EXPECT_THROW(Maxout(4).evaluate(x), Error);
  EXPECT_THROW(Maxout(0), Error);
}

}  // namespace
}  // namespace tessera::nn
