// Re-execution of recorded programs: identical, or where it is not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "tessera/base/folder_test.h"
#include "tessera/base/message_test.h"
#include "tessera/runs/check.h"
#include "tessera/runs/checkpoint.h"
#include "tessera/runs/fake_state_test.h"
#include "tessera/runs/run.h"

namespace tessera::runs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Replay, TheSameProgramIsIdentical) {
  TestFolder store;
  const std::string seal = record_fake_run(store.path(), "a");
  const std::string before = read_file(store / "a/chain.jsonl");
  for (const std::uint64_t from : {0, 10, 15}) {
    FakeModel model;
    auto run = Run::replay(store / "a", fake_options("", ""), {.from_step = from});
    EXPECT_EQ(run_fake_loop(run, model), seal);
    EXPECT_TRUE(run.replay_outcome().identical());
    EXPECT_EQ(run.replay_outcome().first_step, from);
    EXPECT_EQ(run.replay_outcome().last_step, 20U);
    EXPECT_EQ(run.replay_outcome().tensors, 5U);
  }
  EXPECT_EQ(read_file(store / "a/chain.jsonl"), before);
  EXPECT_EQ(names_in_folder(store / "a").size(), 6U);
  const auto message_from = [&](std::uint64_t step) {
    FakeModel model;
    auto run = Run::replay(store / "a", fake_options("", ""), {.from_step = step});
    run.keep("model", model);
    return message_of([&] { run.start(); });
  };
  EXPECT_THAT(message_from(7),
              HasSubstr("there is no checkpoint of step 7; the steps that have one: 10, 15"));
  EXPECT_THAT(message_from(20),
              HasSubstr("nothing comes after step 20: step 20 is the last one; the earlier steps "
                        "with a checkpoint: 10, 15"));
  EXPECT_THAT(message_from(21), HasSubstr("nothing comes after step 21: step 20 is the last one"));
}

TEST(Replay, AScalarThatDiffersIsNamedFirst) {
  TestFolder store;
  record_fake_run(store.path(), "a");
  FakeModel model;
  auto run = Run::replay(store / "a", fake_options("", ""));
  run.keep("model", model);
  std::uint64_t last = 0;
  for (auto& step : run.steps(20)) {
    last = step.number();
    if (step.number() == 7) model.disturb();
    step.record("average", model.step(step.number()));
    if (step.number() % 3 == 0) step.record("third", static_cast<double>(step.number()));
  }
  EXPECT_EQ(run.finish(), "");  // the seal belongs to another computation
  EXPECT_EQ(last, 7U);          // it ends at the mismatch
  ASSERT_TRUE(run.replay_outcome().mismatch.has_value());
  EXPECT_EQ(run.replay_outcome().mismatch->step, 7U);
  EXPECT_EQ(run.replay_outcome().mismatch->what, "scalar 'average'");
  EXPECT_FALSE(run.replay_outcome().identical());
  EXPECT_THAT(run.replay_outcome().mismatch->sentence(), HasSubstr("step 7: scalar 'average' is "));
}

TEST(Replay, ATensorThatDiffersIsNamed) {
  TestFolder store;
  record_fake_run(store.path(), "a");
  FakeModel model;
  auto run = Run::replay(store / "a", fake_options("", ""));
  run.keep("model", model);
  for (auto& step : run.steps(20)) {
    step.record("average", model.step(step.number()));
    if (step.number() % 3 == 0) step.record("third", static_cast<double>(step.number()));
    if (step.number() == 12) model.disturb();  // after its value was recorded
  }
  run.finish();
  ASSERT_TRUE(run.replay_outcome().mismatch.has_value());
  EXPECT_EQ(run.replay_outcome().mismatch->step, 12U);
  EXPECT_EQ(run.replay_outcome().mismatch->what, "tensor 'model.average'");
}

TEST(Replay, AnotherNumberOfStepsIsAMismatch) {
  TestFolder store;
  const auto record = [&](const char* name, std::uint64_t steps) {
    FakeModel model;
    auto run = Run::open(fake_options(store.path(), name, 0));
    run_fake_loop(run, model, steps);
  };
  record("ten", 10);
  for (const std::uint64_t steps : {9, 11}) {
    FakeModel model;
    auto run = Run::replay(store / "ten", fake_options("", "", 0));
    run_fake_loop(run, model, steps);
    ASSERT_TRUE(run.replay_outcome().mismatch.has_value()) << steps;
    EXPECT_EQ(run.replay_outcome().mismatch->what, "the end of the run");
    EXPECT_FALSE(run.replay_outcome().identical());
  }
}

