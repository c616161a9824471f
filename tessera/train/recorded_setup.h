// Verification and re-execution for every kind of run whose parts are made by a setup class.
//
// A Setup has initialize(), run_options(), steps(), keep_in(run) and run(first, observer, progress), as FitSetup or GenerationSetup. `make` gives the
// setup of the record; it is called only after the record was found intact. Errors as of training_run.h. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "tessera/train/training_run.h"

namespace tessera::train {

template <typename Setup>
runs::ReplayOutcome replay_setup(Setup& setup, const std::string& run_folder, const runs::ReplayOptions& part,
                                 const VerifyOptions& options,
                                 const std::optional<runs::TraceRequest>& trace) {
  setup.initialize();  // it may have been used
  return replay_run(
      run_folder,
      {setup.run_options(), setup.steps(), [&](runs::Run& run) { setup.keep_in(run); },
       [&](std::uint64_t first, StepObserver& run, Progress* progress) { setup.run(first, run, progress); }},
      part, options, trace);
}

template <typename Make>
VerifyResult verify_setup(const std::string& run_folder, const VerifyOptions& options, Make make) {
  return verify_record(run_folder, options, [&]() -> ReplayStretch {
    using Setup = decltype(make());
    const std::shared_ptr<Setup> setup(new Setup(make()));  // in place: a setup does not move
    return [&, setup](const runs::ReplayOptions& part) {
      return replay_setup(*setup, run_folder, part, options, std::nullopt);
    };
  });
}

}  // namespace tessera::train
