#include "tessera/autograd/tape.h"

#include <gtest/gtest.h>

#include <optional>

#include "tessera/autograd/functional.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/storage.h"

namespace tessera {
namespace {

class TapeTest : public ::testing::Test {
 protected:
  void SetUp() override { use_backend("reference"); }
};

Tensor vector_of(std::initializer_list<double> values) {
  return Tensor::from<double>(values, {static_cast<std::int64_t>(values.size())});
}

TEST_F(TapeTest, DifferentiatesAgainAndAgain) {
  const Tensor x = Tensor::scalar(3.0);
  Tape tape;
  tape.watch(x);
  Tensor y = x * x * x;
  std::vector<double> derivatives;
  for (int order = 1; order <= 4; ++order) {
    y = tape.gradient(y, {x})[0];
    derivatives.push_back(y.item<double>());
  }
  EXPECT_EQ(derivatives, (std::vector<double>{27, 18, 6, 0}));
}

// Of three consumers of x, recorded in the order a, b, c, the gradient is (c + b) + a. Two sets of numbers tell it from all other
// orders: sums with 3 are exact only after the large numbers have cancelled.
TEST_F(TapeTest, ContributionsAddInDescendingOrderOfConsumers) {
  const auto gradient = [](double a, double b, double c) {
    const Tensor x = Tensor::scalar(1.0);
    Tape tape;
    tape.watch(x);
    const Tensor from_a = x * a, from_b = x * b, from_c = x * c;
    return tape.gradient((from_a + from_b) + from_c, {x})[0].item<double>();
  };
  constexpr double kLarge = 1e16;              // its neighbours are 2 away, so kLarge + 3 is kLarge + 4
  EXPECT_EQ(gradient(-kLarge, kLarge, 3), 4);  // (3 + L) - L; ascending would give 3
  EXPECT_EQ(gradient(3, kLarge, -kLarge), 3);  // (-L + L) + 3; ascending would give 4
  EXPECT_EQ(gradient(-kLarge, 3, kLarge), 4);  // (L + 3) - L; outer ones first would give 3
}

TEST_F(TapeTest, SharedTensorsAndSameArgumentTwice) {
  const Tensor x = vector_of({2, 3});
  Tape tape;
  tape.watch(x);
  const Tensor square = x * x;
  const Tensor y = sum(square * square + square);
  EXPECT_EQ(tape.gradient(y, {x})[0].to_vector<double>(), (std::vector<double>{36, 114}));  // 4x^3 + 2x
  EXPECT_EQ(tape.gradient(y, {square})[0].to_vector<double>(), (std::vector<double>{9, 19}));
}

TEST_F(TapeTest, RecordsOnlyWhatDependsOnWatchedTensors) {
  const Tensor x = vector_of({1, 2}), other = vector_of({3, 4});
  Tape tape;
  tape.watch(x);
  const Tensor constant = exp(other) + 1;
  EXPECT_EQ(tape.size(), 0u);
  const Tensor y = x * constant;
  EXPECT_EQ(tape.size(), 1u);
  EXPECT_EQ(greater(y, 0).dtype(), DType::kBool);
  cast(y, DType::kInt64);
  EXPECT_EQ(tape.size(), 1u);
}

TEST_F(TapeTest, NoTapeAndStop) {
  const Tensor x = vector_of({1, 2});
  Tape tape;
  tape.watch(x);
  {
    NoTape no_tape;
    exp(x);
    EXPECT_EQ(tape.size(), 0u);
    // A tape that is made inside still works: a function may be differentiated during an evaluation.
    EXPECT_EQ(grad([](const Tensor& t) { return sum(t * t); }, x).to_vector<double>(),
              (std::vector<double>{2, 4}));
  }
  const Tensor y = sum(exp(x));
  EXPECT_EQ(tape.size(), 2u);
  tape.stop();
  const Tensor gradient = tape.gradient(y, {x})[0];
  EXPECT_EQ(tape.size(), 2u);
  EXPECT_TRUE(same_bits(gradient, exp(x)));
}

TEST_F(TapeTest, TapesNestAndTemporariesMayDie) {
  const Tensor x = vector_of({0.5, 2});
  Tape outer;
  outer.watch(x);
  std::optional<Tape> inner(std::in_place);
  inner->watch(x);
  Tensor y = sum(sin(x) * x);
  const Tensor slope = inner->gradient(y, {x})[0];
  inner.reset();
  y = Tensor();
  const Tensor curvature = outer.gradient(sum(slope), {x})[0];
  const Tensor expected = cos(x) * 2 - x * sin(x);
  for (int i = 0; i < 2; ++i) EXPECT_NEAR(curvature.at<double>({i}), expected.at<double>({i}), 1e-14);
}

TEST_F(TapeTest, OutputGradientAndIndependentInputs) {
  const Tensor x = vector_of({1, 2}), z = vector_of({5});
  Tape tape;
  tape.watch({x, z});
  const Tensor y = x * 3;
  const std::vector<Tensor> gradients = tape.gradient(y, {x, z}, vector_of({10, 100}));
  EXPECT_EQ(gradients[0].to_vector<double>(), (std::vector<double>{30, 300}));
  EXPECT_EQ(gradients[1].to_vector<double>(), (std::vector<double>{0}));
  EXPECT_EQ(tape.gradient(y, {y}, vector_of({1, 1}))[0].to_vector<double>(), (std::vector<double>{1, 1}));
  EXPECT_TRUE(tape.gradient(sum(x), {x})[0].contiguous());
}

TEST_F(TapeTest, ErrorsSayWhatToDo) {
  const Tensor x = vector_of({1, 2}), forgotten = vector_of({1, 2});
  Tape tape;
  tape.watch(x);
  const Tensor y = x * forgotten;
  const auto message = [](auto&& body) -> std::string {
    try {
      body();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message([&] {
              tape.gradient(sum(y), {x, forgotten});
            }),
            "gradient: input 1 is not on the tape: watch() it before it is used");
  EXPECT_EQ(message([&] { tape.gradient(y, {x}); }),
            "gradient: the output has shape [2]; it must have one element, or output_gradient must be given");
  EXPECT_EQ(message([&] { tape.gradient(y, {x}, vector_of({1})); }),
            "gradient: output_gradient is float64 [1], but the output is float64 [2]");
  EXPECT_EQ(message([&] { tape.watch(arange(3)); }), "a tape can watch floating tensors only, not int64");
}

struct ScopeReader : OpObserver {
  void on_op(const OpEvent& event) override { scopes.push_back(scope_text(event.scope)); }
  std::vector<std::string> scopes;
};

// A gradient is shown where its operation was, not where it was asked for.
TEST_F(TapeTest, GradientsAreInTheScopeOfTheirOperation) {
  ScopeReader reader;
  const Tensor x = Tensor::from<float>({1, 2}, {2});
  Tape tape;
  tape.watch(x);
  Tensor y;
  {
    const OpScope scope("layer 0");
    y = exp(x);
  }
  const OpScope scope("loss");
  const Tensor loss = sum(y);
  const ObserveOps observe(&reader);
  (void)tape.gradient(loss, {x});
  ASSERT_GE(reader.scopes.size(), 3U);
  EXPECT_EQ(reader.scopes.front(), "loss");  // the gradient of the loss itself
  EXPECT_EQ(reader.scopes[1], "loss/gradient");
  EXPECT_EQ(reader.scopes.back(), "layer 0/gradient");
}

// Gradients between the output and what is asked for are given back on the way, so that a backward pass needs little more than the forward pass.
TEST_F(TapeTest, GradientsOnTheWayAreGivenBack) {
  constexpr std::int64_t kElements = 100'000;
  constexpr std::size_t kBytes = kElements * sizeof(float);
  constexpr int kLayers = 20;
  const Tensor x = full({kElements}, 0.5);
  Tape tape;
  tape.watch(x);
  Tensor y = x, middle;
  for (int layer = 0; layer < kLayers; ++layer) {
    y = tanh(y);
    if (layer == kLayers / 2) middle = y;
  }
  const Tensor loss = sum(y);
  tape.stop();
  const std::size_t before = memory_statistics().in_use_bytes;
  reset_peak_memory();
  const std::vector<Tensor> gradients = tape.gradient(loss, {x, middle});
  EXPECT_LT(memory_statistics().peak_bytes - before, 8 * kBytes);
  // One that lies between is kept if it was asked for.
  EXPECT_TRUE(same_bits(gradients[1], tape.gradient(loss, {middle})[0]));
  EXPECT_TRUE(same_bits(gradients[0], tape.gradient(loss, {x})[0]));
}

}  // namespace
}  // namespace tessera
