#include "tessera/train/loss_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tessera/base/files.h"
#include "tessera/runs/run.h"

namespace tessera::train {
namespace {

struct Counter : StepObserver {
  int steps = 0;
  bool on_step(const StepReport& report) override { return ++steps, report.step < 3; }
};

TEST(LossWatch, SaysTheFirstLossThatIsNotFiniteAndPassesStepsOn) {
  Counter behind;
  LossWatch watch(behind);
  testing::internal::CaptureStderr();
  const auto step = [&](std::uint64_t number, double generator, double gap) {
    const StepScalar scalars[] = {{"generator_loss", generator}, {"gap", gap}};
    return watch.on_step({number, scalars});
  };
  EXPECT_TRUE(step(1, 0.5, std::nan("")));  // a gap is no loss
  EXPECT_FALSE(watch.not_finite_since());
  EXPECT_TRUE(step(2, std::numeric_limits<double>::infinity(), 0));
  EXPECT_FALSE(step(3, std::nan(""), 0));
  EXPECT_EQ(
      testing::internal::GetCapturedStderr(),
      "note: step 2: the generator loss is inf, no longer a finite number; a lower learning rate may help\n");
  EXPECT_EQ(watch.not_finite_since(), std::optional<std::uint64_t>(2));
  EXPECT_EQ(behind.steps, 3);
}

TEST(LossWatch, TheRecordKnowsTheStep) {
  const ScratchFolder folder("loss-watch");
  const auto recorded = [&](const std::string& name, const std::string& scalar) {
    runs::Run run = runs::Run::open({.store = folder.path(), .name = name, .obey_environment = false});
    for (auto& step : run.steps(3)) step.record(scalar, step.number() == 2 ? std::nan("") : 1.0);
    run.finish();
    return recorded_not_finite_since(run.folder());
  };
  EXPECT_EQ(recorded("a", "discriminator_loss"), std::optional<std::uint64_t>(2));
  EXPECT_EQ(recorded("b", "accuracy"), std::nullopt);
}

}  // namespace
}  // namespace tessera::train
