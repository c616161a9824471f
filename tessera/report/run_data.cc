#include "tessera/report/run_data.h"

#include <filesystem>
#include <map>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/runs/checkpoint.h"

namespace tessera::report {
namespace {

// What `read` gives, or nothing; `why` takes the reason.
template <typename Read>
auto readable(Read read, std::string& why) -> std::optional<decltype(read())> {
  try {
    return read();
  } catch (const Error& error) {
    why = error.what();
    return std::nullopt;
  }
}

}  // namespace

std::string run_name(const std::string& folder) {
  const std::filesystem::path path = std::filesystem::absolute(folder).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

bool RunData::refused() const {
  return !check.intact() && (check.code() != ExitCode::kUnsealed || status == runs::RunStatus::kSealed);
}

bool RunData::damaged() const {
  return refused() || !unreadable.empty();
}

std::string RunData::problem() const {
  if (!refused()) return unreadable;
  const runs::CheckProblem& first = check.problems.front();
  return fmt::format("{}: {}", first.place, first.message);
}

RunData load_run(const std::string& folder) {
  RunData run;
  run.folder = folder;
  run.name = run_name(folder);
  run.status = runs::run_status(folder);  // before the check: a run may be sealed just now
  run.check = runs::check_record(folder);
  run.record = readable([&] { return runs::read_record(folder); }, run.unreadable);
  std::string ignored;  // check_record says what is wrong with them
  run.claim = run.record ? run.record->claim : readable([&] { return runs::read_claim(folder); }, ignored);
  run.circumstances = readable([&] { return runs::read_circumstances(folder); }, ignored);
  run.microseconds = readable([&] { return runs::working_time(runs::read_timing(folder)); }, ignored);
  run.history = runs::read_verifications(folder);
  return run;
}

std::vector<RunData> load_runs(const std::vector<std::string>& folders) {
  std::vector<RunData> runs;
  for (const std::string& folder : folders) {
    std::error_code ignored;
    for (const RunData& other : runs)
      if (std::filesystem::equivalent(folder, other.folder, ignored))
        fail_with(ExitCode::kUsage, "the run {} is given twice", folder);
    runs.push_back(load_run(folder));
  }
  // Runs of two stores may have one name.
  std::map<std::string, std::size_t> counts;
  for (const RunData& run : runs) ++counts[run.name];
  for (RunData& run : runs)
    if (counts[run.name] > 1) run.name = run.folder;
  return runs;
}

std::optional<std::uint64_t> parameter_count(const RunData& run) {
  if (!run.record) return std::nullopt;
  const auto& lines = run.record->lines;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    const std::string& digest = line->line.checkpoint;
    if (digest.empty() || !exists(runs::checkpoint_path(run.folder, digest))) continue;
    try {
      std::uint64_t count = 0;
      for (const runs::NamedTensor& entry : runs::load_checkpoint(run.folder, digest))
        if (entry.name.starts_with("model.")) count += static_cast<std::uint64_t>(entry.tensor.elements());
      if (count > 0) return count;
    } catch (const Error&) {  // a damaged one; the check says so
    }
  }
  return std::nullopt;
}

}  // namespace tessera::report
