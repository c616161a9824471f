// The scalars of a run as an event file, which TensorBoard draws: https://www.tensorflow.org/tensorboard.
//
// The file is a sequence of TFRecords (length and data, each with a CRC-32C), each an Event message: first the version, then one event per
// step with the step's scalars as float32. What the chain of a record holds goes in under its own names; the wall time of a step is when the
// timing file of the run says it was reached, or the last noted time before it, so that of the same record the same file is made.
//
// Errors: Error when the record cannot be read. Thread-safety: pure functions.
//
// ```cpp
// const std::string bytes = interchange::tensorboard_events({{.step = 1, .wall_time = 1.5, .scalars = {{"loss", 0.5}}}});
// assert(bytes.size() == 82 && bytes.find("loss") != std::string::npos);
// ```
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tessera::interchange {

struct ScalarEvent {
  std::uint64_t step = 0;
  double wall_time = 0;  // seconds since 1970
  std::map<std::string, double> scalars;
};

// The bytes of an event file. Its own wall time is the first event's.
std::string tensorboard_events(const std::vector<ScalarEvent>& events);

// The steps of a record that have scalars.
std::vector<ScalarEvent> scalar_events(const std::string& run_folder);

// Writes DIR/events.out.tfevents.SECONDS.tessera, SECONDS being those of the first event, and returns its path. The folder is made if it
// is not there.
std::string write_tensorboard(const std::string& run_folder, const std::string& folder);

}  // namespace tessera::interchange
