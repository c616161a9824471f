// Clipping beside PyTorch's; averages; the bits of accumulated gradients.
#include "tessera/nn/clipping.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/nn/averaging.h"
#include "tessera/nn/torch_facts_test.h"
#include "tessera/numerics/reduce.h"

namespace tessera::nn {
namespace {

TEST(Clipping, ByNormIsPyTorchs) {
  use_backend("reference");
  std::vector<Tensor> gradients = {pattern(12, {3, 2}), pattern(13, {4})};
  const double norm = clip_by_norm(gradients, 1.5);
  expect_fact("clip_grad_norm", {Tensor::from<double>({norm}, {1}), gradients[0], gradients[1]});
  const std::vector<Tensor> before = gradients;
  EXPECT_NEAR(clip_by_norm(gradients, 2), 1.5, 1e-5);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_TRUE(same_bits(gradients[i], before[i])) << "short enough";
}

TEST(Clipping, NormsHaveTheSameBitsOnAnyThreads) {
  use_backend("cpu");
  RandomSource random(1);
  const std::vector<Tensor> gradients = {random.normal("a", {70'001}), random.normal("b", {3, 5}),
                                         random.normal("c", {513, 129}), zeros({0, 4})};
  const int threads = thread_count();
  use_backend("reference");
  const double expected = global_norm(gradients);
  use_backend("cpu");
  for (const int count : {1, 2, 3, 7}) {
    set_thread_count(count);
    EXPECT_EQ(global_norm(gradients), expected) << count;
  }
  set_thread_count(threads);
  use_backend("reference");
}

TEST(Clipping, ByValue) {
  use_backend("reference");
  std::vector<Tensor> gradients = {Tensor::from<float>({-3, -0.5F, 0, 7, INFINITY, NAN}, {6})};
  clip_by_value(gradients, 2);
  const auto found = gradients[0].to_vector<float>();
  EXPECT_EQ(std::vector<float>(found.begin(), found.end() - 1), (std::vector<float>{-2, -0.5F, 0, 2, 2}));
  EXPECT_TRUE(std::isnan(found.back()));
  EXPECT_THROW(clip_by_value(gradients, 0), Error);
  EXPECT_THROW(clip_by_norm(gradients, -1), Error);
  EXPECT_TRUE(std::isnan(clip_by_norm(gradients, 1)));
}

// Of filters and rows alike; after it no unit is longer than the limit by more than rounding, and shorter ones are untouched.
TEST(Clipping, MaxNormIsPerUnit) {
  use_backend("reference");
  Parameter filters{"f", pattern(1, {4, 2, 3, 3}, 2)}, bias{"b", pattern(2, {4}, 100)};
  const Tensor before = filters.value, before_bias = bias.value;
  constexpr double kLimit = 4.8;
  constrain_max_norm({&filters, &bias}, kLimit);
  EXPECT_TRUE(same_bits(bias.value, before_bias));
  int shortened = 0;
  for (std::int64_t unit = 0; unit < 4; ++unit) {
    const Tensor now = slice(filters.value, {unit}), then = slice(before, {unit});
    const double length = std::sqrt(sum_squares(then).item<double>());
    EXPECT_NEAR(std::sqrt(sum_squares(now).item<double>()), std::min(length, kLimit), 1e-12);
    EXPECT_TRUE(length > kLimit || same_bits(now, then));
    shortened += length > kLimit ? 1 : 0;
  }
  EXPECT_EQ(shortened, 2);
  Parameter zero{"z", zeros({2, 2})};
  constrain_max_norm({&zero}, 3);
  EXPECT_EQ(sum_squares(zero.value).item<float>(), 0);
}

// ---- Averages ----

TEST(Averaging, KindsAreTheirFormulas) {
  use_backend("reference");
  Parameter p{"p", pattern(0, {3})};
  WeightAverage equal({&p}, {.kind = WeightAverage::Kind::kEqual}), recent({&p}, {.decay = 0.75});
  Tensor sum_of_values = zeros({3}, DType::kFloat64), decayed;
  for (int i = 0; i < 5; ++i) {
    p.value = pattern(i, {3});
    equal.observe();
    recent.observe();
    sum_of_values = sum_of_values + p.value;
    decayed = i == 0 ? p.value : decayed * 0.75 + p.value * 0.25;
  }
  const Tensor value = p.value;
  equal.swap();
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(p.value.at<double>({i}), sum_of_values.at<double>({i}) / 5, 1e-15);
  EXPECT_THROW(equal.observe(), Error);
  equal.swap();
  EXPECT_TRUE(same_bits(p.value, value));
  recent.swap();
  EXPECT_TRUE(same_bits(p.value, decayed));
}

struct Copy : StateVisitor {
  std::vector<Tensor> tensors;
  std::int64_t count = 0;
  bool restoring = false;
  std::size_t next = 0;
  void tensor(std::string_view name, Tensor& value) override {
    EXPECT_EQ(name, "average.p");
    if (restoring)
      value = tensors[next++];
    else
      tensors.push_back(value);
  }
  void integer(std::string_view, std::int64_t& value) override {
    if (restoring)
      value = count;
    else
      count = value;
  }
  void real(std::string_view, double&) override { FAIL(); }
};

TEST(Averaging, StateResumes) {
  use_backend("reference");
  for (const auto kind : {WeightAverage::Kind::kEqual, WeightAverage::Kind::kExponential}) {
    Parameter p{"p", pattern(0, {3})};
    WeightAverage whole({&p}, {.kind = kind}), resumed({&p}, {.kind = kind});
    EXPECT_THROW(whole.swap(), Error);
    for (int i = 0; i < 3; ++i, p.value = pattern(i, {3})) whole.observe();
    Copy copy;
    whole.visit_state(copy);
    copy.restoring = true;
    resumed.visit_state(copy);
    EXPECT_EQ(resumed.observations(), 3);
    whole.observe();
    resumed.observe();
    whole.swap();
    const Tensor expected = p.value;
    EXPECT_THROW(whole.visit_state(copy), Error);
    whole.swap();
    resumed.swap();
    EXPECT_TRUE(same_bits(p.value, expected));
  }
}

TEST(GradientSum, IsTheTreeOfShards) {
  use_backend("reference");
  RandomSource random(1);
  const Tensor all = random.normal("g", {40, 7});
  for (std::int64_t count = 1; count <= 40; ++count) {
    GradientSum sums;
    for (std::int64_t i = 0; i < count; ++i) sums.add({slice(all, {i})});
    EXPECT_EQ(sums.count(), count);
    const Tensor expected = numerics::tree_combine(
        count, [&](std::int64_t i) { return slice(all, {i}); },
        [](const Tensor& left, const Tensor& right) { return left + right; });
    EXPECT_TRUE(same_bits(sums.take()[0], expected)) << count;
  }
  GradientSum sums;
  EXPECT_THROW(sums.take(), Error);
  sums.add({all});
  EXPECT_THROW(sums.add({all, all}), Error);
  EXPECT_THROW(sums.add({slice(all, {0})}), Error);  // would broadcast
  EXPECT_THROW(sums.add({all.to(DType::kFloat64)}), Error);
  EXPECT_EQ(sums.count(), 1);
}

}  // namespace
}  // namespace tessera::nn
