// Why do these two differ? Each side is a run or a trace, possibly from another machine; no common process is needed.
//
// Two runs: their records are checked (check.h) and compared (record_diff.h). If their chains part at step b, and the state agreed
// for the last time after step a, both are re-executed here, from the last checkpoint up to a, over the steps a + 1 to b, and traced. Then either
//
//   - both re-executions reproduce their records: the traces say at which operation, tensor and element they part (trace_diff.h);
//   - or one does not: its record is not reproducible, and the fault lies between the steps that are named. What the machine did there
//     cannot be known from a record; a trace made where the fault shows can, and is compared with a sound run:
//
// A run and a trace: the run is re-executed over the trace's steps, and the traces are compared. Two traces: they are compared.
//
// How a run is re-executed is the caller's business (train/training_run.h, or a program of the user's). Errors: Error for what is
// neither a run nor a trace. What cannot be re-executed is part of the result. Thread-safety: one thread; scratch folders are
// removed.
//
// ```cpp
// const std::string store = make_temporary_folder("diff-example");
// for (const double start : {1.0, 2.0}) {
//   auto run = runs::Run::open({.store = store, .base_name = "count"});
//   double value = start;
//   for (auto& step : run.steps(3)) step.record("value", value += 1);
//   run.finish();
// }
// const auto result = runs::diff(store + "/count-0001", store + "/count-0002");  // without a way to re-execute
// assert(!result.identical() && result.chains->difference->what == "scalar 'value'");
// remove_folder(store);
// ```
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tessera/runs/record_diff.h"
#include "tessera/runs/run.h"
#include "tessera/runs/trace_diff.h"

namespace tessera::runs {

// Re-executes the run in `folder` over that part and leaves the trace. Throws Error when this cannot, or may not, be done.
using Reexecute = std::function<ReplayOutcome(const std::string& folder, const ReplayOptions& part,
                                              const std::optional<TraceRequest>& trace)>;

// The part of a run to replay in order to reach the steps `from` to `to` soonest: it begins with the newest intact checkpoint before
// them.
ReplayOptions replay_reaching(const Record& record, std::uint64_t from, std::uint64_t to);

// Where a record stops to agree with its re-execution: something went wrong in the steps after `after`, `by` the latest.
struct FaultInterval {
  std::uint64_t after = 0, by = 0;
};

struct DiffSide {
  std::string folder;
  bool is_trace = false;
  std::string name;         // of the run
  std::string claim;        // SHA-256
  std::string contract;     // of the numerics
  std::string seal;         // empty: none
  std::uint64_t steps = 0;  // recorded, or traced
  std::string damage;       // the record is not intact: where and why; it is not re-executed then

  bool executed = false;
  std::string not_executed;                          // why not, if it was tried
  std::uint64_t executed_from = 0, executed_to = 0;  // steps
  std::optional<Mismatch> mismatch;                  // of the re-execution with the record
  std::optional<FaultInterval> fault;                // when there is a mismatch
  bool reproduced() const { return executed && !mismatch; }
};

struct DiffResult {
  DiffSide a, b;
  std::optional<RecordDifferences> records;  // of two runs
  std::optional<ChainComparison> chains;
  std::optional<TraceComparison> traces;
  bool seen_once =
      false;  // executed once more, closer, the runs did not part there again: a fault that comes and goes
  bool agree = false;  // everything that was compared does: the circumstances aside, which change no bit
  // Two sealed runs that agree, or runs and traces that agree in the steps of the traces.
  bool identical() const {
    return agree && (a.is_trace || !a.seal.empty()) && (b.is_trace || !b.seal.empty());
  }
};

DiffResult diff(const std::string& a, const std::string& b, const Reexecute& reexecute = nullptr);

}  // namespace tessera::runs
