#include "tessera/clinical/coding_run.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/progress.h"
#include "tessera/base/text.h"
#include "tessera/train/inputs.h"
#include "tessera/train/loss_watch.h"
#include "tessera/train/recorded_setup.h"
#include "tessera/train/text_data.h"
#include "tessera/train/training_setup.h"

namespace tessera::clinical {
namespace {

std::string summary_of(const CodingSetup& setup) {
  const data::LabelSet& labels = setup.labels();
  const NoteSplit& split = setup.split();
  return fmt::format(
      "notes     {} to train, {} to tune thresholds, {} to test\nwords     {} known (counted at least {} "
      "times)\n"
      "labels    {} of {}, with {} of {} uses in the training notes\n",
      split.train.size(), split.validation.size(), split.test.size(),
      setup.vocabulary().size() - data::Vocabulary::kFirstWord, setup.config().integer("text.min_count"),
      labels.size(), labels.seen(), labels.kept_uses(), labels.all_uses());
}

CodingResult complete(CodingSetup& setup, runs::Run& run, const train::TrainOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  setup.keep_in(run);
  CodingResult result;
  result.folder = run.folder();
  result.first_step = run.start();
  result.steps = setup.steps();
  result.summary = summary_of(setup);
  // Before the first step: a run that is stopped can be resumed, and its vocabulary is there already.
  result.vocabulary = vocabulary_path(run.folder());
  setup.vocabulary().write(result.vocabulary);
  Progress progress(run.name(), setup.steps(), result.first_step, {.quiet = options.quiet});
  train::LossWatch watch(run);
  if (!run.complete()) setup.run(result.first_step, watch, &progress);
  progress.finish();
  result.seal = run.finish();
  if (watch.not_finite_since()) result.not_finite_since = train::recorded_not_finite_since(result.folder);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!setup.split().test.empty()) result.test = setup.test_quality();
  return result;
}

}  // namespace

std::string vocabulary_path(const std::string& run_folder) {
  return train::vocabulary_path(run_folder);
}

CodingSetup setup_of_coding_record(const std::string& run_folder, const std::string& data_folder) {
  const runs::Claim claim = runs::read_claim(run_folder);
  if (claim.kind != kCodingKind)
    fail_with(ExitCode::kCannotRerun,
              "{}: the run is of kind '{}', expected one that 'tessera code train' made", run_folder,
              claim.kind);
  train::require_contract(run_folder, claim);
  const auto paths = train::find_inputs(claim, runs::read_circumstances(run_folder), data_folder);
  const auto path = [&](const char* role) {
    const auto found = paths.find(role);
    return found == paths.end() ? std::string() : found->second;
  };
  if (path("notes").empty())
    fail_with(ExitCode::kCannotRerun, "{}: the record claims no input 'notes'", run_folder);
  return CodingSetup(CodingConfig::from_record(train::recorded_settings(claim)), path("notes"),
                     path("diagnoses"));
}

CodingResult train_coding(const CodingConfig& config, const train::TrainOptions& options) {
  CodingSetup setup(config);
  runs::Run run = train::open_run(setup.run_options(), options);
  return complete(setup, run, options);
}

CodingResult resume_coding(const std::string& run_folder, const train::TrainOptions& options) {
  CodingSetup setup = setup_of_coding_record(run_folder, options.data_folder);
  runs::Run run = train::resume_run(run_folder, setup.run_options(), options);
  return complete(setup, run, options);
}

bool is_coding_run(const std::string& run_folder) {
  return train::is_run_of_kind(run_folder, kCodingKind);
}

train::VerifyResult verify_coding(const std::string& run_folder, const train::VerifyOptions& options) {
  return train::verify_setup(run_folder, options,
                             [&] { return setup_of_coding_record(run_folder, options.data_folder); });
}

runs::ReplayOutcome reexecute_coding(const std::string& run_folder, const runs::ReplayOptions& part,
                                     const std::optional<runs::TraceRequest>& trace,
                                     const train::VerifyOptions& options) {
  CodingSetup setup = setup_of_coding_record(run_folder, options.data_folder);
  return train::replay_setup(setup, run_folder, part, options, trace);
}

std::string quality_text(const Quality& quality) {
  return fmt::format(
      "test      {} notes\nmicro F1  {:.4f} (precision {:.4f}, recall {:.4f})\nmacro F1  {:.4f} over all "
      "labels, {:.4f} over those "
      "that occur\nAUC       {:.4f} micro, {:.4f} macro\nP@1, P@5  {:.4f}, {:.4f}\nexact     {:.4f} of the "
      "notes have all their "
      "codes and no other\n",
      quality.notes, quality.micro_f1, quality.micro_precision, quality.micro_recall, quality.macro_f1,
      quality.macro_f1_of_present, quality.micro_auc, quality.macro_auc, quality.precision_at_1,
      quality.precision_at_5, quality.exact);
}

std::string hardest_labels_text(const metrics::MultilabelCounts& counts, const data::LabelSet& labels,
                                std::size_t most) {
  std::vector<std::int64_t> order;
  std::size_t width = 4;
  for (std::int64_t label = 0; label < counts.labels(); ++label)
    if (counts.actual(label) > 0) order.push_back(label);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return std::pair(counts.f1(a), -counts.actual(a)) < std::pair(counts.f1(b), -counts.actual(b));
  });
  const std::size_t present = order.size();
  order.resize(std::min(most, present));
  const auto name = [&](std::int64_t label) {
    return printable(labels.names()[static_cast<std::size_t>(label)]);
  };
  for (const std::int64_t label : order) width = std::max(width, name(label).size());
  std::string text = fmt::format("{:{}}  {:>5}  {:>5}  {:>12}  {:>6}\n", "code", width, "notes", "found",
                                 "wrongly said", "F1");
  for (const std::int64_t label : order)
    text += fmt::format("{:{}}  {:>5}  {:>5}  {:>12}  {:>6.4f}\n", name(label), width, counts.actual(label),
                        counts.hits(label), counts.said(label) - counts.hits(label), counts.f1(label));
  return fmt::format("hardest first, {} of the {} codes that the notes have:\n{}", order.size(), present,
                     text);
}

}  // namespace tessera::clinical
