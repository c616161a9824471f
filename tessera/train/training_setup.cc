#include "tessera/train/training_setup.h"

#include "tessera/base/error.h"
#include "tessera/train/network.h"

namespace tessera::train {
namespace {

std::unique_ptr<nn::Optimizer> build_optimizer(const Config& config, nn::Sequential& network) {
  const double weight_decay = config.real("training.weight_decay");
  if (config.text("training.optimizer") == "adam")
    return std::make_unique<nn::Adam>(network.parameters(),
                                      nn::AdamSettings{.beta1 = config.real("training.beta1"),
                                                       .beta2 = config.real("training.beta2"),
                                                       .epsilon = config.real("training.epsilon"),
                                                       .weight_decay = weight_decay});
  return std::make_unique<nn::SGD>(network.parameters(),
                                   nn::SgdSettings{.momentum = config.real("training.momentum"),
                                                   .nesterov = config.boolean("training.nesterov"),
                                                   .weight_decay = weight_decay});
}

nn::Schedule build_schedule(const Config& config, std::uint64_t steps, std::uint64_t epoch_steps) {
  const double rate = config.real("training.learning_rate");
  const auto warm_up = static_cast<std::uint64_t>(config.integer("training.warm_up_steps"));
  const std::string& kind = config.text("training.schedule");
  if (kind == "step") {
    const auto every = static_cast<std::uint64_t>(config.integer("training.decay_every")) * epoch_steps;
    return nn::step_schedule(rate, every, config.real("training.decay_factor"), warm_up);
  }
  if (kind == "cosine")
    return nn::cosine_schedule(rate, steps, config.real("training.final_learning_rate"), warm_up);
  return nn::constant_schedule(rate, warm_up);
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
  return options;
}

// A record may claim anything, also to have been trained on nothing.
const std::string& input_path(const InputPaths& paths, const std::string& role) {
  const auto found = paths.find(role);
  if (found == paths.end())
    fail_with(ExitCode::kCannotRerun, "the record claims no input '{}', expected one for the data of the run",
              role);
  return found->second;
}

Shape shape_of(const std::vector<std::int64_t>& lengths) {
  return Shape(std::span<const std::int64_t>(lengths));
}

}  // namespace

InputPaths input_paths(const Config& config) {
  if (config.text("data.format") == "csv") return {{"features", config.path("data.path")}};
  return {{"features", config.path("data.features")}, {"labels", config.path("data.labels")}};
}

data::DatasetSource dataset_source(const Config& config, const InputPaths& paths) {
  data::DatasetSource source;
  source.format = config.text("data.format");
  source.features = input_path(paths, "features");
  if (source.format != "csv") source.labels = input_path(paths, "labels");
  if (config.has("data.label_column")) source.label_column = config.text("data.label_column");
  if (config.has("data.columns")) source.columns = config.texts("data.columns");
  source.shape = shape_of(config.integers("data.shape"));
  source.scale = config.real("data.scale");
  source.classes = config.texts("data.classes");
  return source;
}

data::Split split_of(const Config& config, const data::Dataset& dataset) {
  const double fraction = config.real("data.held_out");
  const auto seed = static_cast<std::uint64_t>(config.integer("seed"));
  if (!config.boolean("data.stratified")) return data::hold_out(dataset.size(), fraction, seed);
  return data::hold_out_stratified(dataset.labels.to_vector<std::int64_t>(), fraction, seed);
}

Config config_of(const runs::Claim& claim, const runs::Circumstances& circumstances) {
  constexpr std::string_view kKeptCheckpoints = "record.kept_checkpoints";
  std::map<std::string, std::string> texts = claim.configuration;
  texts["seed"] = std::to_string(claim.seed);
  texts["record.digest_every"] = std::to_string(claim.digest_every);
  texts["record.checkpoint_every"] = std::to_string(claim.checkpoint_every);
  for (const runs::ConfigurationOrigin& setting : circumstances.configuration)
    if (setting.key == kKeptCheckpoints) texts[setting.key] = setting.value;
  return Config::from_record(texts);
}

TrainingSetup::TrainingSetup(Config config, const InputPaths& paths)
    : config_(std::move(config)),
      dataset_(data::read_dataset(dataset_source(config_, paths))),
      split_(split_of(config_, dataset_)),
      options_(trainer_options(config_, static_cast<std::int64_t>(split_.train.size()))) {
  const Shape sample = dataset_.sample_shape();
  config_.set_found("data.classes", dataset_.classes);
  config_.set_found("data.columns", dataset_.columns);  // only CSV has them
  config_.set_found("data.shape", std::vector<std::int64_t>(sample.begin(), sample.end()));
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
  options.steps = options_.steps;
  options.digest_every = static_cast<std::uint64_t>(config_.integer("record.digest_every"));
  options.checkpoint_every = static_cast<std::uint64_t>(config_.integer("record.checkpoint_every"));
  options.kept_checkpoints = static_cast<std::size_t>(config_.integer("record.kept_checkpoints"));
  return options;
}

void TrainingSetup::keep_in(runs::Run& run) {
  run.keep("model", *network_);
  run.keep("optimizer", *optimizer_);
}

}  // namespace tessera::train
