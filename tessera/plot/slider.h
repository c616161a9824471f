// One chart per value of a parameter, and a slider that chooses which is shown: how a curve changes with a frequency, a temperature, an
// epoch. The page is one file and needs no network.
//
// All frames have the same axes, shared as in small multiples: a frame that looks different is different. Each frame is checked as
// every chart is (draw.h). The slider is an ordinary <input type="range">: it works with the keyboard, says its value to a screen reader,
// and without scripts all frames stand below each other. Errors: Error as in draw.h, or when values and frames do not fit together.
// Thread-safety: pure function.
//
// ```cpp
// plot::Slider slider;
// slider.title = "Lines";
// slider.parameter = {.label = "slope", .unit = "1"};
// for (const double slope : {1.0, 2.0}) {
//   plot::LineChart line;
//   line.title = "A line";
//   line.x = {.label = "x", .unit = "1"};
//   line.y = {.label = "y", .unit = "1"};
//   line.series = {{.x = {0, 1}, .y = {0, slope}}};
//   slider.values.push_back(slope);
//   slider.frames.push_back(line);
// }
// const std::string page = plot::slider_page(slider);
// assert(page.starts_with("<!DOCTYPE html>") && page.find("type=\"range\"") != std::string::npos);
// ```
#pragma once

#include <string>
#include <vector>

#include "tessera/plot/draw.h"

namespace tessera::plot {

struct Slider {
  std::string title;
  Axis parameter;              // label and unit
  std::vector<double> values;  // one per frame, ascending
  std::vector<SmallMultiples::Panel> frames;
  std::size_t first = 0;  // the frame that is shown first
  std::string text = {};  // a paragraph below the title
};

std::string slider_page(const Slider& slider, const Options& options = {});

}  // namespace tessera::plot
