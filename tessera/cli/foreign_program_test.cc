// Records whose recorded command is a shell script that says of itself what the case needs.
#include "tessera/cli/foreign_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/folder_test.h"
#include "tessera/runs/run.h"

namespace tessera::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

class ForeignProgram : public testing::Test {
 protected:
  // The folder of a sealed run of two steps.
  std::string record(const std::string& script, const std::vector<runs::InputFile>& inputs = {}) {
    auto run = runs::Run::open(
        {.store = folder_ / "runs", .inputs = inputs, .command = {"sh", "-c", script}, .steps = 2});
    for (auto& step : run.steps(2)) step.record("value", static_cast<double>(step.number()));
    run.finish();
    return run.folder();
  }
  // A command that leaves this report.
  std::string leave(const runs::ReplayOutcome& outcome) {
    write_file_atomically(folder_ / "report", runs::replay_outcome_text(outcome));
    return "cp '" + (folder_ / "report") + "' \"$TESSERA_REPLAY_REPORT\"";
  }
  std::string marker() const { return folder_ / "was_started"; }
  std::string refusal(const std::string& run, ExitCode code, bool run_command = true) {
    try {
      verify_foreign_program(run, options_, run_command);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      return error.what();
    }
    return "no error";
  }

  TestFolder folder_;
  train::VerifyOptions options_;
  runs::ReplayOutcome good_{.last_step = 2, .recorded_steps = 2, .complete = true};
};

TEST_F(ForeignProgram, IsIdenticalWhenItsReportSaysSoAndItEndsWell) {
  const train::VerifyResult result = verify_foreign_program(record(leave(good_)), options_, true);
  EXPECT_EQ(result.code, ExitCode::kSuccess) << result.message;
  EXPECT_EQ(result.message, "identical: 2 steps, 0 tensors");
  const train::VerifyResult failed =
      verify_foreign_program(record(leave(good_) + "; exit 3"), options_, true);
  EXPECT_EQ(failed.code, ExitCode::kFailure);
  EXPECT_THAT(failed.message, HasSubstr("the program then failed: it ended with status 3"));
  const train::VerifyResult killed =
      verify_foreign_program(record(leave(good_) + "; kill -9 $$"), options_, true);
  EXPECT_EQ(killed.code, ExitCode::kFailure);
  EXPECT_THAT(killed.message, HasSubstr("it was ended by signal 9"));
}

TEST_F(ForeignProgram, AReportMustBeAboutThisRecord) {
  for (const runs::ReplayOutcome& wrong :
       {runs::ReplayOutcome{.last_step = 1, .recorded_steps = 1, .complete = true},
        runs::ReplayOutcome{.last_step = 1, .recorded_steps = 2, .complete = true},
        runs::ReplayOutcome{.first_step = 1, .last_step = 2, .recorded_steps = 2, .complete = true}}) {
    const train::VerifyResult result = verify_foreign_program(record(leave(wrong)), options_, true);
    EXPECT_EQ(result.code, ExitCode::kFailure);
    EXPECT_THAT(result.message, HasSubstr("the program's report does not fit the record"));
  }
  runs::ReplayOutcome different = good_;
  different.complete = false;
  different.mismatch = runs::Mismatch{1, "scalar 'value'", "1", "2"};
  const train::VerifyResult result = verify_foreign_program(record(leave(different)), options_, true);
  EXPECT_EQ(result.code, ExitCode::kFailure);
  EXPECT_EQ(result.message, different.mismatch->sentence());
  const train::VerifyResult silent = verify_foreign_program(record("exit 4"), options_, true);
  EXPECT_EQ(silent.code, ExitCode::kCannotRerun);
  EXPECT_THAT(silent.message, HasSubstr("left no report (it ended with status 4): sh -c 'exit 4'"));
}

TEST_F(ForeignProgram, IsToldWhatTheUserChose) {
  const std::string run = record("env > '" + marker() + "'; " + leave(good_));
  setenv("TESSERA_REPLAY_FROM", "1", 1);
  setenv("TESSERA_RESUME", "elsewhere", 1);
  verify_foreign_program(run, options_, true);
  const std::string plain = read_file(marker());
  options_.from_step = 1;
  Execution execution;
  execution.threads = 3;
  execution.backend = "reference";
  execution.simd = "avx2";
  verify_foreign_program(run, options_, true, execution);
  unsetenv("TESSERA_REPLAY_FROM");
  unsetenv("TESSERA_RESUME");
  EXPECT_THAT(plain, HasSubstr("TESSERA_REPLAY=" + run + "\n"));
  EXPECT_THAT(plain, Not(HasSubstr("TESSERA_REPLAY_FROM")));
  EXPECT_THAT(plain, Not(HasSubstr("TESSERA_RESUME")));
  const std::string chosen = read_file(marker());
  for (const std::string line : {"TESSERA_REPLAY_FROM=1\n", "TESSERA_THREADS=3\n",
                                 "TESSERA_BACKEND=reference\n", "TESSERA_SIMD=avx2\n"})
    EXPECT_THAT(chosen, HasSubstr(line));
}

