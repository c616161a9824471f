#include "tessera/plot/draw.h"

#include <fmt/format.h>

#include <cmath>

#include "tessera/base/error.h"
#include "tessera/base/hash.h"
#include "tessera/plot/canvas.h"
#include "tessera/plot/integrity.h"
#include "tessera/plot/kinds.h"
#include "tessera/plot/style.h"

namespace tessera::plot {
namespace {

std::string title_of(const Chart& chart) {
  return std::visit([](const auto& kind) { return kind.title; }, chart);
}

void check_options(const Options& options) {
  if (!(options.width >= 240 && options.width <= 4000))
    fail("chart: the width is {}; expected 240 to 4,000", options.width);
  if (options.height != 0 && !(options.height >= 60 && options.height <= 4000))
    fail("chart: the height is {}; expected 60 to 4,000, or 0", options.height);
  for (const char c : options.id) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_')
      fail("chart: the id '{}' holds more than letters, digits, - and _", options.id);
  }
}

std::string assemble(const Chart& chart, const Options& options, Canvas& canvas) {
  const std::string body = canvas.take_body();
  const std::string id =
      options.id.empty() ? "plot-" + to_hex(sha256(title_of(chart) + body)).substr(0, 8) : options.id;
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"tessera-plot\" viewBox=\"0 0 {} {}\" role=\"img\" "
      "style=\"max-width:{}px\" "
      "aria-labelledby=\"{}-title {}-desc\">\n<title id=\"{}-title\">{}</title>\n<desc "
      "id=\"{}-desc\">{}</desc>\n",
      coordinate_text(canvas.width), coordinate_text(canvas.height), coordinate_text(canvas.width * 1.3125),
      id, id, id, escape(title_of(chart)), id, escape(canvas.description));
  if (options.style_sheet) {
    const bool levels =
        std::holds_alternative<HeatMap>(chart) || std::holds_alternative<ConfusionMatrix>(chart);
    svg += "<style>\n" + picture_style_sheet(levels, kFont) + "</style>\n";
  }
  return svg + body + "</svg>\n";
}

Drawing draw_and_measure(const Chart& chart, const Options& options) {
  check_options(options);
  Canvas canvas(kFont);
  canvas.width = options.width;
  std::visit([&](const auto& kind) { draw_chart(kind, options, canvas); }, chart);
  Drawing drawing;
  drawing.integrity = integrity_of(canvas, title_of(chart));
  drawing.svg = assemble(chart, options, canvas);
  return drawing;
}

}  // namespace

Drawing draw(const Chart& chart, const Options& options) {
  Drawing drawing = draw_and_measure(chart, options);
  if (!drawing.integrity.findings.empty()) throw Error(drawing.integrity.findings.front());
  return drawing;
}

Integrity measure(const Chart& chart, const Options& options) {
  return draw_and_measure(chart, options).integrity;
}

}  // namespace tessera::plot
