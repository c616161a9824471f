#include "tessera/plot/integrity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tessera/plot/ticks.h"

namespace tessera::plot {
namespace {

constexpr double kVisible = 2;  // units of the picture

// How far a lie factor is from 1, equally for exaggeration and understatement.
double distance_from_one(double factor) {
  return factor >= 1 ? factor : 1 / std::max(factor, 1e-300);
}

struct Worst {
  double factor = 1, lowest = 1, highest = 1;
  EncodedLength first, second;

  void take(const EncodedLength& a, const EncodedLength& b) {
    const double found = lie_factor(a.value, b.value, a.length, b.length);
    lowest = std::min(lowest, found);
    highest = std::max(highest, found);
    if (distance_from_one(found) <= distance_from_one(factor)) return;
    factor = found;
    first = a;
    second = b;
  }
};

// Marks of one scale. The scale that honest marks would have is that of the mark with the greatest number.
void compare_pairs(const std::vector<EncodedLength>& marks, Worst& worst) {
  double greatest = 0, longest = 0;
  for (const EncodedLength& mark : marks) {
    greatest = std::max(greatest, std::fabs(mark.value));
    longest = std::max(longest, std::fabs(mark.length));
  }
  const double scale = greatest > 0 ? longest / greatest : 0;
  const auto size = [&](const EncodedLength& mark) {
    return std::max(std::fabs(mark.length), std::fabs(mark.value * scale));
  };
  for (std::size_t i = 0; i < marks.size(); ++i) {
    for (std::size_t j = i + 1; j < marks.size(); ++j) {
      const EncodedLength &a = marks[i], &b = marks[j];
      const bool seen = std::fabs(a.length - b.length) >= kVisible;
      const bool expected = std::fabs(a.value - b.value) * scale >= kVisible;
      if (!seen && !expected) continue;
      const bool swap = size(a) < kVisible && size(b) > size(a);
      worst.take(swap ? b : a, swap ? a : b);
    }
  }
}

std::string percent(double share) {
  return std::isfinite(share) ? number_for_people(std::floor(share * 1000 + 0.5) / 10) + " %" : "an endless";
}

std::string sentence(const Worst& worst, const std::string& title) {
  const double data = std::fabs((worst.second.value - worst.first.value) / worst.first.value);
  const double drawn = std::fabs((worst.second.length - worst.first.length) / worst.first.length);
  return fmt::format(
      "chart '{}': from {} ({}) to {} ({}) the data changes by {} and the lengths by {}: lie factor {:.3g}, "
      "allowed are {} "
      "to {}; let the lengths begin at 0, or draw a line chart",
      title, number_for_people(worst.first.value), worst.first.name, number_for_people(worst.second.value),
      worst.second.name, percent(data), percent(drawn), worst.factor, kLieFactorLowest, kLieFactorHighest);
}

}  // namespace

double lie_factor(double first_value, double second_value, double first_length, double second_length) {
  const auto effect = [](double first, double second) {
    return first == second ? 0 : std::fabs((second - first) / first);  // from 0: infinite
  };
  const double data = effect(first_value, second_value), drawn = effect(first_length, second_length);
  if (drawn == data) return 1;  // also when both are infinite
  return data > 0 ? drawn / data : std::numeric_limits<double>::infinity();
}

Integrity integrity_of(const Canvas& canvas, const std::string& title) {
  Integrity integrity;
  Worst worst;
  for (const auto& marks : canvas.lengths) {
    for (const EncodedLength& mark : marks) integrity.lengths += mark.is_mark ? 1 : 0;
    compare_pairs(marks, worst);
  }
  integrity.lie_factor = worst.factor;
  integrity.lie_factor_lowest = worst.lowest;
  integrity.lie_factor_highest = worst.highest;
  integrity.data_ink = canvas.data_ink();
  integrity.findings = canvas.findings;
  if (!(worst.lowest >= kLieFactorLowest && worst.highest <= kLieFactorHighest))
    integrity.findings.push_back(sentence(worst, title));
  return integrity;
}

}  // namespace tessera::plot
