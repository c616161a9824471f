// Which class is hard: of each class how much of it is found and how sure that is, what it is taken for, and the pair that is confused most.
//
// The hardest class is the one with the lowest F1, of equal ones the first. The interval of a recall is Wilson's, with 95 % confidence: of a class with few rows it is wide.
//
// Errors: another number of names than classes. Thread-safety: pure functions.
//
// ```cpp
// metrics::ConfusionMatrix confusion(3);
// confusion.add({0, 0, 1, 1, 1, 2}, {0, 0, 2, 2, 1, 2});
// const auto classes = learn::hard_classes(confusion);
// assert(classes.front().label == 1 && classes.front().taken_for == 2 && classes.front().times == 2);
// std::fputs(learn::hard_classes_text(confusion, {"shirt", "coat", "dress"}).c_str(), stdout);
// ```
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tessera/learn/score_intervals.h"
#include "tessera/metrics/classification.h"

namespace tessera::learn {

struct HardClass {
  std::int64_t label = 0, rows = 0;
  double precision = 0, f1 = 0;
  ScoreInterval recall;  // 0 without rows
  std::int64_t taken_for =
      0;  // the class that is said most often of its rows, beside itself; the first of equal ones
  std::int64_t times = 0;  // how often; 0: never
};

std::vector<HardClass> hard_classes(const metrics::ConfusionMatrix& confusion);  // the hardest first

struct ConfusedPair {
  std::int64_t actual = 0, said = 0, times = 0;
};
// Rows of one class that are said to be of another; nothing when all are right.
std::optional<ConfusedPair> most_confused(const metrics::ConfusionMatrix& confusion);

// A line per class, the hardest first, and one of the pair.
std::string hard_classes_text(const metrics::ConfusionMatrix& confusion,
                              const std::vector<std::string>& names);

}  // namespace tessera::learn
