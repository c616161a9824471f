// A set of images as text and as JSON.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tessera/analysis/image_analysis.h"
#include "tessera/analysis/text_table.h"
#include "tessera/analysis/words.h"
#include "tessera/base/float_environment.h"

namespace tessera::analysis {
namespace {

constexpr std::size_t kLineWidth = 100, kShownClasses = 60;

std::string classes_text(const ImageAnalysis& analysis) {
  TextTable table({{"class", 30}, {"images", 12, true}, {"share", 9, true}, {"brightness", 12, true}});
  for (std::size_t i = 0; i < std::min(analysis.classes.size(), kShownClasses); ++i) {
    const ImageClass& each = analysis.classes[i];
    table.add({cut(each.name, 30), grouped(each.images),
               percent(static_cast<double>(each.images) / static_cast<double>(analysis.images)),
               each.images == 0 ? "-" : short_number(each.brightness)});
  }
  std::string text = table.text();
  if (analysis.classes.size() > kShownClasses)
    text += fmt::format("and {} more classes\n", analysis.classes.size() - kShownClasses);
  return text;
}

std::string list_text(const std::string& title, const std::vector<std::string>& sentences) {
  if (sentences.empty()) return "";
  std::string text = fmt::format("\n{}\n", title);
  for (const std::string& sentence : sentences)
    text += fmt::format("  - {}\n", wrapped(sentence, kLineWidth - 4, 4));
  return text;
}

}  // namespace

std::string image_text(const ImageAnalysis& analysis) {
  const FloatEnvironment contract;
  std::string text = wrapped(fmt::format("{}: {} of {} x {} pixels{}", cut(analysis.source, 200),
                                         count_of(analysis.images, "image"), analysis.rows, analysis.columns,
                                         analysis.channels == 3 ? ", red, green and blue" : ""),
                             kLineWidth, 2) +
                     "\n\n";
  text += fmt::format("pixels: {} to {}, mean {}, deviation {}, {} are 0\n", short_number(analysis.least),
                      short_number(analysis.most), short_number(analysis.pixel_mean),
                      short_number(analysis.pixel_deviation), percent(analysis.zero_share));
  if (analysis.constant_pixels < analysis.pixels()) {
    const auto widest = std::max_element(analysis.deviation.begin(), analysis.deviation.end());
    const std::int64_t place = (widest - analysis.deviation.begin()) % (analysis.rows * analysis.columns);
    text += fmt::format("the pixel in row {}, column {} differs most from image to image (deviation {})\n",
                        place / analysis.columns, place % analysis.columns, short_number(*widest));
  }
  if (!analysis.classes.empty()) text += fmt::format("\n{}", classes_text(analysis));
  if (!analysis.classes.empty() && analysis.leaks.empty()) text += "\nLeakage suspicions: none\n";
  text += list_text("Leakage suspicions", analysis.leaks);
  text += list_text("Worth a look", analysis.oddities);
  return text;
}

std::string image_json(const ImageAnalysis& analysis) {
  using Json = nlohmann::json;
  Json classes = Json::array();
  for (const ImageClass& each : analysis.classes)
    classes.push_back(
        {{"name", each.name}, {"images", each.images}, {"brightness", each.brightness}, {"mean", each.mean}});
  const Json json = {{"source", analysis.source},
                     {"images", analysis.images},
                     {"channels", analysis.channels},
                     {"rows", analysis.rows},
                     {"columns", analysis.columns},
                     {"least", analysis.least},
                     {"most", analysis.most},
                     {"pixel_mean", analysis.pixel_mean},
                     {"pixel_deviation", analysis.pixel_deviation},
                     {"zero_share", analysis.zero_share},
                     {"constant_pixels", analysis.constant_pixels},
                     {"constant_images", analysis.constant_images},
                     {"repeated_images", analysis.repeated},
                     {"conflicting_images", analysis.conflicting},
                     {"mean", analysis.mean},
                     {"deviation", analysis.deviation},
                     {"classes", classes},
                     {"leaks", analysis.leaks},
                     {"oddities", analysis.oddities}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tessera::analysis
