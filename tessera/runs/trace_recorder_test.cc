#include "tessera/runs/trace_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/base/folder_test.h"
#include "tessera/base/interrupt.h"
#include "tessera/runs/run.h"
#include "tessera/tensor/ops.h"

namespace tessera::runs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TraceHeader header_of(std::uint64_t from, std::uint64_t to, bool values = false) {
  return {.claim = std::string(64, '0'),
          .name = "test",
          .contract = "0",
          .from = from,
          .to = to,
          .values = values};
}

TraceStep only_step(const std::string& folder) {
  TraceReader reader(folder);
  TraceStep step = *reader.next();
  EXPECT_FALSE(reader.next());
  return step;
}

TEST(TraceRecorder, EventsAreInOrderAndNameTheirInputs) {
  const TestFolder folder;
  const Tensor data = Tensor::from<float>({1, 2, 3, 4}, {2, 2});  // older than the step
  Tensor weight = Tensor::from<float>({1, -1}, {2, 1});
  TraceRecorder recorder(folder / "trace", header_of(5, 5));
  recorder.begin_step(5, {{"weight", weight}});
  {
    const OpScope scope("forward");
    weight = matmul(data, weight) * 0.5;
  }
  recorder.end_step({{"loss", 0.25}});
  EXPECT_TRUE(recorder.complete());

  const TraceStep step = only_step(folder / "trace");
  EXPECT_EQ(step.step, 5U);
  EXPECT_EQ(step.scalars, (std::map<std::string, double>{{"loss", 0.25}}));
  ASSERT_EQ(step.events.size(), 5U);
  EXPECT_EQ(step.events[0].kind, TraceEventKind::kState);
  EXPECT_EQ(step.events[0].name, "weight");
  EXPECT_EQ(step.events[1].kind, TraceEventKind::kOlder);  // it is known when it is used
  EXPECT_EQ(step.events[2].name, "matmul");
  EXPECT_THAT(step.events[2].inputs, ElementsAre(1, 0));
  EXPECT_EQ(step.events[3].kind, TraceEventKind::kHost);
  EXPECT_EQ(step.events[4].name, "multiply");
  EXPECT_THAT(step.events[4].inputs, ElementsAre(2, 3));
  EXPECT_EQ(step.events[4].scope, "forward");
  EXPECT_THAT(step.events[4].where, testing::StartsWith("tessera/runs/trace_recorder_test.cc:"));
  EXPECT_EQ(step.events[4].root, leaves_of(weight).root);
}

TEST(TraceRecorder, OnlyTheStepsOfTheRangeAreSeen) {
  const TestFolder folder;
  TraceRecorder recorder(folder / "trace", header_of(2, 3));
  for (std::uint64_t step = 1; step <= 4; ++step) {
    recorder.begin_step(step, {});
    (void)full({2}, static_cast<double>(step));
    recorder.end_step({});
    (void)full({2}, 0.5);  // between the steps
  }
  TraceReader reader(folder / "trace");
  for (std::uint64_t step = 2; step <= 3; ++step) {
    const auto found = reader.next();
    ASSERT_TRUE(found);
    ASSERT_EQ(found->events.size(), 1U);
    EXPECT_EQ(found->events[0].attributes, fmt::format("value {}", step));
  }
  EXPECT_FALSE(reader.next());
}

// A view of a reshaped tensor is hashed once, a transposed one has another order of elements.
TEST(TraceRecorder, ViewsHaveTheDigestOfTheirOwnElements) {
  const TestFolder folder;
  TraceRecorder recorder(folder / "trace", header_of(1, 1, true));
  recorder.begin_step(1, {});
  const Tensor x = Tensor::from<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  const Tensor flat = x.reshape({6}), turned = x.transpose(), part = x.slice({Range(1, 2)});
  recorder.end_step({});
  const TraceStep step = only_step(folder / "trace");
  ASSERT_EQ(step.events.size(), 4U);
  EXPECT_EQ(step.events[1].root, step.events[0].root);
  EXPECT_EQ(step.events[2].root, leaves_of(turned).root);
  EXPECT_NE(step.events[2].root, step.events[0].root);
  EXPECT_EQ(step.events[3].root, leaves_of(part).root);
  const TraceReader reader(folder / "trace");
  EXPECT_TRUE(same_bits(*reader.values(1, 2, step.events[2]), turned));
}

// An older tensor's memory that changes between steps shows in what is computed from it, not in the tensor itself, which is hashed once.
TEST(TraceRecorder, OlderTensorsAreHashedOnceAndHaveNoValues) {
  const TestFolder folder;
  const Tensor data = Tensor::from<float>({1, 2}, {2});
  TraceRecorder recorder(folder / "trace", header_of(1, 2, true));
  for (std::uint64_t step = 1; step <= 2; ++step) {
    recorder.begin_step(step, {});
    (void)negate(data);
    recorder.end_step({});
    static_cast<float*>(data.view().data)[0] = 7;  // a broken memory
  }
  TraceReader reader(folder / "trace");
  const TraceStep first = *reader.next(), second = *reader.next();
  EXPECT_EQ(first.events[0].root, second.events[0].root);
  EXPECT_NE(first.events[1].root, second.events[1].root);
  EXPECT_FALSE(reader.values(1, 0, first.events[0]).has_value());
  EXPECT_TRUE(reader.values(1, 1, first.events[1]).has_value());
}

