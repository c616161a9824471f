#include "tessera/runs/diff.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/interrupt.h"
#include "tessera/runs/check.h"
#include "tessera/runs/checkpoint.h"
#include "tessera/runs/run_folder.h"

namespace tessera::runs {
namespace {

struct Range {
  std::uint64_t from, to;  // steps, both included
};

DiffSide side_of(const std::string& folder) {
  DiffSide side;
  side.folder = folder;
  side.is_trace = is_trace(folder);
  if (side.is_trace) {
    TraceReader reader(folder);
    while (reader.next()) {  // a damaged one is not worth a re-execution
    }
    side.name = reader.header().name;
    side.claim = reader.header().claim;
    side.contract = reader.header().contract;
    side.steps = reader.header().to - reader.header().from + 1;
    return side;
  }
  const CheckResult check = check_record(folder);
  side.name = name_of_folder(folder);
  side.seal = check.seal;
  side.steps = check.steps;
  if (check.code() == ExitCode::kFailure) {
    const auto problem =
        std::find_if(check.problems.begin(), check.problems.end(),
                     [](const CheckProblem& found) { return found.code == ExitCode::kFailure; });
    side.damage = problem->place + ": " + problem->message;
  }
  return side;
}

// The last step before the mismatch at which the re-executed state was found to be the recorded one.
FaultInterval interval_of(const Record& record, const ReplayOutcome& outcome) {
  FaultInterval interval{outcome.first_step, outcome.mismatch->step};
  for (const RecordLine& recorded : record.lines)
    if (recorded.line.step < interval.by && recorded.line.step > interval.after &&
        !recorded.line.state.empty())
      interval.after = recorded.line.step;
  return interval;
}

class Differ {
 public:
  Differ(const std::string& a, const std::string& b, const Reexecute& reexecute) : reexecute_(reexecute) {
    result_.a = side_of(a);
    result_.b = side_of(b);
  }

  DiffResult run() {
    DiffSide &a = result_.a, &b = result_.b;
    if (a.is_trace && b.is_trace) {
      result_.traces = compare_traces(a.folder, b.folder);
      result_.agree = !result_.traces->difference && same_claim();
    } else if (a.is_trace || b.is_trace) {
      compare_run_with_trace(a.is_trace ? b : a, a.is_trace ? a : b);
    } else {
      compare_runs();
    }
    return std::move(result_);
  }

 private:
  void compare_run_with_trace(DiffSide& run, const DiffSide& trace) {
    if (!run.damage.empty()) return;
    const TraceReader reader(trace.folder);
    const TraceHeader& header = reader.header();
    const std::string own = scratch_.path() + "/run";
    const Record record = read_record(run.folder);
    run.claim = to_hex(record.claim_hash);
    run.contract = record.claim.contract;
    if (!execute(run, {header.from, header.to}, own, header.values)) return;
    result_.traces = run.folder == result_.a.folder ? compare_traces(own, trace.folder)
                                                    : compare_traces(trace.folder, own);
    result_.agree = run.reproduced() && !result_.traces->difference && same_claim();
  }

  void compare_runs() {
    DiffSide &a = result_.a, &b = result_.b;
    if (!a.damage.empty() || !b.damage.empty()) return;
    const Record record_a = read_record(a.folder), record_b = read_record(b.folder);
    a.claim = to_hex(record_a.claim_hash);
    b.claim = to_hex(record_b.claim_hash);
    a.contract = record_a.claim.contract;
    b.contract = record_b.claim.contract;
    result_.records = compare_circumstances(record_a.claim, read_circumstances(a.folder), record_b.claim,
                                            read_circumstances(b.folder));
    result_.chains = compare_chains(record_a.lines, record_b.lines);
    const auto& difference = result_.chains->difference;
    result_.agree = !difference && result_.records->claims_equal();
    if (!difference || difference->only_length) return;
    const std::uint64_t agreed = result_.chains->state_agreed.value_or(0);
    take_apart({agreed + 1, std::max<std::uint64_t>(1, difference->step)});
  }

  // First digests alone over the whole stretch; then, of the step that differs and the one before it, the values.
  void take_apart(const Range& range) {
    DiffSide &a = result_.a, &b = result_.b;
    const std::string folder_a = scratch_.path() + "/a", folder_b = scratch_.path() + "/b";
    const bool executed_a = execute(a, range, folder_a, false),
               executed_b = execute(b, range, folder_b, false);
    if (!executed_a || !executed_b) return;
    result_.traces = compare_traces(folder_a, folder_b);
    if (!result_.traces->difference) return;
    const std::uint64_t step = result_.traces->difference->step;
    const Range closer{std::max<std::uint64_t>(1, step - 1), step};
    DiffSide again_a = a, again_b = b;
    if (!execute(again_a, closer, folder_a + "-values", true) ||
        !execute(again_b, closer, folder_b + "-values", true))
      return;
    const TraceComparison again = compare_traces(folder_a + "-values", folder_b + "-values");
    const auto& first = result_.traces->difference;
    result_.seen_once =
        !again.difference || again.difference->step != first->step || again.difference->event != first->event;
    if (!result_.seen_once) result_.traces = again;
  }

  bool same_claim() const {
    return result_.a.claim == result_.b.claim && result_.a.contract == result_.b.contract;
  }

  bool execute(DiffSide& side, const Range& steps, const std::string& trace, bool values) {
    if (!reexecute_) {
      side.not_executed = "not asked for";
      return false;
    }
    try {
      const Record record = read_record(side.folder);
      const ReplayOptions part = replay_reaching(record, steps.from, steps.to);
      const ReplayOutcome outcome =
          reexecute_(side.folder, part, TraceRequest{trace, steps.from, steps.to, values});
      side.executed = true;
      side.executed_from = part.from_step + 1;
      side.executed_to = steps.to;
      side.mismatch = outcome.mismatch;
      if (side.mismatch) side.fault = interval_of(record, outcome);
    } catch (const Error& error) {
      if (interrupted()) throw;
      side.not_executed = error.what();
    }
    return side.executed;
  }

  const Reexecute& reexecute_;
  const ScratchFolder scratch_{"tessera-diff"};
  DiffResult result_;
};

}  // namespace

ReplayOptions replay_reaching(const Record& record, std::uint64_t from, std::uint64_t to) {
  for (std::size_t i = record.lines.size(); i-- > 0;) {
    const ChainLine& line = record.lines[i].line;
    const bool before = line.step > 0 && line.step < from && line.step < record.last_step();
    if (before && !line.checkpoint.empty() && checkpoint_intact(record.folder, line.checkpoint))
      return {.from_step = line.step, .to_step = to};
  }
  return {.from_step = 0, .to_step = to};
}

DiffResult diff(const std::string& a, const std::string& b, const Reexecute& reexecute) {
  return Differ(a, b, reexecute).run();
}

}  // namespace tessera::runs
