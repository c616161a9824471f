// The part of held_out.h that writes: confusion matrix, table of classes, the hardest ones with examples.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "tessera/base/progress.h"
#include "tessera/base/text.h"
#include "tessera/report/curves.h"
#include "tessera/report/held_out.h"
#include "tessera/report/png.h"

namespace tessera::report {
namespace {

constexpr std::size_t kMostClassRows = 100, kMostDrawnClasses = 40, kMostColumns = 12, kMostPixels = 64;

std::string class_name(const HeldOutResult& result, std::int64_t label) {
  return shortened(printable(result.classes[static_cast<std::size_t>(label)]), 40);
}

Html heading(int level, std::string_view content) {
  return element(fmt::format("h{}", level), content) + markup("\n");
}

Html confusion_html(const HeldOutResult& result, const std::string& id) {
  const auto classes = static_cast<std::int64_t>(result.classes.size());
  if (result.classes.size() > kMostDrawnClasses)
    return element("p",
                   fmt::format("{} classes are too many for a picture of what is taken for what; the table "
                               "says it.",
                               classes));
  plot::ConfusionMatrix chart;
  chart.title = "What is taken for what";
  std::set<std::string> names;
  for (std::int64_t label = 0; label < classes; ++label) {
    std::string name = class_name(result, label);
    if (!names.insert(name).second) name += fmt::format(" ({})", label + 1);  // alike once they are shortened
    chart.classes.push_back(name);
    chart.counts.emplace_back();
    for (std::int64_t other = 0; other < classes; ++other)
      chart.counts.back().push_back(result.confusion.count(label, other));
  }
  return figure_html(chart, id + "-confusion");
}

std::string taken_for_text(const HeldOutResult& result, const ClassResult& entry, std::size_t most) {
  std::string out;
  for (std::size_t i = 0; i < std::min(most, entry.taken_for.size()); ++i)
    out += fmt::format("{}{} ({})", i == 0 ? "" : ", ", class_name(result, entry.taken_for[i].first),
                       count_text(static_cast<std::uint64_t>(entry.taken_for[i].second), "time"));
  if (entry.taken_for.size() > most)
    out += fmt::format(" and {}", count_text(entry.taken_for.size() - most, "other class", "other classes"));
  return out.empty() ? "–" : out;
}

// "words" -> "word"
std::string one_of(const std::string& plural) {
  return plural.substr(0, plural.size() - 1);
}

Html class_table(const HeldOutResult& result) {
  Table table{
      "Classes, hardest (lowest F1) first",
      {{"class"}, {result.judged, true}, {"precision", true}, {"recall", true}, {"F1", true}, {"taken for"}},
      {}};
  const metrics::ConfusionMatrix& confusion = result.confusion;
  for (const ClassResult& entry : result.hardest) {
    if (table.rows.size() == kMostClassRows) break;
    const std::int64_t label = entry.label;
    const auto number = [](double value) { return text(fmt::format("{:.4f}", value)); };
    table.rows.push_back({text(class_name(result, label)),
                          text(grouped_number(static_cast<std::uint64_t>(confusion.actual_count(label)))),
                          number(confusion.precision(label)), number(confusion.recall(label)),
                          number(confusion.f1(label)), text(taken_for_text(result, entry, 3))});
  }
  Html html = table_html(table);
  if (result.hardest.size() > kMostClassRows)
    html += element(
        "p", fmt::format("{} are easier than these.",
                         count_text(result.hardest.size() - kMostClassRows, "other class", "other classes")));
  return html;
}

// ---- Examples ----

struct ImageShape {
  std::size_t channels = 1, rows = 0, columns = 0;
  std::size_t stride = 1;  // every stride-th pixel is shown
};

// [rows, columns], or [1 or 3, rows, columns]; anything else is no picture.
std::optional<ImageShape> image_shape(const Tensor& missed) {
  const std::int64_t rank = missed.rank() - 1;
  if (rank != 2 && rank != 3) return std::nullopt;
  ImageShape shape;
  if (rank == 3) shape.channels = static_cast<std::size_t>(missed.size(1));
  if (shape.channels != 1 && shape.channels != 3) return std::nullopt;
  shape.rows = static_cast<std::size_t>(missed.size(rank - 1));
  shape.columns = static_cast<std::size_t>(missed.size(rank));
  if (std::min(shape.rows, shape.columns) < 2) return std::nullopt;
  shape.stride = (std::max(shape.rows, shape.columns) + kMostPixels - 1) / kMostPixels;
  return shape;
}

std::uint8_t level_of(double value, double lowest, double highest) {
  if (!(highest > lowest)) return 128;
  const double share = std::clamp((value - lowest) / (highest - lowest), 0.0, 1.0);
  return static_cast<std::uint8_t>(std::floor(share * 255 + 0.5));
}

Picture picture_of(const HeldOutResult& result, const std::vector<float>& values, std::size_t row,
                   const ImageShape& shape) {
  const std::size_t plane = shape.rows * shape.columns;
  Picture picture;
  picture.channels = shape.channels;
  picture.width = (shape.columns + shape.stride - 1) / shape.stride;
  picture.height = (shape.rows + shape.stride - 1) / shape.stride;
  for (std::size_t y = 0; y < shape.rows; y += shape.stride)
    for (std::size_t x = 0; x < shape.columns; x += shape.stride)
      for (std::size_t c = 0; c < shape.channels; ++c)
        picture.pixels.push_back(level_of(values[(row * shape.channels + c) * plane + y * shape.columns + x],
                                          result.lowest, result.highest));
  return picture;
}

Html example_picture(const HeldOutResult& result, const ClassResult& entry, const MissedSample& sample,
                     const Picture& picture) {
  const std::string taken_for = class_name(result, sample.predicted);
  Html image = markup(fmt::format("<img src=\"{}\" width=\"{}\" height=\"{}\" alt=\"",
                                  data_uri("image/png", png_bytes(picture)), picture.width, picture.height));
  image += text(fmt::format("Sample {} of class {}, taken for {}", sample.number,
                            class_name(result, entry.label), taken_for));
  image += markup("\">");
  const Html caption =
      element("span", text("taken for ") + element("strong", taken_for)) +
      element("span", fmt::format("with {}", percent_text(sample.probability))) +
      element("span", fmt::format("sample {}", grouped_number(static_cast<std::uint64_t>(sample.number))));
  return element("figure", image + element("figcaption", caption), "class=\"example\"") + markup("\n");
}

Html example_pictures(const HeldOutResult& result, const ClassResult& entry, const std::vector<float>& values,
                      const ImageShape& shape) {
  Html pictures;
  for (const MissedSample& sample : entry.missed)
    pictures += example_picture(result, entry, sample, picture_of(result, values, sample.row, shape));
  return element("div", pictures, "class=\"examples\"") + markup("\n");
}

Html example_table(const HeldOutResult& result, const ClassResult& entry, const std::vector<float>& values) {
  const auto width = static_cast<std::size_t>(result.missed.elements() / result.missed.size(0));
  const std::size_t shown = std::min(width, kMostColumns);
  Table table{fmt::format("Missed samples of class {}", class_name(result, entry.label)),
              {{"sample"}, {"taken for"}, {"probability", true}},
              {}};
  for (std::size_t i = 0; i < shown; ++i)
    table.columns.push_back({i < result.columns.size() ? shortened(printable(result.columns[i]), 40)
                                                       : fmt::format("value {}", i + 1),
                             true});
  for (const MissedSample& sample : entry.missed) {
    std::vector<Html> row = {text(grouped_number(static_cast<std::uint64_t>(sample.number))),
                             text(class_name(result, sample.predicted)),
                             text(percent_text(sample.probability))};
    for (std::size_t i = 0; i < shown; ++i) row.push_back(text(number_text(values[sample.row * width + i])));
    table.rows.push_back(std::move(row));
  }
  Html html = table_html(table);
  if (shown < width)
    html += element(
        "p", fmt::format("{} of each sample are not shown.", count_text(width - shown, "other value")));
  return html;
}

Html text_table(const HeldOutResult& result, const ClassResult& entry) {
  Table table{fmt::format("Missed samples of class {}", class_name(result, entry.label)),
              {{"sample"}, {"taken for"}, {"probability", true}, {"words"}},
              {}};
  for (const MissedSample& sample : entry.missed)
    table.rows.push_back({text(grouped_number(static_cast<std::uint64_t>(sample.number))),
                          text(class_name(result, sample.predicted)), text(percent_text(sample.probability)),
                          text(printable(result.texts[sample.row]))});
  return table_html(table);
}

std::string examples_note(const HeldOutResult& result, const std::optional<ImageShape>& image) {
  std::string note =
      "The surest mistakes come first; the percentage is the probability that the network gave to its "
      "answer. ";
  if (!result.texts.empty())
    return note + "Words are shown as the network reads them; those that it does not know are '?'.";
  if (!image) return note + "Values are shown as the network sees them.";
  note += fmt::format(
      "In the pictures black is {}, the smallest value of all held-out samples, and white {}, the "
      "largest.",
      number_text(result.lowest), number_text(result.highest));
  if (image->stride > 1)
    note += fmt::format(" One pixel in {} of each row and column is shown.", image->stride);
  return note;
}

Html hardest_html(const HeldOutResult& result, int level) {
  if (!result.missed.defined()) return element("p", "No held-out sample of the hardest classes was missed.");
  const std::vector<float> values = result.missed.to_vector<float>();
  const std::optional<ImageShape> image = image_shape(result.missed);
  Html html = element("p", examples_note(result, image));
  for (const ClassResult& entry : result.hardest) {
    if (entry.missed.empty()) continue;
    const metrics::ConfusionMatrix& confusion = result.confusion;
    const auto samples = static_cast<std::uint64_t>(confusion.actual_count(entry.label));
    const auto wrong = samples - static_cast<std::uint64_t>(confusion.count(entry.label, entry.label));
    html += heading(level, fmt::format("Class {}", class_name(result, entry.label)));
    html += element(
        "p", fmt::format("F1 {:.4f}: {} of {} missed, taken for {}.{}", confusion.f1(entry.label),
                         grouped_number(wrong), count_text(samples, one_of(result.judged)),
                         taken_for_text(result, entry, 5),
                         wrong > entry.missed.size() ? fmt::format(" The {} surest:", entry.missed.size())
                                                     : std::string()));
    html += !result.texts.empty() ? text_table(result, entry)
            : image               ? example_pictures(result, entry, values, *image)
                                  : example_table(result, entry, values);
  }
  return html;
}

}  // namespace

Html held_out_html(const HeldOutResult& result, const std::string& id, int level) {
  if (result.numbers) return held_out_numbers_html(result, id, level);
  Html html = element(
      "p", fmt::format("{} of {} {} were held out. Accuracy {:.4f}, loss {:.4f} nats, mean F1 {:.4f}.",
                       grouped_number(static_cast<std::uint64_t>(result.samples)),
                       grouped_number(static_cast<std::uint64_t>(result.all_samples)), result.judged,
                       result.accuracy, result.loss, result.confusion.macro_f1()));
  html +=
      element("div", confusion_html(result, id) + element("div", class_table(result)), "class=\"beside\"") +
      markup("\n");
  html += heading(level, "Hardest classes") + hardest_html(result, level + 1);
  return html;
}

}  // namespace tessera::report
