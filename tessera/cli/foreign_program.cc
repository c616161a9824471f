#include "tessera/cli/foreign_program.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "tessera/base/files.h"
#include "tessera/runs/check.h"
#include "tessera/runs/record.h"
#include "tessera/runs/run.h"

namespace tessera::cli {

namespace {

std::string quoted(const std::vector<std::string>& command) {
  std::string text;
  for (const std::string& word : command) {
    text += (text.empty() ? "" : " ") +
            (word.find_first_of(" '\"$`\\") == std::string::npos ? word : "'" + word + "'");
  }
  return text;
}

// Runs the command with the replay variables set; returns its wait status.
int execute(const runs::Circumstances& circumstances, const std::string& run_folder,
            const std::string& report) {
  const pid_t child = fork();
  if (child < 0) fail("the recorded command cannot be started: fork failed");
  if (child == 0) {
    setenv("TESSERA_REPLAY", run_folder.c_str(), 1);
    setenv("TESSERA_REPLAY_REPORT", report.c_str(), 1);
    std::vector<char*> words;
    for (const std::string& word : circumstances.command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    if (chdir(circumstances.folder_of_command.c_str()) != 0) _exit(127);
    execvp(words[0], words.data());
    _exit(127);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
  }
  return status;
}

train::VerifyResult outcome_of(const runs::ReplayOutcome& outcome, train::VerifyResult result) {
  result.replay = outcome;
  if (outcome.mismatch) {
    result.message = outcome.mismatch->sentence();
  } else if (!outcome.complete) {
    result.message = fmt::format("the program stopped after step {} of {} recorded ones", outcome.last_step,
                                 outcome.recorded_steps);
  } else {
    result.code = ExitCode::kSuccess;
    result.message = fmt::format("identical: {} steps, {} tensors", outcome.last_step, outcome.tensors);
  }
  return result;
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
                                           bool run_command) {
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
  const runs::Circumstances circumstances = runs::read_circumstances(run_folder);
  if (!run_command || circumstances.command.empty()) {
    result.code = ExitCode::kCannotRerun;
    result.message = fmt::format(
        "the record is intact, but the run was made by another program; '--run-command' would execute, in "
        "{}: {}",
        circumstances.folder_of_command, quoted(circumstances.command));
    return result;
  }
  const std::string scratch = make_temporary_folder("tessera-verify");
  const std::string report = scratch + "/report.json";
  const int status = execute(circumstances, std::filesystem::absolute(run_folder), report);
  if (!exists(report)) {
    result.code = ExitCode::kCannotRerun;
    result.message = fmt::format("the recorded command left no report (it ended with status {}): {}",
                                 WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
                                 quoted(circumstances.command));
  } else {
    result.code = ExitCode::kFailure;
    result = outcome_of(runs::parse_replay_outcome(read_file(report), report), result);
  }
  remove_folder(scratch);
  return result;
}

}  // namespace tessera::cli
