#include "tessera/autograd/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera {
namespace {

using testing::HasSubstr;

Tensor number(double value) {
  return Tensor::from<double>({value}, {1});
}

class ExplainTest : public testing::Test {
 protected:
  void SetUp() override { use_default_backend(); }
};

// The example of the CS231n notes, whose numbers are printed to two digits: w0 gets 0.2 x -1, x0 gets 0.2 x 2.
TEST_F(ExplainTest, TheNeuronOfTheLectureNotes) {
  const Explanation graph = explain(
      [](const std::vector<Tensor>& in) {
        const Tensor first = in[0] * in[1];
        const Tensor score = first + in[2] * in[3] + in[4];
        return 1 / (exp(-score) + 1);
      },
      {{"w0", number(2)}, {"x0", number(-1)}, {"w1", number(-3)}, {"x1", number(-2)}, {"w2", number(-3)}});
  const auto gradient = [&](const char* name) { return graph.find(name).gradient.item<double>(); };
  EXPECT_NEAR(graph.nodes.back().value.item<double>(), 0.73, 0.005);
  EXPECT_NEAR(gradient("w0"), -0.20, 0.005);
  EXPECT_NEAR(gradient("x0"), 0.39, 0.005);
  EXPECT_NEAR(gradient("w1"), -0.39, 0.005);
  EXPECT_NEAR(gradient("x1"), -0.59, 0.005);
  EXPECT_NEAR(gradient("w2"), 0.20, 0.005);
  EXPECT_NEAR(graph.find("exp").gradient.item<double>(), -0.53, 0.005);
  EXPECT_NEAR(graph.find("negate").gradient.item<double>(), -0.20, 0.005);
  EXPECT_EQ(graph.nodes.back().gradient.item<double>(), 1);
  EXPECT_FALSE(graph.find("constant").gradient.defined());
}

// The second one: f = |W x|^2 with W = [[.1, .5], [-.3, .8]], x = [.2, .4]; dW = 2 (W x) x^T.
TEST_F(ExplainTest, TheMatrixOfTheLectureNotes) {
  const Explanation graph =
      explain([](const std::vector<Tensor>& in) { return sum_squares(matmul(in[0], in[1])); },
              {{"W", Tensor::from<double>({0.1, 0.5, -0.3, 0.8}, {2, 2})},
               {"x", Tensor::from<double>({0.2, 0.4}, {2})}});
  EXPECT_NEAR(graph.nodes.back().value.item<double>(), 0.116, 1e-12);
  const std::vector<double> expected = {0.088, 0.176, 0.104, 0.208};
  const std::vector<double> found = graph.find("W").gradient.to_vector<double>();
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(found[i], expected[i], 1e-12);
  EXPECT_EQ(short_text(graph.find("W").gradient), "[[0.088, 0.176], [0.104, 0.208]]");
  EXPECT_EQ(short_text(graph.find("x").gradient), "[-0.112, 0.636]");
}

TEST_F(ExplainTest, DrawsEveryNodeAndEdge) {
  const Explanation graph = explain(
      [](const std::vector<Tensor>& in) {
        const Tensor unused = in[0] + 5;
        return sum(in[0] * in[1]);
      },
      {{"a<b", number(2)}, {"\"q\"", number(3)}});
  EXPECT_EQ(graph.nodes.size(), 4u);
  const std::string svg = graph.svg(), dot = graph.dot();
  EXPECT_THAT(svg, HasSubstr("a&lt;b"));
  EXPECT_THAT(svg, HasSubstr("&quot;q&quot;"));
  EXPECT_THAT(dot, HasSubstr("n0 -> n2;"));
  EXPECT_THAT(dot, HasSubstr("n1 -> n2;"));
  std::size_t rectangles = 0;
  for (std::size_t at = svg.find("<rect x"); at != std::string::npos; at = svg.find("<rect x", at + 1))
    ++rectangles;
  EXPECT_EQ(rectangles, 4u);
  EXPECT_THAT(graph.text(), HasSubstr("%2   multiply       %0, %1     value 6  gradient 1"));
}

// d/dx sign(x) x = sign(x): what has no gradient is drawn without one.
TEST_F(ExplainTest, WhatIsNotDifferentiableHasNoGradient) {
  const Explanation graph =
      explain([](const std::vector<Tensor>& in) { return sign(in[0]) * in[0]; }, {{"x", number(-3)}});
  EXPECT_EQ(graph.nodes.back().value.item<double>(), 3);
  EXPECT_EQ(graph.find("x").gradient.item<double>(), -1);
  EXPECT_FALSE(graph.find("sign").gradient.defined());
}

TEST_F(ExplainTest, WrongInputsGetASentence) {
  EXPECT_THROW(explain([](const std::vector<Tensor>& in) { return in[0] * 2; },
                       {{"x", Tensor::from<double>({1, 2}, {2})}}),
               Error);
  EXPECT_THROW(
      explain([](const std::vector<Tensor>&) { return Tensor::from<double>({1}, {1}); }, {{"x", number(1)}}),
      Error);
}

}  // namespace
}  // namespace tessera
