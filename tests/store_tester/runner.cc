#include "tests/store_tester/runner.h"

#include <filesystem>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/runs/keys.h"

namespace store_tester {

Runner::Runner(std::string root) : root_(std::move(root)), references_(root_ + "/uninterrupted") {
  tessera::make_folders(root_ + "/keys");
  for (const char* name : {"one", "two"})
    key_names_[tessera::runs::create_key_files(fmt::format("{}/keys/{}", root_, name))] = name;
}

std::optional<Finding> Runner::run(const Script& script, Counts& counts) {
  counts_ = &counts;
  store_ = fmt::format("{}/store-{}", root_, ++stores_);
  tessera::make_folders(store_);
  runs_.clear();
  index_flipped_ = false;
  for (const std::string& name : kRuns) runs_[name] = fresh_run(name);

  std::optional<Finding> finding;
  std::size_t place = 0;
  try {
    for (; place < script.size(); ++place) {
      if (execute(script[place]))
        ++counts.executed[script[place].kind];
      else
        ++counts.passed_over;
    }
    bring_to_an_end();
  } catch (const Disagreement& disagreement) {
    finding = Finding{place, disagreement.what()};
  }
  runs_.clear();  // ends the processes
  std::error_code ignored;
  std::filesystem::remove_all(store_, ignored);
  return finding;
}

bool Runner::execute(const Operation& operation) {
  if (operation.kind == "list") return list(operation);
  if (operation.kind == "garbage") return garbage(operation);
  if (operation.kind == "index") return damage_index(operation);
  return execute_on_run(runs_.at(operation.run), operation);
}

bool Runner::execute_on_run(RunModel& run, const Operation& operation) {
  const std::string& kind = operation.kind;
  if (kind == "open") return open(run, operation);
  if (kind == "resume") return resume(run, operation);
  if (kind == "go") return go(run);
  if (kind == "kill" || kind == "cut") return kill(run, operation);
  if (kind == "rival") return rival(run, operation);
  if (kind == "check") return check(run);
  if (kind == "read") return read(run);
  if (kind == "replay") return replay(run, operation);
  if (kind == "copy") return copy(run, operation);
  if (kind == "rename") return rename(run, operation);
  if (kind == "remove") return remove(run, operation);
  if (kind == "tamper") return tamper(run, operation);
  if (kind == "stranger") return stranger(run);
  return command(run, operation);
}

void Runner::bring_to_an_end() {
  for (auto& [name, run] : runs_) bring_to_an_end(run);
  list({"list"});
}

void Runner::bring_to_an_end(RunModel& run) {
  kill(run, {"kill"});
  if (!run.started) return;
  // As far as the chain says, when it has been closed already.
  const std::uint64_t target =
      !run.ending ? last_step(run.recipe) : run.ending->step - (run.ending->in_loop ? 1 : 0);
  Operation again{"resume"};
  if (!run.ending || !run.ending->in_loop) again.arguments["loop"] = "observer";
  if (!run.sealed && resume(run, again) && run.held()) {
    const std::uint64_t at = run.holder.session.at;
    if (at < target) command(run, {"steps", "", {{"n", std::to_string(target - at)}}});
    if (run.held()) command(run, {"finish"});
  }
  if (!run.frayed && !run.sealed && run.recipe.kept)
    found("the run in {} could not be brought to its end", run.folder);
  check(run);
  replay(run, {"replay"});
}

}  // namespace store_tester
