#include "tessera/plot/slider.h"

#include <fmt/format.h>

#include <cmath>

#include "tessera/base/error.h"
#include "tessera/plot/canvas.h"
#include "tessera/plot/kinds.h"
#include "tessera/plot/ticks.h"

namespace tessera::plot {
namespace {

constexpr std::string_view kStyle =
    ":root{color-scheme:light dark}\n"
    "body{margin:0;background:var(--plot-surface);color:var(--plot-ink);font:1rem/1.5 system-ui,sans-serif}\n"
    "main{max-width:44rem;margin:0 auto;padding:1rem}\n"
    "h1{font-size:1.3rem;margin:.5rem 0}\n"
    "label,output{display:block}\n"
    "input{width:100%;margin:.25rem 0 1rem}\n"
    "figure{margin:0}\n"
    "figure[hidden]{display:none}\n"
    "svg{width:100%;height:auto}\n";

// Shows one figure and says its value; without scripts nothing is hidden.
constexpr std::string_view kScript =
    "const input=document.getElementById('parameter'),said=document.getElementById('said');\n"
    "const figures=[...document.querySelectorAll('figure')];\n"
    "const show=()=>{figures.forEach((figure,i)=>{figure.hidden=i!=input.value});\n"
    "const "
    "text=figures[input.value].dataset.value;said.value=text;input.setAttribute('aria-valuetext',text)};\n"
    "document.getElementById('control').hidden=false;input.addEventListener('input',show);show();\n";

void check(const Slider& slider) {
  const std::string name = fmt::format("slider '{}'", slider.title);
  if (slider.title.empty()) fail("slider: it has no title");
  if (slider.parameter.label.empty() || slider.parameter.unit.empty())
    fail("{}: the parameter needs a label and a unit ('1' for a pure number)", name);
  if (slider.values.size() != slider.frames.size() || slider.frames.size() < 2)
    fail("{}: {} values for {} frames; expected one each, and at least 2", name, slider.values.size(),
         slider.frames.size());
  for (std::size_t i = 0; i < slider.values.size(); ++i)
    if (!std::isfinite(slider.values[i]) || (i > 0 && !(slider.values[i - 1] < slider.values[i])))
      fail("{}: the values do not ascend: {} is number {}", name, number_for_people(slider.values[i]), i + 1);
  if (slider.first >= slider.frames.size())
    fail("{}: frame {} is to be shown first, but there are {}", name, slider.first, slider.frames.size());
}

std::string value_text(const Slider& slider, double value) {
  const bool pure = slider.parameter.unit == "1" || slider.parameter.unit == "none";
  return fmt::format("{} {}{}", slider.parameter.label, number_for_people(value),
                     pure ? "" : " " + slider.parameter.unit);
}

std::string figures_of(const Slider& slider, const Options& options) {
  SmallMultiples frames;
  frames.title = slider.title;
  frames.panels = slider.frames;
  share_axes(frames, options);
  Options frame_options = options;
  frame_options.style_sheet = false;
  std::string text;
  for (std::size_t i = 0; i < frames.panels.size(); ++i) {
    frame_options.id = fmt::format("{}{}", options.id.empty() ? "frame-" : options.id + "-", i);
    const Chart chart = std::visit([](const auto& kind) -> Chart { return kind; }, frames.panels[i]);
    text += fmt::format("<figure data-value=\"{}\">\n{}</figure>\n",
                        escape(value_text(slider, slider.values[i])), draw(chart, frame_options).svg);
  }
  return text;
}

}  // namespace

std::string slider_page(const Slider& slider, const Options& options) {
  check(slider);
  const std::string title = escape(slider.title);
  std::string page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n<title>{}</title>\n<style>\n{}{}</style>\n"
      "</head>\n<body class=\"tessera-plot\">\n<main>\n<h1>{}</h1>\n",
      title, style_sheet(), kStyle, title);
  if (!slider.text.empty()) page += fmt::format("<p>{}</p>\n", escape(slider.text));
  page += fmt::format(
      "<div id=\"control\" hidden><label for=\"parameter\">{}</label>\n"
      "<input id=\"parameter\" type=\"range\" min=\"0\" max=\"{}\" value=\"{}\">\n"
      "<output id=\"said\" for=\"parameter\"></output></div>\n",
      escape(slider.parameter.label), slider.frames.size() - 1, slider.first);
  page += figures_of(slider, options);
  return page + fmt::format("</main>\n<script>\n{}</script>\n</body>\n</html>\n", kScript);
}

}  // namespace tessera::plot
