// The feature maps of a recorded training as one page that stands alone: first-layer filters, and per layer and map the strongest patches beside what
// of them the activation comes from. What `tessera visualise` does.
//
// The weights are those of the sealed run, or of the newest checkpoint of one that is not finished (the best ones or an average where the run keeps
// these); the images are the run's own, by their digests: those that were held out, or all. The same run and data give the same bytes.
//
// Layers are counted as in the configuration, from 1; those inside of a residual block belong to the block. Errors: no convolution in the network,
// samples that are no images, a layer without feature maps, data that is not found, what the method refuses (projection.h).
// Thread-safety: one call at a time computes.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tessera/report/png.h"
#include "tessera/visualise/feature_maps.h"

namespace tessera::visualise {

struct RunPageOptions {
  std::int64_t layer = 0;  // of the configuration; 0: every layer of choose_layers
  std::int64_t maps = 16;  // of each layer, the first ones
  Method method = Method::kDeconvolution;
  bool all_samples = false;  // also those that were trained on
  std::string data_folder = {};
  bool pictures = false;  // also as PNG
};

struct RunPage {
  std::string html;
  std::string file_name;                                      // a good one: "digits-0001-maps.html"
  std::vector<std::pair<std::string, std::string>> pictures;  // name and bytes, when they are asked for
  std::vector<std::string> notes;                             // what a reader of the page should know
};

RunPage make_run_page(const std::string& run_folder, const RunPageOptions& options = {});

// The number in the configuration of each of the network's layers (a residual block counts the layers of its body as well).
std::vector<std::int64_t> layer_numbers(const nn::Sequential& network);

}  // namespace tessera::visualise
