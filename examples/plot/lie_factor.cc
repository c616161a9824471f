// The lie factor (Tufte, 1983): how much larger an effect looks than it is. Bars that begin at 90 are refused with their
// number; the same bars from 0 are drawn, and the line chart is the honest way to show a small change closely.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  plot::BarChart bars;
  bars.title = "Accuracy on the test set";
  bars.category_label = "network";
  bars.value = {.label = "accuracy", .unit = "%"};
  bars.categories = {"one layer", "two layers", "convolution"};
  bars.groups = {{.values = {91.2, 94.5, 98.6}}};

  bars.value.from = 90;
  std::printf("from 90: lie factor %.1f\n", plot::measure(bars).lie_factor);
  try {
    plot::draw(bars);
  } catch (const Error& error) {
    std::printf("refused: %s\n", error.what());
  }

  bars.value.from.reset();
  const plot::Drawing honest = plot::draw(bars);
  std::printf("from 0: lie factor %.3f, from the %lld bars as they were drawn\n", honest.integrity.lie_factor,
              static_cast<long long>(honest.integrity.lengths));
  write_user_file("lie_factor.svg", honest.svg);
  std::printf("wrote lie_factor.svg\n");
}
