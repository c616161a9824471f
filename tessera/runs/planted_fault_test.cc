// Faults of the machine, as a run meets them: the record knows nothing of them, a re-execution on a sound machine finds them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tessera/base/files.h"
#include "tessera/base/folder_test.h"
#include "tessera/runs/fake_state_test.h"
#include "tessera/tensor/fault.h"

namespace tessera::runs {
namespace {

using testing::HasSubstr;

class PlantedInARun : public testing::Test {
 protected:
  void TearDown() override { remove_fault(); }
  void plant(const std::string& text) { plant_fault(parse_fault(text), {.quiet = true}); }
  TestFolder store_;
};

// A tensor, a whole number and a real number of the state.
TEST_F(PlantedInARun, AFaultInMemoryIsFoundWhereItHappened) {
  const std::string seal = record_fake_run(store_.path(), "sound");
  for (const char* where : {"tensor=model.weights element=2 bit=22", "tensor=model.count element=0 bit=5",
                            "tensor=model.average element=0 bit=51"}) {
    remove_fault();
    plant(fmt::format("step=7 {}", where));
    const std::string name = fmt::format("broken-{}", std::string(where).substr(13, 5));
    EXPECT_NE(record_fake_run(store_.path(), name), seal);
    EXPECT_TRUE(fault_report().executed);
    EXPECT_TRUE(fault_report().changed());
    remove_fault();
    EXPECT_EQ(read_file(store_ / name + "/circumstances.json").find("element="), std::string::npos);
    FakeModel model;
    auto replay = Run::replay(store_ / name, fake_options("", ""));
    run_fake_loop(replay, model);
    ASSERT_TRUE(replay.replay_outcome().mismatch.has_value()) << where;
    EXPECT_GE(replay.replay_outcome().mismatch->step, 7U) << where;  // not before it happened,
    EXPECT_LE(replay.replay_outcome().mismatch->step, 8U) << where;  // nor after the next digests
  }
}

// The same fault during a re-execution speaks against a sound record.
TEST_F(PlantedInARun, AReplayOnABrokenMachineFails) {
  record_fake_run(store_.path(), "sound");
  plant("step=13 tensor=model.weights element=0 bit=22");
  FakeModel model;
  auto replay = Run::replay(store_ / "sound", fake_options("", ""), {.from_step = 10});
  run_fake_loop(replay, model);
  ASSERT_TRUE(replay.replay_outcome().mismatch.has_value());
  EXPECT_EQ(replay.replay_outcome().mismatch->step, 13U);
  EXPECT_THAT(fault_report().place, HasSubstr("step 13, model.weights"));
}

TEST_F(PlantedInARun, AStepThatIsNotExecutedHasNoFault) {
  record_fake_run(store_.path(), "sound");
  plant("step=3 tensor=model.weights element=0 bit=22");
  FakeModel model;
  auto replay = Run::replay(store_ / "sound", fake_options("", ""), {.from_step = 10});
  run_fake_loop(replay, model);
  EXPECT_TRUE(replay.replay_outcome().identical());
  EXPECT_FALSE(fault_report().executed);
}

// Only programs whose runs obey the environment look at it.
TEST_F(PlantedInARun, TheEnvironmentIsForRunsThatObeyIt) {
  setenv("TESSERA_PLANT_FAULT", "step=2 tensor=model.weights element=0 bit=3", 1);
  RunOptions options = fake_options(store_.path(), "deaf");
  options.obey_environment = false;
  {
    FakeModel model;
    auto run = Run::open(options);
    run_fake_loop(run, model);
  }
  EXPECT_FALSE(fault_planted());
  testing::internal::CaptureStderr();
  record_fake_run(store_.path(), "obedient");
  const std::string said = testing::internal::GetCapturedStderr();
  unsetenv("TESSERA_PLANT_FAULT");
  EXPECT_TRUE(fault_report().executed);
  EXPECT_THAT(said, HasSubstr("a fault is planted, as on a broken machine: step=2 tensor=model.weights"));
  EXPECT_THAT(said, HasSubstr("planted fault executed: step 2, model.weights, element 0: 0x"));
}

}  // namespace
}  // namespace tessera::runs
