// Places for labels beside points so that they do not cover each other and cover little of what is drawn.
//
// Greedy: labels are placed in the order in which they come, each at the best of eight places around its point (right first).
// Thread-safety: distinct objects may be used from distinct threads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/plot/canvas.h"

namespace tessera::plot {

class LabelPlaces {
 public:
  LabelPlaces(const Box& bounds, double font) : bounds_(bounds), font_(font) {}

  // Something that labels should rather not cover.
  void avoid(Point at, double radius) { avoided_.push_back({at, radius}); }

  struct Place {
    Point at;  // of the text's baseline
    Anchor anchor;
  };
  // `distance` from the point to the text. Nothing when every place leaves the bounds or covers another label.
  std::optional<Place> place(Point at, const std::string& label, double distance);

 private:
  struct Avoided {
    Point at;
    double radius;
  };
  Box bounds_;
  double font_;
  std::vector<Avoided> avoided_;
  std::vector<Box> taken_;
};

}  // namespace tessera::plot
