#include "tessera/runs/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "tessera/base/folder_test.h"
#include "tessera/base/message_test.h"
#include "tessera/runs/check.h"
#include "tessera/runs/checkpoint.h"
#include "tessera/runs/fake_state_test.h"
#include "tessera/runs/run_folder.h"

namespace tessera::runs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Run, LeavesARecordThatCanBeReadWithoutTessera) {
  TestFolder store;
  const std::string seal = record_fake_run(store.path(), "a");
  const std::string folder = store / "a";
  EXPECT_THAT(names_in_folder(folder), ElementsAre("chain.jsonl", "checkpoints", "circumstances.json",
                                                   "claim.json", "seal.json", "timing.jsonl"));
  const Record record = read_record(folder);
  ASSERT_TRUE(record.seal.has_value());
  EXPECT_EQ(to_hex(seal_value(*record.seal)), seal);
  ASSERT_EQ(record.lines.size(), 22U);  // steps 0 to 20, and the closing line
  EXPECT_EQ(record.lines[0].line.previous, sha256(read_file(folder + "/claim.json")));
  for (std::uint64_t step = 0; step <= 20; ++step) {
    const ChainLine& line = record.lines[step].line;
    EXPECT_EQ(line.step, step);
    EXPECT_EQ(line.scalars.contains("average"), step > 0);
    EXPECT_EQ(line.scalars.contains("third"), step > 0 && step % 3 == 0);
    EXPECT_EQ(!line.state.empty(), step % 4 == 0 || step % 5 == 0);
    EXPECT_EQ(!line.checkpoint.empty(), step > 0 && step % 5 == 0);
    EXPECT_FALSE(line.closing);
  }
  EXPECT_TRUE(record.closed());
  EXPECT_EQ(record.lines[0].line.state.size(), 4U);  // the moment does not exist yet
  EXPECT_EQ(record.lines[21].line.state.size(), 5U);
  EXPECT_EQ(run_status(folder), RunStatus::kSealed);
  EXPECT_TRUE(check_record(folder).intact());
}

TEST(Run, TheSealDependsOnTheClaimAndTheResultOnly) {
  TestFolder store;
  const std::string seal = record_fake_run(store.path(), "a");
  EXPECT_EQ(record_fake_run(store.path(), "another-name"), seal);
  FakeModel model;
  RunOptions options = fake_options(store.path(), "c");
  options.configuration[0].origin = "--set";
  options.kept_checkpoints = 100;
  options.command = {"something", "else"};
  auto run = Run::open(options);
  EXPECT_EQ(run_fake_loop(run, model), seal);

  FakeModel other;
  options.name = "d";
  options.seed = 43;
  auto other_run = Run::open(options);
  EXPECT_NE(run_fake_loop(other_run, other), seal);
}

TEST(Run, RecordsNoPasswordOfAnAddressInItsCommand) {
  RunOptions options;
  options.command = {"python", "-c", "read('postgresql://me:hush42@h/d', 1)",
                     "--set=data.table=postgres://me:hush42@h"};
  EXPECT_THAT(
      circumstances_of(options, "a").command,
      ElementsAre("python", "-c", "read('postgresql://me@h/d', 1)", "--set=data.table=postgres://me@h"));
}

TEST(Run, KeepsTheNewestCheckpointsAndTheFinalOne) {
  TestFolder store;
  for (const std::size_t kept : {1, 2, 3}) {
    FakeModel model;
    RunOptions options = fake_options(store.path(), fmt::format("kept-{}", kept), 22);
    options.kept_checkpoints = kept;
    auto run = Run::open(options);
    run_fake_loop(run, model, 22);
    EXPECT_EQ(checkpoints_in(run.folder()).size(), kept + 1);
  }
}

// Steps that are shorter than a sync of the disk: their checkpoints are named, most of their files never written.
TEST(Run, WritesCheckpointsAtMostOnceInAWhile) {
  TestFolder store;
  const std::string seal = record_fake_run(store.path(), "each");
  FakeModel model;
  RunOptions options = fake_options(store.path(), "seldom");
  options.checkpoint_seconds = 3600;
  auto run = Run::open(options);
  EXPECT_EQ(run_fake_loop(run, model), seal);
  EXPECT_EQ(checkpoints_in(run.folder()).size(), 1U);
  EXPECT_TRUE(check_record(run.folder()).intact());
}

