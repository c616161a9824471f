#include "tessera/generative/generation_setup.h"

#include <algorithm>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/data/loader.h"
#include "tessera/tensor/ops.h"

namespace tessera::generative {
namespace {

std::uint64_t seed_of(const GenerationConfig& config) {
  return static_cast<std::uint64_t>(config.integer("seed"));
}

data::BatchPlan batch_plan(const GenerationConfig& config, std::int64_t samples) {
  const std::int64_t batch = config.integer("training.batch");
  if (batch > samples)
    fail_with(ExitCode::kUsage, "{}: training.batch is {}, expected at most the {} images to train on",
              config.origin("training.batch"), batch, samples);
  return data::BatchPlan({.samples = samples, .batch = batch, .seed = seed_of(config), .drop_last = true});
}

// What a progress line says: the losses, or whatever comes first.
std::string progress_text(std::int64_t epoch, const std::vector<StepScalar>& scalars) {
  std::string text = fmt::format("epoch {}", epoch + 1);
  for (const StepScalar& scalar : scalars) text += fmt::format(", {} {:.4f}", scalar.name, scalar.value);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

bool has_field(const std::string& key) {
  return key == "seed" || key == "record.digest_every" || key == "record.checkpoint_every";
}

}  // namespace

ImageSource image_source(const GenerationConfig& config, const std::string& images_path) {
  return {.path = images_path.empty() ? config.path("data.images") : images_path,
          .black = config.real("data.black"),
          .white = config.real("data.white"),
          .pad = config.integer("data.pad"),
          .first = config.integer("data.first")};
}

GenerationSetup::GenerationSetup(GenerationConfig config, const std::string& images_path)
    : config_(std::move(config)),
      images_(read_images(image_source(config_, images_path))),
      split_(data::hold_out(images_.values.size(0), config_.real("data.test"), seed_of(config_))),
      random_(seed_of(config_)) {
  if (split_.held_out.empty())
    fail("{}: of {} images none is held out, expected more images or a larger data.test", images_.file.path,
         images_.values.size(0));
  config_.set_found("found.image", images_.image().to_string());
  held_out_ = data::take_samples(images_.values, split_.held_out);
  steps_ = static_cast<std::uint64_t>(batch_plan(config_, training_images()).steps_per_epoch() *
                                      config_.integer("training.epochs"));
  initialize();
  if (steps_ < model_->least_steps())
    fail_with(
        ExitCode::kUsage,
        "{}: training.epochs is {}: {} steps, but the model needs {}, so that all of its parts are trained; "
        "expected more epochs, or smaller {}",
        config_.origin("training.epochs"), config_.integer("training.epochs"), steps_, model_->least_steps(),
        config_.text("model.kind") == "progressive" ? "training.fade_images and training.stable_images"
                                                    : "training.discriminator_steps");
}

void GenerationSetup::initialize() {
  random_ = RandomSource(seed_of(config_));
  model_ = make_generative_model(config_, images_.image());  // running statistics begin anew, too
  model_->initialize(random_);
}

runs::RunOptions GenerationSetup::run_options() const {
  runs::RunOptions options;
  options.kind = kGenerationKind;
  options.base_name = config_.text("name");
  options.obey_environment = false;  // the caller says what is to be done with which run
  for (const train::KeyedValue& value : config_.values())
    (value.claimed && !has_field(value.key) ? options.configuration : options.other_settings)
        .push_back({value.key, value.text, value.origin});
  options.seed = seed_of(config_);
  options.inputs.push_back({images_.file.role, images_.file.path, images_.file.digest});
  options.steps = steps_;
  options.digest_every = static_cast<std::uint64_t>(config_.integer("record.digest_every"));
  options.checkpoint_every = static_cast<std::uint64_t>(config_.integer("record.checkpoint_every"));
  return options;
}

void GenerationSetup::keep_in(runs::Run& run) {
  for (const auto& [name, object] : model_->state()) run.keep(name, *object);
}

Tensor GenerationSetup::batch_images(const std::vector<std::int64_t>& positions) const {
  std::vector<std::int64_t> chosen;
  for (const std::int64_t position : positions)
    chosen.push_back(split_.train[static_cast<std::size_t>(position)]);
  return data::take_samples(images_.values, chosen);
}

std::uint64_t GenerationSetup::run(std::uint64_t done, StepObserver& observer, Progress* progress) {
  data::BatchPlan plan = batch_plan(config_, training_images());
  const std::int64_t every = config_.integer("record.evaluate_every");
  for (const data::Batch& batch : plan.steps(done + 1, steps_)) {
    random_.begin_step(batch.step);
    std::vector<StepScalar> scalars = model_->step(batch_images(batch.positions), random_);
    if (progress != nullptr) progress->update(batch.step, progress_text(batch.epoch, scalars));
    if (batch.step == steps_ || (batch.last_of_epoch && every > 0 && (batch.epoch + 1) % every == 0)) {
      const std::vector<StepScalar> found = test_quality();
      scalars.insert(scalars.end(), found.begin(), found.end());
    }
    if (!observer.on_step({batch.step, scalars})) return batch.step;
  }
  return std::max(done, steps_);
}

report::Picture model_picture(GenerativeModel& model, std::int64_t count, std::uint64_t seed,
                              const Tensor& images) {
  const Tensor shown = model.pictures(count, seed, images);
  std::int64_t columns = near_square(shown.size(0));
  if (model.paints_from_images())
    columns += columns % 2;  // original and reconstruction stay beside each other
  return image_grid(shown, columns);
}

report::Picture GenerationSetup::picture(std::int64_t count, std::uint64_t seed) {
  return model_picture(*model_, count, seed, held_out_);
}

}  // namespace tessera::generative
