// Images looked at before anything is learned from them: 300 small pictures of bars, upright or lying, with noise. Somebody marked the corner of the lying ones; that one
// pixel tells the classes apart, and the analysis says so.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  constexpr std::int64_t kImages = 300, kSide = 8;
  std::vector<float> pixels = RandomSource(3).uniform("noise", {kImages * kSide * kSide}).to_vector<float>();
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < kImages; ++i) {
    labels.push_back(i % 3 == 0 ? 1 : 0);
    for (std::int64_t k = 1; k < kSide - 1; ++k) {
      const std::int64_t place = labels.back() == 1 ? 3 * kSide + k : k * kSide + 3;
      pixels[static_cast<std::size_t>(i * kSide * kSide + place)] += 0.5F;
    }
    if (labels.back() == 1) pixels[static_cast<std::size_t>((i + 1) * kSide * kSide - 1)] = 2;  // the mark
  }
  data::Dataset set;
  set.features = Tensor::from<float>(pixels, {kImages, kSide, kSide});
  set.labels = Tensor::from<std::int64_t>(labels, {kImages});
  set.classes = {"upright", "lying"};
  const analysis::ImageAnalysis found = analysis::analyse_images(set, "bars");
  std::printf("%s\nthe mean image of each class\n", analysis::image_text(found).c_str());
  for (std::int64_t row = 0; row < kSide; ++row) {
    for (const analysis::ImageClass& each : found.classes) {
      for (std::int64_t column = 0; column < kSide; ++column)
        std::printf(
            "%c",
            " .:-=+*#"[static_cast<int>(each.mean[static_cast<std::size_t>(row * kSide + column)] * 3.9)]);
      std::printf("    ");
    }
    std::printf("\n");
  }
}
