// How long a call takes, measured alike on every side.
#pragma once

#include <algorithm>
#include <chrono>

namespace bench {

inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Seconds per call of `run`, over a slot of about `slot` seconds after a warm-up of a quarter of it.
template <typename Run>
double seconds_per_call(const Run& run, double slot) {
  const double warm_start = seconds_now();
  long calls = 0;
  do {
    run();
    ++calls;
  } while (seconds_now() - warm_start < slot / 4);
  const double estimate = (seconds_now() - warm_start) / double(calls);
  const long repeats = std::max(1L, long(slot / estimate));
  const double start = seconds_now();
  for (long i = 0; i < repeats; ++i) run();
  return (seconds_now() - start) / double(repeats);
}

}  // namespace bench
