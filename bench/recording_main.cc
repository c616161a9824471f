// What a record costs: one training, with and without it, in interleaved rounds.
//
//   tessera_bench_recording CONFIG STORE ROUNDS [key=value...]
//
// prints one line per round and kind: kind, steps, seconds of the steps, seconds with the beginning and sealing of the record. Kinds:
// "none" (nothing is recorded), "default" (as the configuration says), "every" (the digest of every tensor at every step), "traced" (as
// "default", and a trace of every operation of every step).
#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "tessera/backends/backends.h"
#include "tessera/base/files.h"
#include "tessera/train/training_setup.h"

namespace {

using tessera::train::Config;
using tessera::train::TrainingSetup;

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

class Nobody : public tessera::StepObserver {
 public:
  bool on_step(const tessera::StepReport&) override { return true; }
};

struct Times {
  double steps = 0, whole = 0;
};

Times train_unrecorded(TrainingSetup& setup) {
  Nobody nobody;
  const double start = seconds_now();
  setup.trainer().run(0, nobody);
  const double seconds = seconds_now() - start;
  return {seconds, seconds};
}

Times train_recorded(TrainingSetup& setup, const std::string& store, bool traced) {
  tessera::runs::RunOptions options = setup.run_options();
  options.store = store;
  const std::string trace = store + "/steps.trace";
  if (traced) options.trace = tessera::runs::TraceRequest{trace, 1, setup.steps()};
  const double start = seconds_now();
  tessera::runs::Run run = tessera::runs::Run::open(options);
  setup.keep_in(run);
  const std::uint64_t done = run.start();
  const double steps_start = seconds_now();
  setup.trainer().run(done, run);
  const double steps_end = seconds_now();
  run.finish();
  const Times times = {steps_end - steps_start, seconds_now() - start};
  if (traced) tessera::remove_folder(trace);
  return times;
}

void measure(const std::string& kind, const std::string& file, const std::string& store,
             std::vector<std::string> overrides) {
  if (kind == "every") overrides.push_back("record.digest_every=1");
  const Config config = Config::read(file, overrides);
  TrainingSetup setup(config, tessera::train::input_paths(config));
  const Times times =
      kind == "none" ? train_unrecorded(setup) : train_recorded(setup, store, kind == "traced");
  fmt::print("{} {} {:.6f} {:.6f}\n", kind, setup.steps(), times.steps, times.whole);
  std::fflush(stdout);
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count < 4) {
    fmt::print(stderr, "usage: tessera_bench_recording CONFIG STORE ROUNDS [key=value...]\n");
    return 2;
  }
  const std::vector<std::string> overrides(arguments + 4, arguments + argument_count);
  try {
    tessera::use_default_backend();
    for (int round = 0; round < std::atoi(arguments[3]); ++round) {
      for (const char* kind : {"none", "default", "every", "traced"})
        measure(kind, arguments[1], arguments[2], overrides);
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "tessera_bench_recording: {}\n", error.what());
    return 1;
  }
  return 0;
}
