// Numbers that are computed beside the kernels have the contract's bits, too, whatever floating-point modes the program has set.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/foreign_modes_test.h"
#include "tessera/nn/initialisers.h"
#include "tessera/nn/layers.h"
#include "tessera/nn/losses.h"
#include "tessera/nn/optimizers.h"
#include "tessera/nn/schedules.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {
namespace {

// The bytes of everything that `compute` returns, in the default modes and in foreign ones.
template <typename Compute>
void expect_same(const Compute& compute) {
  const std::vector<Tensor> expected = compute();
  std::vector<Tensor> found;
  {
    const ForeignModes modes;
    found = compute();
  }
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_TRUE(same_bits(found[i], expected[i]))
        << i << ": " << found[i].to_string() << " instead of " << expected[i].to_string();
}

class FloatingEnvironment : public ::testing::Test {
 protected:
  FloatingEnvironment() {
    use_backend("reference");
    x_ = Tensor::from<float>({0.3f, -1.7f, 5.1f, 1e-3f}, {2, 2});
  }
  Tensor x_;
};

TEST_F(FloatingEnvironment, NumbersInExpressions) {
  // 0.1 rounds up to float32; 1e-40 is subnormal, as a double's value and as a float.
  volatile double tenth = 0.1, tiny = 1e-40, tiniest = 5e-310;
  volatile float subnormal = 1e-40f;
  volatile std::int64_t odd = (std::int64_t{1} << 53) + 1, large = (std::int64_t{1} << 24) + 3;
  expect_same([&] {
    return std::vector<Tensor>{x_ * tenth,         x_ + tenth,
                               tenth / x_,         x_ * 0 + tiny,
                               x_ * 0 + subnormal, cast(x_, DType::kFloat64) * 0 + tiniest,
                               x_ * odd,           x_ + large,
                               maximum(x_, tenth), pow(exp(x_), tenth),
                               full({3}, tenth),   full({3}, tiny)};
  });
}

TEST_F(FloatingEnvironment, Optimisers) {
  expect_same([&] {
    Parameter p{"p", x_}, q{"q", x_};
    Adam adam({&p}, {.weight_decay = 0.01});
    SGD sgd({&q}, {.momentum = 0.9, .nesterov = true, .weight_decay = 0.1});
    for (int i = 0; i < 5; ++i) {
      adam.step({p.value * p.value}, 0.003);
      sgd.step({q.value * q.value}, 0.003);
    }
    return std::vector<Tensor>{p.value, q.value};
  });
}

TEST_F(FloatingEnvironment, Schedules) {
  expect_same([&] {
    std::vector<double> rates;
    for (const Schedule& schedule :
         {constant_schedule(0.1, 7), step_schedule(0.1, 3, 0.7), cosine_schedule(0.1, 90)})
      for (std::uint64_t t = 0; t < 80; ++t) rates.push_back(schedule.rate(t));
    return std::vector<Tensor>{Tensor::from(rates, {240})};
  });
}

TEST_F(FloatingEnvironment, InitialisationAndDropout) {
  expect_same([&] {
    RandomSource random(3);
    std::vector<Tensor> results;
    for (int width = 3; width < 30; ++width) {
      Sequential network(fmt::format("net{}", width));
      network.add<Linear>(width, 4, LinearSettings{.dtype = DType::kFloat64});
      network.initialize(random);
      for (const Parameter* parameter : network.parameters()) results.push_back(parameter->value);
      const std::string name = fmt::format("w{}", width);
      const Shape shape = {4, width};
      results.push_back(kaiming_uniform(random, name + "a", shape, DType::kFloat64));
      results.push_back(kaiming_normal(random, name + "b", shape, DType::kFloat64));
      results.push_back(xavier_uniform(random, name + "c", shape, DType::kFloat64));
      results.push_back(xavier_normal(random, name + "d", shape, DType::kFloat64));
      Dropout dropout(1.0 / width);
      Context context{.training = true, .random = &random};
      random.begin_step(static_cast<std::uint64_t>(width));
      results.push_back(dropout.forward(ones({9, 3}, DType::kFloat64), context));
    }
    return results;
  });
}

TEST_F(FloatingEnvironment, LossesAndGradients) {
  const Tensor labels = Tensor::from<std::int64_t>({1, 0}, {2});
  expect_same([&] {
    Tape tape;
    tape.watch({x_});
    const Tensor loss = cross_entropy_loss(x_ * 0.1, labels, 3) + mean(pow(x_, 3)) + variance(x_) * 0.7;
    return std::vector<Tensor>{loss, tape.gradient(loss, {x_})[0]};
  });
}

}  // namespace
}  // namespace tessera::nn
