// Colours as variables, once for light and once for dark surfaces.
//
// The colours of series are Okabe and Ito's (Color Universal Design, 2008), ordered by contrast with the surface; dashes are the
// second code. Sequential and diverging levels are equal steps of lightness in OKLab (B. Ottosson, 2020). Text on a level
// is black or white, whichever has the contrast of 4.5 that WCAG 2.1 asks for; the tests recompute both.
#include "tessera/plot/style.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "tessera/plot/draw.h"

namespace tessera::plot {
namespace {

struct Theme {
  std::string_view base;
  std::array<std::string_view, kSequentialLevels> sequential;
  std::string_view sequential_text;  // per level: k black, w white
  std::array<std::string_view, kDivergingLevels> diverging;
  std::string_view diverging_text;
};

constexpr Theme kLight = {
    "--plot-ink:#1b1b1b;--plot-quiet:#555;--plot-axis:#8a8a8a;--plot-grid:#dcdcdc;--plot-surface:#fff;"
    "--plot-1:#0072b2;--plot-2:#d55e00;--plot-3:#009e73;--plot-4:#cc79a7;--plot-5:#1b1b1b;--plot-6:#e69f00;"
    "--plot-7:#56b4e9",
    {"#eef9ff", "#c7e8ff", "#9fd7fe", "#7ec4f9", "#62b0ef", "#4a9ce2", "#3888d2", "#2c74be", "#2561a8",
     "#214f8e", "#1e3e73", "#1a2f56"},
    "kkkkkkkwwwww",
    {"#015798", "#2570b5", "#538bc3", "#7ca5d0", "#a3bfdc", "#cbd9e8", "#f3f3f3", "#e5d3c8", "#d7b49d",
     "#c79472", "#b67546", "#a55509", "#834100"},
    "wwkkkkkkkkkww"};

constexpr Theme kDark = {
    "--plot-ink:#ececec;--plot-quiet:#b4b4b4;--plot-axis:#7d7d7d;--plot-grid:#3a3a3a;--plot-surface:#15171a;"
    "--plot-1:#56b4e9;--plot-2:#e69f00;--plot-3:#009e73;--plot-4:#cc79a7;--plot-5:#ececec;--plot-6:#f0e442;"
    "--plot-7:#d55e00",
    {"#171f2e", "#1b2f4f", "#1b3f6f", "#1a518e", "#1a65aa", "#2179c1", "#348fd4", "#4fa4e1", "#70b9eb",
     "#95ccf0", "#bddff3", "#e7f0f5"},
    "wwwwwwkkkkkk",
    {"#8ac3fe", "#5ea6ef", "#538ac2", "#486f97", "#3c556e", "#303c48", "#242424", "#45372e", "#694b37",
     "#8f5f3f", "#b67446", "#df8a4c", "#ffa666"},
    "kkkwwwwwwwkkk"};

constexpr std::array<std::string_view, kSeries> kDashes = {"", "7 3", "2 3", "9 3 2 3", "4 2", "1 2", "12 4"};

template <std::size_t levels>
std::string level_variables(char name, char text_name, const std::array<std::string_view, levels>& colours,
                            std::string_view texts) {
  std::string variables;
  for (std::size_t i = 0; i < levels; ++i)
    variables += fmt::format(";--plot-{}{}:{};--plot-{}{}:{}", name, i, colours[i], text_name, i,
                             texts[i] == 'k' ? "#000" : "#fff");
  return variables;
}

std::string variables(const Theme& theme, bool levels) {
  std::string text(theme.base);
  if (!levels) return text;
  return text + level_variables('q', 't', theme.sequential, theme.sequential_text) +
         level_variables('d', 'u', theme.diverging, theme.diverging_text);
}

std::string series_rules() {
  std::string rules;
  for (std::size_t i = 0; i < kSeries; ++i) {
    const std::string_view dash = kDashes[i];
    rules += fmt::format(".tessera-plot .s{0}{{stroke:var(--plot-{0});fill:none{1}}}\n", i + 1,
                         dash.empty() ? "" : fmt::format(";stroke-dasharray:{}", dash));
    rules += fmt::format(".tessera-plot .l{0}{{stroke:var(--plot-{0});stroke-linecap:round}}\n", i + 1);
    rules += fmt::format(".tessera-plot .w{0}{{stroke:var(--plot-{0})}}\n", i + 1);
    rules += fmt::format(".tessera-plot .j{0}{{fill:var(--plot-{0});stroke:var(--plot-{0})}}\n", i + 1);
    rules += fmt::format(".tessera-plot .f{0}{{fill:var(--plot-{0})}}\n", i + 1);
    rules += fmt::format(".tessera-plot .b{0}{{fill:var(--plot-{0});fill-opacity:.2}}\n", i + 1);
  }
  return rules;
}

std::string level_rules() {
  std::string rules;
  const auto add = [&](char name, int levels) {
    for (int i = 0; i < levels; ++i)
      rules += fmt::format(".tessera-plot .{0}{1}{{fill:var(--plot-{0}{1})}}\n", name, i);
  };
  add('q', kSequentialLevels);
  add('t', kSequentialLevels);
  add('d', kDivergingLevels);
  add('u', kDivergingLevels);
  return rules;
}

std::string rules(bool levels, double font) {
  std::string text = fmt::format(
      ".tessera-plot{{background:var(--plot-surface);font-family:Arial,'Liberation "
      "Sans',Helvetica,sans-serif;"
      "font-size:{0}px;width:100%;height:auto}}\n"
      ".tessera-plot text{{fill:var(--plot-ink)}}\n"
      ".tessera-plot .title{{font-weight:bold;font-size:1.1em}}\n"
      ".tessera-plot .quiet{{fill:var(--plot-quiet)}}\n"
      ".tessera-plot .axis{{stroke:var(--plot-axis)}}\n"
      ".tessera-plot .grid{{stroke:var(--plot-grid)}}\n"
      ".tessera-plot .contour{{stroke:var(--plot-axis);stroke-opacity:.6;fill:none}}\n"
      ".tessera-plot .key{{stroke:var(--plot-quiet)}}\n"
      ".tessera-plot .dot{{fill:var(--plot-ink)}}\n"
      ".tessera-plot "
      ".halo{{stroke:var(--plot-surface);stroke-width:3px;paint-order:stroke;stroke-linejoin:round}}\n"
      ".tessera-plot rect{{shape-rendering:crispEdges}}\n"
      "@media (min-width:520px){{.tessera-plot{{font-size:{1}px}}}}\n",
      font, font * 0.875);
  text += series_rules();
  if (levels) text += level_rules();
  return text;
}

}  // namespace

std::string picture_style_sheet(bool levels, double font) {
  return fmt::format(".tessera-plot{{{}}}\n@media (prefers-color-scheme:dark){{.tessera-plot{{{}}}}}\n{}",
                     variables(kLight, levels), variables(kDark, levels), rules(levels, font));
}

std::string style_sheet() {
  const std::string light = variables(kLight, true), dark = variables(kDark, true);
  return fmt::format(
      ".tessera-plot{{{0}}}\n@media (prefers-color-scheme:dark){{.tessera-plot{{{1}}}}}\n"
      "[data-theme=light] .tessera-plot{{{0}}}\n[data-theme=dark] .tessera-plot{{{1}}}\n{2}",
      light, dark, rules(true, 15));
}

}  // namespace tessera::plot
