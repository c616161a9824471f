#include "tessera/generative/generation_run.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/json.h"
#include "tessera/base/progress.h"
#include "tessera/runs/check.h"
#include "tessera/runs/checkpoint.h"
#include "tessera/train/inputs.h"
#include "tessera/train/loss_watch.h"
#include "tessera/train/recorded_setup.h"
#include "tessera/train/training_setup.h"

namespace tessera::generative {
namespace {

constexpr const char* kPictures = "record.pictures";
constexpr std::uint64_t kPictureSeed = 0;  // the same samples at each checkpoint, so that one sees them grow

// Passes steps on to the run and paints behind each checkpoint.
class Painter : public StepObserver {
 public:
  Painter(GenerationSetup& setup, runs::Run& run, std::string folder, std::int64_t count)
      : setup_(setup), run_(run), folder_(std::move(folder)), count_(count) {}

  bool on_step(const StepReport& report) override {
    const bool go_on = run_.on_step(report);
    const auto every = static_cast<std::uint64_t>(setup_.config().integer("record.checkpoint_every"));
    if (report.step == setup_.steps() || (every > 0 && report.step % every == 0)) paint(report.step);
    return go_on;
  }
  // A process that was killed behind a checkpoint may have left it without its picture.
  void paint_missing(std::uint64_t step) {
    if (step > 0 && !exists(path_of(step))) paint(step);
  }

 private:
  std::string path_of(std::uint64_t step) const { return fmt::format("{}/step-{:06}.png", folder_, step); }
  void paint(std::uint64_t step) {
    if (count_ > 0) write_picture(path_of(step), setup_.picture(count_, kPictureSeed));
  }
  GenerationSetup& setup_;
  runs::Run& run_;
  std::string folder_;
  std::int64_t count_;
};

std::string summary_of(GenerationSetup& setup) {
  return fmt::format("images    {} of {} to train, {} to test\nnetworks  {}\n", setup.training_images(),
                     setup.image().to_string(), setup.held_out().size(0), setup.model().describe());
}

GenerationResult complete(GenerationSetup& setup, runs::Run& run, const train::TrainOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  setup.keep_in(run);
  GenerationResult result;
  result.folder = run.folder();
  result.first_step = run.start();
  result.steps = setup.steps();
  result.summary = summary_of(setup);
  const std::int64_t count = setup.config().integer(kPictures);
  if (count > 0) make_folders(result.pictures = pictures_folder(run.folder()));  // said now if it cannot be
  Painter painter(setup, run, result.pictures, count);
  painter.paint_missing(result.first_step);
  Progress progress(run.name(), setup.steps(), result.first_step, {.quiet = options.quiet});
  train::LossWatch watch(painter);
  if (!run.complete()) setup.run(result.first_step, watch, &progress);
  progress.finish();
  result.seal = run.finish();
  if (watch.not_finite_since()) result.not_finite_since = train::recorded_not_finite_since(result.folder);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  result.held_out = setup.test_quality();
  return result;
}

runs::Claim generation_claim(const std::string& run_folder) {
  runs::Claim claim = runs::read_claim(run_folder);
  if (claim.kind != kGenerationKind)
    fail_with(ExitCode::kCannotRerun,
              "{}: the run is of kind '{}', expected one that 'tessera generate train' made", run_folder,
              claim.kind);
  return claim;
}

Shape recorded_image(const GenerationConfig& config) {
  const nlohmann::json lengths = parse_json(config.text("found.image"), "found.image");
  const bool good = lengths.is_array() && lengths.size() == 3 &&
                    std::all_of(lengths.begin(), lengths.end(), [](const auto& length) {
                      return length.is_number_unsigned() && length > 0 && length <= 65536;
                    });
  if (!good)
    fail("the record's found.image is '{}', expected [channels, height, width]", config.text("found.image"));
  return {lengths[0].get<std::int64_t>(), lengths[1].get<std::int64_t>(), lengths[2].get<std::int64_t>()};
}

}  // namespace

std::string pictures_folder(const std::string& run_folder) {
  std::string folder = run_folder;
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  return folder + ".pictures";
}

GenerationSetup setup_of_generation_record(const std::string& run_folder, const std::string& data_folder) {
  const runs::Claim claim = generation_claim(run_folder);
  train::require_contract(run_folder, claim);
  const runs::Circumstances circumstances = runs::read_circumstances(run_folder);
  const auto paths = train::find_inputs(claim, circumstances, data_folder);
  const auto found = paths.find("images");
  if (found == paths.end())
    fail_with(ExitCode::kCannotRerun, "{}: the record claims no input 'images'", run_folder);
  std::map<std::string, std::string> texts = train::recorded_settings(claim);
  for (const runs::ConfigurationOrigin& setting : circumstances.configuration)
    if (setting.key == kPictures) texts[setting.key] = setting.value;  // it is not claimed
  return GenerationSetup(GenerationConfig::from_record(texts), found->second);
}

GenerationResult train_generation(const GenerationConfig& config, const train::TrainOptions& options) {
  GenerationSetup setup(config);
  runs::Run run = train::open_run(setup.run_options(), options);
  return complete(setup, run, options);
}

GenerationResult resume_generation(const std::string& run_folder, const train::TrainOptions& options) {
  GenerationSetup setup = setup_of_generation_record(run_folder, options.data_folder);
  runs::Run run = train::resume_run(run_folder, setup.run_options(), options);
  return complete(setup, run, options);
}

bool is_generation_run(const std::string& run_folder) {
  return train::is_run_of_kind(run_folder, kGenerationKind);
}

train::VerifyResult verify_generation(const std::string& run_folder, const train::VerifyOptions& options) {
  return train::verify_setup(run_folder, options,
                             [&] { return setup_of_generation_record(run_folder, options.data_folder); });
}

runs::ReplayOutcome reexecute_generation(const std::string& run_folder, const runs::ReplayOptions& part,
                                         const std::optional<runs::TraceRequest>& trace,
                                         const train::VerifyOptions& options) {
  GenerationSetup setup = setup_of_generation_record(run_folder, options.data_folder);
  return train::replay_setup(setup, run_folder, part, options, trace);
}

std::unique_ptr<GenerativeModel> trained_model(const std::string& run_folder) {
  const GenerationConfig config =
      GenerationConfig::from_record(train::recorded_settings(generation_claim(run_folder)));
  const runs::SealedState sealed = runs::sealed_state(run_folder);
  std::unique_ptr<GenerativeModel> model = make_generative_model(config, recorded_image(config));
  RandomSource random(0);
  model->initialize(random);
  for (const auto& [name, object] : model->state())
    runs::restore_object(name, *object, sealed.tensors, sealed.path);
  return model;
}

report::Picture sample_picture(const std::string& run_folder, const SampleOptions& options) {
  const std::unique_ptr<GenerativeModel> model = trained_model(run_folder);
  Tensor images;
  if (model->paints_from_images())
    images = setup_of_generation_record(run_folder, options.data_folder).held_out();
  return model_picture(*model, options.count, options.seed, images);
}

}  // namespace tessera::generative
