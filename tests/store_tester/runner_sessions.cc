// Processes that hold a run: they are started, told what to do, killed, and their answers and what they leave on the disk are
// compared with what the model expects.

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tests/store_tester/runner.h"
#include "tests/store_tester/session.h"

namespace store_tester {
namespace {

std::string name_of(const std::string& folder) {
  return folder.substr(folder.rfind('/') + 1);
}

// The public key that circumstances.json says is to sign.
std::string signing_key(const std::string& folder) {
  const std::string path = folder + "/circumstances.json";
  if (!tessera::exists(path) || tessera::is_folder(path)) return "";
  try {
    const auto value = nlohmann::json::parse(tessera::read_regular_file(path), nullptr, false);
    return value.is_object() ? value.value("signing_key", "") : "";
  } catch (const tessera::Error&) {  // a pipe in its place
    return "";
  }
}

bool is_numbered_name(const std::string& name) {
  return name.size() >= 8 && name.starts_with("run-") &&
         name.find_first_not_of("0123456789", 4) == std::string::npos;
}

}  // namespace

// ---- Starting ----

bool Runner::open(RunModel& run, const Operation& operation) {
  if (run.held()) return false;
  SessionModel session;
  session.what = "open";
  session.recipe = {operation.number("steps"), std::max<std::uint64_t>(operation.number("digest"), 1),
                    operation.number("checkpoint"), operation.number("seed"), operation.yes("kept")};
  session.recipe.steps = std::min(session.recipe.steps, kMostSteps);
  session.settings = {operation.number("keep"), operation.text("key"), false,
                      operation.text("loop") == "observer"};
  const bool numbered = operation.yes("numbered");
  if (numbered && tessera::exists(run.folder)) return false;
  Operation plain = operation;
  if (numbered) plain.arguments.erase("fault");  // whose folder it would be could not be known
  start_session(run, plain, session);
  return true;
}

bool Runner::resume(RunModel& run, const Operation& operation) {
  if (run.held()) return false;
  SessionModel session;
  session.what = "resume";
  session.recipe = run.recipe;
  if (operation.text("kept") != "same") session.recipe.kept = operation.yes("kept");
  const std::string key = operation.text("key") == "same" ? run.key : operation.text("key");
  session.settings = {operation.number("keep"), key, operation.yes("unsigned"),
                      operation.text("loop") == "observer"};
  session.other = operation.text("other");
  start_session(run, operation, session);
  return true;
}

Expectation Runner::expect_start(RunModel& run, const SessionModel& session) {
  if (session.what == "open") {
    const Expectation expectation = expect_open(run, disk_of(run), session);
    if (expectation.refused) return expectation;
    run.recipe = session.recipe;  // what was known of the folder before is of no importance any more
    run.frayed = run.checkpoints_touched = false;
    return expectation;
  }
  if (run.lines == 0) run.recipe.kept = session.recipe.kept;
  const DiskState disk = disk_of(run);
  const Expectation expectation = expect_resume(run, disk, session, references_);
  if (expectation.refused || run.frayed || run.checkpoints_touched || !session.recipe.kept)
    return expectation;
  // What the disk says must not be less than what was promised.
  const Chain& chain = chain_on(disk, run.recipe, references_);
  for (std::size_t i = 0; i < disk.lines; ++i)
    if (!chain.checkpoints[i].empty() && disk.step_of_line(i) > expectation.done)
      found("line {} names the checkpoint of step {}, which is not there: a resume would begin after step {}",
            i + 1, disk.step_of_line(i), expectation.done);
  if (run.paused && *run.paused > expectation.done)
    found("the run was stopped after step {}, a resume would begin after step {}", *run.paused,
          expectation.done);
  return expectation;
}

void Runner::start_session(RunModel& run, const Operation& operation, const SessionModel& session) {
  const Expectation expectation = expect_start(run, session);
  SessionStart start{session.what,    store_,         name_of(run.folder), run.folder,
                     root_ + "/keys", session.recipe, session.settings,    session.other};
  const bool numbered = session.what == "open" && operation.yes("numbered");
  if (numbered) start.name = "";
  before_ = snapshot_of(run.folder);
  run.holder = Holder();
  run.holder.session = session;
  run.holder.child =
      std::make_unique<Child>(store_, [&start](Channel& channel) { run_session(channel, start); });
  const Answer answer = run.holder.child->ask("start", operation.text("fault"));
  if (numbered && answer.kind == Answer::Kind::kDone) take_numbered_folder(run, answer.text("name"));
  judge(run, operation, expectation, answer);
}

// A number may have been taken before by a run that was never started.
void Runner::take_numbered_folder(RunModel& run, const std::string& name) {
  const std::string folder = fmt::format("{}/{}", store_, name);
  if (!is_numbered_name(name)) found("a run without a name was named '{}'", name);
  for (auto& [letter, other] : runs_) {
    if (&other == &run || other.folder != folder) continue;
    if (other.started) found("a new run was begun in {}, which holds a run", folder);
    Holder holder = std::move(other.holder);
    other = fresh_run(letter);
    other.holder = std::move(holder);
  }
  run.folder = folder;
}

// ---- Commands ----

Expectation Runner::expect_command(RunModel& run, const Operation& operation) {
  const SessionModel& session = run.holder.session;
  if (operation.kind == "steps")
    return expect_steps(run, session, std::max<std::uint64_t>(operation.number("n"), 1));
  if (operation.kind == "stop") return expect_stop(run, session, references_);
  if (operation.kind == "finish") return expect_finish(run, session);
  return expect_abandon(run, session);
}

bool Runner::command(RunModel& run, const Operation& operation) {
  if (!run.held() || run.holder.halted) return false;
  const Expectation expectation = expect_command(run, operation);
  std::string line = operation.kind;
  if (operation.kind == "steps")
    line += fmt::format(" {}", std::max<std::uint64_t>(operation.number("n"), 1));
  before_ = snapshot_of(run.folder);
  judge(run, operation, expectation, run.holder.child->ask(line, operation.text("fault")));
  return true;
}

bool Runner::go(RunModel& run) {
  if (!run.held() || !run.holder.halted) return false;
  Holder& holder = run.holder;
  holder.halted = false;
  // It did not hold the lock yet, so it decides now.
  if (holder.meanwhile) holder.expectation = expect_start(run, holder.session);
  before_ = snapshot_of(run.folder);
  const Operation pending = holder.pending;
  const Expectation expectation = holder.expectation;
  Answer answer = holder.child->go_on();
  answer.fired = false;  // to wait is no failure
  judge(run, pending, expectation, answer);
  return true;
}

bool Runner::kill(RunModel& run, const Operation& operation) {
  if (!run.held()) return false;
  run.holder.child->kill();
  const bool cut = operation.kind == "cut";
  if (cut) apply_power_cut(run.holder.child->fates(), operation.number("keep"));
  Expectation expectation = expect_abandon(run, run.holder.session);
  if (run.holder.halted) expectation = run.holder.expectation;
  const std::size_t least = cut ? run.synced_lines : run.lines;
  end_session(run);
  settle(run, expectation, least, false);
  return true;
}

bool Runner::rival(RunModel& run, const Operation& operation) {
  const std::string what = operation.text("what") == "open" ? "open" : "resume";
  // Until the process that was halted has the lock, another one may be quicker.
  const bool undecided =
      run.held() && run.holder.halted && !run.holder.session.started && !lock_held(run.folder);
  if (run.held() && !undecided) {
    refused_rival(run, what);
    return true;
  }
  Holder holder = std::move(run.holder);
  run.holder = Holder();
  if (what == "open")
    open(run, {what});
  else
    resume(run, {what});
  if (run.held()) command(run, {"steps", "", {{"n", operation.text("n")}}});
  if (run.held()) command(run, {"abandon"});
  if (holder.child != nullptr) {
    run.holder = std::move(holder);
    run.holder.meanwhile = true;
  }
  return true;
}

void Runner::refused_rival(const RunModel& run, const std::string& what) {
  Settings settings;
  settings.key = run.key;
  const SessionStart start{what,       store_,  name_of(run.folder), run.folder, root_ + "/keys",
                           run.recipe, settings};
  const Snapshot before = snapshot_of(run.folder);
  Child child(store_, [&start](Channel& channel) { run_session(channel, start); });
  if (child.ask("start").kind != Answer::Kind::kError)
    found("a second process could {} {} while the first one held it", what, run.folder);
  const std::string changed = first_difference(before, snapshot_of(run.folder));
  if (!changed.empty()) found("a second process was refused, but {}", changed);
  ++counts_->refusals;
}

// ---- Answers ----

void Runner::end_session(RunModel& run) {
  run.holder = Holder();
}

void Runner::judge(RunModel& run, const Operation& operation, const Expectation& expectation,
                   const Answer& answer) {
  if (answer.fired) ++counts_->faults;
  switch (answer.kind) {
    case Answer::Kind::kException:
      found("{}: an exception that is no tessera::Error: {}", operation.kind, answer.message);
    case Answer::Kind::kSilent:
      found("{}: no answer within a minute", operation.kind);
    case Answer::Kind::kHalted:
      run.holder.halted = true;
      run.holder.pending = operation;
      run.holder.expectation = expectation;
      return;
    case Answer::Kind::kDied:
      return judge_death(run, operation, expectation, answer);
    case Answer::Kind::kError:
      return judge_error(run, operation, expectation, answer);
    case Answer::Kind::kStopped:
    case Answer::Kind::kDone:
      return judge_success(run, operation, expectation, answer);
  }
}

void Runner::judge_death(RunModel& run, const Operation& operation, const Expectation& expectation,
                         const Answer& answer) {
  const FaultAction action = parse_fault(operation.text("fault")).action;
  const bool planted =
      action == FaultAction::kDie || action == FaultAction::kTorn || action == FaultAction::kCut;
  if (answer.signal != SIGKILL || !planted)
    found("{}: the process ended by itself or by signal {}", operation.kind, answer.signal);
  if (action == FaultAction::kCut) apply_power_cut(run.holder.child->fates(), 0);
  end_session(run);
  settle(run, expectation, action == FaultAction::kCut ? run.synced_lines : run.lines, false);
}

void Runner::judge_error(RunModel& run, const Operation& operation, const Expectation& expectation,
                         const Answer& answer) {
  end_session(run);
  if (!run.frayed && !answer.fired && !expectation.refused)
    found("{}: refused, but it should not be: {}", operation.kind, answer.message);
  if (!answer.fired && expectation.refused && expectation.bytes_stay) {
    const std::string changed = first_difference(before_, snapshot_of(run.folder));
    if (!changed.empty()) found("{}: refused, but {} ({})", operation.kind, changed, answer.message);
  }
  if (expectation.refused) ++counts_->refusals;
  settle(run, expectation, run.lines, false);
}

void Runner::judge_success(RunModel& run, const Operation& operation, const Expectation& expectation,
                           const Answer& answer) {
  SessionModel& session = run.holder.session;
  const bool stopped = answer.kind == Answer::Kind::kStopped;
  // Even of a frayed run a process must not take what another one holds, or what is not there.
  if (expectation.refused && (!run.frayed || expectation.bytes_stay))
    found("{}: should have been refused", operation.kind);
  if (!run.frayed) judge_values(run, operation, expectation, answer);
  session.at = stopped ? expectation.done : answer.number("done");
  if (expectation.starts) note_start(run);
  const bool was_paused = stopped && session.recipe.kept;
  if (expectation.ends || stopped) end_session(run);
  settle(run, expectation, expectation.lines, true);
  if (!was_paused || run.frayed) return;
  const DiskState disk = disk_of(run);
  const auto best = best_line(disk, run.recipe, references_);
  if (!best || disk.step_of_line(*best) < expectation.done)
    found("stopped after step {}, but the state of that step is not on the disk", expectation.done);
  run.paused = expectation.done;
}

void Runner::judge_values(RunModel& run, const Operation& operation, const Expectation& expectation,
                          const Answer& answer) {
  const bool stopped = answer.kind == Answer::Kind::kStopped;
  if (stopped != expectation.stopped)
    found("{}: {}", operation.kind, stopped ? "stopped without being asked to" : "did not stop");
  if (expectation.seals) {
    const std::string& seal = references_.chain(run.recipe, expectation.ending).seal;
    if (answer.text("seal") != seal)
      found("{}: the seal is {}, that of an uninterrupted run {}", operation.kind, answer.text("seal"), seal);
  } else if (!stopped && answer.number("done") != expectation.done) {
    found("{}: {} steps are done, expected {}", operation.kind, answer.number("done"), expectation.done);
  }
}

void Runner::note_start(RunModel& run) {
  SessionModel& session = run.holder.session;
  session.started = true;
  session.complete =
      session.what == "resume" && run.ending &&
      best_line(disk_of(run), run.recipe, references_) == std::optional<std::size_t>(run.lines - 1);
  const std::uint64_t keep = session.settings.keep;
  if (session.what == "open" || (keep > 0 && (run.least_kept == 0 || keep < run.least_kept)))
    run.least_kept = keep;
}

// ---- What is on the disk afterwards ----

void Runner::settle(RunModel& run, const Expectation& expectation, std::size_t least_lines, bool certain) {
  const DiskState disk = disk_of(run);
  if (!run.frayed && !run.sealed) {
    if (disk.claim && !disk.as_predicted)
      found("the chain in {} is not that of an uninterrupted run", run.folder);
    const std::size_t lines = disk.claim ? disk.lines : 0;
    if (run.started && !disk.claim) found("{} has no claim.json any more", run.folder);
    if (certain && (lines != expectation.lines || disk.ending != expectation.ending))
      found("{} has {} chain lines{}, expected {}{}", run.folder, lines,
            disk.ending ? " with a closing one" : "", expectation.lines,
            expectation.ending ? " with a closing one" : "");
    if (lines < least_lines || lines > std::max(expectation.lines, run.lines))
      found("{} has {} chain lines, expected {} to {}", run.folder, lines, least_lines,
            std::max(expectation.lines, run.lines));
    if (disk.sealed && !expectation.seals && !run.sealed)
      found("{} has a seal, but was not finished", run.folder);
    if (certain && expectation.seals && !disk.sealed) found("{} was finished, but has no seal", run.folder);
    if (certain && (expectation.starts || expectation.seals) && disk.leftovers)
      found("{} has temporaries of writes that were cut off", run.folder);
  }
  if (disk.sealed && !run.sealed) note_seal(run, disk, certain);
  run.started = disk.claim;
  run.lines = disk.claim ? disk.lines : 0;
  run.ending = disk.claim ? disk.ending : std::nullopt;
  run.synced_lines =
      std::min(run.lines, certain ? expectation.synced_lines : std::min(run.synced_lines, run.lines));
  if (!certain || (run.paused && run.lines > *run.paused + 1)) run.paused.reset();
  const auto key = key_names_.find(signing_key(run.folder));
  if (run.started && !run.sealed) run.key = key == key_names_.end() ? "none" : key->second;
}

void Runner::note_seal(RunModel& run, const DiskState& disk, bool certain) {
  run.sealed = true;
  ++counts_->seals;
  run.sealed_files = covered_part(snapshot_of(run.folder));
  run.sealed_with_damage = !disk.all_checkpoints_intact;
  if (run.frayed) return;
  if (!disk.ending) found("{} has a seal, but no closing line", run.folder);
  if (certain && tessera::exists(run.folder + "/paused.json"))
    found("{} is sealed and still paused", run.folder);
  if (!run.recipe.kept || run.checkpoints_touched) return;
  // The newest ones, and the final one, which has the same digest as the last of them when nothing was computed in between.
  const Chain& chain = chain_on(disk, run.recipe, references_);
  std::set<std::string> newest;
  const std::uint64_t most = run.least_kept == 0 ? chain.checkpoints.size() : run.least_kept;
  for (std::size_t i = chain.checkpoints.size() - 1; i-- > 0 && newest.size() < most;)
    if (!chain.checkpoints[i].empty()) newest.insert(chain.checkpoints[i]);
  newest.insert(chain.checkpoints.back());
  for (const std::string& digest : newest)
    if (!disk.checkpoints.contains(digest))
      found("{} has no checkpoint {}, which was to be kept", run.folder, digest);
}

}  // namespace store_tester
