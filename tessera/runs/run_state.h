// What a Run is made of. Internal to this room.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tessera/base/files.h"
#include "tessera/base/interrupt.h"
#include "tessera/runs/chain_writer.h"
#include "tessera/runs/checkpoint.h"
#include "tessera/runs/run.h"
#include "tessera/runs/run_folder.h"
#include "tessera/runs/trace_recorder.h"

namespace tessera::runs {

struct Run::State {
  Mode mode = Mode::kRecord;
  RunOptions options;
  std::string name, folder;
  Claim claim;
  Digest claim_hash{};
  std::optional<FolderLock> lock;  // none in a replay
  std::optional<ChainWriter> chain;
  std::optional<AppendFile> timing;
  Circumstances circumstances;
  StateSet kept;
  std::optional<InterruptGuard> interrupt_guard;

  std::uint64_t done = 0;  // steps
  bool started = false;
  bool complete = false;  // the closing line is there, and its state has been restored
  bool stopped = false;   // by a signal; the state is saved
  bool finished = false;
  bool failed = false;  // by an Error in the middle of a write: only a resume knows what is on the disk
  std::optional<Step> open_step;  // of a StepRange, while its body runs
  std::chrono::steady_clock::time_point session_start = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point checkpoint_time = session_start;  // of the newest one on the disk
  bool checkpoint_due = false;  // the newest one of the chain is not on the disk

  std::optional<TraceRecorder> recorder;  // of the steps of options.trace

  ReplayOptions replay;
  ReplayOutcome outcome;
  std::string report_path;  // of a replay that was asked for by the environment
  std::string recorded_seal;

  // ---- run_start.cc ----
  std::uint64_t start();
  void start_trace();
  void restore_latest();                                           // resume
  void restore_replay_start();                                     // replay --from
  bool restore_from(std::size_t line, const std::string& digest);  // false: missing or damaged
  void restore_exactly(const std::string& digest);

  // ---- run_steps.cc ----
  bool replay_end_reached() const;
  bool go_on() const;  // is there anything to be done for a next step?
  void begin_step();   // of step done + 1: what follows belongs to it
  void begin_faulty_step();
  bool traces_on() const;  // beyond a mismatch
  void end_step(const std::map<std::string, double>& scalars, std::uint64_t number, bool closing);
  void add_closing_line();
  void add_state(ChainLine& line, bool with_checkpoint);
  bool checkpoint_is_soon() const;
  void keep_checkpoint(const std::string& digest, const std::string& bytes);
  void add_line(ChainLine line);
  void note_mismatch(Mismatch mismatch);
  void note_duration();
  void remove_old_checkpoints();
  bool stop_wanted() const;
  void pause();
  std::string stop_message() const;
  void refuse_failed() const;

  // ---- run_finish.cc ----
  std::string finish();
  void refuse_unfinished_trace() const;
  std::string seal();
  void finish_replay();
  void write_report() const;
  void end_session(const std::string& how);
  void write_circumstances() const;
};

}  // namespace tessera::runs
