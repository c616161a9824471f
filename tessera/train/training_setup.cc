#include "tessera/train/training_setup.h"

#include "tessera/base/error.h"
#include "tessera/train/layer_builder.h"
#include "tessera/train/network.h"
#include "tessera/train/text_data.h"

namespace tessera::train {
namespace {

// A key that may be left out.
double real_or(const Config& config, std::string_view key, double otherwise) {
  return config.has(key) ? config.real(key) : otherwise;
}
std::optional<double> optional_real(const Config& config, std::string_view key) {
  if (!config.has(key)) return std::nullopt;
  return config.real(key);
}
std::int64_t integer_or(const Config& config, std::string_view key, std::int64_t otherwise) {
  return config.has(key) ? config.integer(key) : otherwise;
}
bool is(const Config& config, std::string_view key, std::string_view text) {
  return config.has(key) && config.text(key) == text;
}

template <typename Settings>
Settings adam_settings(const Config& config) {
  Settings settings;
  settings.beta1 = config.real("training.beta1");
  settings.beta2 = config.real("training.beta2");
  settings.epsilon = config.real("training.epsilon");
  settings.weight_decay = config.real("training.weight_decay");
  return settings;
}

std::unique_ptr<nn::Optimizer> build_optimizer(const Config& config, nn::Sequential& network) {
  const double weight_decay = config.real("training.weight_decay");
  const std::string& kind = config.text("training.optimizer");
  const std::vector<nn::Parameter*> parameters = network.parameters();
  if (kind == "adam") return std::make_unique<nn::Adam>(parameters, adam_settings<nn::AdamSettings>(config));
  if (kind == "adamw")
    return std::make_unique<nn::AdamW>(parameters, adam_settings<nn::AdamWSettings>(config));
  if (kind == "sgd")
    return std::make_unique<nn::SGD>(parameters,
                                     nn::SgdSettings{.momentum = config.real("training.momentum"),
                                                     .nesterov = config.boolean("training.nesterov"),
                                                     .weight_decay = weight_decay});
  const double epsilon = config.real("training.epsilon");
  if (kind == "rmsprop")
    return std::make_unique<nn::RMSprop>(parameters,
                                         nn::RMSpropSettings{.alpha = real_or(config, "training.decay", 0.99),
                                                             .epsilon = epsilon,
                                                             .momentum = config.real("training.momentum"),
                                                             .weight_decay = weight_decay});
  if (kind == "adagrad")
    return std::make_unique<nn::Adagrad>(
        parameters, nn::AdagradSettings{.epsilon = epsilon, .weight_decay = weight_decay});
  return std::make_unique<nn::Adadelta>(
      parameters,
      nn::AdadeltaSettings{
          .rho = real_or(config, "training.decay", 0.9), .epsilon = epsilon, .weight_decay = weight_decay});
}

nn::Schedule build_schedule(const Config& config, std::uint64_t steps, std::uint64_t epoch_steps) {
  const double rate = config.real("training.learning_rate");
  const auto warm_up = static_cast<std::uint64_t>(config.integer("training.warm_up_steps"));
  const std::string& kind = config.text("training.schedule");
  const auto every = [&] {
    return static_cast<std::uint64_t>(config.integer("training.decay_every")) * epoch_steps;
  };
  if (kind == "step") return nn::step_schedule(rate, every(), config.real("training.decay_factor"), warm_up);
  if (kind == "cosine")
    return nn::cosine_schedule(rate, steps, config.real("training.final_learning_rate"), warm_up);
  if (kind == "exponential") {  // once per epoch
    return nn::step_schedule(rate, epoch_steps, config.real("training.decay_factor"), warm_up);
  }
  if (kind == "restarts")
    return nn::cosine_restarts_schedule(
        rate, every(), static_cast<std::uint64_t>(integer_or(config, "training.period_factor", 1)),
        config.real("training.final_learning_rate"), warm_up);
  if (kind == "one_cycle") return nn::one_cycle_schedule(rate, steps);
  return nn::constant_schedule(rate, warm_up);  // of a plateau: model_selection.h
}

data::ImageAugmentation augmentation_options(const Config& config) {
  data::ImageAugmentation options;
  options.flip = config.has("augmentation.flip") && config.boolean("augmentation.flip");
  options.shift = integer_or(config, "augmentation.shift", 0);
  options.cutout = integer_or(config, "augmentation.cutout", 0);
  options.noise = real_or(config, "augmentation.noise", 0);
  return options;
}

TrainerOptions trainer_options(const Config& config, std::int64_t samples) {
  TrainerOptions options;
  options.seed = static_cast<std::uint64_t>(config.integer("seed"));
  options.batch = config.integer("training.batch");
  options.shards = config.integer("training.shards");
  options.drop_last = config.boolean("training.drop_last");
  options.evaluate_every = config.integer("record.evaluate_every");
  const auto epoch = static_cast<std::uint64_t>(steps_per_epoch(samples, options.batch, options.drop_last));
  options.steps = config.has("training.steps")
                      ? static_cast<std::uint64_t>(config.integer("training.steps"))
                      : static_cast<std::uint64_t>(config.integer("training.epochs")) * epoch;
  // Steps are a word of the random numbers' counter.
  if (options.steps > std::uint64_t{0xFFFFFFFF})
    fail_with(ExitCode::kUsage, "the training would take {} steps, expected fewer than 2^32", options.steps);
  options.schedule = build_schedule(config, options.steps, epoch);
  options.loss = loss_options(config);
  options.clip_norm = optional_real(config, "training.clip_norm");
  options.clip_value = optional_real(config, "training.clip_value");
  options.max_norm = optional_real(config, "training.max_norm");
  options.augmentation = augmentation_options(config);
  options.selection = selection_options(config);
  return options;
}

Shape shape_of(const std::vector<std::int64_t>& lengths) {
  return Shape(std::span<const std::int64_t>(lengths));
}

}  // namespace

const std::string& input_path(const InputPaths& paths, const std::string& role) {
  const auto found = paths.find(role);
  if (found == paths.end())
    fail_with(ExitCode::kCannotRerun, "the record claims no input '{}', expected one for the data of the run",
              role);
  return found->second;
}

namespace {

// Of file `number`, from 1, of the samples (dataset.h).
std::string file_role(std::size_t number) {
  return number == 1 ? "features" : fmt::format("features_{}", number);
}

}  // namespace

InputPaths input_paths(const Config& config) {
  if (config.has("data.path")) return {{"features", config.path("data.path")}};
  if (data::has_own_labels(config.text("data.format"))) {
    InputPaths paths;
    for (const std::string& path : config.paths("data.files"))
      paths.emplace(file_role(paths.size() + 1), path);
    return paths;
  }
  return {{"features", config.path("data.features")}, {"labels", config.path("data.labels")}};
}

void set_points(data::DatasetSource& source, const Config& config) {
  if (!config.has("data.points")) return;
  source.points = config.integer("data.points");
  source.seed = static_cast<std::uint64_t>(config.integer("seed"));
}

data::DatasetSource dataset_source(const Config& config, const InputPaths& paths) {
  data::DatasetSource source;
  source.format = config.text("data.format");
  source.features = input_path(paths, "features");
  if (!data::has_own_labels(source.format)) source.labels = input_path(paths, "labels");
  for (auto next = paths.find(file_role(2)); next != paths.end();
       next = paths.find(file_role(source.more_features.size() + 2)))
    source.more_features.push_back(next->second);
  for (const char* key : {"data.label_column", "data.labels_column"})
    if (config.has(key)) source.label_column = config.text(key);
  if (config.has("data.columns")) source.columns = config.texts("data.columns");
  source.labels_of_points = labels_points(config);
  source.numeric_labels = predicts_numbers(config);
  if (config.has("data.header")) source.header = config.boolean("data.header");
  set_points(source, config);
  source.shape = shape_of(config.integers("data.shape"));
  source.scale = config.real("data.scale");
  source.classes = config.texts("data.classes");
  return source;
}

data::Split split_of(const Config& config, const data::Dataset& dataset) {
  const double fraction = config.real("data.held_out");
  const auto seed = static_cast<std::uint64_t>(config.integer("seed"));
  const bool stratified = config.has("data.stratified") && config.boolean("data.stratified");
  if (stratified && labels_points(config))
    fail_with(ExitCode::kUsage,
              "{}: data.stratified is true, expected false where points have labels (data.labels_of), for a "
              "sample then has no class of its own",
              config.origin("data.stratified"));
  if (!stratified) return data::hold_out(dataset.size(), fraction, seed);
  return data::hold_out_stratified(dataset.labels.to_vector<std::int64_t>(), fraction, seed);
}

Shape sample_shape_of(const Config& config) {
  if (holds_words(config)) return {config.integer("data.longest")};
  return shape_of(config.integers("data.shape"));
}

SelectionOptions selection_options(const Config& config) {
  SelectionOptions options;
  if (config.has("training.average"))
    options.average = nn::WeightAverage::Settings{.kind = is(config, "training.average", "equal")
                                                              ? nn::WeightAverage::Kind::kEqual
                                                              : nn::WeightAverage::Kind::kExponential,
                                                  .decay = real_or(config, "training.average_decay", 0.999)};
  options.keep_best = is(config, "training.keep", "best");
  options.early_stopping = integer_or(config, "training.early_stopping", 0);
  if (is(config, "training.schedule", "plateau")) {
    options.plateau = nn::PlateauSettings{.factor = config.real("training.decay_factor"),
                                          .patience = integer_or(config, "training.plateau_patience", 3)};
    options.plateau_rate = config.real("training.learning_rate");
  }
  return options;
}

void require_contract(const std::string& run_folder, const runs::Claim& claim) {
  if (claim.contract != runs::kContract)
    fail_with(ExitCode::kCannotRerun, "{}: the run obeys the numerics contract {}, this program has {}",
              run_folder, claim.contract, runs::kContract);
}

std::map<std::string, std::string> recorded_settings(const runs::Claim& claim) {
  std::map<std::string, std::string> texts = claim.configuration;
  texts["seed"] = std::to_string(claim.seed);
  texts["record.digest_every"] = std::to_string(claim.digest_every);
  texts["record.checkpoint_every"] = std::to_string(claim.checkpoint_every);
  return texts;
}

Config config_of(const runs::Claim& claim, const runs::Circumstances& circumstances) {
  constexpr std::string_view kKeptCheckpoints = "record.kept_checkpoints";
  std::map<std::string, std::string> texts = recorded_settings(claim);
  for (const runs::ConfigurationOrigin& setting : circumstances.configuration)
    if (setting.key == kKeptCheckpoints) texts[setting.key] = setting.value;
  return Config::from_record(texts);
}

namespace {

// Said before the first step, with the line of the configuration.
void check_augmentation(const Config& config, const Shape& sample) {
  if (holds_words(config) && config.has("augmentation.noise"))
    fail_with(ExitCode::kUsage, "{}: augmentation.noise is {}, expected none with words",
              config.origin("augmentation.noise"), config.text("augmentation.noise"));
  for (const char* key : {"augmentation.flip", "augmentation.shift", "augmentation.cutout"})
    if (config.has(key) && sample.rank() != 3)
      fail_with(ExitCode::kUsage,
                "{}: {} is {}, expected samples of shape [channels, rows, columns], found {}",
                config.origin(key), key, config.text(key), sample.to_string());
}

}  // namespace

TrainingSetup::TrainingSetup(Config config, const InputPaths& paths) : config_(std::move(config)) {
  PreparedData data = prepare_data(config_, paths);
  dataset_ = std::move(data.dataset);
  split_ = std::move(data.split);
  vocabulary_ = std::move(data.vocabulary);
  options_ = trainer_options(config_, static_cast<std::int64_t>(split_.train.size()));
  const Shape sample = sample_shape_of(config_);
  check_augmentation(config_, sample);
  network_ = build_network(config_, sample, static_cast<std::int64_t>(dataset_.classes.size()));
  optimizer_ = build_optimizer(config_, *network_);
  trainer_ = std::make_unique<Trainer>(*network_, *optimizer_, dataset_, split_, options_);
}

runs::RunOptions TrainingSetup::run_options() const {
  runs::RunOptions options;
  options.kind = "train";
  options.obey_environment = false;  // the caller says what is to be done with which run
  if (config_.has("name")) options.base_name = config_.text("name");
  for (const ConfigValue& value : config_.values()) {
    const bool claimed = value.spec->place == RecordPlace::kConfiguration;
    (claimed ? options.configuration : options.other_settings)
        .push_back({value.key, value.text, value.origin});
  }
  options.seed = options_.seed;
  for (const data::InputFile& input : dataset_.inputs)
    options.inputs.push_back({input.role, input.path, input.digest});
  options.steps = options_.selection.early_stopping > 0 ? 0 : options_.steps;  // 0: not known beforehand
  options.digest_every = static_cast<std::uint64_t>(config_.integer("record.digest_every"));
  options.checkpoint_every = static_cast<std::uint64_t>(config_.integer("record.checkpoint_every"));
  options.kept_checkpoints = static_cast<std::size_t>(config_.integer("record.kept_checkpoints"));
  return options;
}

void TrainingSetup::keep_in(runs::Run& run) {
  run.keep("model", *network_);
  run.keep("optimizer", *optimizer_);
  if (options_.selection.any()) run.keep("selection", trainer_->selection());
}

}  // namespace tessera::train
