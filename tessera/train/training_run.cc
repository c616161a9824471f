#include "tessera/train/training_run.h"

#include <chrono>

#include "tessera/base/error.h"
#include "tessera/base/progress.h"
#include "tessera/tensor/storage.h"
#include "tessera/train/evaluation.h"
#include "tessera/train/inputs.h"
#include "tessera/train/layer_builder.h"
#include "tessera/train/loss_watch.h"
#include "tessera/train/spot_verify.h"
#include "tessera/train/text_data.h"
#include "tessera/train/training_setup.h"

namespace tessera::train {
namespace {

std::string plural(std::uint64_t count, const std::string& word) {
  return fmt::format("{} {}{}", grouped_number(count), word, count == 1 ? "" : "s");
}

// The loop and the seal; the same for a new run and for one that goes on.
TrainResult complete(TrainingSetup& setup, runs::Run& run, const TrainOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  setup.keep_in(run);
  TrainResult result;
  result.folder = run.folder();
  // Before the first step: a run that is stopped can be resumed, and its vocabulary is there already.
  if (setup.vocabulary()) setup.vocabulary()->write(vocabulary_path(run.folder()));
  result.name = run.name();
  result.first_step = run.start();
  result.steps = run.complete() ? result.first_step : setup.steps();
  Progress progress(run.name(), setup.steps(), result.first_step, {.quiet = options.quiet});
  if (!run.complete()) result.steps = setup.trainer().run(result.first_step, run, &progress);
  progress.finish();
  result.seal = run.finish();
  if (setup.trainer().not_finite_since()) result.not_finite_since = recorded_not_finite_since(result.folder);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  result.peak_bytes = memory_statistics().peak_bytes;
  setup.trainer().selection().use_final_weights();
  if (!setup.split().held_out.empty()) {
    const Evaluation held_out = evaluate_samples(setup.network(), setup.dataset(), setup.split().held_out,
                                                 loss_options(setup.config()));
    if (!held_out.numbers) result.held_out_accuracy = held_out.accuracy;
    result.held_out_numbers = held_out.numbers;
    result.held_out_loss = held_out.loss;
    result.held_out_samples = held_out.samples;
    result.judged = judged_name(setup.config());
    if (labels_points(setup.config())) result.held_out_mean_iou = held_out.confusion.mean_iou();
  }
  return result;
}

// A setup from the record alone; throws Error when it cannot be re-executed here.
TrainingSetup setup_of_record(const std::string& folder, const std::string& data_folder) {
  const runs::Claim claim = runs::read_claim(folder);
  if (claim.kind != "train")
    fail_with(ExitCode::kCannotRerun,
              "{}: the run is of kind '{}', made by another program; only 'train' is re-executed here",
              folder, claim.kind);
  require_contract(folder, claim);
  const runs::Circumstances circumstances = runs::read_circumstances(folder);
  return TrainingSetup(config_of(claim, circumstances), find_inputs(claim, circumstances, data_folder));
}

// The setup may have been used: what a step depends on is restored, or that of the beginning when nothing was replayed before.
runs::ReplayOutcome replay(TrainingSetup& setup, const std::string& folder, const runs::ReplayOptions& part,
                           const VerifyOptions& options,
                           const std::optional<runs::TraceRequest>& trace = std::nullopt) {
  return replay_run(folder,
                    {setup.run_options(), setup.steps(), [&](runs::Run& run) { setup.keep_in(run); },
                     [&](std::uint64_t first, StepObserver& run, Progress* progress) {
                       setup.trainer().run(first, run, progress);
                     }},
                    part, options, trace);
}

std::string identical_text(const runs::ReplayOutcome& replay) {
  const std::string tensors = plural(replay.tensors, "tensor");
  if (replay.first_step == 0)
    return fmt::format("identical: {}, {}", plural(replay.last_step, "step"), tensors);
  return fmt::format("identical: steps {} to {}, {}", grouped_number(replay.first_step + 1),
                     grouped_number(replay.last_step), tensors);
}

}  // namespace

void judge_replay(VerifyResult& result, const runs::ReplayOutcome& replay) {
  result.replay = replay;
  if (replay.mismatch) {
    result.message = replay.mismatch->sentence();
  } else if (!replay.complete) {
    result.message = fmt::format("the re-execution ended after step {} of {}",
                                 grouped_number(replay.last_step), grouped_number(replay.recorded_steps));
  } else {
    result.code = ExitCode::kSuccess;
    result.message = identical_text(replay);
    if (replay.first_step > 0)
      result.notes.push_back(
          fmt::format("steps 1 to {} were not re-executed", grouped_number(replay.first_step)));
  }
}

runs::ReplayOutcome replay_run(const std::string& run_folder, Replayed replayed,
                               const runs::ReplayOptions& part, const VerifyOptions& options,
                               const std::optional<runs::TraceRequest>& trace) {
  replayed.run_options.trace = trace;
  replayed.run_options.environment = options.environment;
  runs::Run run = runs::Run::replay(run_folder, replayed.run_options, part);
  replayed.keep(run);
  const std::uint64_t first = run.start();
  Progress progress((trace ? "trace " : "verify ") + run.name(),
                    part.to_step == 0 ? replayed.steps : part.to_step, first, {.quiet = options.quiet});
  replayed.run(first, run, &progress);
  progress.finish();
  run.finish();
  return run.replay_outcome();
}

runs::Run open_run(runs::RunOptions run_options, const TrainOptions& options) {
  run_options.store = options.store;
  run_options.name = options.name;
  run_options.key_file = options.key_file;
  run_options.environment = options.environment;
  return runs::Run::open(run_options);
}

runs::Run resume_run(const std::string& run_folder, runs::RunOptions run_options,
                     const TrainOptions& options) {
  run_options.key_file = options.key_file;
  run_options.environment = options.environment;
  run_options.allow_unsigned = options.allow_unsigned;
  return runs::Run::resume(run_folder, run_options);
}

bool is_run_of_kind(const std::string& run_folder, std::string_view kind) {
  try {
    return runs::read_claim(run_folder).kind == kind;
  } catch (const Error&) {
    return false;
  }
}

TrainResult train(const Config& config, const TrainOptions& options) {
  TrainingSetup setup(config, input_paths(config));
  runs::Run run = open_run(setup.run_options(), options);
  return complete(setup, run, options);
}

TrainResult resume(const std::string& run_folder, const TrainOptions& options) {
  TrainingSetup setup = setup_of_record(run_folder, options.data_folder);
  runs::Run run = resume_run(run_folder, setup.run_options(), options);
  return complete(setup, run, options);
}

VerifyResult verify_record(const std::string& run_folder, const VerifyOptions& options,
                           const std::function<ReplayStretch()>& prepare) {
  VerifyResult result;
  result.check = runs::check_record(run_folder, {.trusted_key_file = options.trust_key_file});
  result.notes = result.check.notes;
  result.seal = result.check.seal;
  if (!result.check.intact()) {
    const runs::CheckProblem& problem = result.check.problems.front();
    result.code = result.check.code();
    result.message = fmt::format("{}: {}", problem.place, problem.message);
    return result;
  }
  const ReplayStretch replayed = prepare();
  if (options.spot) {
    verify_spots(result, run_folder, *options.spot, replayed);
  } else {
    judge_replay(result, replayed({.from_step = options.from_step}));
  }
  return result;
}

VerifyResult verify(const std::string& run_folder, const VerifyOptions& options) {
  return verify_record(run_folder, options, [&]() -> ReplayStretch {
    const std::shared_ptr<TrainingSetup> setup(
        new TrainingSetup(setup_of_record(run_folder, options.data_folder)));  // it does not move
    return [&, setup](const runs::ReplayOptions& part) { return replay(*setup, run_folder, part, options); };
  });
}

runs::ReplayOutcome reexecute(const std::string& run_folder, const runs::ReplayOptions& part,
                              const std::optional<runs::TraceRequest>& trace, const VerifyOptions& options) {
  TrainingSetup setup = setup_of_record(run_folder, options.data_folder);
  return replay(setup, run_folder, part, options, trace);
}

}  // namespace tessera::train
