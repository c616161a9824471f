// How a run ends: the closing line, the final checkpoint, the circumstances, and last of all the seal.

#include <nlohmann/json.hpp>
#include <utility>

#include "tessera/base/json.h"
#include "tessera/runs/index.h"
#include "tessera/runs/json_fields.h"
#include "tessera/runs/keys.h"
#include "tessera/runs/run_state.h"

namespace tessera::runs {

using nlohmann::json;

std::string Run::State::finish() {
  if (finished) fail("run '{}': finish() is called twice", name);
  start();
  if (stopped) throw Stopped(stop_message());
  if (mode == Mode::kReplay) {
    finish_replay();
    refuse_unfinished_trace();
    return outcome.identical() ? recorded_seal : "";
  }
  if (open_step) {  // the loop was left by `break`: this step is its last
    const Step step = std::move(*open_step);
    open_step.reset();
    end_step(step.scalars_, step.number_, true);
  } else if (!complete) {
    add_closing_line();
  }
  const std::string value = seal();
  refuse_unfinished_trace();
  return value;
}

void Run::State::refuse_unfinished_trace() const {
  if (!recorder || recorder->complete()) return;
  if (interrupted()) fail("interrupted after step {}; no trace is left", done);
  fail("{}: the trace was to hold steps {} to {}; the computation ended after step {}", options.trace->folder,
       options.trace->from, options.trace->to, done);
}

std::string Run::State::seal() {
  chain->sync();
  note_duration();
  timing->sync();
  remove_file(record_path(folder, kPauseFile));
  remove_old_checkpoints();
  std::optional<PrivateKey> key;
  if (!options.key_file.empty()) key = load_private_key(options.key_file);
  end_session("finished");

  Seal seal;
  seal.claim = claim_hash;
  seal.chain = chain->last().hash;
  seal.lines = chain->lines();
  seal.checkpoint = chain->last().line.checkpoint;
  seal.circumstances = sha256_of_file(record_path(folder, kCircumstancesFile));
  seal.timing = sha256_of_file(record_path(folder, kTimingFile));
  seal.checkpoints = checkpoints_in(folder);
  if (key) {
    seal.public_key = key->public_key();
    seal.signature = sign(*key, signed_message(seal));
  }
  write_file_atomically(record_path(folder, kSealFile), seal_text(seal));
  finished = true;
  remove_file(record_path(folder, kLockFile));  // a sealed run is never written again
  lock.reset();
  interrupt_guard.reset();
  update_index(store_of_folder(folder), name);
  return to_hex(seal_value(seal));
}

void Run::State::finish_replay() {
  const ChainLine* next = outcome.mismatch || replay_end_reached() ? nullptr : chain->next_recorded();
  if (open_step) {
    const Step step = std::move(*open_step);
    open_step.reset();
    if (next != nullptr) end_step(step.scalars_, step.number_, true);
  } else if (next != nullptr) {
    add_closing_line();
  }
  finished = true;
  // A shortened chain, or one of a run that was interrupted, has no closing line: what was cut off is not known.
  const bool at_end = chain->at_recorded_end() && chain->last().line.closing;
  outcome.complete = !outcome.mismatch && (at_end || replay_end_reached());
  write_report();
}

void Run::State::write_report() const {
  if (!report_path.empty()) write_file_atomically(report_path, replay_outcome_text(outcome));
}

void Run::State::end_session(const std::string& how) {
  Session& session = circumstances.sessions.back();
  session.ended = time_now();
  session.last_step = done;
  session.end = how;
  write_circumstances();
}

void Run::State::write_circumstances() const {
  write_file_atomically(record_path(folder, kCircumstancesFile), circumstances_text(circumstances));
}

std::string replay_outcome_text(const ReplayOutcome& outcome) {
  json value = {{"identical", outcome.identical()},
                {"complete", outcome.complete},
                {"first_step", outcome.first_step},
                {"last_step", outcome.last_step},
                {"recorded_steps", outcome.recorded_steps},
                {"tensors", outcome.tensors},
                {"digests", outcome.digests}};
  if (outcome.mismatch)
    value["mismatch"] = {{"step", outcome.mismatch->step},
                         {"what", outcome.mismatch->what},
                         {"recorded", outcome.mismatch->recorded},
                         {"now", outcome.mismatch->now}};
  return canonical_json(value) + "\n";
}

ReplayOutcome parse_replay_outcome(std::string_view text, const std::string& where) {
  const json value = parse_json(text, where);
  JsonFields fields(value, where);
  ReplayOutcome outcome;
  const bool identical = fields.boolean("identical");
  outcome.complete = fields.boolean("complete");
  outcome.first_step = fields.integer("first_step");
  outcome.last_step = fields.integer("last_step");
  outcome.recorded_steps = fields.integer("recorded_steps");
  outcome.tensors = fields.integer("tensors");
  outcome.digests = fields.integer("digests");
  if (fields.has("mismatch")) {
    JsonFields parts(fields.object("mismatch"), where + ": mismatch");
    outcome.mismatch =
        Mismatch{parts.integer("step"), parts.text("what"), parts.text("recorded"), parts.text("now")};
    parts.done();
  }
  fields.done();
  if (identical != outcome.identical()) fail("{}: 'identical' does not fit the rest of the report", where);
  return outcome;
}

}  // namespace tessera::runs
