// Looking at records: the check, the reader, a replay, the index.

#include <nlohmann/json.hpp>

#include "tests/store_tester/runner.h"
#include "tests/store_tester/session.h"

namespace store_tester {

Answer Runner::ask_once(const std::function<void(Channel&)>& work, const std::string& fault) {
  Child child(store_, work);
  Answer answer = child.ask("now", fault);
  const FaultAction action = parse_fault(fault).action;
  const bool planted =
      action == FaultAction::kDie || action == FaultAction::kTorn || action == FaultAction::kCut;
  if (answer.fired) ++counts_->faults;
  if (answer.kind == Answer::Kind::kException)
    found("an exception that is no tessera::Error: {}", answer.message);
  if (answer.kind == Answer::Kind::kSilent) found("no answer within a minute");
  if (answer.kind == Answer::Kind::kDied && !(planted && answer.fired))
    found("the process ended by itself or by signal {}", answer.signal);
  return answer;
}

bool Runner::check(RunModel& run) {
  const DiskState disk = disk_of(run);
  const std::string trusted = run.key == "none" ? "" : fmt::format("{}/keys/{}.pub", root_, run.key);
  const Answer answer = ask_once([&](Channel& channel) { check_once(channel, run.folder, trusted); });
  const bool intact = answer.text("intact") == "yes";
  if (run.frayed) return true;
  if (!disk.claim) {
    if (intact && !disk.sealed) found("check: {} was never started, but is called intact", run.folder);
    return true;
  }
  if (answer.kind == Answer::Kind::kError) found("check: {}", answer.message);
  if (!disk.sealed) {
    if (intact) found("check: {} is not sealed, but is called intact", run.folder);
    const bool touched = run.sealed || run.checkpoints_touched;
    if (!touched && answer.text("code") != "5")
      found("check: {} was not changed: {}", run.folder, answer.text("problems"));
    return true;
  }
  // The process that seals may still be there; nothing has been changed since then.
  const std::string changed =
      run.sealed ? first_difference(run.sealed_files, covered_part(snapshot_of(run.folder))) : "";
  const bool expected = changed.empty() && !run.sealed_with_damage;
  if (intact && !expected)
    found("check: {} is called intact, but {}", run.folder,
          changed.empty() ? "a checkpoint is damaged" : changed);
  if (!intact && expected) found("check: {} was not changed: {}", run.folder, answer.text("problems"));
  if (!intact) return true;
  if (answer.text("seal") != chain_on(disk, run.recipe, references_).seal)
    found("check: the seal is {}, that of an uninterrupted run {}", answer.text("seal"),
          chain_on(disk, run.recipe, references_).seal);
  if ((answer.text("trusted") == "yes") != (run.key != "none"))
    found("check: signed with the key '{}', trusted: {}", run.key, answer.text("trusted"));
  return true;
}

bool Runner::read(RunModel& run) {
  const DiskState disk = disk_of(run);
  const Answer answer = ask_once([&](Channel& channel) { read_once(channel, run.folder); });
  if (run.frayed) return true;
  const bool refused = answer.kind == Answer::Kind::kError;
  if (!disk.claim && !refused) found("read: {} has no claim, but was read", run.folder);
  const bool changed = run.sealed && run.sealed_files != covered_part(snapshot_of(run.folder));
  if (!disk.claim || changed) return true;
  if (refused) found("read: {}", answer.message);
  if (answer.number("lines") != disk.lines)
    found("read: {} lines, there are {}", answer.number("lines"), disk.lines);
  return true;
}

bool Runner::replay(RunModel& run, const Operation& operation) {
  const DiskState disk = disk_of(run);
  ReplayRequest request{run.folder,
                        root_ + "/keys",
                        run.recipe,
                        Settings(),
                        operation.text("other"),
                        operation.number("from"),
                        operation.number("to")};
  request.settings.observer = operation.text("loop") == "observer";
  request.last = disk.ending ? disk.ending->step : last_step(run.recipe);
  request.ends_in_loop = disk.ending && disk.ending->in_loop;
  const Snapshot before = snapshot_of(run.folder);
  const Answer answer = ask_once([&](Channel& channel) { replay_once(channel, request); });
  const std::string changed = first_difference(before, snapshot_of(run.folder));
  if (!changed.empty()) found("replay: it is to write nothing, but {}", changed);
  const bool refused = answer.kind == Answer::Kind::kError, identical = answer.text("identical") == "yes";
  if (identical && disk.claim && !disk.lines_as_predicted)
    found("replay: {} is called identical, but its chain is not that of its recipe", run.folder);
  const bool altered = run.sealed && run.sealed_files != covered_part(snapshot_of(run.folder));
  if (run.frayed || altered || !disk.as_predicted) return true;
  switch (expect_replay(run, disk, operation, references_)) {
    case ReplayVerdict::kRefused:
      if (!refused) found("replay: should have been refused");
      ++counts_->refusals;
      return true;
    case ReplayVerdict::kIdentical:
      if (!identical) found("replay: not identical: {}{}", answer.message, answer.text("mismatch"));
      return true;
    case ReplayVerdict::kNotIdentical:
      if (refused || identical || !answer.text("mismatch").empty())
        found("replay: an unfinished record, expected that it is incomplete without a mismatch: {}{}",
              answer.message, answer.text("mismatch"));
      return true;
  }
  return true;
}

// ---- The index ----

namespace {

std::string condition_of(const std::string& where) {
  if (where == "sealed") return "status = 'sealed'";
  if (where == "steps") return "steps >= 3 and not status = 'running'";
  if (where == "seed") return "seed = 1 or seed > 2";
  return "";
}

}  // namespace

bool Runner::expected_in_list(const RunModel& run, const DiskState& disk, const std::string& where) const {
  if (where == "sealed") return disk.sealed;
  if (where == "steps") return disk.last_step() >= 3 && (disk.sealed || !run.held());
  if (where == "seed") return run.recipe.seed != 2;
  return true;
}

bool Runner::list(const Operation& operation) {
  const std::string where = operation.text("where");
  const Answer answer = ask_once([&](Channel& channel) { list_once(channel, store_, condition_of(where)); },
                                 operation.text("fault"));
  if (answer.kind == Answer::Kind::kDied || (answer.kind == Answer::Kind::kError && answer.fired))
    return true;
  if (answer.kind == Answer::Kind::kHalted) return true;  // and is killed there
  if (answer.kind == Answer::Kind::kError) {
    // Keys that no run has are refused.
    found("list: {}", answer.message);
  }
  if (index_flipped_) return true;
  const nlohmann::json runs = nlohmann::json::parse(answer.text("runs"));
  for (const auto& [name, run] : runs_) {
    const bool altered =
        run.frayed || (run.sealed && run.sealed_files != covered_part(snapshot_of(run.folder)));
    const DiskState disk = disk_of(run);
    if (altered || !disk.claim) continue;
    const std::string key = run.folder.substr(store_.size() + 1);
    const bool expected = expected_in_list(run, disk, where);
    if (runs.contains(key) != expected)
      found("list: '{}' is {}listed under the condition '{}'", key, expected ? "not " : "",
            condition_of(where));
    if (!expected) continue;
    const bool running = run.held() && lock_held(run.folder);
    const nlohmann::json wanted = {{"status", disk.sealed ? "sealed"
                                              : running   ? "running"
                                                          : "interrupted"},
                                   {"steps", disk.last_step()},
                                   {"seal", disk.sealed ? chain_on(disk, run.recipe, references_).seal : ""},
                                   {"seed", run.recipe.seed},
                                   {"planned", run.recipe.steps}};
    if (runs[key] != wanted) found("list: '{}' is {}, expected {}", key, runs[key].dump(), wanted.dump());
  }
  for (const auto& [name, value] : runs.items())
    if (!name.starts_with("garbage") && !std::filesystem::is_directory(store_ + "/" + name))
      found("list: '{}' is listed, but is no folder", name);
  return true;
}

}  // namespace store_tester
