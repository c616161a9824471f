// Interrupted runs: whatever happened, and whenever, the run goes on to the seal of the uninterrupted one. Kills are in crash_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "tessera/base/folder_test.h"
#include "tessera/base/message_test.h"
#include "tessera/runs/check.h"
#include "tessera/runs/checkpoint.h"
#include "tessera/runs/fake_state_test.h"
#include "tessera/runs/keys.h"

namespace tessera::runs {
namespace {

using testing::HasSubstr;

// A run whose program fails in the middle of `last_step`.
void record_until(const std::string& store, const std::string& name, std::uint64_t last_step) {
  FakeModel model;
  auto run = Run::open(fake_options(store, name));
  run.keep("model", model);
  try {
    for (auto& step : run.steps(20)) {
      if (step.number() == last_step) fail("the power is cut");
      step.record("average", model.step(step.number()));
      if (step.number() % 3 == 0) step.record("third", static_cast<double>(step.number()));
    }
  } catch (const Error&) {
  }
}

void copy_folder(const std::string& from, const std::string& to) {
  std::filesystem::remove_all(to);
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

void overwrite(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

class Resume : public testing::Test {
 protected:
  void SetUp() override { seal_ = record_fake_run(store_.path(), "whole"); }
  TestFolder store_;
  std::string seal_;
};

TEST_F(Resume, FromEveryStep) {
  for (const std::uint64_t step : {1, 5, 6, 13, 20}) {
    const std::string name = fmt::format("cut-{}", step);
    record_until(store_.path(), name, step);
    EXPECT_EQ(run_status(store_ / name), RunStatus::kInterrupted);
    FakeModel model;
    auto run = Run::resume(store_ / name, fake_options("", ""));
    run.keep("model", model);
    EXPECT_EQ(run.start(), (step - 1) / 5 * 5);
    EXPECT_EQ(model.count(), static_cast<std::int64_t>((step - 1) / 5 * 5));
    for (auto& each : run.steps(20)) {
      each.record("average", model.step(each.number()));
      if (each.number() % 3 == 0) each.record("third", static_cast<double>(each.number()));
    }
    EXPECT_EQ(run.finish(), seal_) << step;
    EXPECT_TRUE(check_record(store_ / name).intact()) << step;
  }
}

TEST_F(Resume, TheEnvironmentTurnsAnyProgramIntoAResumption) {
  record_until(store_.path(), "a", 13);
  setenv("TESSERA_RESUME", (store_ / "a").c_str(), 1);
  EXPECT_EQ(record_fake_run(store_.path(), "ignored"), seal_);
  EXPECT_EQ(record_fake_run(store_.path(), "second"), seal_);  // a second run of the program is a new one
  unsetenv("TESSERA_RESUME");
  EXPECT_FALSE(exists(store_ / "ignored"));
  EXPECT_TRUE(check_record(store_ / "second").intact());
  const Circumstances circumstances = read_circumstances(store_ / "a");
  ASSERT_EQ(circumstances.sessions.size(), 2U);
  EXPECT_EQ(circumstances.sessions[1].first_step, 10U);
  EXPECT_EQ(circumstances.sessions[1].end, "finished");
}

// The chain ends at any byte, in the last lines at every one: read each time, resumed at a sample of them.
TEST_F(Resume, ATornLineIsDropped) {
  record_until(store_.path(), "base", 18);
  const std::string text = read_file(store_ / "base/chain.jsonl");
  const std::size_t last_lines = text.rfind('\n', text.rfind('\n', text.size() - 2) - 1);
  for (std::size_t length = text.size() + 1; length-- > 0;) {
    if (length < last_lines && length % 53 != 0) continue;
    std::filesystem::resize_file(store_ / "base/chain.jsonl", length);
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(length);
    const auto whole_lines = static_cast<std::size_t>(std::count(text.begin(), end, '\n'));
    const Record record = read_record(store_ / "base");
    ASSERT_EQ(record.lines.size(), whole_lines);
    ASSERT_EQ(record.chain_bytes + record.torn_bytes, length);
    if (length % 583 != 0 && length + 1 < text.size()) continue;
    copy_folder(store_ / "base", store_ / "torn");
    EXPECT_EQ(resume_fake_run(store_ / "torn"), seal_) << length;
    EXPECT_TRUE(check_record(store_ / "torn").intact()) << length;
  }
}

TEST_F(Resume, ADamagedCheckpointIsPassedOver) {
  record_until(store_.path(), "a", 18);
  const Record record = read_record(store_ / "a");
  const std::string path = checkpoint_path(store_ / "a", record.lines[15].line.checkpoint);
  std::string bytes = read_file(path);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  overwrite(path, bytes);
  EXPECT_EQ(resume_fake_run(store_ / "a"), seal_);
  EXPECT_THAT(read_circumstances(store_ / "a").notes, testing::Contains(HasSubstr("damaged checkpoint")));
  EXPECT_TRUE(check_record(store_ / "a").intact());

  record_until(store_.path(), "b", 18);
  remove_folder(store_ / "b/checkpoints");  // all lost: from the beginning
  EXPECT_EQ(resume_fake_run(store_ / "b"), seal_);
}

TEST_F(Resume, AnotherResultIsNotReproducible) {
  record_until(store_.path(), "a", 18);
  FakeModel model;
  auto run = Run::resume(store_ / "a", fake_options("", ""));
  run.keep("model", model);
  run.start();
  model.disturb();
  EXPECT_THAT(
      message_of([&] {
        for (auto& step : run.steps(20)) step.record("average", model.step(step.number()));
      }),
      HasSubstr("not reproducible: re-executed after an interruption, step 16 differs from the record: "
                "step 16: scalar 'average' is"));
}

TEST_F(Resume, AStateThatDoesNotComeBackIsFoundAtOnce) {
  struct Forgetful : Stateful {
    FakeModel model;
    double extra = 1;
    void visit_state(StateVisitor& visitor) override {
      double copy = extra;  // saved, but never restored
      visitor.real("extra", copy);
    }
  } object;
  RunOptions options = fake_options(store_.path(), "a");
  {
    auto run = Run::open(options);
    run.keep("object", object);
    for (auto& step : run.steps(20)) {
      object.extra += static_cast<double>(step.number());
      if (step.number() == 8) break;
    }
  }
  object.extra = 1;
  auto run = Run::resume(store_ / "a", options);
  run.keep("object", object);
  EXPECT_THAT(message_of([&] { run.start(); }), HasSubstr("'object.extra' does not have the saved value"));
}

TEST_F(Resume, AnotherProgramsStateIsRefused) {
  record_until(store_.path(), "a", 18);
  {
    FakeModel model(9);
    auto run = Run::resume(store_ / "a", fake_options("", ""));
    run.keep("model", model);
    EXPECT_THAT(message_of([&] { run.start(); }),
                HasSubstr("'model.weights' is float32 [6], the program's is float32 [9]"));
  }
  FakeModel model;
  auto run = Run::resume(store_ / "a", fake_options("", ""));
  run.keep("modle", model);
  EXPECT_THAT(message_of([&] { run.start(); }),
              HasSubstr("the tensor 'modle.weights' (float32 [6]) is missing"));
}

TEST_F(Resume, ASealedOrUnstartedRunIsRefused) {
  EXPECT_THAT(message_of([&] { resume_fake_run(store_ / "whole"); }), HasSubstr("complete and sealed"));
  EXPECT_THAT(message_of([&] { resume_fake_run(store_ / "none"); }),
              HasSubstr("there is no such run folder"));
  make_folders(store_ / "empty");
  EXPECT_THAT(message_of([&] { resume_fake_run(store_ / "empty"); }),
              HasSubstr("not a run, or one that was not started"));
}

TEST_F(Resume, ARunKilledBeforeItsClaimIsOpenedAgain) {
  make_folders(store_ / "early/checkpoints");
  overwrite(store_ / "early/lock", "1\n");
  overwrite(store_ / "early/circumstances.json", "{");
  overwrite(store_ / "early/.claim.json.tmp-77", "{\"che");
  EXPECT_EQ(run_status(store_ / "early"), RunStatus::kNotStarted);
  EXPECT_EQ(record_fake_run(store_.path(), "early"), seal_);
  EXPECT_TRUE(check_record(store_ / "early").intact());
}

TEST_F(Resume, LeftoversOfWritesAreRemoved) {
  record_until(store_.path(), "a", 18);
  overwrite(store_ / "a/.seal.json.tmp-77", "{");
  overwrite(store_ / "a/checkpoints/.ab.safetensors.tmp-77", "{");
  overwrite(store_ / "a/timing.jsonl", read_file(store_ / "a/timing.jsonl") + "{\"micro");
  EXPECT_EQ(resume_fake_run(store_ / "a"), seal_);
  EXPECT_FALSE(exists(store_ / "a/.seal.json.tmp-77"));
  EXPECT_FALSE(exists(store_ / "a/checkpoints/.ab.safetensors.tmp-77"));
  EXPECT_EQ(read_file(store_ / "a/timing.jsonl").find("{\"micro{"), std::string::npos);
}

// All lines are there, closing line included, but no seal.
TEST_F(Resume, ARunKilledBeforeItsSealOnlyNeedsTheSeal) {
  copy_folder(store_ / "whole", store_ / "late");
  remove_file(store_ / "late/seal.json");
  FakeModel model;
  auto run = Run::resume(store_ / "late", fake_options("", ""));
  run.keep("model", model);
  EXPECT_EQ(run.start(), 20U);
  EXPECT_TRUE(run.complete());
  for ([[maybe_unused]] auto& step : run.steps(20)) FAIL();
  EXPECT_EQ(run.finish(), seal_);
}

// ---- Clean stops ----

TEST_F(Resume, AStopSavesTheStateOfThatVeryStep) {
  for (const std::uint64_t stop : {1, 7, 10, 19}) {
    const std::string name = fmt::format("stopped-{}", stop);
    RunOptions options = fake_options(store_.path(), name);
    options.catch_signals = true;
    {
      FakeModel model;
      auto run = Run::open(options);
      run.keep("model", model);
      const std::string message = message_of([&] {
        for (auto& step : run.steps(20)) {
          step.record("average", model.step(step.number()));
          if (step.number() % 3 == 0) step.record("third", static_cast<double>(step.number()));
          if (step.number() == stop) std::raise(SIGINT);
        }
      });
      EXPECT_EQ(
          message,
          fmt::format(
              "run '{}' stopped after step {} of 20, its state is saved; to go on: start the same command "
              "with TESSERA_RESUME={}",
              name, stop, store_ / name));
      EXPECT_THROW(run.finish(), Stopped);
    }
    EXPECT_EQ(check_record(store_ / name).code(), ExitCode::kUnsealed);
    FakeModel model;
    auto run = Run::resume(store_ / name, fake_options("", ""));
    EXPECT_EQ((run.keep("model", model), run.start()), stop);
    for (auto& step : run.steps(20)) {
      step.record("average", model.step(step.number()));
      if (step.number() % 3 == 0) step.record("third", static_cast<double>(step.number()));
    }
    EXPECT_EQ(run.finish(), seal_);
    EXPECT_FALSE(exists(store_ / name + "/paused.json"));
    EXPECT_TRUE(check_record(store_ / name).intact());
    EXPECT_EQ(read_circumstances(store_ / name).sessions[0].end, "stopped by SIGINT");
  }
}

// The checkpoints of steps 5 and 10 are named in the chain, and no file: a stop writes that of its step, after a kill the steps come again.
TEST_F(Resume, WhereCheckpointsAreSeldom) {
  RunOptions options = fake_options(store_.path(), "stopped");
  options.checkpoint_seconds = 3600;
  options.catch_signals = true;
  for (const bool stops : {true, false}) {
    options.name = stops ? "stopped" : "killed";
    {
      FakeModel model;
      auto run = Run::open(options);
      run.keep("model", model);
      EXPECT_THROW(
          for (auto& step
               : run.steps(20)) {
            step.record("average", model.step(step.number()));
            if (step.number() % 3 == 0) step.record("third", static_cast<double>(step.number()));
            if (step.number() == 10 && stops) std::raise(SIGINT);
            if (step.number() == 11) fail("the power is cut");
          },
          Error);
    }
    EXPECT_EQ(checkpoints_in(store_ / options.name).size(), stops ? 1U : 0U);
    FakeModel model;
    auto run = Run::resume(store_ / options.name, fake_options("", ""));
    EXPECT_EQ((run.keep("model", model), run.start()), stops ? 10U : 0U);
    for (auto& step : run.steps(20)) {
      step.record("average", model.step(step.number()));
      if (step.number() % 3 == 0) step.record("third", static_cast<double>(step.number()));
    }
    EXPECT_EQ(run.finish(), seal_);
    EXPECT_TRUE(check_record(store_ / options.name).intact());
  }
}

// Raises SIGINT in step 7, and returns the message of the stop.
std::string stop_in_step_seven(const RunOptions& options) {
  FakeModel model;
  auto run = Run::open(options);
  run.keep("model", model);
  return message_of([&] {
    for (auto& step : run.steps(20)) {
      step.record("average", model.step(step.number()));
      if (step.number() % 3 == 0) step.record("third", static_cast<double>(step.number()));
      if (step.number() == 7) std::raise(SIGINT);
    }
  });
}

// Every checkpoint that the chain names stays; that of the pause, which depends on a moment, goes.
TEST_F(Resume, AllCheckpointsCanBeKept) {
  RunOptions options = fake_options(store_.path(), "all");
  options.catch_signals = true;
  options.kept_checkpoints = 0;
  stop_in_step_seven(options);
  EXPECT_EQ(checkpoints_in(store_ / "all").size(), 2U);
  FakeModel model;
  auto run = Run::resume(store_ / "all", options);
  EXPECT_EQ(run_fake_loop(run, model), seal_);
  EXPECT_EQ(checkpoints_in(store_ / "all").size(), 4U);
  EXPECT_TRUE(check_record(store_ / "all").intact());
}

TEST_F(Resume, TheSignatureIsNotForgotten) {
  const std::string key = create_key_files(store_ / "key"), other_key = create_key_files(store_ / "other");
  RunOptions options = fake_options(store_.path(), "signed");
  options.kind = "train";
  options.catch_signals = true;
  options.key_file = store_ / "key";
  EXPECT_THAT(stop_in_step_seven(options),
              HasSubstr(fmt::format("tessera resume {} --key {}", store_ / "signed", store_ / "key")));
  EXPECT_EQ(read_circumstances(store_ / "signed").signing_key, key);
  copy_folder(store_ / "signed", store_ / "unsigned");
  copy_folder(store_ / "signed", store_ / "otherwise");

  const auto resume = [&](const std::string& name) {
    FakeModel model;
    auto run = Run::resume(store_ / name, options);
    run_fake_loop(run, model);
  };
  resume("signed");
  EXPECT_EQ(check_record(store_ / "signed").signed_by, key);
  options.key_file = "";
  EXPECT_THAT(message_of([&] { resume("unsigned"); }),
              HasSubstr(key + ": give it again with --key FILE, or say --unsigned"));
  options.allow_unsigned = true;
  resume("unsigned");
  EXPECT_THAT(check_record(store_ / "unsigned").notes, testing::Contains("unsigned"));
  EXPECT_THAT(read_circumstances(store_ / "unsigned").notes,
              testing::Contains("resumed without the signing key " + key));
  EXPECT_EQ(read_circumstances(store_ / "unsigned").signing_key, "");
  options.key_file = store_ / "other";
  resume("otherwise");
  EXPECT_THAT(
      read_circumstances(store_ / "otherwise").notes,
      testing::Contains(fmt::format("resumed with the signing key {} instead of {}", other_key, key)));
}

TEST_F(Resume, EverySessionSaysWhichProgramItWas) {
  record_until(store_.path(), "a", 8);
  RunOptions options = fake_options("", "");
  options.command = {"other", "loop"};
  options.program_digest = std::string(64, '1');
  FakeModel model;
  auto run = Run::resume(store_ / "a", options);
  EXPECT_EQ(run_fake_loop(run, model), seal_);
  const Circumstances circumstances = read_circumstances(store_ / "a");
  ASSERT_EQ(circumstances.sessions.size(), 2U);
  EXPECT_EQ(circumstances.sessions[0].command, (std::vector<std::string>{"fake", "loop"}));
  EXPECT_EQ(circumstances.sessions[0].program_digest, std::string(64, '0'));
  EXPECT_EQ(circumstances.sessions[1].command, options.command);
  EXPECT_EQ(circumstances.sessions[1].program_digest, options.program_digest);
  EXPECT_EQ(circumstances.program_digest, std::string(64, '0'));
}

TEST_F(Resume, AnObserverIsToldToStop) {
  RunOptions options = fake_options(store_.path(), "a");
  options.catch_signals = true;
  FakeModel model;
  auto run = Run::open(options);
  run.keep("model", model);
  run.start();
  model.step(1);
  EXPECT_TRUE(run.on_step({1, {}}));
  std::raise(SIGTERM);
  EXPECT_FALSE(run.on_step({2, {}}));
  EXPECT_THROW(run.finish(), Stopped);
  EXPECT_EQ(run_status(store_ / "a"), RunStatus::kRunning);  // until the object is gone
}

}  // namespace
}  // namespace tessera::runs
