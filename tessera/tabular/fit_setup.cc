#include "tessera/tabular/fit_setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/hash.h"
#include "tessera/base/json.h"
#include "tessera/base/postgresql_uri.h"
#include "tessera/base/suggest.h"
#include "tessera/data/csv_rows.h"
#include "tessera/data/folds.h"
#include "tessera/data/odd_texts.h"
#include "tessera/data/sql_order.h"
#include "tessera/learn/scoring.h"
#include "tessera/tabular/headerless.h"
#include "tessera/tabular/own_scores.h"
#include "tessera/tabular/row_features.h"
#include "tessera/tabular/table_checks.h"
#include "tessera/tensor/ops.h"

namespace tessera::tabular {
namespace {

bool has_field(const std::string& key) {
  return key == "seed";
}

// 0 of one value.
double sample_deviation(const Tensor& values) {
  const double count = static_cast<double>(values.elements());
  return count < 2 ? 0 : std::sqrt(variance(values, {0}).item<double>() * count / (count - 1));
}

// -log of the probability that was given to what is; probabilities count as 2^-52 at least, as scikit-learn has it.
double log_loss(const Tensor& probabilities, const Tensor& target) {
  const Tensor given = take_along(probabilities, reshape(target, {-1, 1}), 1);
  return -mean(log(maximum(given, 0x1p-52))).item<double>();
}

}  // namespace

std::vector<StepScalar> quality(const learn::Estimator& estimator, const Tensor& features,
                                const Tensor& target) {
  const double score = estimator.score(features, target);
  if (const auto* classifier = dynamic_cast<const learn::Classifier*>(&estimator)) {
    if (!classifier->has_probabilities()) return {{"accuracy", score}};
    return {{"accuracy", score}, {"log_loss", log_loss(classifier->predict_proba(features), target)}};
  }
  const Tensor error = estimator.predict(features) - target;
  return {{"r2", score}, {"rmse", sqrt(mean(error * error)).item<double>()}};
}

runs::Claim fit_claim(const std::string& run_folder) {
  runs::Claim claim = runs::read_claim(run_folder);
  if (claim.kind != kFitKind && claim.kind != kSearchKind)
    fail_with(ExitCode::kCannotRerun,
              "{}: the run is of kind '{}', expected one that 'tessera fit' or 'tessera search' made",
              run_folder, claim.kind);
  return claim;
}

FitSetup::FitSetup(FitConfig config, const std::string& table_path)
    : config_(std::move(config)), search_(config_.search()), features_(config_.features()) {
  const std::string place = table_path.empty() ? config_.path("data.table") : table_path;
  read(open_table(place, config_.table_file().query), table_path.empty());
  divide();
}

FitSetup::FitSetup(FitConfig config, OpenedTable table)
    : config_(std::move(config)), search_(config_.search()), features_(config_.features()) {
  read(std::move(table), false);
  divide();
}

void FitSetup::divide() {
  if (config_.has("data.target")) take_target();
  const bool classes = !classes_.empty();
  const double share = config_.real("data.test");
  std::vector<std::int64_t> labels;
  if (classes) labels = target_.to_vector<std::int64_t>();
  split_ = classes ? data::hold_out_stratified(labels, share, config_.seed())
                   : data::hold_out(table_.rows, share, config_.seed());
  const std::int64_t folds = config_.integer("evaluate.folds");
  if (folds == 1)
    fail_with(ExitCode::kUsage, "{}: evaluate.folds is 1, expected 0 or at least 2",
              config_.origin("evaluate.folds"));
  if (classes) require_rows_of_every_class(labels, folds > 0 ? 2 : 1);
  if (folds > 0) {
    const data::FoldOptions options = {.folds = folds, .seed = config_.seed()};
    std::vector<std::int64_t> of_train;
    if (classes)
      for (const std::int64_t row : split_.train) of_train.push_back(labels[static_cast<std::size_t>(row)]);
    folds_ = classes ? data::stratified_k_fold(of_train, options)
                     : data::k_fold(static_cast<std::int64_t>(split_.train.size()), options);
    const auto to_rows = [&](std::vector<std::int64_t>& positions) {
      for (std::int64_t& position : positions) position = split_.train[static_cast<std::size_t>(position)];
    };
    for (data::Split& fold : folds_) {
      to_rows(fold.train);
      to_rows(fold.held_out);
    }
  }
  if (search_ && !search_->scoring().empty()) test_scoring_ = "test_" + search_->scoring();
  initialize();
}

std::vector<std::string> FitSetup::notes() const {
  std::vector<std::string> notes = first_line_notes_;
  if (is_postgresql_uri(file_.path) && !data::has_order_by(config_.text("data.query")))
    notes.emplace_back(
        "data.query has no ORDER BY: PostgreSQL may give the same rows in another order the next time, "
        "which is another table, and cannot be verified");
  for (std::string& note : missing_text_notes(missing_texts_)) notes.push_back(std::move(note));
  if (config_.text("features.missing") != "keep")
    for (std::string& note : nan_notes(table_, columns_, config_.text("features.missing")))
      notes.push_back(std::move(note));
  for (std::string& note : rounded_notes(table_, columns_)) notes.push_back(std::move(note));
  for (std::string& note : text_notes(features_.schema(), static_cast<std::int64_t>(split_.train.size())))
    notes.push_back(std::move(note));
  if (const auto alike = data::alike_texts(classes_))
    notes.push_back(
        fmt::format("the classes '{}' and '{}' differ only in blanks and the case of letters: are they one?",
                    alike->first, alike->second));
  if (search_ && classes_.size() == 2 && learn::is_of_second_class(search_->scoring()))
    notes.push_back(second_class_note());
  for (std::string& note : convergence_notes(*estimator_)) notes.push_back(std::move(note));
  return notes;
}

// A score of one class is read as that of the class that matters, which need not be the second one.
std::string FitSetup::second_class_note() const {
  const double rows = static_cast<double>(split_.train.size());
  const double share = sum(cast(target_of(split_.train), DType::kFloat64)).item<double>() / rows;
  return fmt::format(
      "{} is how well class '{}' is found, the second one by name, of which {:.0f} % of the training rows "
      "are{}",
      search_->scoring(), classes_[1], 100 * share,
      share > 0.5 ? fmt::format(": for '{}' give that class a name that comes second", classes_[0]) : "");
}

std::int64_t FitSetup::training_rows_in(const data::Table& other) const {
  std::vector<std::string> names = columns_;
  if (target_.defined()) names.push_back(config_.text("data.target"));
  const auto columns_of = [&](const data::Table& table) {
    std::vector<const data::Column*> columns;
    for (const std::string& name : names) columns.push_back(&table.column(name));
    return columns;
  };
  const auto key = [](const std::vector<const data::Column*>& columns, std::int64_t row) {
    std::string text;
    for (const data::Column* column : columns) text += column->text(row) + '\0';
    return sha256(text);  // the texts of all rows would be a second table
  };
  const std::vector<const data::Column*> own = columns_of(table_), others = columns_of(other);
  std::vector<Digest> learned;
  learned.reserve(split_.train.size());
  for (const std::int64_t row : split_.train) learned.push_back(key(own, row));
  std::ranges::sort(learned);
  std::int64_t count = 0;
  for (std::int64_t row = 0; row < other.rows; ++row)
    count += std::ranges::binary_search(learned, key(others, row)) ? 1 : 0;
  return count;
}

// A class that a training part lacks could not be learned.
void FitSetup::require_rows_of_every_class(const std::vector<std::int64_t>& labels,
                                           std::int64_t least) const {
  std::vector<std::int64_t> counts(classes_.size());
  for (const std::int64_t row : split_.train)
    ++counts[static_cast<std::size_t>(labels[static_cast<std::size_t>(row)])];
  for (std::size_t c = 0; c < counts.size(); ++c)
    if (counts[c] < least)
      fail("{}: the class '{}' has {} row{} to train on, expected at least {}{}", table_.source, classes_[c],
           counts[c], counts[c] == 1 ? "" : "s", least,
           least > 1 ? ", so that every fold can learn it (or evaluate.folds=0)" : "");
}

// What a new fit is refused, and one that is on record is not: it can still be verified.
void FitSetup::check_settings_of_file(const data::TableSource& source,
                                      const data::TableFileOptions& options) const {
  const std::string& path = source.path;
  const bool is_csv = source.kind() == data::TableFileKind::kCsv;
  if (!is_csv && config_.has("data.missing"))
    fail_with(
        ExitCode::kUsage,
        "{}: data.missing is for the texts of CSV, and this file has its own way to say that a value is "
        "missing (NULL, NaN); expected no data.missing",
        path);
  if (is_csv && !options.csv.header && begins_with_names(source.bytes, path, options.csv, options.columns))
    fail_with(ExitCode::kUsage, "{}: line 1 has the names itself: leave data.columns out", path);
}

// A header that nobody takes for data would make texts of columns of numbers.
void FitSetup::check_first_line() const {
  const std::vector<std::string> found = columns_headed_by_text(table_);
  if (!config_.has("data.columns") || found.empty() || has_number_in_first_row(table_)) return;
  const std::string first = data::shown_field(table_.column(found.front()).texts.front());
  fail_with(ExitCode::kUsage,
            "{}: column '{}' has '{}' in line 1 and a number in every other row: leave data.columns out if "
            "the line is a header, or add '{}' to data.missing if it stands for a missing value",
            table_.source, found.front(), first, first);
}

// A name is also missing where the first line was taken for names.
void FitSetup::require_column(const std::string& name) const {
  try {
    table_.column(name);
  } catch (const Error& error) {
    if (!config_.boolean("data.header") || first_line_notes_.empty()) throw;
    fail_with(error.code(), "{}; {}", error.what(), first_line_notes_.front());
  }
}

// What was opened goes when the table has been made of it.
void FitSetup::read(OpenedTable table, bool is_new) {
  data::TableSource& source = table.source;
  const std::string path = source.path;  // without a password
  file_ = table.file;
  data::TableFileOptions options = config_.table_file();
  if (!is_new) options.query = table.query;  // the same rows may be in a file by now
  const std::string target = config_.has("data.target") ? config_.text("data.target") : "";
  const bool classes = config_.estimator()->task() == learn::Task::kClassification;
  if (classes)
    options.csv.text_columns.push_back(target);  // "1.0" and "1" are two classes, as they are written
  if (is_new) check_settings_of_file(source, options);
  std::vector<std::string> categories;
  if (config_.has("data.categories"))
    categories = config_.text_columns(data::table_source_names(source, options));
  options.csv.text_columns.insert(options.csv.text_columns.end(), categories.begin(), categories.end());
  table_ = data::parse_table_source(std::move(source), options);  // which takes rows, and leaves bytes
  const bool is_csv = source.kind() == data::TableFileKind::kCsv;
  if (is_csv) missing_texts_ = tabular::missing_texts(source.bytes, path, options.csv);
  if (table_.rows == 0) fail("{}: there is no row, expected some to learn from", path);
  if (is_new) check_first_line();
  if (is_csv) first_line_notes_ = options.csv.header ? header_notes(table_) : headed_by_text_notes(table_);
  const std::vector<std::string> names = table_.names(), ignored = config_.ignored();
  for (const std::string& name : ignored) require_column(name);  // a mistyped one gets a suggestion
  if (!target.empty() && std::ranges::count(ignored, target) > 0)
    fail_with(ExitCode::kUsage, "{}: data.ignore names the target '{}'", config_.origin("data.ignore"),
              target);
  for (const std::string& name : categories) require_column(name);
  const bool has_target = config_.has("data.target");
  if (has_target) require_column(target);
  for (const std::string& name : names)
    if (!(has_target && name == target) && std::find(ignored.begin(), ignored.end(), name) == ignored.end())
      columns_.push_back(name);
  if (columns_.empty() && has_target)
    fail("{}: beside the target '{}' there is no column to learn from", path, target);
  if (columns_.empty()) fail("{}: there is no column to learn from", path);
  if (!is_new) return;  // a record of earlier programs, which took them, can still be verified
  std::vector<std::string> learned = columns_;
  if (has_target) learned.push_back(target);
  refuse_other_encodings(table_, learned);
  refuse_infinite(table_, learned);
}

void FitSetup::take_target() {
  const std::string& name = config_.text("data.target");
  if (table_.column(name).missing > 0)
    fail("{}:{}: the target '{}' is missing, expected a value in every row", table_.source,
         table_.column(name).first_missing_line, name);
  if (config_.estimator()->task() == learn::Task::kRegression) {
    if (!table_.column(name).numeric)
      fail(
          "{}:{}: {} is for numbers, but the target '{}' has '{}'; expected a classifier for it (see "
          "'tessera fit "
          "--list'), or numbers",
          table_.source, table_.column(name).first_text_line, config_.estimator()->name(), name,
          table_.column(name).first_text);
    const std::vector<double>& numbers = table_.numbers(name);
    const auto nan = std::ranges::find_if(numbers, [](double number) { return std::isnan(number); });
    if (nan != numbers.end())
      fail("{}:{}: the target '{}' is NaN, expected a number in every row", table_.source,
           table_.line(nan - numbers.begin()), name);
    target_ = Tensor::from(numbers, {table_.rows});
    return;
  }
  data::make_category(table_, name);
  const data::Column& column = table_.column(name);
  classes_ = column.categories;
  if (classes_.size() < 2)
    fail("{}: the target '{}' is '{}' in every row, expected two classes or more", table_.source, name,
         classes_.front());
  if (classes_.size() > 1000)
    fail(
        "{}: the target '{}' has {} different values, expected at most 1000 classes (or an estimator for "
        "numbers)",
        table_.source, name, classes_.size());
  const std::vector<std::int64_t> codes(column.codes.begin(), column.codes.end());
  target_ = Tensor::from(codes, {table_.rows});
}

// A finished fit and one that begins have the same claim: the schema is that of the training rows.
void FitSetup::initialize() {
  features_ = learn::TableFeatures(config_.features());
  features_.fit(table_, columns_, split_.train, target_of(split_.train));
  estimator_ = config_.estimator();
  scores_ = {};
  config_.set_found("found.table", data::digest(table_));
  config_.set_found("found.schema", features_.schema().to_json());
  if (!classes_.empty()) config_.set_found("found.classes", canonical_json(nlohmann::json(classes_)));
}

runs::RunOptions FitSetup::run_options() const {
  runs::RunOptions options;
  options.kind = search_ ? kSearchKind : kFitKind;
  options.base_name = config_.text("name");
  options.obey_environment = false;  // the caller says what is to be done with which run
  for (const learn::ParameterText& parameter : learn::parameters(*config_.estimator()))
    options.configuration.push_back({"parameters." + parameter.name, parameter.value, "--set or default"});
  for (const train::KeyedValue& value : config_.values()) {
    if (value.key == "model.parameters") continue;  // one by one, so that runs are compared by each
    (value.claimed && !has_field(value.key) ? options.configuration : options.other_settings)
        .push_back({value.key, value.text, value.origin});
  }
  options.seed = config_.seed();
  options.inputs.push_back({file_.role, file_.path, file_.digest});
  options.steps = steps();
  options.digest_every = 1;
  options.checkpoint_every = 1;       // a fold may take long,
  options.checkpoint_seconds = 0.25;  // or less than a sync of the disk
  return options;
}

void FitSetup::keep_in(runs::Run& run) {
  run.keep("estimator", *estimator_);
  run.keep("features", features_);
  run.keep("folds", scores_);
}

Tensor FitSetup::target_of(const std::vector<std::int64_t>& rows) const {
  if (!target_.defined()) return {};
  return gather(target_, Tensor::from(rows, {static_cast<std::int64_t>(rows.size())}));
}

std::vector<double> FitSetup::fold_scores() const {
  if (!scores_.values.defined()) return {};
  const std::vector<double> scores = scores_.values.to_vector<double>();
  if (!search_) return scores;
  const std::int64_t folds = static_cast<std::int64_t>(folds_.size());
  const auto best = search_->best(scores, folds);
  if (!best) return {};
  const auto begin = scores.begin() + static_cast<std::ptrdiff_t>(*best * folds);
  return {begin, begin + static_cast<std::ptrdiff_t>(folds)};
}

// What fit_transform gives, where features of a row come from that row alone with less memory: it has them twice for a while.
Tensor FitSetup::learned_features(learn::TableFeatures& features, const std::vector<std::int64_t>& rows,
                                  const Tensor& target) const {
  if (!features_by_row(config_.features())) return features.fit_transform(table_, columns_, rows, target);
  features.fit(table_, columns_, rows, target);
  return features_of_rows(features, table_, rows);
}

FitSetup::FoldData FitSetup::fold_data(std::size_t fold) const {
  const data::Split& split = folds_[fold];
  learn::TableFeatures features(config_.features());
  const Tensor target = target_of(split.train);
  const Tensor x = learned_features(features, split.train, target);
  return {x, target, features_of_rows(features, table_, split.held_out), target_of(split.held_out)};
}

void FitSetup::add_score(double score) {
  std::vector<double> scores;
  if (scores_.values.defined()) scores = scores_.values.to_vector<double>();
  scores.push_back(score);
  scores_.values = Tensor::from(scores, {static_cast<std::int64_t>(scores.size())});
}

std::vector<StepScalar> FitSetup::fold_step(std::size_t fold) {
  const FoldData data = fold_data(fold);
  const std::unique_ptr<learn::Estimator> estimator = config_.estimator();
  estimator->fit(data.x, data.y);
  const std::vector<StepScalar> found = quality(*estimator, data.held_x, data.held_y);
  add_score(found.front().value);
  std::vector<StepScalar> scalars = {{"fold_score", found.front().value}};
  if (found.size() > 1)
    scalars.push_back({found.back().name == "rmse" ? "fold_rmse" : "fold_log_loss", found.back().value});
  return scalars;
}

std::vector<StepScalar> FitSetup::final_step() {
  if (search_) take_best();
  const Tensor target = target_of(split_.train);
  Tensor trained = learned_features(features_, split_.train, target);
  estimator_->fit(trained, target);
  if (!features_by_row(config_.features())) {  // as another table would have them
    trained = {};
    trained = features_of_rows(features_, table_, split_.train);
  }
  if (!target.defined()) return without_target_scalars(trained);
  std::vector<StepScalar> scalars = {{"training_score", quality(*estimator_, trained, target).front().value}};
  if (const std::vector<double> of_folds = fold_scores(); !of_folds.empty()) {
    const Tensor scores = Tensor::from(of_folds, {static_cast<std::int64_t>(of_folds.size())});
    scalars.push_back({"folds_mean", mean(scores).item<double>()});
    scalars.push_back({"folds_deviation", sample_deviation(scores)});
  }
  if (!split_.held_out.empty()) add_test_scores(scalars);
  return scalars;
}

std::vector<StepScalar> FitSetup::without_target_scalars(const Tensor& trained) const {
  std::vector<StepScalar> scalars;
  for (const OwnScore& score : own_scores(*estimator_, trained)) scalars.push_back({score.name, score.value});
  if (split_.held_out.empty()) return scalars;
  const Tensor held_out = features_of_rows(features_, table_, split_.held_out);
  for (const OwnScore& score : own_scores(*estimator_, held_out))
    scalars.push_back({score.test_name, score.value});
  return scalars;
}

void FitSetup::add_test_scores(std::vector<StepScalar>& scalars) const {
  const Tensor x = features_of_rows(features_, table_, split_.held_out), y = target_of(split_.held_out);
  const std::vector<StepScalar> test = quality(*estimator_, x, y);
  scalars.push_back({"test_score", test.front().value});
  if (test.size() > 1)
    scalars.push_back({test.back().name == "rmse" ? "test_rmse" : "test_log_loss", test.back().value});
  if (test_scoring_.empty()) return;
  try {
    scalars.push_back(
        {test_scoring_, learn::scorer(search_->scoring(), estimator_->task())(*estimator_, x, y)});
  } catch (
      const Error&) {  // few rows may have no such score (an area of one class); the search is none the worse
  }
}

std::uint64_t FitSetup::steps() const {
  const std::uint64_t candidates = search_ ? static_cast<std::uint64_t>(search_->candidates()) : 1;
  return candidates * folds_.size() + 1;
}

std::string FitSetup::step_text(std::uint64_t step, const std::vector<StepScalar>& scalars) const {
  if (step == steps()) return "all training rows";
  if (!search_) return fmt::format("fold {}: score {:.4f}", step, scalars.front().value);
  const std::uint64_t candidate = (step - 1) / folds_.size(), fold = (step - 1) % folds_.size();
  return fmt::format(
      "candidate {} of {}, fold {}: {}", candidate + 1, search_->candidates(), fold + 1,
      scalars.back().name == "fold_score" ? fmt::format("score {:.4f}", scalars.back().value) : "failed");
}

std::vector<StepScalar> FitSetup::computed_step(std::uint64_t step) {
  try {
    if (step == steps()) return final_step();
    return search_ ? candidate_step(step) : fold_step(static_cast<std::size_t>(step - 1));
  } catch (const Error& error) {
    throw CannotFit(error);
  }
}

void FitSetup::run(std::uint64_t done, StepObserver& observer, Progress* progress) {
  for (std::uint64_t step = done + 1; step <= steps(); ++step) {
    const std::vector<StepScalar> scalars = computed_step(step);
    if (progress != nullptr) progress->update(step, step_text(step, scalars));
    if (!observer.on_step({step, scalars})) return;
  }
}

}  // namespace tessera::tabular
