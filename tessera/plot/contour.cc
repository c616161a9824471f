#include "tessera/plot/contour.h"

#include <array>
#include <cmath>
#include <map>

namespace tessera::plot {
namespace {

using Piece = std::pair<Point, Point>;

struct Corner {
  Point at;
  double value;
};

Point crossing(const Corner& a, const Corner& b, double level) {
  const double t = (level - a.value) / (b.value - a.value);
  return {a.at.x + t * (b.at.x - a.at.x), a.at.y + t * (b.at.y - a.at.y)};
}

void add_cell(const std::array<Corner, 4>& corners, double level, std::vector<Piece>& pieces) {
  // Points where the sides of the cell, one after the other around it, cross the level.
  std::vector<Point> crossings;
  bool first_above = corners[0].value >= level;
  for (std::size_t i = 0; i < 4; ++i) {
    const Corner &a = corners[i], &b = corners[(i + 1) % 4];
    if ((a.value >= level) != (b.value >= level)) {
      // The same two corners in the same order from both cells, so that neighbours meet exactly.
      const bool in_order = a.at.x < b.at.x || (a.at.x == b.at.x && a.at.y < b.at.y);
      crossings.push_back(in_order ? crossing(a, b, level) : crossing(b, a, level));
    }
  }
  if (crossings.size() == 2) pieces.emplace_back(crossings[0], crossings[1]);
  if (crossings.size() != 4) return;
  const double mean = (corners[0].value + corners[1].value + corners[2].value + corners[3].value) / 4;
  const bool first_is_cut_off = (mean >= level) != first_above;
  if (first_is_cut_off) {
    pieces.emplace_back(crossings[3], crossings[0]);
    pieces.emplace_back(crossings[1], crossings[2]);
  } else {
    pieces.emplace_back(crossings[0], crossings[1]);
    pieces.emplace_back(crossings[2], crossings[3]);
  }
}

// Joins pieces that share an end into lines, which are shorter to write.
std::vector<Piece> chained(const std::vector<Piece>& pieces) {
  const auto key = [](Point p) { return std::pair(p.x, p.y); };
  std::multimap<std::pair<double, double>, std::size_t> at;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    at.emplace(key(pieces[i].first), i);
    at.emplace(key(pieces[i].second), i);
  }
  std::vector<bool> used(pieces.size());
  std::vector<Piece> chain;
  for (std::size_t start = 0; start < pieces.size(); ++start) {
    if (used[start]) continue;
    used[start] = true;
    chain.push_back(pieces[start]);
    for (bool grew = true; grew;) {
      grew = false;
      const Point end = chain.back().second;
      const auto [begin, stop] = at.equal_range(key(end));
      for (auto next = begin; next != stop && !grew; ++next) {
        if (used[next->second]) continue;
        used[next->second] = true;
        const Piece& piece = pieces[next->second];
        chain.push_back(key(piece.first) == key(end) ? piece : Piece{piece.second, piece.first});
        grew = true;
      }
    }
  }
  return chain;
}

}  // namespace

std::vector<std::pair<Point, Point>> contour(const std::vector<std::vector<double>>& values, double level) {
  std::vector<Piece> pieces;
  for (std::size_t r = 0; r + 1 < values.size(); ++r) {
    for (std::size_t c = 0; c + 1 < values[r].size(); ++c) {
      const auto x = static_cast<double>(c), y = static_cast<double>(r);
      const std::array<Corner, 4> corners = {Corner{{x, y}, values[r][c]},
                                             {{x + 1, y}, values[r][c + 1]},
                                             {{x + 1, y + 1}, values[r + 1][c + 1]},
                                             {{x, y + 1}, values[r + 1][c]}};
      bool finite = true;
      for (const Corner& corner : corners) finite = finite && std::isfinite(corner.value);
      if (finite) add_cell(corners, level, pieces);
    }
  }
  return chained(pieces);
}

}  // namespace tessera::plot
