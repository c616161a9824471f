// Run: a program's own loop leaves a record that can be verified and resumed.
//
// `Run::open` begins a record, `keep` names what is to be saved and restored, `steps` is the loop, `record`
// notes a scalar, `finish` seals. Nothing else is needed for kill -9 at any moment, verification and
// resumption: a program that is started with the environment variable TESSERA_RESUME=<run folder> goes on
// with that run, and with TESSERA_REPLAY=<run folder> it re-executes the run and compares, writing nothing
// but a report (TESSERA_REPLAY_REPORT=<file>); TESSERA_REPLAY_FROM and TESSERA_REPLAY_TO are ReplayOptions.
// TESSERA_TRACE=<new folder> with TESSERA_TRACE_FROM, TESSERA_TRACE_TO and TESSERA_TRACE_VALUES=1 is a
// TraceRequest, for any of the three.
//
// What is written, and when (record.h has the formats): one chain line per step, written when the step ends;
// the digest of every kept tensor at step 0, every `digest_every` steps, at checkpoints and at the end; a
// checkpoint every `checkpoint_every` steps and at the end, synced before the line that names it. Everything
// counts steps, never seconds; only whether the file of a checkpoint is written may depend on the time
// (`checkpoint_seconds`): its digest is in the chain in any case, and resuming computes the steps again.
//
// A long computation of the library takes a StepObserver: a Run is one (call `start` first, `finish`
// afterwards).
//
// Errors: Error with a sentence. After a failed write (disk full) the run can be resumed; the object refuses
// to go on. A clean stop (SIGINT, SIGTERM) finishes the step, writes a checkpoint and throws Stopped, whose
// message says how to go on. Thread-safety: one thread at a time. One process per run (a lock says who has
// it); any number per store.
//
// ```cpp
// struct Counter : Stateful {
//   std::int64_t value = 0;
//   void visit_state(StateVisitor& visitor) override { visitor.integer("value", value); }
// } counter;
// const std::string store = make_temporary_folder("run-example");
// auto run = runs::Run::open({.store = store, .name = "counting", .seed = 1});
// run.keep("counter", counter);
// for (auto& step : run.steps(10)) {
//   counter.value += 2;
//   step.record("value", double(counter.value));
// }
// run.finish();
// assert(runs::run_status(store + "/counting") == runs::RunStatus::kSealed);
// remove_folder(store);
// ```
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/runs/record.h"
#include "tessera/tensor/state.h"

namespace tessera::runs {

struct ConfigurationValue {
  std::string key;
  std::string value;   // as a canonical text: the same setting, the same text
  std::string origin;  // "digits.toml:12", "--set", "default"; goes into the circumstances only
};

struct InputFile {
  std::string name;    // what the claim calls it
  std::string path;    // goes into the circumstances only
  std::string digest;  // SHA-256 in hexadecimal; computed from the file when empty
};

// Leave a trace (trace_file.h) of these steps, both included, in a new folder. In a replay, steps after a mismatch are
// executed too, up to the last one of the trace.
struct TraceRequest {
  std::string folder;
  std::uint64_t from = 1, to = 1;
  bool values = false;  // with the elements, not only their digests
};

struct RunOptions {
  std::string store = "runs";     // the folder of all runs; made when missing
  std::string name = {};          // [a-z0-9._-]; empty: base_name-0001, -0002, ...
  std::string base_name = "run";  // for the automatic name
  std::string kind = "program";   // "train" is tessera's own
  std::vector<ConfigurationValue> configuration = {};
  std::vector<ConfigurationValue> other_settings =
      {};  // for the circumstances: shown with their origins, not claimed
  std::uint64_t seed = 0;
  std::vector<InputFile> inputs = {};
  std::vector<std::string> command = {};  // argv; default: this process's own
  std::string program_digest = {};        // default: SHA-256 of this process's executable
  std::uint64_t steps = 0;                // planned; 0: not known
  std::uint64_t digest_every = 50;
  std::uint64_t checkpoint_every = 500;  // 0: only at the end
  // The file of a checkpoint is written at most once in so many seconds, and at the end and at a clean stop; 0: always. No part of the record.
  double checkpoint_seconds = 0;
  std::size_t kept_checkpoints =
      3;                        // the newest ones, beside the final one; older files are removed; 0: all stay
  std::string key_file = {};    // private key (keys.h) that signs the seal
  bool allow_unsigned = false;  // go on without a key with a run that was begun with one
  std::map<std::string, std::string> environment = {};  // more for the circumstances: "backend" -> "cpu/avx2"
  bool catch_signals = true;                            // stop cleanly on SIGINT and SIGTERM
  bool obey_environment = true;                         // TESSERA_RESUME, TESSERA_REPLAY, TESSERA_TRACE
  std::optional<TraceRequest> trace = {};
};

// The first place where a re-execution differs from the record.
struct Mismatch {
  std::uint64_t step = 0;
  std::string what;           // "scalar 'loss'", "tensor 'model.w'", "number of steps", ...
  std::string recorded, now;  // numbers in decimal and hexadecimal, digests in hexadecimal
  std::string sentence() const;
};

struct ReplayOutcome {
  std::uint64_t first_step = 0;  // the step it began after
  std::uint64_t last_step = 0;   // the last one compared
  std::uint64_t recorded_steps = 0;
  std::uint64_t tensors = 0;  // number of tensors in the state
  std::uint64_t digests = 0;  // tensor digests compared
  bool complete =
      false;  // everything that was asked for has been compared: to the closing line, or to ReplayOptions::to_step
  std::optional<Mismatch> mismatch = {};
  bool identical() const { return complete && !mismatch; }
};
std::string replay_outcome_text(const ReplayOutcome& outcome);  // the report: one line of JSON
ReplayOutcome parse_replay_outcome(std::string_view text, const std::string& where);

struct ReplayOptions {
  std::uint64_t from_step =
      0;  // begin from the checkpoint of that step, which must be there; not the last step
  std::uint64_t to_step = 0;  // end when that step has been compared; 0: compare all, to the closing line
};

// Thrown when the user asked for a stop; the state is saved and what() says how to go on.
class Stopped : public Error {
 public:
  explicit Stopped(const std::string& message) : Error(message, ExitCode::kFailure) {}
};

class Step {
 public:
  std::uint64_t number() const { return number_; }  // counts from 1
  // Notes a scalar of this step; one name may be noted once per step.
  void record(std::string_view name, double value);
  void record(std::string_view name, const Tensor& scalar);  // exactly one element

