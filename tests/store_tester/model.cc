#include "tests/store_tester/model.h"

#include <algorithm>

namespace store_tester {
namespace {

Expectation refusal(const RunModel& run, bool bytes_stay) {
  Expectation expectation;
  expectation.refused = true;
  expectation.bytes_stay = bytes_stay;
  expectation.lines = run.lines;
  expectation.synced_lines = run.synced_lines;
  expectation.ending = run.ending;
  return expectation;
}

Expectation nothing_happens(const RunModel& run, const SessionModel& session) {
  Expectation expectation = refusal(run, false);
  expectation.refused = false;
  expectation.done = session.at;
  return expectation;
}

// Does the closing line `ending` at `index` agree with what an earlier session has recorded?
bool may_close(const RunModel& run, std::size_t index, const Ending& ending) {
  if (index >= run.lines) return true;
  return index + 1 == run.lines && run.ending == ending;
}

bool over(const SessionModel& session) {
  return session.complete || session.at >= last_step(session.recipe);
}

}  // namespace

Expectation expect_open(const RunModel& run, const DiskState& disk, const SessionModel& session) {
  // A folder without a claim is free, unless it holds something that a run that is about to begin does not have.
  const bool remains = disk.lines > 0 || !disk.checkpoints.empty() || disk.sealed;
  if (disk.claim || remains || run.strangers) return refusal(run, true);
  Expectation expectation;
  expectation.starts = true;
  expectation.lines = expectation.synced_lines = 1;
  expectation.done = session.at;
  return expectation;
}

Expectation expect_resume(const RunModel& run, const DiskState& disk, const SessionModel& session,
                          References& references) {
  const bool unsigned_now =
      run.key != "none" && session.settings.key == "none" && !session.settings.allow_unsigned;
  if (!disk.claim || disk.sealed || session.other != "nothing" || unsigned_now) return refusal(run, true);
  const bool same_state = disk.lines == 0 || session.recipe.kept == run.recipe.kept;
  if (!same_state || (!session.recipe.kept && disk.lines > 1)) return refusal(run, false);
  Expectation expectation;
  expectation.starts = true;
  expectation.lines = std::max<std::size_t>(run.lines, 1);
  expectation.ending = run.ending;
  const std::optional<std::size_t> line =
      session.recipe.kept ? best_line(disk, run.recipe, references) : std::nullopt;
  expectation.done = line ? disk.step_of_line(*line) : 0;
  expectation.synced_lines = line ? run.synced_lines : expectation.lines;
  return expectation;
}

Expectation expect_steps(const RunModel& run, const SessionModel& session, std::uint64_t count) {
  Expectation expectation = nothing_happens(run, session);
  if (over(session)) return expectation;
  const std::uint64_t target = std::min(session.at + count, last_step(session.recipe));
  for (std::uint64_t step = session.at + 1; step <= target; ++step) {
    if (run.ending && step + 1 == run.lines)
      return refusal(run, false);  // the recorded run ended here, this one goes on
    const std::uint64_t every = session.recipe.checkpoint;
    if (every > 0 && step % every == 0)
      expectation.synced_lines = std::max<std::size_t>(expectation.synced_lines, step + 1);
  }
  expectation.done = target;
  expectation.lines = std::max<std::size_t>(run.lines, target + 1);
  return expectation;
}

Expectation expect_stop(const RunModel& run, const SessionModel& session, References& references) {
  if (over(session)) return nothing_happens(run, session);
  Expectation expectation = expect_steps(run, session, 1);
  if (expectation.refused) return expectation;
  const std::uint64_t step = session.at + 1;
  // The last step is not followed by a stop: the loop is over anyway.
  const std::uint64_t last = session.settings.observer ? session.recipe.steps : last_step(session.recipe);
  expectation.stopped = expectation.ends = step != last;
  const bool checkpoint = !references.chain(session.recipe, std::nullopt).checkpoints[step].empty();
  if (expectation.stopped && session.recipe.kept && !checkpoint) expectation.synced_lines = expectation.lines;
  return expectation;
}

Expectation expect_finish(const RunModel& run, const SessionModel& session) {
  Expectation expectation = nothing_happens(run, session);
  expectation.ends = expectation.seals = true;
  if (session.complete) {
    expectation.synced_lines = expectation.lines;
    return expectation;
  }
  const bool in_loop = !session.settings.observer && session.at < last_step(session.recipe);
  const Ending ending{in_loop, in_loop ? session.at + 1 : session.at};
  const std::size_t index = session.at + 1;
  if (!may_close(run, index, ending)) return refusal(run, false);
  expectation.ending = ending;
  expectation.lines = expectation.synced_lines = index + 1;
  return expectation;
}

Expectation expect_abandon(const RunModel& run, const SessionModel& session) {
  Expectation expectation = nothing_happens(run, session);
  expectation.ends = true;
  return expectation;
}

ReplayVerdict expect_replay(const RunModel& run, const DiskState& disk, const Operation& operation,
                            References& references) {
  const std::uint64_t from = operation.number("from"), to = operation.number("to"), last = disk.last_step();
  if (!disk.claim || disk.lines == 0 || operation.text("other") != "nothing") return ReplayVerdict::kRefused;
  if (to > last || (to > 0 && to <= from)) return ReplayVerdict::kRefused;
  if (from > 0) {
    const Chain& chain = chain_on(disk, run.recipe, references);
    if (!run.recipe.kept || from >= last || !disk.checkpoints.contains(chain.checkpoints[from]))
      return ReplayVerdict::kRefused;
  }
  const bool all = to == 0 || to == last;
  return all && !disk.ending ? ReplayVerdict::kNotIdentical : ReplayVerdict::kIdentical;
}

}  // namespace store_tester
