// Everything that a run's folder says, read once, as far as it can be read: a damaged record is described, not refused.
//
// Thread-safety: pure functions; a RunData is constant after loading.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tessera/runs/check.h"
#include "tessera/runs/record.h"
#include "tessera/runs/timing.h"
#include "tessera/runs/verifications.h"

namespace tessera::report {

struct RunData {
  std::string folder;
  std::string name;  // the last part of the folder's path
  runs::RunStatus status = runs::RunStatus::kNotStarted;
  runs::CheckResult check;
  std::string unreadable;  // why `record` is missing; usually empty
  std::optional<runs::Record> record;
  std::optional<runs::Claim> claim;  // also when only the chain is damaged
  std::optional<runs::Circumstances> circumstances;
  std::optional<std::uint64_t> microseconds;  // of work; none when timing.jsonl cannot be read
  runs::VerificationHistory history;

  // Is something wrong with it, other than that it is not finished? Otherwise `record` is there.
  bool damaged() const;
  std::string problem() const;  // "claim.json: it was changed ..."; empty unless damaged

 private:
  bool refused() const;  // by the check, for more than a missing end
};

// The last part of a folder's path, also where it is written as "." or with a slash at the end.
std::string run_name(const std::string& folder);

// Throws Error only when the folder is not a record at all.
RunData load_run(const std::string& folder);
std::vector<RunData> load_runs(const std::vector<std::string>& folders);

// The elements of the tensors "model.*" of the final, or else the newest, checkpoint; none without a readable one.
std::optional<std::uint64_t> parameter_count(const RunData& run);

}  // namespace tessera::report
