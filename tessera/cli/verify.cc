// tessera verify: is the record what this machine computes, too?
#include <fmt/core.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "tessera/base/json.h"
#include "tessera/base/progress.h"
#include "tessera/base/text.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/execution.h"
#include "tessera/cli/foreign_program.h"
#include "tessera/cli/run_kinds.h"
#include "tessera/cli/training_report.h"
#include "tessera/cli/version.h"
#include "tessera/data/numbers.h"
#include "tessera/runs/record.h"
#include "tessera/runs/verifications.h"
#include "tessera/train/spot_verify.h"
#include "tessera/train/training_run.h"

namespace tessera::cli {

namespace {

constexpr std::string_view kVerifyDetails =
    "First the record is checked: nothing edited, nothing missing. Then the inputs: the same bytes as were\n"
    "claimed. Then every step is executed again and compared with the record, bit for bit. --from needs a\n"
    "checkpoint of that step; the newest three of those written are kept. --spot K executes K random "
    "stretches between\n"
    "checkpoints instead, which needs them to be kept (record.kept_checkpoints=0 when training), and says "
    "how\n"
    "probably a fault would be missed. A run of another program is executed only with\n"
    "--run-command, since it could do anything; without it, the command is shown. What it prints goes to\n"
    "standard error. The outcome is noted in RUN/verifications.jsonl, beside the seal, if that can be "
    "written.\n"
    "Exit status: 0 identical, 1 mismatch or changed record, 3 cannot re-run, 4 input changed, 5 "
    "unsealed.\n\n"
    "Examples:\n"
    "  tessera verify runs/digits-0001 --threads 1\n"
    "  tessera verify runs/digits-0001 --backend reference --from 800\n"
    "  tessera verify runs/digits-0001 --spot 5\n"
    "  tessera verify runs/digits-0001 --trust alice.pub";

struct SpotArguments {
  std::int64_t stretches = 0, seed = -1;
  std::string share;
};

constexpr std::int64_t kLargestSeed = (INT64_C(1) << 53) - 1;  // that a reader of JSON keeps

std::uint64_t seed_from_the_system() {
  std::uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, 0) != static_cast<ssize_t>(sizeof seed))
    fail("the system gives no random numbers for the draw: {} (--seed N chooses it)", std::strerror(errno));
  return seed & static_cast<std::uint64_t>(kLargestSeed);
}

// --spot and what belongs to it.
std::optional<train::SpotOptions> spot_options(const SpotArguments& given, std::int64_t from) {
  if (given.stretches == 0) {
    if (given.seed >= 0) fail_with(ExitCode::kUsage, "--seed is for --spot K");
    if (!given.share.empty()) fail_with(ExitCode::kUsage, "--share is for --spot K");
    return std::nullopt;
  }
  if (from > 0)
    fail_with(ExitCode::kUsage, "--from and --spot exclude each other: --spot draws where it begins");
  train::SpotOptions options;
  options.stretches = static_cast<std::uint64_t>(given.stretches);
  options.seed = given.seed >= 0 ? static_cast<std::uint64_t>(given.seed) : seed_from_the_system();
  if (given.share.empty()) return options;
  const auto share = data::parse_real(given.share);
  if (!share || !(*share > 0 && *share <= 1))
    fail_with(ExitCode::kUsage, "--share: found '{}', expected a number above 0 and at most 1", given.share);
  options.share = *share;
  return options;
}

void print_spot(const train::SpotResult& spot) {
  for (const train::SpotStretch& stretch : spot.checked)
    fmt::print("steps {} to {}: {}\n", grouped_number(stretch.first), grouped_number(stretch.last),
               stretch.mismatch ? printable(stretch.mismatch->sentence()) : "identical");
  fmt::print("drawn with --seed {}\n", spot.options.seed);
}

nlohmann::json mismatch_json(const runs::Mismatch& mismatch) {
  return {{"step", mismatch.step},
          {"what", mismatch.what},
          {"recorded", mismatch.recorded},
          {"now", mismatch.now}};
}

nlohmann::json spot_json(const train::SpotResult& spot) {
  nlohmann::json checked = nlohmann::json::array();
  for (const train::SpotStretch& stretch : spot.checked) {
    nlohmann::json entry = {
        {"first", stretch.first}, {"last", stretch.last}, {"identical", !stretch.mismatch.has_value()}};
    if (stretch.mismatch) entry["mismatch"] = mismatch_json(*stretch.mismatch);
    checked.push_back(std::move(entry));
  }
  return {{"seed", spot.options.seed},
          {"checked", checked},
          {"stretches", spot.stretches},
          {"steps", spot.steps},
          {"checked_steps", spot.checked_steps},
          {"unavailable", spot.unavailable},
          {"unavailable_steps", spot.unavailable_steps},
          {"whole_run", spot.whole_run()},
          {"share", hex_float(spot.options.share)},
          {"missed_probability", hex_float(spot.odds.missed)},
          {"missed_when_confined_to", spot.odds.stretches}};
}

std::string result_json(const train::VerifyResult& result) {
  nlohmann::json json = {{"status", static_cast<int>(result.code)},
                         {"message", result.message},
                         {"seal", result.seal},
                         {"notes", result.notes}};
  if (result.replay) {
    json["steps"] = result.replay->last_step;
    json["tensors"] = result.replay->tensors;
    if (result.replay->mismatch) json["mismatch"] = mismatch_json(*result.replay->mismatch);
  }
  if (result.spot) {
    json.erase("steps");  // those of the last stretch say nothing
    json.erase("mismatch");
    json["spot"] = spot_json(*result.spot);
  }
  return canonical_json(json);
}

