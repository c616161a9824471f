#include "tessera/runs/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/base/folder_test.h"
#include "tessera/tensor/fault.h"
#include "tessera/tensor/ops.h"

namespace tessera::runs {
namespace {

using testing::HasSubstr;

struct Model : Stateful {
  Tensor weights = full({4}, 1.0F);
  void visit_state(StateVisitor& visitor) override { visitor.tensor("weights", weights); }
};

RunOptions options_of(const std::string& store, const std::string& name, double rate) {
  return {.store = store,
          .name = name,
          .configuration = {{"rate", fmt::format("{}", rate), "test"}},
          .steps = 12,
          .digest_every = 4,
          .checkpoint_every = 4,
          .catch_signals = false,
          .obey_environment = false};
}

void descend(Run& run, double rate) {
  Model model;
  run.keep("model", model);
  for (auto& step : run.steps(12)) {
    model.weights = model.weights - model.weights * rate;
    step.record("sum", sum(model.weights));
  }
  run.finish();
}

class DiffTest : public testing::Test {
 protected:
  void TearDown() override { remove_fault(); }

  std::string record(const std::string& name, double rate = 0.25, const std::string& fault = "") {
    if (!fault.empty()) plant_fault(parse_fault(fault), {.quiet = true});
    auto run = Run::open(options_of(store_.path(), name, rate));
    descend(run, rate);
    remove_fault();
    return store_ / name;
  }

  // A machine that is sound, or always has the fault.
  Reexecute machine(const std::string& fault = "") {
    return [this, fault](const std::string& folder, const ReplayOptions& part,
                         const std::optional<TraceRequest>& trace) {
      if (!fault.empty()) plant_fault(parse_fault(fault), {.quiet = true});
      const double rate = std::stod(read_claim(folder).configuration.at("rate"));
      RunOptions options = options_of(store_.path(), "", rate);
      options.trace = trace;
      auto run = Run::replay(folder, options, part);
      descend(run, rate);
      remove_fault();
      ++executions_;
      return run.replay_outcome();
    };
  }

