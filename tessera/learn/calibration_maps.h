// From what a classifier says of a row to a probability, learned from rows that it did not learn from. Internal to this room.
//
//   sigmoid    1 / (1 + exp(slope s + offset)), the likeliest two numbers, with Platt's targets (n1 + 1) / (n1 + 2) and 1 / (n0 + 2) in place of 1
//              and 0; by Newton's method (Platt, 1999; Lin, Lin and Weng, "A note on Platt's probabilistic outputs for support vector machines",
//              Machine Learning 68, 2007)
//   isotonic   isotonic_regression.h: no shape is assumed but that the probability does not fall; wants some 1,000 rows
//
// Errors: in a restored state. Thread-safety: constant functions may be called from several threads.
//
// ```cpp
// const learn::SigmoidMap found = learn::sigmoid_map(std::vector<double>{-2, -1, 1, 2}, {0, 0, 1, 1});
// assert(found.slope < 0 && std::abs(found.probability(0) - 0.5) < 1e-9);
// ```
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tessera/learn/isotonic_regression.h"
#include "tessera/tensor/state.h"

namespace tessera::learn {

struct SigmoidMap {
  double slope = 0, offset = 0;
  double probability(double score) const;
};
// `hits`: 1 where the row is of the class, else 0.
SigmoidMap sigmoid_map(std::span<const double> scores, const std::vector<double>& hits);

enum class CalibrationMethod : std::uint8_t { kSigmoid, kIsotonic };

// One map for each class, or for class 1 alone where there are two.
class CalibrationMaps {
 public:
  // scores [N] for two classes or [N, classes]; y int64 [N], every class there.
  void learn(CalibrationMethod method, const Tensor& scores, const Tensor& y, std::int64_t classes);
  Tensor probabilities(const Tensor& scores) const;  // [N, classes]
  void visit_state(StateVisitor& visitor, std::string_view part, CalibrationMethod method);
  void check_restored(std::string_view owner, CalibrationMethod method, std::int64_t classes) const;

 private:
  IsotonicCurve curve(std::int64_t map) const;
  Tensor sigmoids_;             // [maps, 2]: slope and offset, of "sigmoid"
  Tensor points_, point_ends_;  // [2, T]: x and y of all curves; int64 [maps]: where each ends, of "isotonic"
};

}  // namespace tessera::learn
