#include "tessera/generative/image_quality.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/generative/generation_run.h"
#include "tessera/metrics/image_similarity.h"
#include "tessera/tensor/ops.h"

namespace tessera::generative {
namespace {

// pictures() of a kind that paints from images gives original and reconstruction in turn.
Tensor reconstructions(GenerativeModel& model, const Tensor& real) {
  const std::int64_t count = real.size(0);
  const Tensor pairs = model.pictures(2 * count, 0, real);
  Shape beside{count, 2};
  for (int axis = 1; axis < real.rank(); ++axis) beside.append(real.size(axis));
  return reshape(slice(reshape(pairs, beside), {Range::all(), Range(1, 2)}), real.shape());
}

void compare_pairs(const Tensor& made, const Tensor& real, std::uint64_t seed, ImageQuality& quality) {
  quality.made_similarity = metrics::similarity_of_pairs(made, quality.images, 1, seed);
  quality.real_similarity = metrics::similarity_of_pairs(real, quality.images, 1, seed);
}

}  // namespace

ImageQuality image_quality(const std::string& run_folder, const QualityOptions& options) {
  if (options.count < 2) fail("the number of images is {}, expected at least 2", options.count);
  const std::unique_ptr<GenerativeModel> model = trained_model(run_folder);
  const Tensor held_out = setup_of_generation_record(run_folder, options.data_folder).held_out();
  if (held_out.size(0) < 2)
    fail("{}: {} image was held out, expected at least 2 to compare with", run_folder, held_out.size(0));
  ImageQuality quality;
  quality.images = std::min(options.count, held_out.size(0));
  const Tensor real = slice(held_out, {Range(0, quality.images)});
  const bool pairs = model->paints_from_images();
  const Tensor made =
      pairs ? reconstructions(*model, real) : model->pictures(quality.images, options.seed, held_out);
  const std::int64_t rows = real.size(2), columns = real.size(3);
  if (std::min(rows, columns) >= metrics::PatchDistanceSettings{}.patch)
    quality.levels = metrics::patch_distances(real, made, {.seed = options.seed});
  else
    quality.notes.push_back(
        "the images are smaller than a patch of 7x7 pixels, so there is no distance of patches");
  quality.scales = metrics::ms_ssim_scales(rows, columns);
  if (quality.scales == 0) {
    quality.notes.push_back("the images are smaller than the window of 11x11 pixels, so there is no SSIM");
  } else if (pairs) {
    quality.ssim = mean(metrics::ssim(real, made)).item<double>();
    quality.ms_ssim = mean(metrics::ms_ssim(real, made)).item<double>();
  } else {
    compare_pairs(made, real, options.seed, quality);
  }
  return quality;
}

}  // namespace tessera::generative
