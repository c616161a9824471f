#include "tessera/plot/cells.h"

#include <gtest/gtest.h>

#include "tessera/plot/draw.h"

namespace tessera::plot {
namespace {

// In rows one below the other rather than every second one: the classes are what the picture is about.
TEST(ConfusionMatrix, EveryColumnHasItsName) {
  ConfusionMatrix chart;
  chart.title = "Title";
  chart.classes = {"LOCATION", "MEASURE", "NUMBER", "OTHER_THING", "PERSON_OR", "QUANTITY"};
  chart.counts = std::vector<std::vector<std::int64_t>>(6, std::vector<std::int64_t>(6, 1));
  const std::string svg = draw(chart).svg;
  for (const std::string& name : chart.classes) {
    std::size_t written = 0;
    for (std::size_t at = svg.find(">" + name + "<"); at != std::string::npos;
         at = svg.find(">" + name + "<", at + 1))
      ++written;
    EXPECT_EQ(written, 2u) << name;  // beside its row and above its column
  }
}

}  // namespace
}  // namespace tessera::plot