std::string part_text(const train::VerifyResult& result) {
  if (result.spot)
    return fmt::format("spot: {} of {} stretches", result.spot->checked.size(), result.spot->stretches);
  if (!result.replay) return "none";
  return result.replay->first_step == 0 ? "whole" : fmt::format("after step {}", result.replay->first_step);
}

// Numbers may have changed from one version to the next.
void note_other_program(const std::string& folder, train::VerifyResult& result) {
  if (result.code != ExitCode::kFailure || !result.replay) return;  // a changed record, say
  try {
    const std::string own = runs::verification_now("", {}).program_digest;
    for (const runs::Session& session : runs::read_circumstances(folder).sessions) {
      if (session.program_digest.empty() || session.program_digest == own) continue;
      result.notes.push_back(
          fmt::format("recorded by another program (digest {}); CHANGELOG.md says which numbers changed",
                      session.program_digest.substr(0, 12)));
      return;
    }
  } catch (const Error&) {  // the mismatch is what counts
  }
}

// A line in the folder's diary. What could not begin (usage, a program or data that are not here) says nothing about the record.
void note_outcome(const std::string& folder, const train::VerifyOptions& options,
                  const train::VerifyResult& result) {
  if (result.code == ExitCode::kUsage || result.code == ExitCode::kCannotRerun) return;
  runs::Verification line = runs::verification_now(fmt::format("tessera {}", version()), options.environment);
  line.message = result.message;
  line.status = static_cast<std::uint64_t>(result.code);
  line.part = part_text(result);
  if (result.spot)
    line.steps = result.spot->checked_steps;
  else if (result.replay)
    line.steps = result.replay->last_step - std::min(result.replay->first_step, result.replay->last_step);
  runs::append_verification(folder, line);  // a copy that cannot be written is as good to verify
}

train::VerifyResult verify_and_note(const std::string& folder, const train::VerifyOptions& options,
                                    bool run_command, const Execution& execution) {
  train::VerifyResult result;
  try {
    const RunKind* kind = run_kind(folder);
    if (kind == nullptr && is_foreign(folder)) {
      result = verify_foreign_program(folder, options, run_command, execution);
    } else {
      result = kind != nullptr ? kind->verify(folder, options) : train::verify(folder, options);
      note_other_program(folder, result);
    }
  } catch (const Error& error) {
    result.code = error.code();
    result.message = error.what();
    if (error.code() == ExitCode::kInputChanged) note_outcome(folder, options, result);
    throw;
  }
  note_outcome(folder, options, result);
  return result;
}

}  // namespace

ExitCode run_verify(const Words& words) {
  Arguments arguments("verify", "Re-execute a run and compare every step with its record", kVerifyDetails);
  std::string run, store = "runs";
  std::int64_t from = 0;
  SpotArguments spot;
  train::VerifyOptions options;
  Execution execution;
  bool json = false, run_command = false;
  arguments.positional("RUN", run, "Folder of a run, or its name in the store");
  arguments.option("--store DIR", store, "The folder of all runs (default: runs)");
  arguments.option("--from STEP", from, "Begin at the checkpoint of this step instead of the start", 0,
                   INT64_C(1) << 40);
  arguments.option("--spot K", spot.stretches, "Re-execute only K random stretches between checkpoints", 1,
                   INT64_C(1) << 40);
  arguments.option("--seed N", spot.seed, "With --spot: draw these stretches again (default: a new draw)", 0,
                   kLargestSeed);
  arguments.option(
      "--share X", spot.share,
      "With --spot: the share of faulty steps that the probability is stated for (default: 0.01)");
  arguments.option("--trust KEY", options.trust_key_file, "Public key file: the record must be signed by it");
  arguments.option(
      "--data PLACE", options.data_folder,
      "Where to look for data files that are no longer at their place; for rows of PostgreSQL, the "
      "address of the database");
  arguments.flag("--run-command", run_command,
                 "Execute the recorded command of a program that is not Tessera's");
  arguments.flag("--json", json, "Print the outcome as one line of JSON");
  arguments.flag("--quiet", options.quiet, "No progress");
  execution.declare(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  options.spot = spot_options(spot, from);
  const std::string folder = runs_folder(store, run);
  options.from_step = static_cast<std::uint64_t>(from);
  execution.apply();
  options.environment = execution.environment();
  const train::VerifyResult result = verify_and_note(folder, options, run_command, execution);
  if (json) {
    fmt::print("{}\n", result_json(result));
    return result.code;
  }
  if (result.spot) print_spot(*result.spot);
  for (const std::string& note : result.notes) fmt::print(stderr, "note: {}\n", printable(note));
  if (result.code == ExitCode::kSuccess) {
    fmt::print("{}\n", result.message);
    if (result.spot) fmt::print("{}\n", train::spot_odds_text(*result.spot));
    fmt::print("seal {}\n", result.seal);
  } else {
    fmt::print(stderr, "tessera: {}\n", printable(result.message));
  }
  return result.code;
}

}  // namespace tessera::cli