  TestFolder store_;
  int executions_ = 0;
};

TEST_F(DiffTest, EqualRunsAreIdenticalWithoutExecutingThem) {
  const DiffResult result = diff(record("a"), record("b"), machine());
  EXPECT_TRUE(result.identical());
  EXPECT_EQ(executions_, 0);
  EXPECT_EQ(result.a.seal, result.b.seal);
}

TEST_F(DiffTest, AnotherConfigurationIsFollowedToItsOperation) {
  const DiffResult result = diff(record("a", 0.25), record("b", 0.5), machine());
  EXPECT_FALSE(result.identical());
  ASSERT_EQ(result.records->configuration.size(), 1U);
  EXPECT_EQ(result.records->configuration[0].name, "rate");
  EXPECT_EQ(result.chains->difference->step, 1U);
  EXPECT_EQ(result.chains->state_agreed, 0U);
  EXPECT_TRUE(result.a.reproduced() && result.b.reproduced());
  ASSERT_TRUE(result.traces && result.traces->difference);
  const TraceDifference& found = *result.traces->difference;
  EXPECT_EQ(found.step, 1U);
  EXPECT_EQ(found.a->kind, TraceEventKind::kHost);  // the number that the loop multiplies by
  EXPECT_EQ(found.element->a, "0.25 (0x3e800000)");
  EXPECT_EQ(found.element->b, "0.5 (0x3f000000)");
}

// What is left of a fault in a record: the steps between which it happened.
TEST_F(DiffTest, AFaultThatIsGoneIsNotReproducible) {
  const std::string a = record("a"), b = record("b", 0.25, "step=6 tensor=model.weights element=2 bit=20");
  const DiffResult result = diff(a, b, machine());
  EXPECT_FALSE(result.identical());
  EXPECT_TRUE(result.records->claims_equal());
  EXPECT_TRUE(result.a.reproduced());
  ASSERT_TRUE(result.b.fault);
  EXPECT_EQ(result.b.fault->after, 4U);
  EXPECT_EQ(result.b.fault->by, 6U);
  EXPECT_EQ(result.b.executed_from, 5U);  // from the checkpoint before
  EXPECT_FALSE(result.traces->difference);
}

// A trace that was made where the fault shows, compared with a run on a sound machine.
TEST_F(DiffTest, ATraceFromTheBrokenMachineNamesTheBit) {
  const std::string fault = "step=6 tensor=model.weights element=2 bit=20";
  const std::string a = record("a"), b = record("b", 0.25, fault), trace = store_ / "b.trace";
  const ReplayOutcome there = machine(fault)(b, {.to_step = 6}, TraceRequest{trace, 5, 6, true});
  EXPECT_FALSE(there.mismatch);  // the broken machine reproduces its own record
  for (const bool swapped : {false, true}) {
    const DiffResult result = swapped ? diff(trace, a, machine()) : diff(a, trace, machine());
    EXPECT_FALSE(result.identical());
    ASSERT_TRUE(result.traces && result.traces->difference);
    const TraceDifference& found = *result.traces->difference;
    EXPECT_EQ(found.step, 6U);
    EXPECT_EQ(found.a->name, "model.weights");
    EXPECT_EQ(found.element->element, 2);
    EXPECT_EQ(found.element->bit, 20);
    ASSERT_TRUE(found.origin);
    EXPECT_EQ(found.origin->changed_in_a, swapped);
  }
  EXPECT_TRUE(diff(trace, trace).identical());
  EXPECT_TRUE(diff(b, trace, machine(fault)).identical());
}

// A bit that flips in an operation: its inputs agree, and it is the first to differ.
TEST_F(DiffTest, AWrongResultIsNamedByItsOperation) {
  const std::string fault = "step=7 operation=1 element=3 bit=4";
  const std::string a = record("a"), trace = store_ / "b.trace";
  (void)machine(fault)(a, {.to_step = 8}, TraceRequest{trace, 6, 8, true});
  const DiffResult result = diff(a, trace, machine());
  ASSERT_TRUE(result.traces && result.traces->difference);
  const TraceDifference& found = *result.traces->difference;
  EXPECT_EQ(found.step, 7U);
  EXPECT_EQ(found.a->name, "subtract");
  EXPECT_EQ(found.inputs.size(), 2U);
  EXPECT_EQ(found.element->element, 3);
  EXPECT_EQ(found.element->bit, 4);
}

TEST_F(DiffTest, ADamagedRecordIsSaidAndNotExecuted) {
  const std::string a = record("a"), b = record("b", 0.5);
  std::string chain = read_file(b + "/chain.jsonl");
  chain[chain.size() / 2] ^= 1;
  write_file_atomically(b + "/chain.jsonl", chain);
  const DiffResult result = diff(a, b, machine());
  EXPECT_FALSE(result.identical());
  EXPECT_THAT(result.b.damage, HasSubstr("chain.jsonl"));
  EXPECT_EQ(executions_, 0);
}

TEST_F(DiffTest, WhatCannotBeExecutedIsPartOfTheAnswer) {
  const std::string a = record("a"), b = record("b", 0.5);
  const DiffResult result = diff(a, b, [](const auto&, const auto&, const auto&) -> ReplayOutcome {
    fail_with(ExitCode::kCannotRerun, "the data are not here");
  });
  EXPECT_EQ(result.a.not_executed, "the data are not here");
  EXPECT_FALSE(result.traces);
  EXPECT_EQ(result.chains->difference->step, 1U);
}

TEST(ReplayReaching, BeginsWithTheNewestCheckpointBeforeTheSteps) {
  Record record;
  record.folder = "/nowhere";
  for (std::uint64_t step = 0; step <= 8; ++step) {
    ChainLine line;
    line.step = step;
    if (step % 4 == 0 && step > 0) line.checkpoint = std::string(64, 'a');
    record.lines.push_back({line, {}});
  }
  const ReplayOptions part = replay_reaching(record, 6, 7);
  EXPECT_EQ(part.from_step, 0U);  // the chain names one, the folder does not have it
  EXPECT_EQ(part.to_step, 7U);
}

}  // namespace
}  // namespace tessera::runs
