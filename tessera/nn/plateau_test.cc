// The plateau schedule beside PyTorch's, early stopping, and their state.
#include "tessera/nn/plateau.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tessera/base/error.h"
#include "tessera/nn/torch_facts_test.h"

namespace tessera::nn {
namespace {

constexpr double kMetrics[] = {5, 4, 4.2, 4, 4.1, 3.9999, 3.9, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3};
const PlateauSettings kLower{
    .improvement = {.threshold = 1e-3, .relative = true}, .factor = 0.5, .patience = 1, .cooldown = 1};
const PlateauSettings kHigher{.improvement = {.better = Better::kHigher, .threshold = 0.5, .relative = false},
                              .factor = 0.25,
                              .patience = 2,
                              .least_rate = 0.002};

TEST(Plateau, FollowsPyTorch) {
  const std::pair<const char*, PlateauSettings> cases[] = {{"plateau lower", kLower},
                                                           {"plateau higher", kHigher}};
  for (const auto& [name, settings] : cases) {
    PlateauSchedule schedule(0.1, settings);
    double before = schedule.rate();
    for (std::size_t i = 0; i < std::size(kMetrics); ++i) {
      EXPECT_EQ(schedule.observe(kMetrics[i]), torch_fact(name)[i] != before) << i;
      EXPECT_DOUBLE_EQ(schedule.rate(), torch_fact(name)[i]) << name << " " << i;
      before = schedule.rate();
    }
  }
}

TEST(Plateau, KeepsTheOtherDefaultsOfAnImprovement) {
  PlateauSchedule schedule(0.1, {.improvement = {.better = Better::kHigher}, .patience = 0});
  EXPECT_FALSE(schedule.observe(100));
  EXPECT_FALSE(schedule.observe(100.02));
  EXPECT_TRUE(schedule.observe(100.025));  // by less than a part in ten thousand
}

TEST(EarlyStopping, WaitsForPatience) {
  EarlyStopping stopping({.improvement = {.better = Better::kHigher, .threshold = 0.01}, .patience = 3});
  EXPECT_FALSE(stopping.observe(NAN));
  EXPECT_EQ(stopping.best_observation(), 0);
  for (const double metric : {0.5, 0.505, 0.6, 0.2, 0.609}) stopping.observe(metric);
  EXPECT_FALSE(stopping.should_stop());
  EXPECT_FALSE(stopping.observe(0.61));  // not above 0.6 + 0.01
  EXPECT_TRUE(stopping.should_stop());
  EXPECT_EQ(stopping.best(), 0.6);
  EXPECT_EQ(stopping.best_observation(), 4);
}

// Copies every number that an object visits, or puts it back.
struct Numbers : StateVisitor {
  std::vector<double> values;
  bool restoring = false;
  std::size_t next = 0;
  void tensor(std::string_view, Tensor&) override { FAIL(); }
  void integer(std::string_view, std::int64_t& value) override {
    double real_value = static_cast<double>(value);
    real("", real_value);
    value = static_cast<std::int64_t>(real_value);
  }
  void real(std::string_view, double& value) override {
    if (restoring)
      value = values[next++];
    else
      values.push_back(value);
  }
};

// Cut at every observation: what was restored goes on as what was not.
template <typename Kind, typename Make, typename Look>
void check_resume(const Make& make, const Look& look) {
  for (std::size_t cut = 0; cut < std::size(kMetrics); ++cut) {
    Kind whole = make(), resumed = make();
    for (std::size_t i = 0; i < cut; ++i) whole.observe(kMetrics[i]);
    Numbers numbers;
    whole.visit_state(numbers);
    numbers.restoring = true;
    resumed.visit_state(numbers);
    for (std::size_t i = cut; i < std::size(kMetrics); ++i) {
      EXPECT_EQ(whole.observe(kMetrics[i]), resumed.observe(kMetrics[i]));
      EXPECT_EQ(look(whole), look(resumed)) << cut << " " << i;
    }
  }
}

TEST(Plateau, StatesResume) {
  check_resume<PlateauSchedule>([] { return PlateauSchedule(0.1, kLower); },
                                [](const PlateauSchedule& s) { return s.rate(); });
  check_resume<EarlyStopping>([] { return EarlyStopping({.patience = 4}); },
                              [](const EarlyStopping& s) { return std::pair(s.best(), s.should_stop()); });
}

TEST(Plateau, Errors) {
  EXPECT_THROW(EarlyStopping({.patience = 0}), Error);
  EXPECT_THROW(EarlyStopping({.improvement = {.threshold = -1}}), Error);
  EXPECT_THROW(PlateauSchedule(0.1, {.factor = 1}), Error);
  EXPECT_THROW(PlateauSchedule(-0.1), Error);
  EXPECT_THROW(PlateauSchedule(0.1, {.patience = -1}), Error);
}

}  // namespace
}  // namespace tessera::nn
