// Use of what a recorded fit has learned: the second half of fit_run.h.
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/json.h"
#include "tessera/base/postgresql_uri.h"
#include "tessera/base/text.h"
#include "tessera/learn/hard_classes.h"
#include "tessera/learn/mixture_model.h"
#include "tessera/learn/score_intervals.h"
#include "tessera/learn/scoring.h"
#include "tessera/metrics/classification.h"
#include "tessera/runs/check.h"
#include "tessera/runs/checkpoint.h"
#include "tessera/tabular/fit_run.h"
#include "tessera/tabular/headerless.h"
#include "tessera/tabular/learned_weights.h"
#include "tessera/tabular/own_scores.h"
#include "tessera/tabular/row_features.h"
#include "tessera/tabular/table_checks.h"
#include "tessera/tensor/ops.h"
#include "tessera/train/inputs.h"
#include "tessera/train/training_setup.h"

namespace tessera::tabular {
namespace {

// As the run read its table, whatever kind of file this one is.
data::TableFileOptions own_options(const FitConfig& config, const OpenedTable& opened, bool needs_target) {
  const data::TableSource& source = opened.source;
  data::TableFileOptions options = config.table_file();
  options.query = opened.query;
  const data::TableFileKind kind = source.kind();
  const std::string& file = source.path;
  const bool named = !options.columns.empty();
  if (kind == data::TableFileKind::kCsv &&
      begins_with_names(source.bytes, file, options.csv, options.columns))
    fail("{}: line 1 has the names itself, expected data, as in the file that the run learned from", file);
  options.columns.clear();
  if (named && (kind == data::TableFileKind::kCsv || kind == data::TableFileKind::kNpy))  // others have names
    options.columns =
        own_columns(config, file, data::table_source_names(source, options).size(), needs_target);
  const std::vector<std::string> names =
      config.has("data.categories") ? data::table_source_names(source, options) : std::vector<std::string>();
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

[[noreturn]] void fail_without_query(const std::string& place) {
  fail_with(ExitCode::kUsage,
            "{}: a database, and the run has no query of its own; expected one that says which rows to read "
            "(--query 'SELECT ...')",
            place);
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

namespace {

// What was learned is to be read also where the table is not. A record may come from anybody: it does not say whom a page asks, and with whose password.
std::string evaluation_text(const FittedModel& model, const std::string& run_folder,
                            const std::string& data_folder) {
  try {
    const std::string place = recorded_place(run_folder);
    if (is_postgresql_uri(place) && !is_postgresql_uri(data_folder))
      fail(
          "the rows are in the PostgreSQL database {}, which only the record names: it is asked with "
          "--data {}",
          place, place);
    const runs::Claim claim = runs::read_claim(run_folder);
    const auto paths = train::find_inputs(claim, runs::read_circumstances(run_folder), data_folder);
    const auto table = paths.find("table");
    if (table == paths.end()) fail("the record claims no input 'table'");
    const FittedEvaluation found = model.evaluate(
        open_claimed_table(table->second, model.config().table_file().query, claim), table->second);
    return fmt::format("\n{}\n{}", found.note, found.text);
  } catch (const Error& error) {
    return fmt::format("\nnot evaluated: {}\n", printable(error.what()));
  }
}

}  // namespace

std::string learned_text(const std::string& run_folder, const std::string& data_folder) {
  const FittedModel model(run_folder);
  const FitConfig& config = model.config();
  std::string text =
      fmt::format("{} of {}\n", model.estimator().name(),
                  config.has("data.target") ? fmt::format("'{}'", printable(config.text("data.target")))
                                            : fmt::format("{} features", model.estimator().features()));
  if (!model.candidates().empty())
    text += fmt::format("\n{}\n", candidates_table(model.candidates(), kMostCandidates));
  if (model.has_score()) text += evaluation_text(model, run_folder, data_folder);
  const std::string weights = model.weights();
  return fmt::format("{}{}{}", text, weights.empty() ? "" : "\n", weights);
}

bool FittedModel::has_score() const {
  return estimator_->task() != learn::Task::kTransformation || has_own_scores(*estimator_);
}

std::string FittedModel::weights() const {
  return weights_text(*estimator_, features_.names(), classes_, config_.boolean("features.scale"));
}

data::Table FittedModel::read(const std::string& file, const std::string& query) const {
  return parse(open(file, query), false);
}

// A database is asked the query of the run, if no other is given.
OpenedTable FittedModel::open(const std::string& file, const std::string& query) const {
  const std::string asked = query.empty() ? config_.table_file().query : query;
  if (asked.empty() && is_postgresql_uri(file)) fail_without_query(without_password(file));
  OpenedTable opened = open_table(file, asked);
  const data::TableFileKind kind = opened.source.kind();
  const bool database = kind == data::TableFileKind::kSqlite || kind == data::TableFileKind::kPostgresql;
  if (asked.empty() && database) fail_without_query(file);
  if (!query.empty() && !database)
    fail_with(ExitCode::kUsage, "{}: found the query '{}', but the file is no database", file, query);
  return opened;
}

void FittedModel::require_columns(const data::Table& table) const {
  std::vector<std::string> others = config_.ignored();
  if (config_.has("data.target")) others.push_back(config_.text("data.target"));
  tabular::require_columns(table, features_.schema(), others);
}

Tensor FittedModel::features(const data::Table& table) const {
  require_columns(table);
  std::vector<std::string> learned;
  for (const data::SchemaColumn& column : features_.schema().columns) learned.push_back(column.name);
  refuse_infinite(table, learned);
  return features_of_table(features_, table);
}

data::Table FittedModel::parse(OpenedTable opened, bool needs_target) const {
  data::TableSource& source = opened.source;
  data::TableFileOptions options = own_options(config_, opened, needs_target);
  options.csv = features_.schema().csv_options(options.csv);
  const std::vector<std::string> found = data::table_source_names(source, options);
  const std::unordered_set<std::string> names(found.begin(), found.end());
  std::erase_if(options.csv.text_columns, [&](const std::string& name) {
    return !names.contains(name);  // what is missing is said by the schema
  });
  data::Table table = data::parse_table_source(std::move(source), options);
  refuse_shifted_columns(config_, table, features_.schema());
  return table;
}

std::vector<std::string> FittedModel::notes(const data::Table& table) const {
  require_columns(table);
  const data::Table seen = data::conform(table, features_.schema(),
                                         {.unseen = data::UnseenCategory::kOther, .allow_missing = true});
  std::vector<std::string> notes;
  if (std::string note = own_columns_note(config_, table); !note.empty()) notes.push_back(std::move(note));
  for (std::size_t i = 0; i < seen.columns.size(); ++i) {  // those of the schema, in its order
    const data::Column& column = seen.columns[i];
    const auto other = static_cast<std::int32_t>(column.categories.size()) - 1;
    const auto rows = other < 0 ? 0 : std::count(column.codes.begin(), column.codes.end(), other);
    if (rows > 0)
      notes.push_back(
          fmt::format("column '{}': {} of {} rows have a category that the training rows did not have",
                      column.name, rows, seen.rows));
    if (column.missing > 0 && !features_.schema().columns[i].may_be_missing)
      notes.push_back(fmt::format("column '{}': {} of {} rows have no value, which every training row had",
                                  column.name, column.missing, seen.rows));
  }
  return notes;
}

// Of a clustering: the number of each row's cluster, of a mixture with the probability of each.
std::string FittedModel::clusters_csv(const Tensor& x) const {
  const auto* mixture = dynamic_cast<const learn::MixtureModel*>(estimator_.get());
  const std::int64_t rows = x.size(0), several = mixture == nullptr ? 0 : mixture->weights().size(0);
  std::string text = "row,cluster";
  for (std::int64_t c = 0; c < several; ++c) text += fmt::format(",probability_{}", c);
  text += "\n";
  if (rows == 0) return text;
  const std::vector<std::int64_t> clusters = estimator_->predict(x).to_vector<std::int64_t>();
  const std::vector<double> probabilities =
      mixture == nullptr ? std::vector<double>() : mixture->predict_proba(x).to_vector<double>();
  for (std::int64_t row = 0; row < rows; ++row) {
    text += fmt::format("{},{}", row + 1, clusters[static_cast<std::size_t>(row)]);
    for (std::int64_t c = 0; c < several; ++c)
      text += fmt::format(",{}", probabilities[static_cast<std::size_t>(row * several + c)]);
    text += "\n";
  }
  return text;
}

// A table of what a transformation makes of the rows, for other programs.
std::string FittedModel::transformed_csv(const Tensor& x) const {
  const auto& transformer = dynamic_cast<const learn::Transformer&>(*estimator_);
  // What no row gives is found with a row of zeros.
  const Tensor probe = x.size(0) > 0 ? x : zeros({1, estimator_->features()}, DType::kFloat64);
  const Tensor made = transformer.transform(probe);
  const std::int64_t columns = made.size(1);
  std::string text;
  for (const std::string& name : transformed_names(*estimator_, features_.names(), columns))
    text += fmt::format("{}{}", text.empty() ? "" : ",", data::csv_field(name));
  text += "\n";
  const std::vector<double> values = made.to_vector<double>();
  for (std::int64_t row = 0; row < x.size(0); ++row) {
    for (std::int64_t c = 0; c < columns; ++c) {
      const double value = values[static_cast<std::size_t>(row * columns + c)];
      text += fmt::format("{}{}", c == 0 ? "" : ",", std::isnan(value) ? "" : fmt::format("{}", value));
    }
    text += "\n";
  }
  return text;
}

std::string FittedModel::predictions_csv(const data::Table& table) const {
  const Tensor x = features(table);
  if (estimator_->task() == learn::Task::kClustering) return clusters_csv(x);
  if (estimator_->task() == learn::Task::kTransformation) return transformed_csv(x);
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

std::string FittedModel::overlap_note(const data::Table& table, const std::string& place) const {
  try {
    const std::string recorded = recorded_place(folder_);
    if (is_postgresql_uri(recorded) && without_password(place) != recorded)
      return fmt::format(
          "whether the run learned from some of the rows is not known: its own are in the PostgreSQL "
          "database {}, which only the record names, so it was not asked",
          recorded);
    const auto paths = train::find_inputs(claim_, runs::read_circumstances(folder_), "");
    const std::string own = is_postgresql_uri(recorded) ? place : paths.at("table");  // with its password
    const FitSetup setup(config_, open_claimed_table(own, config_.table_file().query, claim_));
    const std::int64_t known = setup.training_rows_in(table);
    return known == 0 ? ""
                      : fmt::format("{} of the {} rows are equal to rows that the run learned from", known,
                                    table.rows);
  } catch (const Error& error) {  // it is not there any more, or has changed
    const std::string reason = error.what();
    return fmt::format("whether the run learned from some of the rows is not known: {}",
                       reason.substr(0, reason.find("; say where it is")));  // which nobody can say here
  }
}

// Of the run's own table, what was held out. What learns without a target may be looked at on the rows that it learned from.
std::string FittedModel::keep_held_out(data::Table& table, const data::Split& split,
                                       const std::string& file) const {
  if (split.held_out.empty()) {
    if (!predicts_a_target(*estimator_)) return "the run learned from all rows of this file";
    fail("{}: the run learned from all rows of this file and held none out, expected another file", file);
  }
  table = data::take_rows(table, split.held_out);
  return fmt::format("the run learned from this file; of its {} rows only the {} that were held out are used",
                     split.train.size() + split.held_out.size(), table.rows);
}

std::string FittedModel::without_target_text(const data::Table& table) const {
  const Tensor x = features(table);
  const bool clusters = estimator_->task() == learn::Task::kClustering;
  const std::vector<OwnScore> scores = own_scores(*estimator_, x);
  if (!has_score())
    fail("{}: {} has no score of its own; 'tessera predict' gives what it makes of the rows", folder_,
         estimator_->name());
  std::vector<std::pair<std::string, std::string>> lines = {{"rows", fmt::format("{}", table.rows)}};
  for (const OwnScore& score : scores)
    lines.emplace_back(own_score_label(score.name), score_text(score.value));
  std::size_t width = std::string_view("explained variance").size();
  for (const auto& line : lines) width = std::max(width, line.first.size());
  std::string text;
  for (const auto& [label, value] : lines) text += fmt::format("{:<{}} {}\n", label, width, value);
  if (!clusters) return text;
  std::map<std::int64_t, std::int64_t> sizes;
  for (const std::int64_t cluster : estimator_->predict(x).to_vector<std::int64_t>()) ++sizes[cluster];
  text += "\ncluster  rows\n";
  for (const auto& [cluster, rows] : sizes) text += fmt::format("{:>7}  {}\n", cluster, rows);
  return text;
}

FittedEvaluation FittedModel::evaluate(const std::string& place, const std::string& query) const {
  return evaluate(open(place, query), place);
}

// The same records in another file are the same table.
bool FittedModel::is_own_table(const OpenedTable& opened, bool needs_target) const {
  if (!config_.has("found.table")) return false;
  data::Table whole = data::parse_table_source(opened.source, own_options(config_, opened, needs_target));
  if (!classes_.empty() && whole.find(config_.text("data.target")) != nullptr)
    data::make_category(whole, config_.text("data.target"));
  return data::digest(whole) == config_.text("found.table");
}

FittedEvaluation FittedModel::evaluate(OpenedTable opened, const std::string& place) const {
  FittedEvaluation result;
  const std::string file = opened.source.path;
  const bool needs_target = predicts_a_target(*estimator_), own = is_own_table(opened, needs_target);
  data::Split split;
  if (own) split = FitSetup(config_, opened).split();
  data::Table table = parse(std::move(opened), needs_target);
  if (own) result.note = keep_held_out(table, split, file);
  if (table.rows == 0) fail("{}: there is no row, expected some to judge by", file);
  if (!own) result.note = overlap_note(table, place);
  if (const std::string columns = own_columns_note(config_, table); !columns.empty())
    result.note = result.note.empty() ? columns : fmt::format("{}; {}", columns, result.note);
  if (!needs_target) {
    result.text = without_target_text(table);
    return result;
  }
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
  result.text += fmt::format("\n{}", learn::hard_classes_text(confusion, names));
  return result;
}

}  // namespace tessera::tabular