// What the program leaves is a folder that is looked for, not believed.
TEST_F(ForeignProgram, IsToldWhatToTrace) {
  const runs::TraceRequest request{folder_ / "trace", 1, 2, true};
  const std::string leave_trace =
      "test -z \"$TESSERA_TRACE\" || { mkdir \"$TESSERA_TRACE\" && touch \"$TESSERA_TRACE/trace.jsonl\"; }; ";
  const std::string run = record("env > '" + marker() + "'; " + leave_trace + leave(good_));
  EXPECT_TRUE(reexecute_foreign_program(run, {}, request, true).identical());
  for (const std::string& line :
       {"TESSERA_TRACE=" + request.folder + "\n", std::string("TESSERA_TRACE_FROM=1\n"),
        std::string("TESSERA_TRACE_TO=2\n"), std::string("TESSERA_TRACE_VALUES=1\n")})
    EXPECT_THAT(read_file(marker()), HasSubstr(line));
  setenv("TESSERA_TRACE", "elsewhere", 1);  // the user's own is not for a replay
  reexecute_foreign_program(run, {}, std::nullopt, true);
  unsetenv("TESSERA_TRACE");
  EXPECT_THAT(read_file(marker()), Not(HasSubstr("TESSERA_TRACE=")));
  remove_folder(request.folder);
  const std::string without = record(leave(good_));
  try {
    reexecute_foreign_program(without, {}, request, true);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kCannotRerun);
    EXPECT_THAT(error.what(), HasSubstr("left no trace (it ended with status 0): sh -c"));
  }
  EXPECT_THROW(reexecute_foreign_program(without, {}, std::nullopt, false), Error);
}

// Without kept state the run is one stretch, the whole of it.
TEST_F(ForeignProgram, IsSpotCheckedStretchByStretch) {
  options_.spot = train::SpotOptions{.stretches = 4, .seed = 1};
  const std::string run = record("env > '" + marker() + "'; " + leave(good_));
  const train::VerifyResult result = verify_foreign_program(run, options_, true);
  EXPECT_EQ(result.code, ExitCode::kSuccess) << result.message;
  EXPECT_EQ(result.message, "identical: 2 steps, 0 tensors: every stretch, so the whole run is proved");
  EXPECT_THAT(read_file(marker()), HasSubstr("TESSERA_REPLAY_TO=2\n"));
  const train::VerifyResult failed =
      verify_foreign_program(record(leave(good_) + "; exit 3"), options_, true);
  EXPECT_EQ(failed.code, ExitCode::kFailure);
  EXPECT_EQ(failed.message,
            "steps 1 to 2: every step was identical, but the program then failed: it ended with status 3");
}

TEST_F(ForeignProgram, IsNotStartedUnlessEverythingFits) {
  write_file_atomically(folder_ / "points.csv", "1\n");
  const std::string run = record("touch '" + marker() + "'", {{"points", folder_ / "points.csv", ""}});
  EXPECT_THAT(refusal(run, ExitCode::kCannotRerun, false), HasSubstr("would execute, in "));
  write_file_atomically(folder_ / "points.csv", "2\n");
  EXPECT_THAT(refusal(run, ExitCode::kInputChanged), HasSubstr("the input 'points' has changed"));
  remove_file(folder_ / "points.csv");
  EXPECT_THAT(refusal(run, ExitCode::kCannotRerun), HasSubstr("the input 'points' is not at"));
  options_.data_folder = folder_ / "elsewhere";
  EXPECT_THAT(refusal(run, ExitCode::kUsage), HasSubstr("--data"));
  EXPECT_FALSE(exists(marker()));
}

TEST_F(ForeignProgram, TheCommandIsShownAsAShellWouldReadIt) {
  EXPECT_THAT(refusal(record("echo it's; id\x1b[2J"), ExitCode::kCannotRerun, false),
              testing::EndsWith("sh -c 'echo it'\\''s; id\\x1b[2J'"));
}

}  // namespace
}  // namespace tessera::cli
