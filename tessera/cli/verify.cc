// tessera verify: is the record what this machine computes, too?
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "tessera/base/json.h"
#include "tessera/base/text.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/execution.h"
#include "tessera/cli/foreign_program.h"
#include "tessera/cli/training_report.h"
#include "tessera/runs/record.h"
#include "tessera/train/training_run.h"

namespace tessera::cli {

namespace {

constexpr std::string_view kDetails =
    "First the record is checked: nothing edited, nothing missing. Then the inputs: the same bytes as were\n"
    "claimed. Then every step is executed again and compared with the record, bit for bit. --from needs a\n"
    "checkpoint of that step; the newest three are kept. A run of another program is executed only with\n"
    "--run-command, since it could do anything; without it, the command is shown. What it prints goes to\n"
    "standard error.\n"
    "Exit status: 0 identical, 1 mismatch or changed record, 3 cannot re-run, 4 input changed, 5 "
    "unsealed.\n\n"
    "Examples:\n"
    "  tessera verify runs/digits-0001 --threads 1\n"
    "  tessera verify runs/digits-0001 --backend reference --from 800\n"
    "  tessera verify runs/digits-0001 --trust alice.pub";

std::string result_json(const train::VerifyResult& result) {
  nlohmann::json json = {{"status", static_cast<int>(result.code)},
                         {"message", result.message},
                         {"seal", result.seal},
                         {"notes", result.notes}};
  if (result.replay) {
    json["steps"] = result.replay->last_step;
    json["tensors"] = result.replay->tensors;
    if (result.replay->mismatch) {
      const runs::Mismatch& mismatch = *result.replay->mismatch;
      json["mismatch"] = {{"step", mismatch.step},
                          {"what", mismatch.what},
                          {"recorded", mismatch.recorded},
                          {"now", mismatch.now}};
    }
  }
  return canonical_json(json);
}

}  // namespace

ExitCode run_verify(const Words& words) {
  Arguments arguments("verify", "Re-execute a run and compare every step with its record", kDetails);
  std::string run, store = "runs";
  std::int64_t from = 0;
  train::VerifyOptions options;
  Execution execution;
  bool json = false, run_command = false;
  arguments.positional("RUN", run, "Folder of a run, or its name in the store");
  arguments.option("--store DIR", store, "The folder of all runs (default: runs)");
  arguments.option("--from STEP", from, "Begin at the checkpoint of this step instead of the start", 0,
                   INT64_C(1) << 40);
  arguments.option("--trust KEY", options.trust_key_file, "Public key file: the record must be signed by it");
  arguments.option("--data DIR", options.data_folder,
                   "Where to look for data files that are no longer at their place");
  arguments.flag("--run-command", run_command,
                 "Execute the recorded command of a program that is not Tessera's");
  arguments.flag("--json", json, "Print the outcome as one line of JSON");
  arguments.flag("--quiet", options.quiet, "No progress");
  execution.declare(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  const std::string folder = runs_folder(store, run);
  options.from_step = static_cast<std::uint64_t>(from);
  execution.apply();
  options.environment = execution.environment();
  const train::VerifyResult result = is_foreign(folder)
                                         ? verify_foreign_program(folder, options, run_command, execution)
                                         : train::verify(folder, options);
  if (json) {
    fmt::print("{}\n", result_json(result));
    return result.code;
  }
  for (const std::string& note : result.notes) fmt::print(stderr, "note: {}\n", printable(note));
  if (result.code == ExitCode::kSuccess) {
    fmt::print("{}\nseal {}\n", result.message, result.seal);
  } else {
    fmt::print(stderr, "tessera: {}\n", printable(result.message));
  }
  return result.code;
}

}  // namespace tessera::cli
