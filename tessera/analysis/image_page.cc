// A set of images as one HTML page.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tessera/analysis/image_analysis.h"
#include "tessera/analysis/words.h"
#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/plot/draw.h"
#include "tessera/report/page.h"
#include "tessera/report/png.h"

namespace tessera::analysis {
namespace {

using report::element, report::Html, report::markup, report::text;

constexpr std::size_t kPageClasses = 30;
constexpr std::string_view kImageStyle =
    ".example.wide-image{width:auto}\n.samples img{display:block;image-rendering:pixelated;border:1px solid "
    "var(--line)}\n";

class ImagePage {
 public:
  ImagePage(const ImageAnalysis& analysis, const data::Dataset& dataset)
      : analysis_(analysis), dataset_(dataset) {}

  std::string page() {
    std::vector<report::Section> sections;
    sections.push_back({"findings", "What to look at first", findings()});
    if (!analysis_.classes.empty()) sections.push_back({"classes", "Classes", classes()});
    sections.push_back({"pixels", "Pixels", pixels()});
    const std::size_t slash = analysis_.source.find_last_of('/');
    return report::page_html(
        {.title = cut(slash == std::string::npos ? analysis_.source : analysis_.source.substr(slash + 1), 80),
         .head = element(
             "p", fmt::format("{} of {} x {} pixels{}.", count_of(analysis_.images, "image"), analysis_.rows,
                              analysis_.columns, analysis_.channels == 3 ? ", red, green and blue" : "")),
         .links = report::links_html(sections),
         .content = report::sections_html(sections, 2),
         .footer = element("p", "Written by tessera analyse. The same images give the same page."),
         .style = kImageStyle});
  }

 private:
  static Html list(const std::vector<std::string>& sentences) {
    Html items;
    for (const std::string& sentence : sentences) items += element("li", sentence) + markup("\n");
    return element("ul", items);
  }

  Html findings() const {
    Html html;
    if (!analysis_.leaks.empty()) html += element("h3", "Leakage suspicions") + list(analysis_.leaks);
    if (!analysis_.oddities.empty()) html += element("h3", "Worth a look") + list(analysis_.oddities);
    return html.empty() ? element("p", "Nothing stands out.") : html;
  }

  // Pixels [channel, row, column] from `least` (black) to `most` (white), beside each other in one picture.
  template <typename Values>
  std::string picture_of(std::size_t count, const Values& value, double least, double most) const {
    const auto channels = static_cast<std::size_t>(analysis_.channels),
               rows = static_cast<std::size_t>(analysis_.rows),
               columns = static_cast<std::size_t>(analysis_.columns);
    report::Picture picture{count * columns, rows, channels, {}, {}};
    picture.pixels.resize(picture.width * rows * channels);
    const double span = most > least ? most - least : 1;
    for (std::size_t k = 0; k < count; ++k)
      for (std::size_t c = 0; c < channels; ++c)
        for (std::size_t r = 0; r < rows; ++r)
          for (std::size_t x = 0; x < columns; ++x) {
            const double share = (value(k, (c * rows + r) * columns + x) - least) / span;
            picture.pixels[(r * picture.width + k * columns + x) * channels + c] =
                static_cast<std::uint8_t>(std::floor(std::clamp(share, 0.0, 1.0) * 255 + 0.5));
          }
    return report::data_uri("image/png", report::png_bytes(picture));
  }

  Html image(const std::string& uri, const std::string& alternative, std::size_t across) const {
    const auto square = static_cast<std::size_t>(
        std::max<std::int64_t>(1, 112 / std::max<std::int64_t>(analysis_.columns, 1)));
    const std::size_t width = across * static_cast<std::size_t>(analysis_.columns) * square;
    // The address is Base64 that this program made, the numbers are its own.
    return markup(fmt::format(
               "<img src=\"{}\" width=\"{}\" style=\"max-width:100%;height:auto;width:{}px\" alt=\"", uri,
               width, width)) +
           text(alternative) + markup("\">");
  }

  Html figure(const plot::Chart& chart, const std::string& caption) {
    try {
      const plot::Drawing drawing =
          plot::draw(chart, {.id = fmt::format("chart-{}", next_++), .style_sheet = false});
      return element("figure",
                     markup(drawing.svg) + (caption.empty() ? Html() : element("figcaption", caption)));
    } catch (const Error& error) {
      return element("p", fmt::format("Not drawn: {}.", error.what()), "class=\"missing\"");
    }
  }