 private:
  friend class Run;
  friend class StepRange;
  std::uint64_t number_ = 0;
  std::map<std::string, double> scalars_;
};

class Run;

// What `for (auto& step : run.steps(n))` walks: the steps that are still to be done.
class StepRange {
 public:
  class Iterator {
   public:
    Step& operator*() const;
    Iterator& operator++();  // ends the step: its line is written
    bool operator!=(const Iterator& end) const;

   private:
    friend class StepRange;
    explicit Iterator(StepRange* range) : range_(range) {}
    StepRange* range_;
  };
  Iterator begin();
  Iterator end() { return Iterator(nullptr); }

 private:
  friend class Run;
  StepRange(Run& run, std::uint64_t last) : run_(&run), last_(last) {}
  Run* run_;
  std::uint64_t last_;
};

class Run : public StepObserver {
 public:
  enum class Mode { kRecord, kResume, kReplay };

  // A new run; or, with TESSERA_RESUME or TESSERA_REPLAY in the environment (and obey_environment), an old one.
  static Run open(const RunOptions& options);
  // Goes on with the run in `folder`. `options` must describe the same claim; name and store are not looked
  // at.
  static Run resume(const std::string& folder, const RunOptions& options);
  // Re-executes the run in `folder` and compares. Writes nothing there.
  static Run replay(const std::string& folder, const RunOptions& options, const ReplayOptions& replay = {});

  Run(Run&&) noexcept;
  Run& operator=(Run&&) = delete;
  ~Run() override;  // a run that is not finished stays resumable

  Mode mode() const;
  const std::string& name() const;
  const std::string& folder() const;
  const Claim& claim() const;

  // Registers what is saved and restored. All calls come before start() and steps(). The object must outlive
  // the run.
  void keep(const std::string& name, Stateful& object);

  // Records the initial state, or restores the last checkpoint. Returns the number of steps that are already
  // done: the computation goes on with the next one. steps() calls it; with an observer it is called once
  // before the computation.
  std::uint64_t start();
  bool complete()
      const;  // after start(): the recorded computation had come to its end; only finish() is left

  StepRange steps(std::uint64_t last);  // from the next step to `last`; `last` must be RunOptions::steps if
                                        // that was given
  // One finished step (StepObserver). Returns false to end the computation: a stop was asked for, or a replay
  // has found a mismatch; call finish() then, which throws Stopped in the first case.
  bool on_step(const StepReport& report) override;

  // Ends the run: writes the closing line and the final checkpoint, and seals. In a replay: completes the
  // comparison and writes the report. Returns the seal in hexadecimal; in a replay that of the record, or nothing when
  // it was not identical. Throws Error, after all of that, when the steps of a trace were not all reached.
  std::string finish();

  const ReplayOutcome& replay_outcome() const;  // in a replay, after finish()

 private:
  friend class StepRange;
  struct State;
  explicit Run(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tessera::runs
