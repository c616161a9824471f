// The model: what is known of each run, and what an operation on it has to do. The promises that it holds the store to:
//
//   - A run that was killed, cut off from power or met a failing disk can be resumed, from the newest checkpoint that is intact
//     (or the later pause), and ends in the chain and the seal of a run that was never interrupted. Lines that were written are
//     there after a kill; those that were synced at a checkpoint also after a power cut.
//   - What must be refused is refused, and changes no byte: another claim, a missing key, a sealed run, a name that is taken, a
//     folder that another process holds.
//   - A sealed record is intact exactly as long as no covered file has changed; an unsealed one is never called intact.
//   - A replay is identical exactly when the chain is that of the recipe and has been compared to where it was asked for.
//   - Nothing but tessera::Error is thrown, nothing crashes, nothing waits for ever.
//
// Of a run whose claim, chain or circumstances were changed before the seal (`frayed`) only the last two are promised.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "tests/store_tester/child.h"
#include "tests/store_tester/disk.h"
#include "tests/store_tester/operation.h"

namespace store_tester {

// What an operation of a session has to lead to. When it is killed or fails by a planted fault, the outcome is between the state
// before and this one.
struct Expectation {
  bool refused = false;     // an Error, and the session is over
  bool bytes_stay = false;  // and no file has changed
  bool stopped = false;     // tessera::runs::Stopped, and the session is over
  bool ends = false;        // the session is over
  bool seals = false;
  bool starts = false;     // open and resume
  std::uint64_t done = 0;  // steps
  std::size_t lines = 0, synced_lines = 0;
  std::optional<Ending> ending;
};

struct SessionModel {
  Recipe recipe;
  Settings settings;
  std::string other = "nothing";
  std::string what;      // "open" or "resume"
  std::uint64_t at = 0;  // steps done
  bool complete = false;
  bool started = false;  // open or resume has succeeded
};

// A process that holds a run, or tries to.
struct Holder {
  std::unique_ptr<Child> child;
  SessionModel session;
  bool halted = false;
  Operation pending;        // what it was halted in,
  Expectation expectation;  // and what that has to lead to
  bool meanwhile = false;   // another process worked on the run since
};

struct RunModel {
  std::string folder;
  Recipe recipe;
  std::string key = "none";
  bool started = false, sealed = false;
  bool frayed = false;
  bool checkpoints_touched = false;  // by tampering: only what is on the disk says from where to resume
  bool touched_under_seal = false;   // by tampering, before the seal was removed or after
  bool strangers = false;            // a foreign file is in the folder
  std::size_t lines = 0, synced_lines = 0;
  std::optional<Ending> ending;
  std::optional<std::uint64_t> paused;  // by a clean stop; a resume must not begin before it
  std::uint64_t least_kept = 0;         // the smallest kept_checkpoints of its sessions; 0: all
  Snapshot sealed_files;
  bool sealed_with_damage = false;  // a checkpoint had been damaged before
  Holder holder;

  bool held() const { return holder.child != nullptr; }
};

// `disk` is what the folder holds now.
Expectation expect_open(const RunModel& run, const DiskState& disk, const SessionModel& session);
Expectation expect_resume(const RunModel& run, const DiskState& disk, const SessionModel& session,
                          References& references);
Expectation expect_steps(const RunModel& run, const SessionModel& session, std::uint64_t count);
Expectation expect_stop(const RunModel& run, const SessionModel& session, References& references);
Expectation expect_finish(const RunModel& run, const SessionModel& session);
Expectation expect_abandon(const RunModel& run, const SessionModel& session);

// What a replay of `disk` has to say.
enum class ReplayVerdict { kRefused, kIdentical, kNotIdentical };
ReplayVerdict expect_replay(const RunModel& run, const DiskState& disk, const Operation& operation,
                            References& references);

}  // namespace store_tester
