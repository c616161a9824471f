// Metrics have the same bits whatever floating-point modes the program has set.
#include <gtest/gtest.h>

#include <vector>

#include "tessera/base/foreign_modes_test.h"
#include "tessera/metrics/classification.h"
#include "tessera/metrics/streaming_mean.h"

namespace tessera::metrics {
namespace {

std::vector<double> computed() {
  StreamingMean mean;
  for (int i = 1; i < 50; ++i) mean.add(1.0 / i, 1.0 / 3);
  ConfusionMatrix matrix(3);
  for (std::int64_t i = 0; i < 100; ++i) matrix.add(i % 3, i * i % 7 % 3);
  return {mean.value(),     mean.weight(), matrix.accuracy(), matrix.precision(1),
          matrix.recall(1), matrix.f1(2),  matrix.macro_f1(), matrix.mean_iou()};
}

TEST(FloatingEnvironment, Metrics) {
  const std::vector<double> expected = computed();
  std::vector<double> found;
  {
    const ForeignModes modes;
    found = computed();
  }
  EXPECT_EQ(found, expected);
}

}  // namespace
}  // namespace tessera::metrics
