#include "tessera/tabular/fit_run.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/interrupt.h"
#include "tessera/base/postgresql_uri.h"
#include "tessera/base/progress.h"
#include "tessera/base/text.h"
#include "tessera/tabular/step_only.h"
#include "tessera/train/inputs.h"
#include "tessera/train/recorded_setup.h"
#include "tessera/train/training_setup.h"

namespace tessera::tabular {
namespace {

// Passes steps on to the run, and keeps what the last one said.
class Listener : public StepObserver {
 public:
  Listener(runs::Run& run, std::uint64_t first, std::uint64_t steps, bool quiet)
      : run_(run), steps_(steps), quiet_(quiet) {
    say_what_is_waited_for(first + 1);
  }
  bool on_step(const StepReport& report) override {
    last.clear();
    for (const StepScalar& scalar : report.scalars) last.emplace_back(scalar.name, scalar.value);
    const bool more = run_.on_step(report);
    say_what_is_waited_for(report.step + 1);
    return more;
  }
  std::vector<std::pair<std::string, double>> last;

 private:
  // A step may take minutes.
  void say_what_is_waited_for(std::uint64_t step) const {
    const bool at_work = !quiet_ && step <= steps_;
    const char* line_end = at_work && ::isatty(STDERR_FILENO) == 1 ? "\n" : "";  // of the progress
    say_when_interrupted(at_work ? fmt::format("{}finishing step {} of {}; Ctrl-C again ends at once\n",
                                               line_end, grouped_number(step), grouped_number(steps_))
                                 : "");
  }

  runs::Run& run_;
  std::uint64_t steps_;
  bool quiet_;
};

FitResult complete(FitSetup& setup, runs::Run& run, const train::TrainOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  setup.keep_in(run);
  FitResult result;
  result.folder = run.folder();
  result.first_step = run.start();
  result.steps = setup.steps();
  result.estimator = setup.estimator().name();
  result.classes = setup.classes();
  result.training_rows = static_cast<std::int64_t>(setup.split().train.size());
  result.test_rows = static_cast<std::int64_t>(setup.split().held_out.size());
  Progress progress(run.name(), setup.steps(), result.first_step, {.quiet = options.quiet});
  Listener listener(run, result.first_step, setup.steps(), options.quiet);
  if (!run.complete()) setup.run(result.first_step, listener, &progress);
  progress.finish();
  result.seal = run.finish();
  result.features = static_cast<std::int64_t>(setup.features().names().size());
  result.folds = setup.fold_scores();
  result.candidates = setup.candidates();
  if (setup.search()) result.scoring = setup.search()->scoring();
  result.final_scores = listener.last;
  result.notes = setup.notes();
  result.missing = setup.missing_texts();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

void tell_candidates(const FitSetup& setup, SearchTable* table) {
  const std::vector<Candidate> candidates = setup.candidates();
  if (table == nullptr || candidates.empty()) return;
  const SearchPlan& plan = *setup.search();
  table->csv = candidates_csv(plan, candidates, setup.config().integer("evaluate.folds"));
  table->planned = plan.candidates();
  table->tried = std::ranges::count_if(candidates, [](const Candidate& one) { return one.rank > 0; });
}

FitResult complete(FitSetup& setup, runs::Run& run, const train::TrainOptions& options, SearchTable* table) {
  try {
    FitResult result = complete(setup, run, options);
    tell_candidates(setup, table);
    return result;
  } catch (const Error&) {
    tell_candidates(setup, table);
    throw;
  }
}

// A record may come from anybody, and whoever it names gets to know the query, and the password if it asks for one.
void say_who_is_asked(const std::string& uri) {
  fmt::print(stderr, "asking PostgreSQL at {}\n", printable(describe_postgresql(uri)));
}

FitSetup setup_of_record(const std::string& run_folder, const std::string& data_folder) {
  const runs::Claim claim = fit_claim(run_folder);
  train::require_contract(run_folder, claim);
  const auto paths = train::find_inputs(claim, runs::read_circumstances(run_folder), data_folder);
  const auto found = paths.find("table");
  if (found == paths.end())
    fail_with(ExitCode::kCannotRerun, "{}: the record claims no input 'table'", run_folder);
  FitConfig config = FitConfig::from_record(train::recorded_settings(claim));
  if (is_postgresql_uri(found->second)) say_who_is_asked(found->second);
  const std::string query = config.table_file().query;
  return FitSetup(std::move(config), open_claimed_table(found->second, query, claim));
}

}  // namespace

std::string score_text(double value) {
  return std::abs(value) >= 0.01 || value == 0 ? fmt::format("{:.4f}", value) : fmt::format("{:.4g}", value);
}

FitResult fit(const FitConfig& config, const train::TrainOptions& options, SearchTable* table) {
  refuse_step_only(*config.estimator());
  FitSetup setup(config);
  std::string folder;
  try {
    runs::Run run = train::open_run(setup.run_options(), options);
    folder = run.folder();
    return complete(setup, run, options, table);
  } catch (const CannotFit&) {  // it would fail again when it is resumed: a run that is of no use
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    throw;
  }
}

namespace {

FitResult resumed(const std::string& run_folder, const train::TrainOptions& options, SearchTable* table) {
  FitSetup setup = setup_of_record(run_folder, options.data_folder);
  setup.prepare_for(run_folder);
  runs::Run run = train::resume_run(run_folder, setup.run_options(), options);
  return complete(setup, run, options, table);
}

}  // namespace

FitResult resume_fit(const std::string& run_folder, const train::TrainOptions& options) {
  return resumed(run_folder, options, nullptr);
}

FitResult resume_search(const std::string& run_folder, const train::TrainOptions& options,
                        SearchTable& table) {
  return resumed(run_folder, options, &table);
}

bool is_fit_run(const std::string& run_folder) {
  return train::is_run_of_kind(run_folder, kFitKind) || train::is_run_of_kind(run_folder, kSearchKind);
}

std::string compared_scalar(const runs::Claim& claim, const std::string& scalar) {
  if (claim.kind != kFitKind && claim.kind != kSearchKind) return scalar;
  if (scalar.starts_with("fold_") || scalar == "candidate") return "";
  const std::string quality = claim.configuration.contains("found.classes") ? "accuracy" : "r2";
  if (scalar == "training_score" || scalar == "test_score")
    return scalar.substr(0, scalar.size() - std::string_view("score").size()) + quality;
  if (!scalar.starts_with("folds_")) return scalar;
  const auto plan = claim.configuration.find("search.plan");
  const std::string scoring =
      plan == claim.configuration.end() ? "" : SearchPlan::from_json(plan->second).scoring();
  return fmt::format("{}_{}", scalar, scoring.empty() ? quality : scoring);
}

train::VerifyResult verify_fit(const std::string& run_folder, const train::VerifyOptions& options) {
  return train::verify_setup(run_folder, options,
                             [&] { return setup_of_record(run_folder, options.data_folder); });
}

runs::ReplayOutcome reexecute_fit(const std::string& run_folder, const runs::ReplayOptions& part,
                                  const std::optional<runs::TraceRequest>& trace,
                                  const train::VerifyOptions& options) {
  FitSetup setup = setup_of_record(run_folder, options.data_folder);
  return train::replay_setup(setup, run_folder, part, options, trace);
}

}  // namespace tessera::tabular
