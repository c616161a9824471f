#include "tessera/visualise/run_page_html.h"

#include <fmt/format.h>

#include <algorithm>

#include "tessera/base/progress.h"
#include "tessera/base/text.h"
#include "tessera/visualise/pictures.h"

namespace tessera::visualise {
namespace {

using report::code;
using report::count_text;
using report::element;
using report::Html;
using report::markup;
using report::text;

constexpr std::string_view kStyle =
    R"(.maps{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,21rem),1fr));gap:1.8rem 1.6rem;margin:1rem 0}
.map .pair{display:flex;gap:.6rem}
.map img{flex:1 1 0;min-width:0;width:0;height:auto;image-rendering:pixelated;border:1px solid var(--line)}
.map figcaption{color:var(--ink);margin-top:.35rem}
.map span{display:block}
.filters{width:min(100%,44rem);height:auto;image-rendering:pixelated;border:1px solid var(--line)}
)";

Html image(const report::Picture& picture, const std::string& description, std::string_view attributes = "") {
  return markup(fmt::format("<img {}src=\"{}\" width=\"{}\" height=\"{}\" alt=\"", attributes,
                            report::data_uri("image/png", report::png_bytes(picture)), picture.width,
                            picture.height)) +
         text(description) + markup("\">");
}

std::string lengths_text(std::int64_t rows, std::int64_t columns) {
  return fmt::format("{} x {}", grouped_number(static_cast<std::uint64_t>(rows)),
                     grouped_number(static_cast<std::uint64_t>(columns)));
}

// So large a square for each pixel that the longer side of a tile has some `wanted` pixels.
std::size_t square_of(std::int64_t rows, std::int64_t columns, std::int64_t wanted) {
  return static_cast<std::size_t>(std::max<std::int64_t>(1, wanted / std::max(rows, columns)));
}
constexpr std::int64_t kTileInPage = 28, kTileInPicture = 56;

// "of class Trouser (7), Dress (2)": most often first, then in the order of the classes.
std::string classes_text(const RunViews& views, const MapView& map) {
  std::vector<std::pair<std::int64_t, std::size_t>> counts;  // class, how often
  for (std::size_t label = 0; label < views.classes.size(); ++label) {
    const auto of_class = std::count_if(map.strongest.begin(), map.strongest.end(), [&](const Activation& a) {
      return views.labels[static_cast<std::size_t>(a.sample)] == static_cast<std::int64_t>(label);
    });
    if (of_class > 0) counts.emplace_back(of_class, label);
  }
  std::stable_sort(counts.begin(), counts.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string out;
  for (const auto& [count, label] : counts)
    out += fmt::format("{}{} ({})", out.empty() ? "of class " : ", ",
                       report::shortened(printable(views.classes[label]), 24), count);
  return out;
}

std::string samples_text(const RunViews& views, const MapView& map) {
  std::string out;
  for (const Activation& activation : map.strongest) {
    const std::int64_t position = views.positions[static_cast<std::size_t>(activation.sample)];
    out += fmt::format("{}{}", out.empty() ? "" : ", ",
                       grouped_number(static_cast<std::uint64_t>(position) + 1));
  }
  return out;
}

Html map_html(const RunViews& views, const LayerView& layer, const MapView& map) {
  const std::size_t square = square_of(layer.rows, layer.columns, kTileInPage);
  const std::string name = fmt::format("Map {}", map.map + 1);
  if (map.strongest.empty())
    return element(
               "figure",
               element("figcaption", element("strong", name) +
                                         element("span", "Never active: no image gives it a value above 0.")),
               "class=\"map\"") +
           markup("\n");
  const Html pair = image(projections_picture(map, square),
                          fmt::format("{}: projections of the strongest activations", name)) +
                    image(patches_picture(map, views.lowest, views.highest, square),
                          fmt::format("{}: the patches of the images", name));
  const double first = map.strongest.front().value, last = map.strongest.back().value;
  const Html caption =
      element("strong", name) +
      element("span", map.strongest.size() == 1
                          ? fmt::format("one image, activation {}", report::number_text(first))
                          : fmt::format("activations {} to {}", report::number_text(first),
                                        report::number_text(last))) +
      element("span", classes_text(views, map)) +
      report::details("samples", element("span", samples_text(views, map)));
  return element("figure", element("div", pair, "class=\"pair\"") + element("figcaption", caption),
                 "class=\"map\"") +
         markup("\n");
}

// "Layer 1, Conv2d(1 -> 16, ...)" or "Layers 1 to 3: Conv2d(...), BatchNorm(16), ReLU".
std::string stage_text(const RunViews& views, std::size_t first, std::size_t last) {
  std::string text;
  for (std::size_t i = first; i <= last; ++i)
    text += fmt::format("{}{}", i == first ? "" : ", then ",
                        report::shortened(printable(views.descriptions[i]), 120));
  return text;
}

std::string window_text(const LayerView& layer) {
  std::string sentence =
      fmt::format("A unit sees {} pixels", lengths_text(layer.window_rows, layer.window_columns));
  if (layer.rows < layer.window_rows || layer.columns < layer.window_columns)
    return sentence + ", more than the image has.";
  return sentence + "; near the edge of the image fewer, and what it does not see is blue.";
}

Html layer_html(const RunViews& views, const LayerView& layer, std::size_t first) {
  const auto shown = static_cast<std::uint64_t>(layer.maps.size()),
             maps = static_cast<std::uint64_t>(layer.output[1]);
  Html html = element(
      "p", fmt::format("{}: {} of {} units{}. {}", stage_text(views, first, layer.layers - 1),
                       count_text(maps, "feature map"), lengths_text(layer.output[2], layer.output[3]),
                       shown < maps ? fmt::format(", of which the first {} are shown", grouped_number(shown))
                                    : std::string(),
                       window_text(layer)));
  Html figures;
  for (const MapView& map : layer.maps) figures += map_html(views, layer, map);
  return html + element("div", figures, "class=\"maps\"") + markup("\n");
}

Html filters_html(const RunViews& views) {
  const Shape& shape = views.filters.shape();
  std::string colours = shape[1] == 3   ? "Red, green and blue are the three channels of the image."
                        : shape[1] == 1 ? ""
                                        : fmt::format("Each tile is the mean over {} channels.", shape[1]);
  return element(
             "p",
             fmt::format(
                 "The {} of layer {}, from left to right and from top to bottom, {} weights each. Zero is "
                 "grey; in each filter the largest weight, up or down, is white or black. {}",
                 count_text(static_cast<std::uint64_t>(shape[0]), "filter"), views.filters_layer,
                 lengths_text(shape[2], shape[3]), colours)) +
         element("figure",
                 image(filters_picture(views.filters, square_of(shape[2], shape[3], kTileInPage)),
                       fmt::format("The filters of layer {}", views.filters_layer), "class=\"filters\" ")) +
         markup("\n");
}

Html method_html(Method method) {
  if (method == Method::kDeconvolution)
    return text(
        "Left: its activation led back to the pixels by a deconvolution (Zeiler and Fergus, 2014): poolings "
        "are undone with their "
        "switches, rectifiers pass what is positive, filters are applied transposed. ");
  if (method == Method::kGuided)
    return text(
        "Left: its activation led back to the pixels by guided backpropagation (Springenberg and others, "
        "2015): rectifiers pass "
        "the signal where it and the activation are positive. ");
  return text("Left: the gradient of its activation with respect to the pixels, times the activation. ");
}

Html head_html(const RunViews& views) {
  const auto images = static_cast<std::uint64_t>(views.positions.size());
  const bool all = views.all_samples == static_cast<std::int64_t>(images);
  Html html = element(
      "p", fmt::format("What the feature maps look for: {}, looked at with {} of its data.", views.weights,
                       all ? fmt::format("all {}", count_text(images, "image"))
                           : fmt::format("the {} of {} that were held out", count_text(images, "image"),
                                         grouped_number(static_cast<std::uint64_t>(views.all_samples)))));
  html += element(
      "p",
      text("For each feature map, the images that make it most active, one activation of each, the strongest "
           "first. Right: "
           "the patch of the image that the unit sees. ") +
          method_html(views.method) +
          text(fmt::format(
              "Zero is grey there, and the largest magnitude of each tile white or black; patches go from {} "
              "(black) to {} (white).",
              report::number_text(views.lowest), report::number_text(views.highest))));
  return html;
}

// Of the first layer that is shown, the layers from the beginning; else those after the one before.
std::size_t first_of_stage(const RunViews& views, std::size_t index) {
  return index == 0 ? 0 : views.layers[index - 1].layers;
}

}  // namespace

std::string run_page_html(const RunViews& views) {
  std::vector<report::Section> sections;
  if (views.filters.defined()) sections.push_back({"filters", "First-layer filters", filters_html(views)});
  for (std::size_t i = 0; i < views.layers.size(); ++i) {
    const LayerView& layer = views.layers[i];
    const std::int64_t number = views.numbers[layer.layers - 1];
    sections.push_back({fmt::format("layer-{}", number), fmt::format("After layer {}", number),
                        layer_html(views, layer, first_of_stage(views, i))});
  }
  return report::page_html({.title = "Feature maps of " + printable(views.name),
                            .head = head_html(views),
                            .links = report::links_html(sections),
                            .content = report::sections_html(sections, 2),
                            .footer = element("p", text("Made by ") + code("tessera visualise") +
                                                       text(" from the record of the run and its data.")),
                            .style = kStyle});
}

std::vector<std::pair<std::string, std::string>> run_page_pictures(const RunViews& views) {
  std::vector<std::pair<std::string, std::string>> pictures;
  if (views.filters.defined())
    pictures.emplace_back(
        "filters.png",
        report::png_bytes(filters_picture(
            views.filters, square_of(views.filters.size(2), views.filters.size(3), kTileInPicture))));
  for (const LayerView& layer : views.layers) {
    const std::size_t square = square_of(layer.rows, layer.columns, kTileInPicture);
    for (const MapView& map : layer.maps) {
      if (map.strongest.empty()) continue;
      const report::Picture both = beside(projections_picture(map, square),
                                          patches_picture(map, views.lowest, views.highest, square), 8);
      pictures.emplace_back(
          fmt::format("layer-{:02}-map-{:03}.png", views.numbers[layer.layers - 1], map.map + 1),
          report::png_bytes(both));
    }
  }
  return pictures;
}

}  // namespace tessera::visualise
