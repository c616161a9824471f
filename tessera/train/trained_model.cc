// The part of training_run.h that uses a finished run: predictions and evaluation.
#include <numeric>
#include <optional>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/data/csv.h"
#include "tessera/runs/checkpoint.h"
#include "tessera/runs/resume_points.h"
#include "tessera/tensor/ops.h"
#include "tessera/train/inputs.h"
#include "tessera/train/layer_builder.h"
#include "tessera/train/network.h"
#include "tessera/train/text_data.h"
#include "tessera/train/text_reading.h"
#include "tessera/train/training_run.h"
#include "tessera/train/training_setup.h"

namespace tessera::train {

struct TrainedModel::State {
  runs::Claim claim;
  Config config;
  std::vector<std::string> classes;
  Shape sample_shape;
  std::unique_ptr<nn::Sequential> network;
  std::optional<data::Vocabulary> vocabulary;
  bool finished = false;
  std::uint64_t step = 0;
};

struct TrainedModel::Saved {
  std::string checkpoint;
  std::uint64_t step = 0;
  bool finished = true;
};

namespace {

// Weights are used only from a record whose bytes are the sealed ones, or whose end alone is missing.
runs::CheckResult checked(const std::string& folder, bool may_be_unsealed) {
  runs::CheckResult check = runs::check_record(folder);
  if (check.intact() || (may_be_unsealed && check.code() == ExitCode::kUnsealed)) return check;
  const runs::CheckProblem& problem = check.problems.front();
  fail_with(check.code(), "{}: {}: {}", folder, problem.place, problem.message);
}

// (checkpoint, step) from which the run would be resumed; nothing when there is none.
std::optional<std::pair<std::string, std::uint64_t>> newest_checkpoint(const runs::Record& record) {
  for (const runs::ResumePoint& point : runs::resume_points(record.folder, record.lines))
    if (runs::checkpoint_intact(record.folder, point.checkpoint))
      return std::pair(point.checkpoint, record.lines[point.line].line.step);
  return std::nullopt;
}

std::vector<std::int64_t> all_positions(std::int64_t count) {
  std::vector<std::int64_t> positions(static_cast<std::size_t>(count));
  std::iota(positions.begin(), positions.end(), 0);
  return positions;
}

// The file's own kind if its name says one, else the configuration's.
std::string format_of(const std::string& file, const Config& config) {
  const bool array = file.ends_with(".npy") || file.ends_with(".npy.gz");
  if (config.text("data.format") == "points" && !array) return "points";  // a .csv there is a table of files
  try {
    return data::format_of_path(file);
  } catch (const Error&) {
    return config.text("data.format");
  }
}

data::DatasetSource source_for(const TrainedModel& model, const std::string& file,
                               const std::string& labels) {
  const Config& config = model.config();
  data::DatasetSource source;
  source.format = format_of(file, config);
  source.features = file;
  source.labels = labels;
  for (const char* key : {"data.label_column", "data.labels_column"})
    if (config.has(key)) source.label_column = config.text(key);
  if (config.has("data.columns")) source.columns = config.texts("data.columns");
  source.labels_of_points = labels_points(config);
  source.numeric_labels = predicts_numbers(config);
  if (config.has("data.header")) source.header = config.boolean("data.header");
  set_points(source, config);
  source.shape = model.sample_shape();
  source.scale = config.real("data.scale");
  source.classes = model.classes();
  return source;
}

}  // namespace

TrainedModel::TrainedModel(const std::string& run_folder)
    : TrainedModel(run_folder, [&] {
        const runs::CheckResult check = checked(run_folder, false);
        return Saved{runs::read_seal(run_folder)->checkpoint, check.steps};
      }()) {}

TrainedModel TrainedModel::newest(const std::string& run_folder) {
  if (checked(run_folder, true).intact()) return TrainedModel(run_folder);
  const auto found = newest_checkpoint(runs::read_record(run_folder));
  if (!found)
    fail_with(ExitCode::kUnsealed, "{}: the run is not finished and has no intact checkpoint yet",
              run_folder);
  return {run_folder, Saved{found->first, found->second, false}};
}

TrainedModel::TrainedModel(const std::string& run_folder, const Saved& saved) {
  const std::string& checkpoint = saved.checkpoint;
  runs::Claim claim = runs::read_claim(run_folder);
  if (claim.kind != "train")
    fail_with(ExitCode::kCannotRerun, "{}: the run is of kind '{}', expected one that 'train' made{}",
              run_folder, claim.kind,
              claim.kind == "code" || claim.kind == "generate"
                  ? fmt::format(" ('tessera {} --help' lists the commands for it)", claim.kind)
                  : "");
  Config config = config_of(claim);
  const Shape shape = sample_shape_of(config);
  std::optional<data::Vocabulary> vocabulary;
  if (holds_words(config)) vocabulary = recorded_vocabulary(run_folder, config);
  std::vector<std::string> classes = config.texts("data.classes");
  auto network = build_network(config, shape, static_cast<std::int64_t>(classes.size()));
  const std::vector<runs::NamedTensor> state = runs::load_checkpoint(run_folder, checkpoint);
  const std::string where = runs::checkpoint_path(run_folder, checkpoint);
  runs::restore_object("model", *network, state, where);
  if (const SelectionOptions options = selection_options(config); options.any()) {
    ModelSelection selection(*network, options);
    runs::restore_object("selection", selection, state, where);
    selection.use_final_weights();
  }
  state_ =
      std::make_unique<State>(State{std::move(claim), std::move(config), std::move(classes), shape,
                                    std::move(network), std::move(vocabulary), saved.finished, saved.step});
}
TrainedModel::~TrainedModel() = default;
TrainedModel::TrainedModel(TrainedModel&&) noexcept = default;

const Config& TrainedModel::config() const {
  return state_->config;
}
const std::vector<std::string>& TrainedModel::classes() const {
  return state_->classes;
}
Shape TrainedModel::sample_shape() const {
  return state_->sample_shape;
}
const runs::Claim& TrainedModel::claim() const {
  return state_->claim;
}
const data::Vocabulary* TrainedModel::vocabulary() const {
  return state_->vocabulary ? &*state_->vocabulary : nullptr;
}
bool TrainedModel::finished() const {
  return state_->finished;
}
std::uint64_t TrainedModel::step() const {
  return state_->step;
}
nn::Sequential& TrainedModel::network() const {
  return *state_->network;
}
Tensor TrainedModel::scores(const Tensor& features) const {
  const Tensor scores = scores_of(*state_->network, features, all_positions(features.size(0)));
  return predicts_numbers(state_->config) ? scores : class_scores(loss_options(state_->config), scores);
}
Evaluation TrainedModel::evaluate(const data::Dataset& dataset,
                                  std::span<const std::int64_t> positions) const {
  return evaluate_samples(*state_->network, dataset, positions, loss_options(state_->config));
}

data::Dataset claimed_data(const TrainedModel& model, const std::string& run_folder,
                           const std::string& data_folder) {
  const runs::Claim& claim = model.claim();
  const auto paths = find_inputs(claim, runs::read_circumstances(run_folder), data_folder);
  data::Dataset dataset = model.vocabulary() != nullptr
                              ? read_words(model.config(), input_path(paths, "features"), *model.vocabulary())
                              : data::read_dataset(dataset_source(model.config(), paths));
  for (const data::InputFile& input : dataset.inputs)  // once more, of the bytes that were read
    if (claim.inputs.count(input.role) == 0 || input.digest != claim.inputs.at(input.role))
      fail_with(ExitCode::kInputChanged, "{}: the input '{}' changed while it was looked at", input.path,
                input.role);
  return dataset;
}

Predictions predict(const TrainedModel& model, const std::string& file) {
  if (model.vocabulary() != nullptr) return predict_words(model, file);
  data::DatasetSource source = source_for(model, file, "");
  source.read_labels = false;
  const data::Dataset dataset = data::read_dataset(source);
  const Tensor scores = model.scores(dataset.features);
  if (predicts_numbers(model.config())) {
    Predictions result;
    result.numbers = reshape(scores, {scores.size(0)});
    return result;
  }
  Predictions result{model.classes(), metrics::predicted_classes(scores), softmax(scores, 1)};
  if (labels_points(model.config())) result.points = model.sample_shape()[0];
  result.files = dataset.names;
  return result;
}

namespace {

std::string numbers_csv(const Tensor& numbers) {
  std::string out = "row,prediction\n";
  std::size_t row = 0;
  for (const float number : numbers.to_vector<float>()) out += fmt::format("{},{}\n", ++row, number);
  return out;
}

}  // namespace

std::string Predictions::to_csv() const {
  if (numbers.defined()) return numbers_csv(numbers);
  std::string out = points > 0       ? "sample,point,prediction"
                    : !files.empty() ? "file,prediction"
                    : words.empty()  ? "row,prediction"
                                     : "sentence,position,word,prediction";
  for (const std::string& name : classes) out += fmt::format(",{}", data::csv_field("probability_" + name));
  out += "\n";
  const std::vector<float> values = probabilities.to_vector<float>();
  for (std::size_t row = 0; row < predicted.size(); ++row) {
    const auto at = static_cast<std::int64_t>(row);
    if (points > 0)
      out += fmt::format("{},{}", at / points + 1, at % points + 1);
    else if (!files.empty())
      out += data::csv_field(files[row]);
    else if (words.empty())
      out += fmt::format("{}", row + 1);
    else
      out +=
          fmt::format("{},{},{}", words[row].sentence, words[row].position, data::csv_field(words[row].word));
    out += fmt::format(",{}", data::csv_field(classes[static_cast<std::size_t>(predicted[row])]));
    for (std::size_t c = 0; c < classes.size(); ++c)
      out += fmt::format(",{}", values[row * classes.size() + c]);
    out += "\n";
  }
  return out;
}

namespace {

// Is this file of samples the one that the run was trained on? Of several such files one does not say which of its samples were held out.
bool is_claimed(const runs::Claim& claim, const data::InputFile& features) {
  bool claimed = false, several = false;
  for (const auto& [role, digest] : claim.inputs) {
    if (!role.starts_with("features")) continue;
    several = several || role != "features";
    claimed = claimed || features.digest == digest || features.unpacked_digest == digest;
  }
  if (claimed && several)
    fail_with(
        ExitCode::kUsage,
        "{}: the run was trained on this file and others together, expected samples that it has not seen "
        "(what it held out is in its record and its report)",
        features.path);
  return claimed;
}

data::Dataset read_numbers(const TrainedModel& model, const std::string& file, const std::string& labels) {
  const data::DatasetSource source = source_for(model, file, labels);
  const bool own_labels = data::has_own_labels(source.format);
  if (!own_labels && labels.empty())
    fail_with(ExitCode::kUsage,
              "{}: the file has no labels of its own, expected a file of labels beside it (--labels FILE)",
              file);
  if (own_labels && !labels.empty())
    fail_with(ExitCode::kUsage,
              "{}: the file holds its labels itself, expected no file of labels beside it ({})", file,
              labels);
  if (source.format == "csv" && source.label_column.empty())
    fail_with(ExitCode::kUsage, "{}: the run was not trained on a CSV file, so the label column is not known",
              file);
  return data::read_dataset(source);
}

}  // namespace

Evaluation evaluate(const TrainedModel& model, const std::string& file, const std::string& labels) {
  if (model.vocabulary() != nullptr && !labels.empty())
    fail_with(ExitCode::kUsage,
              "{}: found a file of labels, expected none: the labels stand beside the words", labels);
  const data::Dataset dataset = model.vocabulary() != nullptr
                                    ? read_words(model.config(), file, *model.vocabulary())
                                    : read_numbers(model, file, labels);
  if (!is_claimed(model.claim(), dataset.inputs[0]))
    return model.evaluate(dataset, all_positions(dataset.size()));
  const data::Split split = split_of(model.config(), dataset);
  if (split.held_out.empty()) {
    Evaluation result = model.evaluate(dataset, split.train);
    result.note = "the network was trained on all of these samples, so this says little about new ones";
    return result;
  }
  Evaluation result = model.evaluate(dataset, split.held_out);
  result.note =
      fmt::format("this is the data of the training: only the {} held-out samples of {} are evaluated",
                  split.held_out.size(), dataset.size());
  return result;
}

}  // namespace tessera::train
