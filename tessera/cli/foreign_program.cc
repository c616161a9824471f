#include "tessera/cli/foreign_program.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "tessera/base/files.h"
#include "tessera/base/hash.h"
#include "tessera/base/shell_words.h"
#include "tessera/base/text.h"
#include "tessera/runs/check.h"
#include "tessera/runs/record.h"
#include "tessera/runs/run.h"
#include "tessera/runs/trace_file.h"
#include "tessera/train/spot_verify.h"

namespace tessera::cli {

namespace {

namespace fs = std::filesystem;

// This process's variables with others for the replay; an empty value takes a variable away.
std::vector<std::string> environment_with(const std::map<std::string, std::string>& changes) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!changes.contains(text.substr(0, text.find('=')))) result.push_back(text);
  }
  for (const auto& [name, value] : changes)
    if (!value.empty()) result.push_back(fmt::format("{}={}", name, value));
  return result;
}

// What is replayed, and what is to be left of it.
struct ReplayRequest {
  runs::ReplayOptions part;
  std::optional<runs::TraceRequest> trace = {};
};

std::vector<std::string> replay_environment(const std::string& run_folder, const std::string& report,
                                            const ReplayRequest& request, const Execution& execution) {
  const runs::ReplayOptions& part = request.part;
  const auto step = [](std::uint64_t number) { return number == 0 ? std::string() : std::to_string(number); };
  std::map<std::string, std::string> changes = {{"TESSERA_REPLAY", fs::absolute(run_folder)},
                                                {"TESSERA_REPLAY_REPORT", report},
                                                {"TESSERA_REPLAY_FROM", step(part.from_step)},
                                                {"TESSERA_REPLAY_TO", step(part.to_step)},
                                                {"TESSERA_RESUME", ""},
                                                {"TESSERA_TRACE", ""},
                                                {"TESSERA_TRACE_FROM", ""},
                                                {"TESSERA_TRACE_TO", ""},
                                                {"TESSERA_TRACE_VALUES", ""}};
  if (request.trace) {
    changes["TESSERA_TRACE"] = fs::absolute(request.trace->folder);
    changes["TESSERA_TRACE_FROM"] = step(request.trace->from);
    changes["TESSERA_TRACE_TO"] = step(request.trace->to);
    changes["TESSERA_TRACE_VALUES"] = std::to_string(request.trace->values ? 1 : 0);
  }
  // What was not chosen here stays as the user's environment has it.
  if (execution.threads > 0) changes["TESSERA_THREADS"] = std::to_string(execution.threads);
  if (!execution.backend.empty()) changes["TESSERA_BACKEND"] = execution.backend;
  if (!execution.simd.empty()) changes["TESSERA_SIMD"] = execution.simd;
  return environment_with(changes);
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// Returns the wait status. Standard output is the outcome of `verify`, so the program's goes to standard error.
int execute(const runs::Circumstances& circumstances, std::vector<std::string> environment) {
  std::vector<std::string> command = circumstances.command;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, circumstances.folder_of_command.c_str());
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  pid_t child = 0;
  const int error = posix_spawnp(&child, command[0].c_str(), &actions, nullptr, pointers_to(command).data(),
                                 pointers_to(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    fail_with(ExitCode::kCannotRerun, "the recorded command cannot be started in {}: {}: {}",
              shell_word(circumstances.folder_of_command), shell_words(command), std::strerror(error));
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) fail("the recorded command cannot be waited for: {}", std::strerror(errno));
  return status;
}

std::string ending(int status) {
  return WIFEXITED(status) ? fmt::format("it ended with status {}", WEXITSTATUS(status))
                           : fmt::format("it was ended by signal {}", WTERMSIG(status));
}

// The program opens its files itself, so they must be where it found them.
void check_inputs(const runs::Claim& claim, const runs::Circumstances& circumstances) {
  for (const runs::InputPlace& input : circumstances.inputs) {
    const auto claimed = claim.inputs.find(input.name);
    if (claimed == claim.inputs.end() || input.path.empty()) continue;
    const std::string path = fs::path(circumstances.folder_of_command) / input.path;
    std::error_code error;
    if (!fs::exists(path, error))
      fail_with(ExitCode::kCannotRerun, "the input '{}' is not at {}, where the program would look for it",
                input.name, shell_word(path));
    const std::string found = to_hex(sha256(read_regular_file(path)));
    if (found != claimed->second)
      fail_with(ExitCode::kInputChanged,
                "{}: the input '{}' has changed: its SHA-256 is {}, the record says {}", path, input.name,
                found, claimed->second);
  }
}

// Throws Error for what cannot, or may not, be executed here.
void check_can_rerun(const runs::Claim& claim, const runs::Circumstances& circumstances, bool run_command) {
  if (claim.contract != runs::kContract)
    fail_with(ExitCode::kCannotRerun, "the run obeys the numerics contract {}, this program has {}",
              claim.contract, runs::kContract);
  check_inputs(claim, circumstances);
  if (circumstances.command.empty())
    fail_with(ExitCode::kCannotRerun, "the record is intact, but it does not say which command made the run");
  if (!run_command)
    fail_with(ExitCode::kCannotRerun,
              "the record is intact, but the run was made by another program; '--run-command' would execute, "
              "in {}: {}",
              shell_word(circumstances.folder_of_command), shell_words(circumstances.command));
}

struct ForeignReplay {
  runs::ReplayOutcome outcome;
  int status = 0;  // of the program, as waitpid gives it
};

// A report is what a program says about itself: it must at least be about this record and these steps.
void check_report(const runs::ReplayOutcome& outcome, const runs::ReplayOptions& part,
                  std::uint64_t recorded_steps) {
  const std::uint64_t last = part.to_step == 0 ? recorded_steps : part.to_step;
  if (outcome.recorded_steps == recorded_steps && outcome.first_step == part.from_step &&
      (!outcome.identical() || outcome.last_step == last))
    return;
  fail(
      "the program's report does not fit the record: it is about the steps {} to {} of {}, expected {} to "
      "{} of {}",
      outcome.first_step + 1, outcome.last_step, outcome.recorded_steps, part.from_step + 1, last,
      recorded_steps);
}

struct ForeignProgram {
  const runs::Circumstances& circumstances;
  std::uint64_t recorded_steps;
  const Execution& execution;
};

ForeignReplay replay_program(const std::string& run_folder, const ForeignProgram& program,
                             const ReplayRequest& request) {
  const runs::ReplayOptions& part = request.part;
  const ScratchFolder scratch("tessera-verify");
  const std::string report = scratch.path() + "/report.json";
  ForeignReplay replay;
  replay.status =
      execute(program.circumstances, replay_environment(run_folder, report, request, program.execution));
  if (!exists(report))
    fail_with(ExitCode::kCannotRerun, "the recorded command left no report ({}): {}", ending(replay.status),
              shell_words(program.circumstances.command));
  replay.outcome = runs::parse_replay_outcome(read_regular_file(report), report);
  check_report(replay.outcome, part, program.recorded_steps);
  return replay;
}

bool ended_well(int status) {
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string failed_afterwards(int status) {
  return fmt::format("every step was identical, but the program then failed: {}", ending(status));
}

void judge_program(train::VerifyResult& result, const std::string& run_folder, const ForeignProgram& program,
                   const train::VerifyOptions& options) {
  if (options.spot)
    return train::verify_spots(result, run_folder, *options.spot, [&](const runs::ReplayOptions& part) {
      const ForeignReplay stretch = replay_program(run_folder, program, {part});
      if (stretch.outcome.identical() && !ended_well(stretch.status))
        fail("steps {} to {}: {}", part.from_step + 1, part.to_step, failed_afterwards(stretch.status));
      return stretch.outcome;
    });
  const ForeignReplay replay = replay_program(run_folder, program, {{.from_step = options.from_step}});
  train::judge_replay(result, replay.outcome);
  if (result.code != ExitCode::kSuccess || ended_well(replay.status)) return;
  result.code = ExitCode::kFailure;
  result.message = failed_afterwards(replay.status);
}

}  // namespace

bool is_foreign(const std::string& run_folder) {
  try {
    return runs::read_claim(run_folder).kind != "train";
  } catch (const Error&) {
    return false;
  }
}

train::VerifyResult verify_foreign_program(const std::string& run_folder, const train::VerifyOptions& options,
                                           bool run_command, const Execution& execution) {
  if (!options.data_folder.empty())
    fail_with(ExitCode::kUsage,
              "--data: the run was made by another program, which opens its files itself, where they were");
  train::VerifyResult result;
  result.check = runs::check_record(run_folder, {.trusted_key_file = options.trust_key_file});
  result.seal = result.check.seal;
  result.notes = result.check.notes;
  result.code = result.check.code();
  if (!result.check.intact()) {
    const runs::CheckProblem& problem = result.check.problems.front();
    result.message = problem.place + ": " + problem.message;
    return result;
  }
  const runs::Record record = runs::read_record(run_folder);
  const runs::Circumstances circumstances = runs::read_circumstances(run_folder);
  check_can_rerun(record.claim, circumstances, run_command);

  result.code = ExitCode::kFailure;
  try {
    judge_program(result, run_folder, {circumstances, record.last_step(), execution}, options);
  } catch (const Error& error) {  // what the program did is the outcome, also with --json
    result.code = error.code();
    result.message = error.what();
  }
  return result;
}

runs::ReplayOutcome reexecute_foreign_program(const std::string& run_folder, const runs::ReplayOptions& part,
                                              const std::optional<runs::TraceRequest>& trace,
                                              bool run_command, const Execution& execution) {
  const runs::Record record = runs::read_record(run_folder);
  const runs::Circumstances circumstances = runs::read_circumstances(run_folder);
  check_can_rerun(record.claim, circumstances, run_command);
  const ForeignReplay replay =
      replay_program(run_folder, {circumstances, record.last_step(), execution}, {part, trace});
  if (trace && !runs::is_trace(trace->folder))
    fail_with(ExitCode::kCannotRerun, "the recorded command left no trace ({}): {}", ending(replay.status),
              shell_words(circumstances.command));
  return replay.outcome;
}

}  // namespace tessera::cli
