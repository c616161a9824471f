#include "tessera/analysis/image_analysis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "tessera/analysis/association.h"
#include "tessera/analysis/words.h"
#include "tessera/base/at.h"
#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/thread_pool.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/random.h"
#include "tessera/numerics/reduce-inl.h"
#include "tessera/stats/mutual_information.h"

namespace tessera::analysis {
namespace {

void take_shape(const Shape& shape, ImageAnalysis& analysis) {
  const bool grey = shape.rank() == 3, channels = shape.rank() == 4 && (shape[1] == 1 || shape[1] == 3);
  if (!grey && !channels)
    fail(
        "{}: its samples have the shape {}, expected images [rows, columns] or [1 or 3 channels, rows, "
        "columns]",
        analysis.source, shape.to_string());
  analysis.images = shape[0];
  analysis.channels = channels ? shape[1] : 1;
  analysis.rows = shape[shape.rank() - 2];
  analysis.columns = shape[shape.rank() - 1];
  if (analysis.images == 0 || analysis.pixels() == 0) fail("{}: there is no image", analysis.source);
}

// Labels as a column of levels; empty where there are none.
CodedColumn labels_of(const data::Dataset& dataset) {
  CodedColumn labels;
  if (dataset.classes.empty() || !dataset.labels.defined()) return labels;
  labels.name = "class";
  labels.texts = dataset.classes;
  labels.counts.assign(dataset.classes.size(), 0);
  for (const std::int64_t label : dataset.labels.to_vector<std::int64_t>()) {
    labels.codes.push_back(static_cast<std::int32_t>(label));
    ++labels.counts[at(label)];
  }
  labels.present = labels.rows();
  return labels;
}

struct Pixels {
  const float* values;
  std::int64_t images, each;
  double operator()(std::int64_t image, std::int64_t pixel) const {
    return static_cast<double>(values[image * each + pixel]);
  }
};

// Of each pixel over the images.
void aggregate_pixels(const Pixels& pixels, ImageAnalysis& analysis) {
  analysis.mean.resize(at(pixels.each));
  analysis.deviation.resize(at(pixels.each));
  parallel_for(pixels.each, [&](std::int64_t pixel) {
    const auto moments =
        numerics::moments_of<double>(pixels.images, [&](std::int64_t i) { return pixels(i, pixel); });
    analysis.mean[at(pixel)] = moments.mean;
    analysis.deviation[at(pixel)] = numerics::sqrt(moments.m2 / static_cast<double>(pixels.images));
  });
  analysis.constant_pixels = std::count(analysis.deviation.begin(), analysis.deviation.end(), 0.0);
}

void describe_values(const Pixels& pixels, ImageAnalysis& analysis) {
  const std::int64_t all = pixels.images * pixels.each;
  float least = pixels.values[0], most = least;
  std::int64_t zeros = 0;
  for (std::int64_t i = 0; i < all; ++i) {
    least = std::min(least, pixels.values[i]);
    most = std::max(most, pixels.values[i]);
    zeros += pixels.values[i] == 0 ? 1 : 0;
  }
  analysis.least = static_cast<double>(least);
  analysis.most = static_cast<double>(most);
  analysis.zero_share = static_cast<double>(zeros) / static_cast<double>(all);
  const auto moments = numerics::moments_of<double>(
      all, [&](std::int64_t i) { return static_cast<double>(pixels.values[i]); });
  analysis.pixel_mean = moments.mean;
  analysis.pixel_deviation = numerics::sqrt(moments.m2 / static_cast<double>(all));
  constexpr int kBins = 32;
  const double width =
      analysis.most > analysis.least ? (analysis.most - analysis.least) / kBins : 1.0 / kBins;
  for (int i = 0; i <= kBins; ++i) analysis.histogram_edges.push_back(analysis.least + width * i);
  std::vector<std::int64_t> counts(kBins, 0);
  for (std::int64_t i = 0; i < all; ++i) {
    const auto bin =
        static_cast<std::int64_t>((static_cast<double>(pixels.values[i]) - analysis.least) / width);
    ++counts[at(std::clamp<std::int64_t>(bin, 0, kBins - 1))];
  }
  analysis.histogram.assign(counts.begin(), counts.end());
}

void describe_classes(const Pixels& pixels, const CodedColumn& labels, ImageAnalysis& analysis) {
  std::vector<std::vector<std::int64_t>> members(labels.counts.size());
  for (std::int64_t i = 0; i < labels.rows(); ++i) members[at(labels.codes[at(i)])].push_back(i);
  for (std::size_t c = 0; c < members.size(); ++c) {
    ImageClass each{labels.texts[c], labels.counts[c], 0, {}, {}};
    const std::vector<std::int64_t>& of = members[c];
    if (!of.empty()) {
      const auto count = static_cast<std::int64_t>(of.size());
      each.mean.resize(at(pixels.each));
      parallel_for(pixels.each, [&](std::int64_t pixel) {
        each.mean[at(pixel)] =
            numerics::sum_of<double>(count, [&](std::int64_t i) { return pixels(of[at(i)], pixel); }) /
            static_cast<double>(count);
      });
      each.brightness = numerics::mean(each.mean);
      const auto order =
          numerics::permutation(count, numerics::stream_key(0, fmt::format("analysis/images/{}", c)), 0);
      for (std::size_t i = 0; i < std::min(order.size(), kClassSamples); ++i)
        each.samples.push_back(of[at(order[i])]);
    }
    analysis.classes.push_back(std::move(each));
  }
}

void count_repeats(const Pixels& pixels, const CodedColumn& labels, ImageAnalysis& analysis) {
  const std::size_t bytes = at(pixels.each) * sizeof(float);
  std::unordered_map<std::string_view, std::int64_t> first;
  std::map<std::int64_t, std::vector<std::int64_t>> groups;  // by the first image
  for (std::int64_t i = 0; i < pixels.images; ++i) {
    const float* image = pixels.values + i * pixels.each;
    const auto [found, added] =
        first.try_emplace(std::string_view(reinterpret_cast<const char*>(image), bytes), i);
    if (!added) {
      ++analysis.repeated;
      groups[found->second].push_back(i);
    }
    analysis.constant_images +=
        std::adjacent_find(image, image + pixels.each, std::not_equal_to<>()) == image + pixels.each ? 1 : 0;
  }
  if (labels.codes.empty()) return;
  for (auto& [leader, others] : groups) {
    const std::int32_t first_code = labels.codes[at(leader)];
    const auto differs = [&](std::int64_t i) { return labels.codes[at(i)] != first_code; };
    if (std::any_of(others.begin(), others.end(), differs))
      analysis.conflicting += static_cast<std::int64_t>(others.size()) + 1;
  }
}

// What a pixel in 16 parts of its range tells of the classes, as a share of their entropy.
double pixel_share(const Pixels& pixels, std::int64_t pixel, const CodedColumn& labels, double entropy) {
  double least = pixels(0, pixel), most = least;
  for (std::int64_t i = 1; i < pixels.images; ++i) {
    least = std::min(least, pixels(i, pixel));
    most = std::max(most, pixels(i, pixel));
  }
  if (least == most) return 0;
  CodedColumn parts;
  parts.counts.assign(16, 0);
  for (std::int64_t i = 0; i < pixels.images; ++i) {
    const auto part = static_cast<std::int32_t>((pixels(i, pixel) - least) / (most - least) * 16);
    parts.codes.push_back(std::min(part, 15));
  }
  return mutual_information(joint_counts(parts, labels)).corrected / entropy;
}

void find_marks(const Pixels& pixels, const CodedColumn& labels, ImageAnalysis& analysis) {
  const auto present =
      std::count_if(labels.counts.begin(), labels.counts.end(), [](std::int64_t count) { return count > 0; });
  if (present < 2 || analysis.images < 30) return;
  const double entropy = stats::entropy_of_counts(labels.counts);
  std::vector<double> shares(at(pixels.each));
  parallel_for(pixels.each,
               [&](std::int64_t pixel) { shares[at(pixel)] = pixel_share(pixels, pixel, labels, entropy); });
  const auto best = std::max_element(shares.begin(), shares.end());
  if (*best < 0.95) return;
  const std::int64_t pixel = best - shares.begin(), place = pixel % (analysis.rows * analysis.columns);
  const auto telling =
      std::count_if(shares.begin(), shares.end(), [](double share) { return share >= 0.95; });
  analysis.leaks.push_back(
      fmt::format("the pixel in row {}, column {} alone tells the classes: it holds {} of their entropy{}; "
                  "is there a mark, a border or a stamp?",
                  place / analysis.columns, place % analysis.columns, percent(std::min(1.0, *best)),
                  telling > 1 ? fmt::format(", and {} more do so", grouped(telling - 1)) : ""));
}

void find_odd_classes(const CodedColumn& labels, ImageAnalysis& analysis) {
  std::vector<std::string> small;
  const double equal_share = static_cast<double>(labels.rows()) / static_cast<double>(labels.levels());
  for (std::int64_t c = 0; c < labels.levels(); ++c)
    if (static_cast<double>(labels.counts[at(c)]) * 10 < equal_share)
      small.push_back(fmt::format("{} ({})", in_quotes(labels.texts[at(c)]), grouped(labels.counts[at(c)])));
  if (!small.empty()) analysis.oddities.push_back("classes with few images: " + listed(small));
  std::int64_t changes = 0;
  for (std::size_t i = 1; i < labels.codes.size(); ++i) changes += labels.codes[i] != labels.codes[i - 1];
  if (labels.levels() > 1 && labels.rows() >= 20 && changes < labels.levels())
    analysis.oddities.emplace_back("the images are sorted by class: shuffle them before they are split");
}

void find_oddities_of(const CodedColumn& labels, ImageAnalysis& analysis) {
  const auto add = [&](std::int64_t count, const char* thing, const char* one, const char* more,
                       const char* what) {
    if (count > 0)
      analysis.oddities.push_back(
          fmt::format("{} {} {}", count_of(count, thing), count == 1 ? one : more, what));
  };
  add(analysis.conflicting, "image", "equals", "equal",
      "another one in every pixel but with another class: no model can tell them apart");
  add(analysis.repeated, "image", "equals", "equal",
      "an earlier one in every pixel: a split may put the same image on both sides");
  add(analysis.constant_images, "image", "is", "are", "of one colour");
  add(analysis.constant_pixels, "pixel", "is", "are",
      "the same in every image: nothing can be learned from them");
  if (!labels.codes.empty()) find_odd_classes(labels, analysis);
}

}  // namespace

ImageAnalysis analyse_images(const data::Dataset& dataset, const std::string& source) {
  const FloatEnvironment contract;
  ImageAnalysis analysis;
  analysis.source = source;
  take_shape(dataset.features.shape(), analysis);
  const std::vector<float> values = dataset.features.to_vector<float>();
  const Pixels pixels{values.data(), analysis.images, analysis.pixels()};
  const CodedColumn labels = labels_of(dataset);
  aggregate_pixels(pixels, analysis);
  describe_values(pixels, analysis);
  if (!labels.codes.empty()) describe_classes(pixels, labels, analysis);
  count_repeats(pixels, labels, analysis);
  if (!labels.codes.empty()) find_marks(pixels, labels, analysis);
  find_oddities_of(labels, analysis);
  return analysis;
}

}  // namespace tessera::analysis