TEST(Run, CheckpointsHoldTheState) {
  TestFolder store;
  record_fake_run(store.path(), "a");
  FakeModel expected, restored;
  for (std::uint64_t step = 1; step <= 20; ++step) expected.step(step);
  const Record record = read_record(store / "a");
  const auto state = load_checkpoint(record.folder, record.seal->checkpoint);
  restore_object("model", restored, state, "a");
  EXPECT_EQ(restored.count(), 20);
  EXPECT_EQ(restored.step(21), expected.step(21));
  FakeModel too_big(7);
  EXPECT_THAT(message_of([&] { restore_object("model", too_big, state, "a"); }),
              HasSubstr("a: the tensor 'model.weights' is float32 [6], the program's is float32 [7]"));
  EXPECT_THAT(message_of([&] { restore_object("mode", restored, state, "a"); }),
              HasSubstr("there is no object 'mode'"));
}

TEST(Run, NamesAreNumberedAndChecked) {
  TestFolder store;
  RunOptions options = fake_options(store.path(), "");
  options.base_name = "digits";
  for (const char* expected : {"digits-0001", "digits-0002", "digits-0003"}) {
    FakeModel model;
    auto run = Run::open(options);
    EXPECT_EQ(run.name(), expected);
    run_fake_loop(run, model);
  }
  for (const char* bad : {"Upper", "a b", "../x", ".hidden", "-x", "\xc3\xa4", "index.sqlite"}) {
    options.name = bad;
    EXPECT_THROW(Run::open(options), Error) << bad;
  }
  options.name = "digits-0002";
  EXPECT_THAT(message_of([&] { Run::open(options); }), HasSubstr("there is a run of this name (sealed)"));
}

TEST(Run, AFolderOfSomebodyElseIsNotTouched) {
  TestFolder store;
  make_folders(store / "mine");
  write_file_atomically(store / "mine/thesis.tex", "x");
  EXPECT_THAT(message_of([&] { Run::open(fake_options(store.path(), "mine")); }),
              HasSubstr("holds 'thesis.tex'"));
  EXPECT_EQ(read_file(store / "mine/thesis.tex"), "x");
}

TEST(Run, TwoProcessesOnOneRunGetASentence) {
  TestFolder store;
  FakeModel model;
  {
    auto run = Run::open(fake_options(store.path(), "a"));
    EXPECT_EQ(run_status(store / "a"), RunStatus::kRunning);
    EXPECT_THAT(message_of([&] { Run::resume(store / "a", fake_options(store.path(), "a")); }),
                HasSubstr(fmt::format("run 'a' is in use by process {}", getpid())));
  }
  EXPECT_EQ(run_status(store / "a"), RunStatus::kInterrupted);
}

// The computation has moved on, and its step has no line: what a seal would speak of then is not known.
TEST(Run, AfterAReportThatIsRefusedThereIsNoSeal) {
  const StepScalar twice[] = {{"x", 1}, {"x", 2}};
  const StepReport wrong_number{2, {}}, twice_the_same{1, twice};
  for (const auto& [report, message] :
       {std::pair{wrong_number, "expected step 1, the computation reports step 2"},
        std::pair{twice_the_same, "'x' is reported twice"}}) {
    TestFolder store;
    FakeModel model;
    auto run = Run::open(fake_options(store.path(), "a"));
    run.keep("model", model);
    run.start();
    const StepReport& refused = report;  // clang 14 does not capture structured bindings
    EXPECT_THAT(message_of([&] { run.on_step(refused); }), HasSubstr(message));
    EXPECT_THAT(message_of([&] { run.finish(); }), HasSubstr("not written any more: resume"));
    EXPECT_FALSE(exists(store / "a/seal.json"));
  }
}

TEST(Run, MistakesInTheLoopAreNamed) {
  TestFolder store;
  FakeModel model;
  auto run = Run::open(fake_options(store.path(), "a"));
  run.keep("model", model);
  EXPECT_THAT(message_of([&] { run.keep("model", model); }), HasSubstr("two objects are named 'model'"));
  EXPECT_THAT(message_of([&] { run.keep("a.b", model); }), HasSubstr("expected a name of letters"));
  EXPECT_THAT(message_of([&] { run.steps(7); }), HasSubstr("steps(7): the run was opened with 20 steps"));
  run.start();
  EXPECT_THAT(message_of([&] { run.keep("late", model); }), HasSubstr("before the first step"));
  for (auto& step : run.steps(20)) {
    step.record("x", 1);
    EXPECT_THAT(message_of([&] { step.record("x", 2); }),
                HasSubstr("step 1: the scalar 'x' is recorded twice"));
    break;
  }
  run.finish();
  EXPECT_THAT(message_of([&] { run.finish(); }), HasSubstr("called twice"));
}