TEST(Replay, AnUnfinishedRecordIsComparedAsFarAsItGoes) {
  TestFolder store;
  try {
    FakeModel model;
    auto run = Run::open(fake_options(store.path(), "a"));
    run.keep("model", model);
    for (auto& step : run.steps(20)) {
      step.record("average", model.step(step.number()));
      if (step.number() % 3 == 0) step.record("third", static_cast<double>(step.number()));
      if (step.number() == 13) fail("power cut");
    }
  } catch (const Error&) {
  }
  FakeModel model;
  auto run = Run::replay(store / "a", fake_options("", ""));
  EXPECT_EQ(run_fake_loop(run, model), "");
  EXPECT_FALSE(run.replay_outcome().mismatch.has_value());
  EXPECT_FALSE(run.replay_outcome().complete);
  EXPECT_FALSE(run.replay_outcome().identical());
  EXPECT_EQ(run.replay_outcome().last_step, 12U);
  EXPECT_EQ(model.count(), 12);
}

TEST(Replay, AShortenedChainIsNeverIdentical) {
  TestFolder store;
  record_fake_run(store.path(), "a");
  const std::string text = read_file(store / "a/chain.jsonl");
  write_file_atomically(store / "a/chain.jsonl", text.substr(0, text.rfind('\n', text.size() - 2) + 1));
  FakeModel model;
  auto run = Run::replay(store / "a", fake_options("", ""));
  EXPECT_EQ(run_fake_loop(run, model), "");
  EXPECT_FALSE(run.replay_outcome().identical());
  EXPECT_EQ(run.replay_outcome().last_step, 20U);
}

// Killed between its claim and its first line.
TEST(Replay, AnEmptyChainIsUnsealed) {
  TestFolder store;
  { auto run = Run::open(fake_options(store.path(), "a")); }
  EXPECT_EQ(check_record(store / "a").code(), ExitCode::kUnsealed);
  for (const bool by_environment : {false, true}) {
    try {
      if (by_environment) setenv("TESSERA_REPLAY", (store / "a").c_str(), 1);
      FakeModel model;
      auto run =
          by_environment ? Run::open(fake_options("", "")) : Run::replay(store / "a", fake_options("", ""));
      run_fake_loop(run, model);
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kUnsealed);
      EXPECT_THAT(error.what(), HasSubstr("the chain has no line"));
    }
    unsetenv("TESSERA_REPLAY");
  }
}

TEST(Replay, AnotherClaimIsRefused) {
  TestFolder store;
  record_fake_run(store.path(), "a");
  RunOptions options = fake_options("", "");
  options.configuration[0].value = "0.2";
  EXPECT_THAT(message_of([&] { Run::replay(store / "a", options); }),
              HasSubstr("configuration key 'lr': '0.1' in the record, '0.2' now"));
}

// What `verify` does with a user's own program.
TEST(Replay, TheEnvironmentTurnsAnyProgramIntoAReplay) {
  TestFolder store;
  const std::string seal = record_fake_run(store.path(), "a");
  setenv("TESSERA_REPLAY", (store / "a").c_str(), 1);
  setenv("TESSERA_REPLAY_REPORT", (store / "report.json").c_str(), 1);
  EXPECT_EQ(record_fake_run(store / "elsewhere", "b"), seal);
  EXPECT_THAT(message_of([&] { record_fake_run(store / "elsewhere", "c"); }),
              HasSubstr("cannot open a second run"));
  unsetenv("TESSERA_REPLAY");
  unsetenv("TESSERA_REPLAY_REPORT");
  EXPECT_FALSE(exists(store / "elsewhere"));
  const ReplayOutcome outcome = parse_replay_outcome(read_file(store / "report.json"), "report");
  EXPECT_TRUE(outcome.identical());
  EXPECT_EQ(outcome.last_step, 20U);
}

TEST(Replay, OutcomesAreWrittenAndRead) {
  ReplayOutcome outcome{.first_step = 1, .last_step = 2, .recorded_steps = 3, .tensors = 4, .digests = 5};
  outcome.mismatch = Mismatch{2, "scalar 'x'", "1", "2"};
  const ReplayOutcome read = parse_replay_outcome(replay_outcome_text(outcome), "r");
  EXPECT_EQ(replay_outcome_text(read), replay_outcome_text(outcome));
  EXPECT_EQ(read.mismatch->sentence(), "step 2: scalar 'x' is 1 in the record and 2 now");
  EXPECT_THROW(parse_replay_outcome("{}", "r"), Error);
}

}  // namespace
}  // namespace tessera::runs
