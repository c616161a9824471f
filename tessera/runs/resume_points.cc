#include "tessera/runs/resume_points.h"

#include <optional>

#include "tessera/base/error.h"
#include "tessera/base/files.h"

namespace tessera::runs {
namespace {

// Of a clean stop between two checkpoints; of the chain's own, which may have been cut behind it.
std::optional<Pause> usable_pause(const std::string& folder, const std::vector<RecordLine>& lines,
                                  std::string* passed_over) {
  const std::string path = record_path(folder, kPauseFile);
  if (!exists(path)) return std::nullopt;
  try {
    Pause found = parse_pause(read_regular_file(path), path);
    if (found.step < lines.size() && lines[found.step].hash == found.chain) return found;
  } catch (const Error& error) {
    if (passed_over != nullptr) *passed_over = error.what();
  }
  return std::nullopt;
}

}  // namespace

std::vector<ResumePoint> resume_points(const std::string& folder, const std::vector<RecordLine>& lines,
                                       std::string* passed_over) {
  const std::optional<Pause> pause = usable_pause(folder, lines, passed_over);
  std::vector<ResumePoint> points;
  for (std::size_t i = lines.size(); i-- > 0;) {
    const ChainLine& line = lines[i].line;
    if (!line.checkpoint.empty()) points.push_back({i, line.checkpoint});
    if (pause && pause->step == line.step) points.push_back({i, pause->checkpoint});
  }
  return points;
}

}  // namespace tessera::runs
