// What stands on the page of run_page.h. Internal to this room. Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tessera/report/page.h"
#include "tessera/visualise/feature_maps.h"

namespace tessera::visualise {

struct RunViews {
  std::string name, weights;  // of the run; "the weights after step 1,350"
  Method method = Method::kDeconvolution;
  std::vector<std::int64_t> positions;  // of the images in the data file
  std::int64_t all_samples = 0;         // of the file
  std::vector<std::int64_t> labels;     // of the images
  std::vector<std::string> classes;
  double lowest = 0, highest = 0;     // of all pixels
  Tensor filters;                     // of the first convolution
  std::int64_t filters_layer = 0;     // its number in the configuration
  std::vector<std::int64_t> numbers;  // of each layer
  std::vector<std::string> descriptions;
  std::vector<LayerView> layers;
};

std::string run_page_html(const RunViews& views);
std::vector<std::pair<std::string, std::string>> run_page_pictures(const RunViews& views);  // names and PNG

}  // namespace tessera::visualise
