#include "tessera/plot/label_places.h"

#include <cmath>

#include "tessera/plot/text_layout.h"

namespace tessera::plot {
namespace {

bool overlap(const Box& a, const Box& b) {
  return a.left < b.right() && b.left < a.right() && a.top < b.bottom() && b.top < a.bottom();
}

struct Direction {
  double x, y;
  Anchor anchor;
};

constexpr Direction kDirections[] = {{1, 0, Anchor::kStart},      {-1, 0, Anchor::kEnd},
                                     {0, -1, Anchor::kMiddle},    {0, 1, Anchor::kMiddle},
                                     {0.7, -0.7, Anchor::kStart}, {0.7, 0.7, Anchor::kStart},
                                     {-0.7, -0.7, Anchor::kEnd},  {-0.7, 0.7, Anchor::kEnd}};

}  // namespace

std::optional<LabelPlaces::Place> LabelPlaces::place(Point at, const std::string& label, double distance) {
  const double width = text_width(label, font_), height = font_;
  std::optional<Place> best;
  Box best_box;
  double best_cost = 1e300;
  for (std::size_t i = 0; i < std::size(kDirections); ++i) {
    const Direction& direction = kDirections[i];
    const Point centre{at.x + direction.x * distance, at.y + direction.y * (distance + height / 2)};
    const double left = direction.anchor == Anchor::kStart ? centre.x
                        : direction.anchor == Anchor::kEnd ? centre.x - width
                                                           : centre.x - width / 2;
    const Box box{left, centre.y - height / 2, width, height};
    bool possible = box.left >= bounds_.left && box.right() <= bounds_.right() && box.top >= bounds_.top &&
                    box.bottom() <= bounds_.bottom();
    for (const Box& other : taken_) possible = possible && !overlap(box, other);
    if (!possible) continue;
    double cost = static_cast<double>(i) * 0.1;
    for (const Avoided& avoided : avoided_) {
      const Box around{avoided.at.x - avoided.radius, avoided.at.y - avoided.radius, 2 * avoided.radius,
                       2 * avoided.radius};
      if (overlap(box, around)) cost += 1;
    }
    if (cost >= best_cost) continue;
    best_cost = cost;
    best = Place{{centre.x, centre.y + font_ * 0.35}, direction.anchor};
    best_box = box;
  }
  if (best) taken_.push_back(best_box);
  return best;
}

}  // namespace tessera::plot
