// Where a run can go on from. Thread-safety: as of reading files.
#pragma once

#include <string>
#include <vector>

#include "tessera/runs/record.h"

namespace tessera::runs {

struct ResumePoint {
  std::size_t line = 0;  // of the chain, after which it goes on
  std::string checkpoint;
};
// The newest first, whether they are intact or not: the checkpoints that the chain names, and that of a clean stop that belongs to the chain.
// `passed_over` gets a sentence if the file of the stop cannot be read.
std::vector<ResumePoint> resume_points(const std::string& folder, const std::vector<RecordLine>& lines,
                                       std::string* passed_over = nullptr);

}  // namespace tessera::runs