  Html class_html(const ImageClass& each) const {
    Html pictures = element(
        "figure",
        image(
            picture_of(
                1, [&](std::size_t, std::size_t p) { return each.mean[p]; }, analysis_.least, analysis_.most),
            fmt::format("mean of {} images of {}", each.images, cut(each.name, 40)), 1) +
            element("figcaption", element("span", "mean")),
        "class=\"example wide-image\"");
    const std::vector<float> values = data::take_samples(dataset_.features, each.samples).to_vector<float>();
    const auto size = static_cast<std::size_t>(analysis_.pixels());
    pictures += element(
        "figure",
        image(picture_of(
                  each.samples.size(),
                  [&](std::size_t k, std::size_t p) { return static_cast<double>(values[k * size + p]); },
                  analysis_.least, analysis_.most),
              fmt::format("{} images of {}", each.samples.size(), cut(each.name, 40)), each.samples.size()) +
            element("figcaption", element("span", fmt::format("images {}", sample_numbers(each)))),
        "class=\"example wide-image samples\"");
    return element("h3", fmt::format("{}: {}, brightness {}", cut(each.name, 40),
                                     count_of(each.images, "image"), short_number(each.brightness))) +
           element("div", pictures, "class=\"examples\"") + markup("\n");
  }

  static std::string sample_numbers(const ImageClass& each) {
    std::vector<std::string> numbers;
    for (const std::int64_t sample : each.samples) numbers.push_back(fmt::format("{}", sample));
    return listed(numbers, kClassSamples);
  }

  Html classes() {
    plot::BarChart bars;
    bars.title = "Images of each class";
    bars.category_label = "class";
    bars.value = {.label = "images", .unit = "1"};
    bars.groups.emplace_back();
    bars.direction = plot::BarChart::Direction::kHorizontal;
    Html parts;
    for (std::size_t i = 0; i < std::min(analysis_.classes.size(), kPageClasses); ++i) {
      const ImageClass& each = analysis_.classes[i];
      bars.categories.push_back(cut(each.name, 24));
      bars.groups[0].values.push_back(static_cast<double>(each.images));
      if (each.images > 0) parts += class_html(each);
    }
    Html html = element("div", figure(bars, ""), "class=\"charts\"");
    if (analysis_.classes.size() > kPageClasses)
      html +=
          element("p", fmt::format("The first {} of {} classes.", kPageClasses, analysis_.classes.size()));
    return html +
           element("p",
                   fmt::format("The mean of every class, and up to {} of its images, drawn by counter; from "
                               "{} (black) to {} (white).",
                               kClassSamples, short_number(analysis_.least), short_number(analysis_.most))) +
           parts;
  }

  Html pixels() {
    const auto whole = [&](const std::vector<double>& values, double most, const char* what) {
      return element("figure",
                     image(picture_of(
                               1, [&](std::size_t, std::size_t p) { return values[p]; },
                               values.empty() ? 0 : std::min(0.0, analysis_.least), most),
                           what, 1) +
                         element("figcaption", element("span", what)),
                     "class=\"example wide-image\"");
    };
    const double widest = *std::max_element(analysis_.deviation.begin(), analysis_.deviation.end());
    const Html means = element("div",
                               whole(analysis_.mean, analysis_.most, "mean of all images") +
                                   whole(analysis_.deviation, widest, "deviation of each pixel"),
                               "class=\"examples\"");
    plot::Histogram histogram;
    histogram.title = "Values of all pixels";
    histogram.x = {.label = "value", .unit = "1"};
    histogram.count = {.label = "pixels", .unit = "1"};
    histogram.edges = analysis_.histogram_edges;
    histogram.counts = analysis_.histogram;
    return means + element("div",
                           figure(histogram, fmt::format("Mean {}, deviation {}; {} of the pixels are 0.",
                                                         short_number(analysis_.pixel_mean),
                                                         short_number(analysis_.pixel_deviation),
                                                         percent(analysis_.zero_share))),
                           "class=\"charts\"");
  }

  const ImageAnalysis& analysis_;
  const data::Dataset& dataset_;
  int next_ = 1;
};

}  // namespace

std::string image_page(const ImageAnalysis& analysis, const data::Dataset& dataset) {
  const FloatEnvironment contract;
  return ImagePage(analysis, dataset).page();
}

}  // namespace tessera::analysis
