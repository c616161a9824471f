#include "tessera/tabular/fit_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/hash.h"
#include "tessera/base/json.h"
#include "tessera/base/text.h"
#include "tessera/learn/hard_classes.h"
#include "tessera/learn/score_intervals.h"
#include "tessera/learn/scoring.h"
#include "tessera/metrics/classification.h"
#include "tessera/runs/check.h"
#include "tessera/runs/checkpoint.h"
#include "tessera/tensor/ops.h"
#include "tessera/train/inputs.h"
#include "tessera/train/recorded_setup.h"
#include "tessera/train/training_setup.h"

namespace tessera::tabular {
namespace {

// Passes steps on to the run, and keeps what the last one said.
class Listener : public StepObserver {
 public:
  explicit Listener(runs::Run& run) : run_(run) {}
  bool on_step(const StepReport& report) override {
    last.clear();
    for (const StepScalar& scalar : report.scalars) last.emplace_back(scalar.name, scalar.value);
    return run_.on_step(report);
  }
  std::vector<std::pair<std::string, double>> last;

 private:
  runs::Run& run_;
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
  Listener listener(run);
  if (!run.complete()) setup.run(result.first_step, listener, &progress);
  progress.finish();
  result.seal = run.finish();
  result.features = static_cast<std::int64_t>(setup.features().names().size());
  result.folds = setup.fold_scores();
  result.candidates = setup.candidates();
  if (setup.search()) result.scoring = setup.search()->scoring();
  result.final_scores = listener.last;
  result.notes = setup.notes();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

runs::Claim fit_claim(const std::string& run_folder) {
  runs::Claim claim = runs::read_claim(run_folder);
  if (claim.kind != kFitKind && claim.kind != kSearchKind)
    fail_with(ExitCode::kCannotRerun,
              "{}: the run is of kind '{}', expected one that 'tessera fit' or 'tessera search' made",
              run_folder, claim.kind);
  return claim;
}

FitSetup setup_of_record(const std::string& run_folder, const std::string& data_folder) {
  const runs::Claim claim = fit_claim(run_folder);
  train::require_contract(run_folder, claim);
  const auto paths = train::find_inputs(claim, runs::read_circumstances(run_folder), data_folder);
  const auto found = paths.find("table");
  if (found == paths.end())
    fail_with(ExitCode::kCannotRerun, "{}: the record claims no input 'table'", run_folder);
  return FitSetup(FitConfig::from_record(train::recorded_settings(claim)), found->second);
}

// As the run read its table, whatever kind of file this one is.
data::TableFileOptions own_options(const FitConfig& config, std::string_view bytes, const std::string& file) {
  data::TableFileOptions options = config.table_file();
  if (data::table_file_kind(bytes) != data::TableFileKind::kSqlite) options.query.clear();
  const std::vector<std::string> names = config.has("data.categories")
                                             ? data::table_file_names(bytes, file, options)
                                             : std::vector<std::string>();
  for (const std::string& name : config.text_columns(names))
    if (std::find(names.begin(), names.end(), name) != names.end()) options.csv.text_columns.push_back(name);
  if (config.has("found.classes")) options.csv.text_columns.push_back(config.text("data.target"));
  return options;
}

std::vector<std::string> recorded_classes(const FitConfig& config) {
  if (!config.has("found.classes")) return {};
  const nlohmann::json names = parse_json(config.text("found.classes"), "found.classes");
  std::vector<std::string> classes;
  if (names.is_array())
    for (const auto& name : names)
      if (name.is_string()) classes.push_back(name.get<std::string>());
  if (classes.size() < 2 || classes.size() != names.size())
    fail("the record's found.classes is '{}', expected a list of names", config.text("found.classes"));
  return classes;
}

std::string interval_text(const learn::ScoreInterval& interval) {
  return fmt::format("  ({:.4f} to {:.4f} with 95 % confidence)", interval.low, interval.high);
}

learn::ScoreInterval accuracy_of(const Tensor& target, const std::vector<std::int64_t>& said) {
  const std::vector<std::int64_t> labels = target.to_vector<std::int64_t>();
  std::int64_t correct = 0;
  for (std::size_t row = 0; row < said.size(); ++row) correct += labels[row] == said[row] ? 1 : 0;
  return learn::accuracy_interval(correct, static_cast<std::int64_t>(said.size()));
}

// Of two classes, where there are enough rows of both: how often a row of the second one is thought more likely to be of it than a row of the first.
std::string auc_text(const learn::Estimator& estimator, const Tensor& x, const Tensor& target) {
  const std::vector<std::int64_t> labels = target.to_vector<std::int64_t>();
  const std::int64_t ones = std::count(labels.begin(), labels.end(), 1);
  if (ones < 2 || static_cast<std::int64_t>(labels.size()) - ones < 2) return "";
  const std::vector<double> scores =
      learn::scores_of_second_class(dynamic_cast<const learn::Classifier&>(estimator), x);
  if (scores.empty()) return "";
  const learn::ScoreInterval area = learn::auc_interval(scores, labels);
  return fmt::format("AUC       {:.4f}{}\n", area.score, interval_text(area));
}

}  // namespace

std::string score_text(double value) {
  return std::abs(value) >= 0.01 || value == 0 ? fmt::format("{:.4f}", value) : fmt::format("{:.4g}", value);
}

FitResult fit(const FitConfig& config, const train::TrainOptions& options) {
  FitSetup setup(config);
  std::string folder;
  try {
    runs::Run run = train::open_run(setup.run_options(), options);
    folder = run.folder();
    return complete(setup, run, options);
  } catch (const CannotFit&) {  // it would fail again when it is resumed: a run that is of no use
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    throw;
  }
}

FitResult resume_fit(const std::string& run_folder, const train::TrainOptions& options) {
  FitSetup setup = setup_of_record(run_folder, options.data_folder);
  setup.prepare_for(run_folder);
  runs::Run run = train::resume_run(run_folder, setup.run_options(), options);
  return complete(setup, run, options);
}

bool is_fit_run(const std::string& run_folder) {
  return train::is_run_of_kind(run_folder, kFitKind) || train::is_run_of_kind(run_folder, kSearchKind);
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

FittedModel::FittedModel(const std::string& run_folder)
    : folder_(run_folder),
      claim_(fit_claim(run_folder)),
      config_(FitConfig::from_record(train::recorded_settings(claim_))),
      features_(config_.features(),
                data::Schema::from_json(config_.has("found.schema") ? config_.text("found.schema") : "",
                                        run_folder)),
      estimator_(config_.estimator()),
      classes_(recorded_classes(config_)) {
  const runs::SealedState sealed = runs::sealed_state(run_folder);
  if (const auto search = config_.search()) {
    FoldScores scores;
    runs::restore_object("folds", scores, sealed.tensors, sealed.path);
    const std::int64_t folds = config_.integer("evaluate.folds");
    apply_best(*search, scores.values, folds, *estimator_);
    candidates_ = candidates_of(*search, scores.values.to_vector<double>(), folds);
  }
  runs::restore_object("estimator", *estimator_, sealed.tensors, sealed.path);
  runs::restore_object("features", features_, sealed.tensors, sealed.path);
  estimator_->check_restored();
  features_.check_restored();
  const std::int64_t classes = static_cast<std::int64_t>(classes_.size());
  if (estimator_->classes() != classes ||
      estimator_->features() != static_cast<std::int64_t>(features_.names().size()))
    fail("{}: the estimator has learned {} features and {} classes, the record speaks of {} and {}",
         run_folder, estimator_->features(), estimator_->classes(), features_.names().size(), classes);
}

std::string learned_text(const std::string& run_folder, const std::string& data_folder) {
  const FittedModel model(run_folder);
  std::string text =
      fmt::format("{} of '{}'\n", model.estimator().name(), printable(model.config().text("data.target")));
  if (!model.candidates().empty())
    text += fmt::format("\n{}\n", candidates_table(model.candidates(), kMostCandidates));
  const auto paths =
      train::find_inputs(runs::read_claim(run_folder), runs::read_circumstances(run_folder), data_folder);
  const auto table = paths.find("table");
  if (table == paths.end()) fail("{}: the record claims no input 'table'", run_folder);
  const FittedEvaluation found = model.evaluate(table->second);
  return fmt::format("{}\n{}\n{}", text, found.note, found.text);
}

data::Table FittedModel::read(const std::string& file) const {
  const std::string bytes = read_file_maybe_gzip(file);
  data::TableFileOptions options = own_options(config_, bytes, file);
  options.csv = features_.schema().csv_options(options.csv);
  const std::vector<std::string> names = data::table_file_names(bytes, file, options);
  std::erase_if(options.csv.text_columns,
                [&](const std::string& name) {  // what is missing is said by the schema
                  return std::find(names.begin(), names.end(), name) == names.end();
                });
  return data::parse_table_file(bytes, file, options);
}

std::vector<std::string> FittedModel::notes(const data::Table& table) const {
  const data::Table seen = data::conform(table, features_.schema(),
                                         {.unseen = data::UnseenCategory::kOther, .allow_missing = true});
  std::vector<std::string> notes;
  for (const data::Column& column : seen.columns) {
    const auto other = static_cast<std::int32_t>(column.categories.size()) - 1;
    const auto rows = other < 0 ? 0 : std::count(column.codes.begin(), column.codes.end(), other);
    if (rows > 0)
      notes.push_back(
          fmt::format("column '{}': {} of {} rows have a category that the training rows did not have",
                      column.name, rows, seen.rows));
    const auto known = features_.schema().find(column.name);
    if (column.missing > 0 && known && !known->may_be_missing)
      notes.push_back(fmt::format("column '{}': {} of {} rows have no value, which every training row had",
                                  column.name, column.missing, seen.rows));
  }
  return notes;
}

std::string FittedModel::predictions_csv(const data::Table& table) const {
  const Tensor x = features(table);
  std::string text = "row,prediction";
  const auto* classifier = dynamic_cast<const learn::Classifier*>(estimator_.get());
  const bool probable = classifier != nullptr && classifier->has_probabilities();
  if (probable)
    for (const std::string& name : classes_)
      text += fmt::format(",{}", data::csv_field(fmt::format("probability_{}", name)));
  text += "\n";
  if (table.rows == 0) return text;
  const Tensor predicted = estimator_->predict(x);
  const std::vector<double> probabilities =
      probable ? classifier->predict_proba(x).to_vector<double>() : std::vector<double>();
  for (std::int64_t row = 0; row < table.rows; ++row) {
    if (classifier == nullptr) {
      text += fmt::format("{},{}\n", row + 1, predicted.at<double>({row}));
      continue;
    }
    text += fmt::format(
        "{},{}", row + 1,
        data::csv_field(classes_.at(static_cast<std::size_t>(predicted.at<std::int64_t>({row})))));
    for (std::size_t c = 0; probable && c < classes_.size(); ++c)
      text += fmt::format(",{}", probabilities[static_cast<std::size_t>(row) * classes_.size() + c]);
    text += "\n";
  }
  return text;
}

Tensor FittedModel::target_of(const data::Table& table) const {
  const std::string& name = config_.text("data.target");
  if (table.column(name).missing > 0)
    fail("{}:{}: the target '{}' is missing, expected a value in every row", table.source,
         table.column(name).first_missing_line, name);
  if (classes_.empty()) return Tensor::from(table.numbers(name), {table.rows});
  data::Table named = data::take_columns(table, {name});
  data::make_category(named, name, classes_);
  const auto& codes = named.column(name).codes;
  return Tensor::from(std::vector<std::int64_t>(codes.begin(), codes.end()), {table.rows});
}

std::string FittedModel::overlap_note(const data::Table& table) const {
  try {
    const auto paths = train::find_inputs(claim_, runs::read_circumstances(folder_), "");
    const std::int64_t known = FitSetup(config_, paths.at("table")).training_rows_in(table);
    return known == 0 ? ""
                      : fmt::format("{} of the {} rows are equal to rows that the run learned from", known,
                                    table.rows);
  } catch (const Error&) {  // the run's own table is not there any more: nothing can be said
    return "";
  }
}

FittedEvaluation FittedModel::evaluate(const std::string& file) const {
  FittedEvaluation result;
  const std::string bytes = read_file_maybe_gzip(file);
  data::Table table = read(file),
              whole = data::parse_table_file(bytes, file, own_options(config_, bytes, file));
  if (!classes_.empty() && whole.find(config_.text("data.target")) != nullptr)
    data::make_category(whole, config_.text("data.target"));
  // The same records in another file are the same table.
  const bool own = config_.has("found.table") && data::digest(whole) == config_.text("found.table");
  if (own) {
    const data::Split split = FitSetup(config_, file).split();
    if (split.held_out.empty())
      fail("{}: the run learned from all rows of this file and held none out, expected another file", file);
    table = data::take_rows(table, split.held_out);
    result.note =
        fmt::format("the run learned from this file; of its {} rows only the {} that were held out are used",
                    split.train.size() + split.held_out.size(), table.rows);
  }
  if (table.rows == 0) fail("{}: there is no row, expected some to judge by", file);
  if (!own) result.note = overlap_note(table);
  const Tensor target = target_of(table), x = features(table);
  result.text = fmt::format("rows      {}\n", table.rows);
  const std::vector<std::int64_t> said =
      classes_.empty() ? std::vector<std::int64_t>() : estimator_->predict(x).to_vector<std::int64_t>();
  for (const StepScalar& scalar : quality(*estimator_, x, target)) {
    std::string label(scalar.name);
    std::replace(label.begin(), label.end(), '_', ' ');
    result.text += fmt::format("{:<9} {}", label, score_text(scalar.value));
    if (scalar.name == "accuracy") result.text += interval_text(accuracy_of(target, said));
    result.text += "\n";
  }
  if (classes_.empty()) return result;
  if (classes_.size() == 2) result.text += auc_text(*estimator_, x, target);
  metrics::ConfusionMatrix confusion(static_cast<std::int64_t>(classes_.size()));
  confusion.add(target.to_vector<std::int64_t>(), said);
  std::vector<std::string> names;
  for (const std::string& name : classes_) names.push_back(printable(name));
  result.text += "\n" + learn::hard_classes_text(confusion, names);
  return result;
}

}  // namespace tessera::tabular
