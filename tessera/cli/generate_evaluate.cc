// tessera generate evaluate: how good and how varied is what a trained run makes?
#include <fmt/core.h>

#include <algorithm>

#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/execution.h"
#include "tessera/cli/training_report.h"
#include "tessera/generative/image_quality.h"

namespace tessera::cli {

namespace {

constexpr std::string_view kGenerateEvaluateDetails =
    "Of a generator: the sliced Wasserstein distance of patches between its samples and held-out images, by "
    "level of "
    "their pyramids,\n"
    "and the mean MS-SSIM of random pairs, which is 1 where all images are one and should be that of real "
    "images. Of an "
    "autoencoder:\n"
    "SSIM and MS-SSIM of held-out images and their reconstructions. The answer depends on the run, --count "
    "and --seed "
    "only; distances\n"
    "are to be compared at the same --count.\n\n"
    "Example: tessera generate evaluate runs/fashion-dcgan-0001 --count 1000";

void print_quality(const generative::ImageQuality& quality) {
  fmt::print("images    {}\n", quality.images);
  for (const metrics::LevelDistance& level : quality.levels)
    fmt::print("distance  {:.5f} at {} rows\n", level.distance, level.rows);
  if (quality.levels.size() > 1)
    fmt::print("distance  {:.5f} in the mean\n", metrics::mean_distance(quality.levels));
  if (quality.made_similarity)
    fmt::print("MS-SSIM   {:.4f} of random pairs of samples, {:.4f} of held-out images ({} scales)\n",
               *quality.made_similarity, quality.real_similarity.value_or(0), quality.scales);
  if (quality.ssim)
    fmt::print("SSIM      {:.4f} of images and their reconstructions\nMS-SSIM   {:.4f} ({} scales)\n",
               *quality.ssim, quality.ms_ssim.value_or(0), quality.scales);
  for (const std::string& note : quality.notes) fmt::print(stderr, "note: {}\n", note);
}

}  // namespace

ExitCode run_generate_evaluate(const Words& words) {
  Arguments arguments("generate evaluate", "Measure what a trained run makes", kGenerateEvaluateDetails);
  std::string run, store = "runs";
  generative::QualityOptions options;
  std::int64_t seed = 0;
  Execution execution;
  arguments.positional("RUN", run, "Folder of a run, or its name in the store");
  arguments.option("--count N", options.count, "Images of each kind, at most those held out (default: 500)",
                   2, 100'000);
  arguments.option("--seed S", seed, "Of the noise, the patches and the pairs (default: 0)", 0,
                   INT64_C(1) << 53);
  arguments.option("--store DIR", store, "The folder of all runs (default: runs)");
  arguments.option("--data DIR", options.data_folder,
                   "Where to look for the images of the training if they were moved");
  execution.declare(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  const std::string folder = runs_folder(store, run);
  execution.apply();
  options.seed = static_cast<std::uint64_t>(seed);
  print_quality(generative::image_quality(folder, options));
  return ExitCode::kSuccess;
}

}  // namespace tessera::cli
