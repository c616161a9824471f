#include "tessera/plot/contour.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tessera::plot {
namespace {

std::vector<std::vector<double>> grid(int rows, int columns, double (*f)(double, double)) {
  std::vector<std::vector<double>> values;
  for (int r = 0; r < rows; ++r) {
    values.emplace_back();
    for (int c = 0; c < columns; ++c) values.back().push_back(f(c, r));
  }
  return values;
}

// The level 36 of (x - 10)^2 + (y - 10)^2 is a circle of radius 6: closed, of length 12 pi, every point 6 from the middle.
TEST(Contour, CircleOfAParaboloid) {
  const auto pieces =
      contour(grid(21, 21, [](double x, double y) { return (x - 10) * (x - 10) + (y - 10) * (y - 10); }), 36);
  ASSERT_GT(pieces.size(), 20u);
  double length = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto& [a, b] = pieces[i];
    EXPECT_NEAR(std::hypot(a.x - 10, a.y - 10), 6, 0.05);
    length += std::hypot(a.x - b.x, a.y - b.y);
    const Point& next = pieces[(i + 1) % pieces.size()].first;
    EXPECT_EQ(b.x, next.x);  // one closed line
    EXPECT_EQ(b.y, next.y);
  }
  EXPECT_NEAR(length, 12 * 3.14159265, 0.2);
}

TEST(Contour, PlaneIsAStraightLine) {
  const auto pieces = contour(grid(5, 5, [](double x, double y) { return x + 2 * y; }), 5.5);
  for (const auto& [a, b] : pieces) {
    EXPECT_NEAR(a.x + 2 * a.y, 5.5, 1e-12);
    EXPECT_NEAR(b.x + 2 * b.y, 5.5, 1e-12);
  }
  EXPECT_FALSE(pieces.empty());
}

TEST(Contour, SaddleDoesNotCross) {
  // Corners 1, 0, 1, 0 around one cell; the mean 0.5 is above 0.4, so the corners of 1 hang together.
  const auto pieces = contour({{1, 0}, {0, 1}}, 0.4);
  ASSERT_EQ(pieces.size(), 2u);
  for (const auto& [a, b] : pieces) EXPECT_LT(std::hypot(a.x - b.x, a.y - b.y), 0.7);
}

TEST(Contour, NothingWhereThereIsNoNumber) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(contour({{0, 1}, {nan, 1}}, 0.5).empty());
  EXPECT_TRUE(contour({{0, 1}, {0, 1}}, 2).empty());
}

}  // namespace
}  // namespace tessera::plot
