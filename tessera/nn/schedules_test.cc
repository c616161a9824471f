#include "tessera/nn/schedules.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tessera/base/error.h"
#include "tessera/nn/torch_facts_test.h"

namespace tessera::nn {
namespace {

TEST(Schedules, ConstantAndStep) {
  EXPECT_EQ(constant_schedule(0.3).rate(0), 0.3);
  EXPECT_EQ(constant_schedule(0.3).rate(1'000'000), 0.3);
  const Schedule halving = step_schedule(0.8, 10, 0.5);
  const double expected[] = {0.8, 0.4, 0.2, 0.1};
  for (std::uint64_t step = 0; step < 40; ++step) EXPECT_EQ(halving.rate(step), expected[step / 10]) << step;
}

TEST(Schedules, CosineIsTheClosedForm) {
  const Schedule schedule = cosine_schedule(0.5, 100, 0.1);
  EXPECT_EQ(schedule.rate(0), 0.5);
  EXPECT_NEAR(schedule.rate(50), 0.3, 1e-15);
  EXPECT_EQ(schedule.rate(100), 0.1);
  EXPECT_EQ(schedule.rate(5000), 0.1);
  for (std::uint64_t t = 0; t < 100; ++t) {
    EXPECT_NEAR(schedule.rate(t), 0.1 + 0.2 * (1 + std::cos(M_PI * static_cast<double>(t) / 100)), 1e-15);
    EXPECT_GT(schedule.rate(t), schedule.rate(t + 1));
  }
}

void expect_rates(const std::string& name, const Schedule& schedule) {
  const std::vector<double>& expected = torch_fact("schedule " + name);
  for (std::size_t t = 0; t < expected.size(); ++t)
    EXPECT_NEAR(schedule.rate(t), expected[t], 1e-15) << name << " " << t;
}

TEST(Schedules, OthersArePyTorchs) {
  expect_rates("one_cycle", one_cycle_schedule(0.5, 20));
  expect_rates(
      "one_cycle set",
      one_cycle_schedule(0.5, 17, {.rising_part = 0.4, .initial_division = 4, .final_division = 100}));
  expect_rates("restarts", cosine_restarts_schedule(0.1, 5, 1, 0.01));
  expect_rates("restarts growing", cosine_restarts_schedule(0.1, 3, 2));
  expect_rates("exponential", exponential_schedule(0.1, 0.9));
}

TEST(Schedules, OthersAtTheirEnds) {
  const Schedule cycle = one_cycle_schedule(0.5, 20);
  EXPECT_EQ(cycle.rate(19), 0.5 / 25 / 10'000);
  EXPECT_EQ(cycle.rate(1'000'000), cycle.rate(19));
  EXPECT_EQ(one_cycle_schedule(0.5, 10, {.rising_part = 0}).rate(9), 0.5 / 25 / 10'000);
  EXPECT_EQ(cosine_restarts_schedule(0.1, 5, 1, 0, 3).rate(3 + 5'000'000'000), 0.1);  // after a warm-up
  EXPECT_EQ(cosine_restarts_schedule(0.1, 1, 3).rate(1 + 3 + 9), 0.1);
  EXPECT_THROW(cosine_restarts_schedule(0.1, 0), Error);
  EXPECT_THROW(cosine_restarts_schedule(0.1, 5, 0), Error);
  EXPECT_THROW(one_cycle_schedule(0.1, 0), Error);
  EXPECT_THROW(one_cycle_schedule(0.1, 10, {.rising_part = 1}), Error);
  EXPECT_THROW(one_cycle_schedule(0.1, 10, {.final_division = 0}), Error);
}

// The rise has ended with the first step, which has the highest rate.
TEST(Schedules, OneCycleWithoutARise) {
  const Schedule schedule = one_cycle_schedule(0.1, 10, {.rising_part = 0.1});
  EXPECT_NEAR(schedule.rate(0), 0.1, 1e-15);
  for (std::uint64_t t = 0; t < 9; ++t) EXPECT_GT(schedule.rate(t), schedule.rate(t + 1)) << t;
}

TEST(Schedules, WarmUpRisesToTheRateAndThenFollows) {
  const Schedule schedule = cosine_schedule(1, 104, 0, 4);
  for (std::uint64_t t = 0; t < 4; ++t) EXPECT_DOUBLE_EQ(schedule.rate(t), 0.2 * static_cast<double>(t + 1));
  EXPECT_EQ(schedule.rate(4), 1);
  EXPECT_NEAR(schedule.rate(54), 0.5, 1e-15);
  EXPECT_EQ(schedule.rate(104), 0);
  const Schedule steps = step_schedule(1, 10, 0.5, 5);
  EXPECT_EQ(steps.rate(14), 1);
  EXPECT_EQ(steps.rate(15), 0.5);
}

TEST(Schedules, Errors) {
  EXPECT_THROW(constant_schedule(-1), Error);
  EXPECT_THROW(constant_schedule(NAN), Error);
  EXPECT_THROW(step_schedule(1, 0, 0.5), Error);
  EXPECT_THROW(step_schedule(1, 5, -0.5), Error);
  EXPECT_THROW(cosine_schedule(1, 10, 0, 10), Error);
}

}  // namespace
}  // namespace tessera::nn
