// tessera generate train, samples: networks that make images, recorded, and pictures of what they make.
#include <fmt/core.h>

#include <algorithm>

#include "tessera/base/files.h"
#include "tessera/base/user_place.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/execution.h"
#include "tessera/cli/training_command.h"
#include "tessera/cli/training_report.h"
#include "tessera/generative/generation_run.h"

namespace tessera::cli {

namespace {

constexpr std::string_view kGenerateTrainDetails =
    "CONFIG is a TOML file that describes the images, the network and the training; 'tessera generate train "
    "--keys' lists every key.\n"
    "At each checkpoint a picture of samples is written beside the run's folder. 'tessera verify', 'resume', "
    "'report', 'diff' and\n"
    "'trace' take such a run as any other.\n\n"
    "Examples:\n"
    "  tessera generate train examples/generative/fashion_dcgan.toml\n"
    "  tessera generate train examples/generative/fashion_dcgan.toml --set model.latent=16 --name short";
constexpr std::string_view kSamplesDetails =
    "Of a generator the picture shows samples; the sample at a place depends on --seed and the place only. "
    "Of "
    "an autoencoder it shows\n"
    "held-out images, each beside its reconstruction.\n\n"
    "Example: tessera generate samples runs/fashion-dcgan-0001 --out grid.png --count 100 --seed 7";

}  // namespace

void print_generation_result(const generative::GenerationResult& result) {
  fmt::print("run       {}\n", result.folder);
  if (!result.pictures.empty()) fmt::print("pictures  {}\n", result.pictures);
  fmt::print("steps     {}{} in {:.1f} s\n{}", result.steps,
             result.first_step == 0 ? "" : fmt::format(" (resumed after {})", result.first_step),
             result.seconds, result.summary);
  for (const StepScalar& scalar : result.held_out) {
    std::string name(scalar.name);
    std::replace(name.begin(), name.end(), '_', ' ');
    fmt::print("test      {} {:.5f}\n", name, scalar.value);
  }
  print_not_finite(result.not_finite_since);
  fmt::print("seal      {}\n", result.seal);
}

ExitCode run_generate_train(const Words& words) {
  auto command = parse_training_command(
      {"generate train", "Learn to make images, and record the run", kGenerateTrainDetails,
       "images, network and training", generative::generation_config_reference},
      words);
  if (!command) return ExitCode::kSuccess;
  const auto config = generative::GenerationConfig::read(command->config_file, command->settings);
  print_generation_result(generative::train_generation(config, command->apply()));
  return ExitCode::kSuccess;
}

ExitCode run_generate_samples(const Words& words) {
  Arguments arguments("generate samples", "Write a picture of what a trained run makes", kSamplesDetails);
  std::string run, store = "runs", output;
  generative::SampleOptions options;
  std::int64_t seed = 0;
  Execution execution;
  arguments.positional("RUN", run, "Folder of a run, or its name in the store");
  arguments.option("--out FILE", output, "Write this PNG");
  arguments.option("--count N", options.count, "Images on the picture (default: 64)", 1, 4096);
  arguments.option("--seed S", seed, "Of the noise (default: 0)", 0, INT64_C(1) << 53);
  arguments.option("--store DIR", store, "The folder of all runs (default: runs)");
  arguments.option("--data DIR", options.data_folder,
                   "Where to look for the images of an autoencoder's training if they were moved");
  execution.declare(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  if (output.empty()) fail_with(ExitCode::kUsage, "--out is missing, expected the PNG file to write");
  const std::string folder = runs_folder(store, run);
  check_user_place(output);
  execution.apply();
  options.seed = static_cast<std::uint64_t>(seed);
  generative::write_picture(output, generative::sample_picture(folder, options));
  return ExitCode::kSuccess;
}

}  // namespace tessera::cli
