// timing.jsonl: how long a run has worked. One line of canonical JSON whenever digests were taken and when a session ends.
//
// Durations are circumstances: they differ between machines, stand beside the seal, and nothing is computed from them. Readers
// are strict and throw Error that names file and line. Thread-safety: pure functions.
//
// ```cpp
// const std::string line = runs::timing_line_text({.session = 1, .step = 50, .microseconds = 1500});
// assert(line == "{\"microseconds\":1500,\"session\":1,\"step\":50}\n");
// assert(runs::parse_timing_line(line, "timing.jsonl:1").step == 50);
// assert(runs::working_time({{1, 50, 1500}, {1, 100, 2900}, {2, 150, 1600}}) == 4500);
// ```
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::runs {

struct TimingLine {
  std::uint64_t session = 0;  // counted from 1, as in the circumstances
  std::uint64_t step = 0;
  std::uint64_t microseconds = 0;  // since the session began
};
std::string timing_line_text(const TimingLine& line);  // with the newline
TimingLine parse_timing_line(std::string_view text, const std::string& where);

// The whole lines of a run's timing.jsonl; a torn last one is left out, a missing file is no line.
std::vector<TimingLine> read_timing(const std::string& folder);
// Microseconds of all sessions together. Of a killed session what was noted before counts.
std::uint64_t working_time(const std::vector<TimingLine>& lines);

}  // namespace tessera::runs
