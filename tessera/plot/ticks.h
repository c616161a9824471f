// Round numbers along an axis, and their texts.
//
// Linear: the step is 1, 2 or 5 times a power of ten, the smallest that gives at most `at_most` ticks; tick i is i times the
// step, computed so that it is the double nearest to its decimal. Logarithmic: powers of ten, thinned if there are too many;
// below two decades also 2 and 5 times them. Without a given range the axis ends at the ticks around the data.
// Only exact or correctly rounded operations are used: the same ticks everywhere. Thread-safety: pure functions.
//
// ```cpp
// const plot::Ticks ticks = plot::linear_ticks(0.3, 9.6, {}, {}, 6);
// assert(ticks.from == 0 && ticks.to == 10 && ticks.labels.front() == "0" && ticks.labels[1] == "2");
// ```
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tessera::plot {

struct Ticks {
  double from = 0, to = 1;  // the range of the axis
  bool logarithmic = false;
  std::vector<double> values;
  std::vector<std::string> labels;
  int exponent = 0;  // the labels are multiples of 10^exponent; 0, or named in the axis's caption

  // Where a value lies: 0 at `from`, 1 at `to`.
  double share(double value) const;
};

// `lowest` and `highest` of the data; a given end replaces the automatic one. All finite.
Ticks linear_ticks(double lowest, double highest, std::optional<double> from, std::optional<double> to,
                   int at_most);
// The same for positive numbers.
Ticks logarithmic_ticks(double lowest, double highest, std::optional<double> from, std::optional<double> to,
                        int at_most);

// A number for people: at most four significant digits, whole numbers below 10^9 in full with separators.
std::string number_for_people(double value);
std::string superscript(int exponent);  // "10⁻³"

// log10 from additions, multiplications and divisions alone; absolute error below 1e-14. For positive finite numbers.
double log10_fixed(double value);

}  // namespace tessera::plot
