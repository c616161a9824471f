// How a run begins: with the initial state, or with the state of the newest checkpoint that is intact.

#include <utility>

#include "tessera/runs/index.h"
#include "tessera/runs/resume_points.h"
#include "tessera/runs/run_state.h"

namespace tessera::runs {

std::uint64_t Run::State::start() {
  refuse_failed();
  if (started) return done;
  started = failed = true;
  circumstances.resumable = !kept.empty();
  if (mode == Mode::kResume) restore_latest();
  if (mode == Mode::kReplay && replay.from_step > 0) restore_replay_start();
  if (mode != Mode::kReplay) {
    Session& session = circumstances.sessions.back();
    session.first_step = session.last_step = done;
    write_circumstances();
    if (options.catch_signals) interrupt_guard.emplace();
  }
  outcome.first_step = outcome.last_step = done;
  if (done == 0 && !complete) {  // also when a resumed run has to begin again: its first line is compared
    ChainLine line;
    add_state(line, false);
    add_line(std::move(line));
    if (mode != Mode::kReplay) chain->sync();
  }
  if (mode == Mode::kResume) update_index(store_of_folder(folder), name);
  if (options.trace) start_trace();
  begin_step();
  failed = false;
  return done;
}

void Run::State::start_trace() {
  const TraceRequest& wanted = *options.trace;
  if (wanted.from <= done)
    fail_with(ExitCode::kUsage, "run '{}': cannot trace steps {} to {}: this execution begins after step {}",
              name, wanted.from, wanted.to, done);
  TraceHeader header;
  header.claim = to_hex(claim_hash);
  header.name = name;
  header.contract = claim.contract;
  header.from = wanted.from;
  header.to = wanted.to;
  header.values = wanted.values;
  const Session here = new_session(options);
  header.environment = here.environment;
  header.environment["program"] = here.program_digest;
  recorder.emplace(wanted.folder, header);
}

void Run::State::restore_latest() {
  const auto& lines = chain->recorded();
  if (lines.empty()) return;
  if (kept.empty() && lines.size() > 1)
    fail(
        "{}: the program keeps no state, so the run cannot be resumed after step {}: call keep() for what "
        "changes from "
        "step to step, or start it anew",
        folder, lines.back().line.step);
  std::string passed_over;
  const std::vector<ResumePoint> points = resume_points(folder, lines, &passed_over);
  if (!passed_over.empty()) circumstances.notes.push_back(fmt::format("passed over: {}", passed_over));
  for (const ResumePoint& point : points)
    if (restore_from(point.line, point.checkpoint)) return;
}

bool Run::State::restore_from(std::size_t line, const std::string& digest) {
  if (!checkpoint_intact(folder, digest)) {
    const std::string path = checkpoint_path(folder, digest);
    if (exists(path))
      circumstances.notes.push_back(fmt::format("passed over: damaged checkpoint {}", digest));
    return false;
  }
  restore_exactly(digest);
  chain->skip(line + 1);
  const ChainLine& restored = chain->last().line;
  done = restored.step;
  complete = restored.closing;
  return true;
}

// An object that does not restore what it saved would go on silently with another state; this finds it at once.
void Run::State::restore_exactly(const std::string& digest) {
  const std::string path = checkpoint_path(folder, digest);
  const std::vector<NamedTensor> saved = load_checkpoint(folder, digest);
  kept.restore(saved, path);
  const std::vector<NamedTensor> now = kept.collect();
  if (to_hex(sha256(write_safetensors(now))) == digest) return;
  const auto digests_saved = state_digests(saved), digests_now = state_digests(now);
  for (const auto& [entry, value] : digests_saved) {
    const auto found = digests_now.find(entry);
    if (found == digests_now.end() || found->second != value)
      fail(
          "{}: '{}' does not have the saved value after it was restored: its visit_state() does not restore "
          "it",
          path, entry);
  }
  fail("{}: the restored state has entries that were not saved", path);
}

void Run::State::restore_replay_start() {
  const auto& lines = chain->recorded();
  if (kept.empty())
    fail("{}: the program keeps no state, so it can be replayed from the beginning only", folder);
  const std::uint64_t last_step = lines.back().line.step;
  std::string steps_with_checkpoints;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const ChainLine& line = lines[i].line;
    const bool usable =
        !line.checkpoint.empty() && line.step < last_step && exists(checkpoint_path(folder, line.checkpoint));
    if (!usable) continue;
    if (line.step == replay.from_step) {
      restore_exactly(line.checkpoint);
      chain->skip(i + 1);
      done = replay.from_step;
      return;
    }
    steps_with_checkpoints += fmt::format("{}{}", steps_with_checkpoints.empty() ? "" : ", ", line.step);
  }
  if (steps_with_checkpoints.empty()) steps_with_checkpoints = "none";
  if (replay.from_step >= last_step)
    fail_with(
        ExitCode::kUsage,
        "{}: nothing comes after step {}: step {} is the last one; the earlier steps with a checkpoint: {}",
        folder, replay.from_step, last_step, steps_with_checkpoints);
  fail_with(ExitCode::kUsage, "{}: there is no checkpoint of step {}; the steps that have one: {}", folder,
            replay.from_step, steps_with_checkpoints);
}

}  // namespace tessera::runs