TEST(Run, DuplicateKeysAndChangedInputsAreNamed) {
  TestFolder store;
  RunOptions options = fake_options(store.path(), "a");
  options.configuration.push_back({"lr", "1", ""});
  EXPECT_THAT(message_of([&] { Run::open(options); }), HasSubstr("'lr' is given twice"));

  options = fake_options(store.path(), "a");
  write_file_atomically(store / "data.csv", "1,2\n");
  options.inputs = {{"data", store / "data.csv", ""}};
  { auto run = Run::open(options); }
  write_file_atomically(store / "data.csv", "1,3\n");
  try {
    Run::resume(store / "a", options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kInputChanged);
    EXPECT_THAT(error.what(), HasSubstr("SHA-256 of input 'data'"));
  }
}

// The observer and the loop write the same record.
TEST(Run, AsAnObserver) {
  TestFolder store;
  const std::string seal = record_fake_run(store.path(), "loop");
  FakeModel model;
  auto run = Run::open(fake_options(store.path(), "observer"));
  run.keep("model", model);
  for (std::uint64_t step = run.start() + 1; step <= 20; ++step) {
    std::vector<StepScalar> scalars = {{"average", model.step(step)}};
    if (step % 3 == 0) scalars.push_back({"third", static_cast<double>(step)});
    EXPECT_TRUE(run.on_step({step, scalars}));
  }
  EXPECT_EQ(run.finish(), seal);
}

TEST(Run, ALoopLeftByBreakClosesWithItsLastStep) {
  TestFolder store;
  std::string first;
  for (const char* name : {"a", "b"}) {
    FakeModel model;
    RunOptions options = fake_options(store.path(), name, 0);
    auto run = Run::open(options);
    run.keep("model", model);
    for (auto& step : run.steps(1000)) {
      step.record("average", model.step(step.number()));
      if (step.number() == 7) break;
    }
    const std::string seal = run.finish();
    if (first.empty()) first = seal;
    EXPECT_EQ(seal, first);
  }
  const Record record = read_record(store / "a");
  EXPECT_EQ(record.lines.size(), 8U);
  EXPECT_EQ(record.lines[7].line.scalars.size(), 1U);
  EXPECT_TRUE(record.closed());
  EXPECT_TRUE(check_record(store / "a").intact());
}

TEST(Run, WithoutStateItCanBeSealedButNotResumed) {
  TestFolder store;
  {
    auto run = Run::open(fake_options(store.path(), "a"));
    for (auto& step : run.steps(20)) step.record("x", 1);
    EXPECT_EQ(run.finish().size(), 64U);
    EXPECT_TRUE(check_record(store / "a").intact());
  }
  try {
    auto run = Run::open(fake_options(store.path(), "b"));
    for (auto& step : run.steps(20)) {
      step.record("x", 1);
      if (step.number() == 9) fail("the program fails");
    }
  } catch (const Error&) {
  }
  auto run = Run::resume(store / "b", fake_options(store.path(), "b"));
  EXPECT_THAT(message_of([&] { run.start(); }),
              HasSubstr("the program keeps no state, so the run cannot be resumed"));
}

TEST(Run, MayBeDeafToTheEnvironment) {
  TestFolder store;
  const std::string seal = record_fake_run(store.path(), "a");
  RunOptions options = fake_options(store.path(), "b");
  options.obey_environment = false;
  setenv("TESSERA_REPLAY", (store / "a").c_str(), 1);
  setenv("TESSERA_RESUME", (store / "a").c_str(), 1);
  FakeModel model;
  auto run = Run::open(options);
  unsetenv("TESSERA_REPLAY");
  unsetenv("TESSERA_RESUME");
  EXPECT_EQ(run.mode(), Run::Mode::kRecord);
  EXPECT_EQ(run_fake_loop(run, model), seal);
  EXPECT_EQ(run_status(store / "b"), RunStatus::kSealed);
}

}  // namespace
}  // namespace tessera::runs
