// What happens at the end of a step, in this order: state, checkpoint (synced), line, sync of the chain, removal of what is not needed
// any more. A kill between any two of them leaves a record that can be resumed. Where steps are shorter than a sync of the disk, most of their
// checkpoints are only named (RunOptions::checkpoint_seconds).

#include <algorithm>
#include <csignal>
#include <set>
#include <utility>

#include "tessera/base/progress.h"
#include "tessera/runs/index.h"
#include "tessera/runs/run_state.h"
#include "tessera/runs/timing.h"
#include "tessera/tensor/fault.h"

namespace tessera::runs {

// Of a replay that was to end before the record does.
bool Run::State::replay_end_reached() const {
  return replay.to_step > 0 && done >= replay.to_step;
}

bool Run::State::go_on() const {
  if (complete || stopped || finished) return false;
  if (mode != Mode::kReplay) return true;
  if (interrupted()) return false;  // by a signal that the caller of the replay waits for
  if (traces_on()) return true;
  if (outcome.mismatch || replay_end_reached()) return false;
  const ChainLine* next = chain->next_recorded();
  // At a closing line without scalars the recorded loop was over; this one may still have a step to show, which is then
  // a mismatch. Beyond the end of an unfinished record there is nothing to compare.
  return next != nullptr;
}

// What a re-execution computes after its first mismatch is no comparison any more, but may be what a trace is about.
bool Run::State::traces_on() const {
  return outcome.mismatch && recorder && done < options.trace->to;
}

// A trace or a planted fault needs to know where a step begins; the record does not.
void Run::State::begin_step() {
  if (fault_planted()) begin_faulty_step();
  if (recorder)
    recorder->begin_step(done + 1, recorder->wants(done + 1) ? kept.collect() : std::vector<NamedTensor>());
}

// The tensors of the state are changed in their memory; restoring puts numbers, which are no tensors, back in their places.
void Run::State::begin_faulty_step() {
  internal::fault_step_begins(done + 1);
  std::vector<NamedTensor> state;
  const bool flipped = internal::flip_state(done + 1, [&] {
    state = kept.collect();
    std::vector<internal::NamedState> named;
    named.reserve(state.size());
    for (const NamedTensor& entry : state) named.push_back({entry.name, entry.tensor});
    return named;
  });
  if (flipped) kept.restore(state, "the planted fault");
}

// Whoever goes on after an Error does not know which lines and files are there already: a second closing line, or a seal over a
// step that is missing, would spoil the record.
void Run::State::refuse_failed() const {
  if (!failed) return;
  if (mode == Mode::kReplay) fail("run '{}': an Error ended this replay after step {}", name, done);
  fail("run '{}': an Error ended its work after step {}, so it is not written any more{}", name, done,
       kept.empty() ? "" : ": resume " + folder);
}

void Run::State::end_step(const std::map<std::string, double>& scalars, std::uint64_t number, bool closing) {
  refuse_failed();
  failed = true;
  if (number != done + 1)
    fail("run '{}': expected step {}, the computation reports step {}", name, done + 1, number);
  if (recorder) recorder->end_step(scalars);
  if (outcome.mismatch) {
    done = number;
    begin_step();
    failed = false;
    return;
  }
  ChainLine line;
  line.step = number;
  line.scalars = scalars;
  line.closing = closing;
  const bool checkpoint = closing || (claim.checkpoint_every > 0 && number % claim.checkpoint_every == 0);
  const bool digests = checkpoint || number % claim.digest_every == 0;
  if (digests) add_state(line, checkpoint);
  add_line(std::move(line));
  if (mode == Mode::kReplay) {
    done = number;
    if (!outcome.mismatch) outcome.last_step = number;
    if (!closing) begin_step();
    failed = false;
    return;
  }
  done = number;
  if (checkpoint && !checkpoint_due) {
    chain->sync();
    remove_file(record_path(folder, kPauseFile));
    remove_old_checkpoints();
  }
  if (digests) note_duration();
  if (!closing) begin_step();
  failed = false;
}

void Run::State::add_closing_line() {
  ChainLine line;
  line.step = done;
  line.closing = true;
  add_state(line, true);
  add_line(std::move(line));
}

void Run::State::add_state(ChainLine& line, bool with_checkpoint) {
  if (kept.empty()) return;
  const std::vector<NamedTensor> state = kept.collect();
  line.state = state_digests(state);
  outcome.tensors = state.size();
  outcome.digests += state.size();
  if (!with_checkpoint) return;
  const std::string bytes = write_safetensors(state);
  line.checkpoint = to_hex(sha256(bytes));
  if (mode == Mode::kReplay) return;
  checkpoint_due = !line.closing && checkpoint_is_soon();
  // Written before the line that names it.
  if (!checkpoint_due) keep_checkpoint(line.checkpoint, bytes);
}

bool Run::State::checkpoint_is_soon() const {
  const std::chrono::duration<double> since = std::chrono::steady_clock::now() - checkpoint_time;
  return since.count() < options.checkpoint_seconds;
}

void Run::State::keep_checkpoint(const std::string& digest, const std::string& bytes) {
  save_checkpoint(folder, digest, bytes);
  checkpoint_time = std::chrono::steady_clock::now();
  checkpoint_due = false;
}

void Run::State::add_line(ChainLine line) {
  const std::uint64_t step = line.step;
  std::optional<Mismatch> mismatch = chain->add(std::move(line));
  if (!mismatch) return;
  if (mode == Mode::kReplay) return note_mismatch(std::move(*mismatch));
  fail("{}: not reproducible: re-executed after an interruption, step {} differs from the record: {}", folder,
       step, mismatch->sentence());
}

void Run::State::note_mismatch(Mismatch mismatch) {
  if (!outcome.mismatch) outcome.mismatch = std::move(mismatch);
}

void Run::State::note_duration() {
  const auto elapsed = std::chrono::steady_clock::now() - session_start;
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count();
  timing->append(
      timing_line_text({circumstances.sessions.size(), done, static_cast<std::uint64_t>(microseconds)}));
}

// The newest ones of the chain that are there, and the final one, stay. A removed one can be computed again; its digest is in the chain. What no
// line names (a pause) goes in any case.
void Run::State::remove_old_checkpoints() {
  const std::vector<PassedCheckpoint>& passed = chain->checkpoints();
  const std::vector<std::string> present = checkpoints_in(folder);
  std::size_t wanted = options.kept_checkpoints == 0 ? passed.size() : options.kept_checkpoints;
  std::set<std::string> needed;
  for (std::size_t i = passed.size(); i-- > 0 && needed.size() < wanted;) {
    if (!std::binary_search(present.begin(), present.end(), passed[i].digest)) continue;
    if (passed[i].closing) ++wanted;
    needed.insert(passed[i].digest);
  }
  for (const std::string& digest : present)
    if (!needed.contains(digest)) remove_file(checkpoint_path(folder, digest));
}

bool Run::State::stop_wanted() const {
  return interrupt_guard.has_value() && interrupted();
}

// Scheduled checkpoints are in the chain; this one depends on the moment of the signal, so it must not be.
void Run::State::pause() {
  stopped = failed = true;
  const RecordLine& last = chain->last();
  if ((last.line.checkpoint.empty() || checkpoint_due) && !kept.empty()) {
    const std::string bytes = write_safetensors(kept.collect());
    const std::string digest = to_hex(sha256(bytes));
    keep_checkpoint(digest, bytes);
    chain->sync();
    if (digest != last.line.checkpoint)
      write_file_atomically(record_path(folder, kPauseFile), pause_text({done, last.hash, digest}));
  }
  note_duration();
  end_session(interrupt_signal() == SIGTERM ? "stopped by SIGTERM" : "stopped by SIGINT");
  update_index(store_of_folder(folder), name);
  failed = false;
}

std::string Run::State::stop_message() const {
  const std::string planned = claim.steps > 0 ? fmt::format(" of {}", grouped_number(claim.steps)) : "";
  if (kept.empty())
    return fmt::format(
        "run '{}' stopped after step {}{}; the program keeps no state, so it cannot be resumed", name,
        grouped_number(done), planned);
  const std::string key = options.key_file.empty() ? "" : fmt::format(" --key {}", options.key_file);
  static const std::set<std::string> kByProgram = {"train",  "code", "generate", "fit",
                                                   "search", "embed"};  // what `tessera resume` takes
  const bool by_program = kByProgram.contains(claim.kind);
  const std::string how = by_program ? fmt::format("tessera resume {}{}", folder, key)
                                     : fmt::format("start the same command with TESSERA_RESUME={}", folder);
  return fmt::format("run '{}' stopped after step {}{}, its state is saved; to go on: {}", name,
                     grouped_number(done), planned, how);
}

}  // namespace tessera::runs
