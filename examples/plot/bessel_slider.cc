// How do the Bessel functions J_0 to J_5 look when their argument runs f times as fast? A page with a slider for f, in one file that works offline.
// The axes are the same for every f, so what moves is the curve.
#include <cstdio>
#include <fstream>

#include "tessera/numerics/bessel.h"
#include "tessera/plot/slider.h"
#include "tessera/tessera.h"

using namespace tessera;

plot::LineChart curves(int frequency) {
  plot::LineChart chart;
  chart.title = fmt::format("Bessel functions of {} t", frequency);
  chart.x = {.label = "t", .unit = "1"};
  chart.y = {.label = "J of order 0 to 5", .unit = "1"};
  for (int order = 0; order <= 5; ++order) {
    plot::Series series;
    series.name = fmt::format("J{}", order);
    for (int i = 0; i <= 200; ++i) {
      const double t = i / 200.0;
      series.x.push_back(t);
      series.y.push_back(numerics::bessel_j(order, frequency * t));
    }
    chart.series.push_back(series);
  }
  return chart;
}

int main() {
  plot::Slider slider;
  slider.title = "Bessel functions of the first kind";
  slider.parameter = {.label = "frequency", .unit = "1"};
  slider.text =
      "Solutions of x\u00b2 y'' + x y' + (x\u00b2 - n\u00b2) y = 0 that are finite at 0, for n = 0 to 5.";
  for (int frequency = 1; frequency <= 20; ++frequency) {
    slider.values.push_back(frequency);
    slider.frames.push_back(curves(frequency));
  }
  slider.first = 9;
  const std::string page = plot::slider_page(slider);
  std::ofstream("bessel_slider.html") << page;

  std::printf("x       J0(x)               J1(x)               J5(x)\n");
  for (const double x : {1.0, 5.0, 10.0, 20.0})
    std::printf("%4.1f  %18.15f  %18.15f  %18.15f\n", x, numerics::bessel_j(0, x), numerics::bessel_j(1, x),
                numerics::bessel_j(5, x));
  std::printf("%zu frames; SHA-256 of bessel_slider.html: %s\n", slider.frames.size(),
              to_hex(sha256(page)).c_str());
}
