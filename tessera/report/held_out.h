// How a finished training run does on the samples that were held out: which classes are hard, what they are taken for, and
// which samples were missed.
//
// The weights come from the sealed checkpoint of an intact record, the samples from the data files with the claimed digests. The
// classes are ordered by F1, hardest first. Where labels are numbers: how far off the predictions are, and for which samples most. Errors: Error that says why there is no evaluation (not sealed, data not found or
// changed, nothing held out). Thread-safety: one call at a time computes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tessera/metrics/classification.h"
#include "tessera/metrics/regression.h"
#include "tessera/report/html.h"
#include "tessera/tensor/tensor.h"

namespace tessera::report {

struct MissedSample {
  std::int64_t number =
      0;  // in the data file, counted from 1; of a word or point with a wrong label, that of its sentence or cloud
  std::int64_t predicted = 0;  // class
  double probability = 0;      // that the network gave to it
  std::size_t row = 0;         // in HeldOutResult::missed
};

struct ClassResult {
  std::int64_t label = 0;
  std::vector<std::pair<std::int64_t, std::int64_t>> taken_for;  // class and how often, most often first
  std::vector<MissedSample> missed;  // the surest mistakes first, at most kMostExamples
};

// Where labels are numbers: what was said of the samples, and those that it was farthest off for.
struct HeldOutNumbers {
  metrics::RegressionErrors errors;
  std::vector<double> actual, predicted;  // of the held-out samples, in their order
  std::vector<std::int64_t> numbers;      // in the data file, counted from 1, of the same
  std::vector<std::size_t> worst;  // positions in those above, largest error first, at most kMostExamples
};

struct HeldOutResult {
  std::int64_t samples = 0, all_samples = 0;
  std::string judged = "samples";              // what they are: samples, words or points
  std::optional<HeldOutNumbers> numbers = {};  // there are no classes then
  double loss = 0, accuracy = 0;
  metrics::ConfusionMatrix confusion{1};
  std::vector<std::string> classes;
  std::vector<std::string> columns;  // of a table of numbers; may be empty
  std::vector<ClassResult> hardest;  // every class, hardest first
  Tensor missed;                     // features of the examples, float32 [examples, ...]
  std::vector<std::string> texts;    // of words: the examples as the network reads them
  double lowest = 0, highest = 0;    // of all features of the held-out samples
};

inline constexpr std::size_t kMostHardClasses = 5, kMostExamples = 8;

HeldOutResult evaluate_held_out(const std::string& run_folder, const std::string& data_folder);

Html held_out_numbers_html(const HeldOutResult& result, const std::string& id, int level);  // of numbers

// The part of the page; `id` begins the ids, `level` is that of its headings.
Html held_out_html(const HeldOutResult& result, const std::string& id, int level);

}  // namespace tessera::report
