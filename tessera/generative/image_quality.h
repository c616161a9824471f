// How good and how varied the images of a trained run are: sliced Wasserstein distance, SSIM and MS-SSIM (metrics/). Of any kind of run, from its
// sealed weights and its held-out images; nothing of it is recorded, so it can be asked of every run.
//
// Errors: those of reading the run and its images; fewer than two held-out images. Images that are smaller than a metric needs (7 pixels for patches, 11 for
// similarity) leave it out, with a note. Thread-safety: one call at a time computes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tessera/metrics/sliced_wasserstein.h"

namespace tessera::generative {

struct QualityOptions {
  std::int64_t count = 500;  // images of each kind, at least 2; at most those that were held out
  std::uint64_t seed = 0;    // of noise, patches and pairs
  std::string data_folder = {};
};

struct ImageQuality {
  std::int64_t images = 0;  // of each kind
  std::vector<metrics::LevelDistance>
      levels;      // of samples (reconstructions) to held-out images, the finest first
  int scales = 0;  // of MS-SSIM
  std::optional<double> made_similarity, real_similarity;  // of a generator: mean MS-SSIM of random pairs
  std::optional<double> ssim, ms_ssim;  // of an autoencoder: means over images and their reconstructions
  std::vector<std::string> notes;
};

ImageQuality image_quality(const std::string& run_folder, const QualityOptions& options = {});

}  // namespace tessera::generative
