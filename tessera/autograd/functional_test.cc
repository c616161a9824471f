#include "tessera/autograd/functional.h"

#include <gtest/gtest.h>

#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera {
namespace {

class FunctionalTest : public ::testing::Test {
 protected:
  void SetUp() override { use_backend("reference"); }
};

Tensor point(double x, double y) {
  return Tensor::from<double>({x, y}, {2});
}

// Magnus & Neudecker, Matrix Differential Calculus: the gradient of x'Ax is (A + A')x, 2Ax for a symmetric A, and its Hessian 2A.
TEST_F(FunctionalTest, QuadraticForm) {
  const Tensor a = Tensor::from<double>({2, -1, 0.5, -1, 3, 4, 0.5, 4, -2}, {3, 3});
  const Tensor x = Tensor::from<double>({1, -2, 3}, {3});
  const auto form = [&](const Tensor& v) { return matmul(v, matmul(a, v)); };
  EXPECT_EQ(grad(form, x).to_vector<double>(), (matmul(a, x) * 2).to_vector<double>());
  EXPECT_EQ(hessian(form, x).to_vector<double>(), (a * 2).to_vector<double>());
}

// The bowl and the saddle: both gradients are 0 at the origin, the Hessians tell them apart.
TEST_F(FunctionalTest, HessiansTellBowlFromSaddle) {
  const auto squares = [](double sign) {
    return [sign](const Tensor& p) { return sum(p * p * Tensor::from<double>({1, sign}, {2})); };
  };
  for (const double sign : {1.0, -1.0}) {
    EXPECT_EQ(grad(squares(sign), point(0, 0)).to_vector<double>(), (std::vector<double>{0, 0}));
    EXPECT_EQ(hessian(squares(sign), point(0.3, -7)).to_vector<double>(),
              (std::vector<double>{2, 0, 0, 2 * sign}));
  }
}

// Polar coordinates: d(r cos t, r sin t)/d(r, t).
TEST_F(FunctionalTest, JacobianOfPolarCoordinates) {
  const auto polar = [](const Tensor& p) {
    const Tensor r = p.slice({0}), t = p.slice({1});
    return concatenate({reshape(r * cos(t), {1}), reshape(r * sin(t), {1})}, 0);
  };
  const Tensor j = jacobian(polar, point(2, 0.5));
  EXPECT_EQ(j.shape(), (Shape{2, 2}));
  const double c = cos(Tensor::scalar(0.5)).item<double>(), s = sin(Tensor::scalar(0.5)).item<double>();
  EXPECT_EQ(j.to_vector<double>(), (std::vector<double>{c, -2 * s, s, 2 * c}));
}

TEST_F(FunctionalTest, JacobianShapes) {
  const Tensor x = zeros({2, 3}, DType::kFloat64);
  EXPECT_EQ(jacobian([](const Tensor& t) { return transpose(t); }, x).shape(), (Shape{3, 2, 2, 3}));
  EXPECT_EQ(jacobian([](const Tensor& t) { return sum(t); }, x).shape(), (Shape{2, 3}));
  EXPECT_EQ(hessian([](const Tensor& t) { return sum(t); }, x).to_vector<double>(),
            std::vector<double>(36, 0.0));
}

TEST_F(FunctionalTest, GradOfGrad) {
  const auto f = [](const Tensor& t) { return sum(sin(t)); };
  const auto slope = [&](const Tensor& t) { return sum(grad(f, t)); };
  const Tensor x = point(0.25, 1.5);
  EXPECT_EQ(grad(slope, x).to_vector<double>(), (-sin(x)).to_vector<double>());
}

// A check must be able to fail, and say where.
TEST_F(FunctionalTest, GradcheckFindsAWrongGradient) {
  // The gradient of this one is 1 instead of 2x: the tape does not see the product.
  const auto hidden = [](const std::vector<Tensor>& in) {
    Tensor extra;
    {
      NoTape no_tape;
      extra = in[0] * in[0] - in[0];
    }
    return in[0] + extra;
  };
  const GradcheckResult wrong = gradcheck(hidden, {point(3, 0.5)});
  EXPECT_FALSE(wrong.passed);
  EXPECT_NE(wrong.message.find("gradient, input 0, element 0: analytic"), std::string::npos) << wrong.message;
  EXPECT_GT(wrong.largest_error, 0.5);

  // log has no derivative that could be checked at a negative number.
  const auto nan = gradcheck([](const std::vector<Tensor>& in) { return log(in[0]); }, {point(-1, 1)});
  EXPECT_FALSE(nan.passed);
  EXPECT_THROW(gradcheck(hidden, {zeros({2})}), Error);
}

TEST_F(FunctionalTest, GradcheckPassesARightGradient) {
  const auto f = [](const std::vector<Tensor>& in) { return tanh(matmul(in[0], in[1])); };
  const Tensor a = Tensor::from<double>({0.1, -0.4, 0.7, 0.2}, {2, 2});
  const GradcheckResult result = gradcheck(f, {a, point(0.3, -0.9)}, {.second_order = true});
  EXPECT_TRUE(result.passed) << result.message;
  EXPECT_GT(result.largest_error, 0);
}

}  // namespace
}  // namespace tessera