// ---- In a run ----

struct Counter : Stateful {
  Tensor value = zeros({3});
  void visit_state(StateVisitor& visitor) override { visitor.tensor("value", value); }
};

RunOptions options_of(const TestFolder& folder) {
  return {.store = folder / "runs",
          .name = "count",
          .steps = 6,
          .digest_every = 2,
          .checkpoint_every = 2,
          .catch_signals = false};
}

void count(Run& run, double by = 1) {
  Counter counter;
  run.keep("counter", counter);
  for (auto& step : run.steps(6)) {
    counter.value = counter.value + by;
    step.record("sum", sum(counter.value));
  }
  run.finish();
}

TEST(TraceOfARun, AReplayFromACheckpointIsTracedAsTheRunItself) {
  const TestFolder folder;
  RunOptions options = options_of(folder);
  options.trace = TraceRequest{folder / "live", 4, 5, false};
  auto run = Run::open(options);
  count(run);
  options.trace = TraceRequest{folder / "replayed", 4, 5, false};
  auto replay = Run::replay(folder / "runs/count", options, {.from_step = 2, .to_step = 5});
  count(replay);
  EXPECT_TRUE(replay.replay_outcome().identical());
  TraceReader live(folder / "live"), replayed(folder / "replayed");
  EXPECT_EQ(live.header().claim, replayed.header().claim);
  while (const auto step = live.next()) {
    const auto again = replayed.next();
    ASSERT_TRUE(again);
    ASSERT_EQ(step->events.size(), again->events.size());
    for (std::uint32_t i = 0; i < step->events.size(); ++i)
      EXPECT_EQ(trace_event_text(i, step->events[i]), trace_event_text(i, again->events[i]));
    EXPECT_EQ(step->scalars, again->scalars);
  }
}

// That is what a trace is for: the machine computes something else, and goes on.
TEST(TraceOfARun, AMismatchDoesNotEndATracedReplay) {
  const TestFolder folder;
  auto run = Run::open(options_of(folder));
  count(run);
  RunOptions options = options_of(folder);
  options.trace = TraceRequest{folder / "trace", 1, 5, false};
  auto replay = Run::replay(folder / "runs/count", options, {.to_step = 5});
  count(replay, 1.5);
  ASSERT_TRUE(replay.replay_outcome().mismatch);
  EXPECT_EQ(replay.replay_outcome().mismatch->step, 1U);
  TraceReader reader(folder / "trace");
  std::uint64_t steps = 0;
  while (reader.next()) ++steps;
  EXPECT_EQ(steps, 5U);
}

TEST(TraceOfARun, StepsThatAreNotReachedAreSaidAndLeaveNothing) {
  const TestFolder folder;
  RunOptions options = options_of(folder);
  options.steps = 0;
  options.trace = TraceRequest{folder / "trace", 5, 9, false};
  auto run = Run::open(options);
  try {
    count(run);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("the trace was to hold steps 5 to 9; the computation ended after step 6"));
  }
  EXPECT_EQ(run_status(folder / "runs/count"), RunStatus::kSealed);  // the run itself is whole
  EXPECT_FALSE(exists(folder / "trace"));
}

// Ctrl-C: the replay ends after its step, and no half trace stays.
TEST(TraceOfARun, AnInterruptedReplayLeavesNoTrace) {
  const TestFolder folder;
  auto run = Run::open(options_of(folder));
  count(run);
  RunOptions options = options_of(folder);
  options.trace = TraceRequest{folder / "trace", 1, 6, false};
  const InterruptGuard guard;
  {
    auto replay = Run::replay(folder / "runs/count", options);
    std::raise(SIGINT);
    try {
      count(replay);
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("interrupted after step 0"));
    }
  }
  EXPECT_THAT(names_in_folder(folder.path()), ElementsAre("runs"));
}

// The step's line was not written, so no seal may speak of the state after it.
TEST(TraceOfARun, AnErrorOfTheTraceEndsTheRun) {
  const TestFolder folder;
  RunOptions options = options_of(folder);
  options.trace = TraceRequest{folder / "trace", 2, 3, false};
  auto run = Run::open(options);
  Counter counter;
  run.keep("counter", counter);
  bool refused = false;
  try {
    for (auto& step : run.steps(6)) {
      counter.value = counter.value + 1;
      step.record("sum", sum(counter.value));
      if (step.number() == 3) make_folders(folder / "trace");  // in the place that the trace is to have
    }
  } catch (const Error& error) {
    refused = true;
    EXPECT_THAT(error.what(), HasSubstr("exists already"));
  }
  EXPECT_TRUE(refused);
  EXPECT_THROW(run.finish(), Error);
  EXPECT_FALSE(exists(folder / "runs/count/seal.json"));
}

TEST(TraceOfARun, ARangeBeforeTheExecutionIsAUsageError) {
  const TestFolder folder;
  auto run = Run::open(options_of(folder));
  count(run);
  RunOptions options = options_of(folder);
  options.trace = TraceRequest{folder / "trace", 2, 3, false};
  auto replay = Run::replay(folder / "runs/count", options, {.from_step = 2});
  try {
    count(replay);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("cannot trace steps 2 to 3"));
  }
}

}  // namespace
}  // namespace tessera::runs
