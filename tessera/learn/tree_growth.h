// Growing one decision tree: Breiman, Friedman, Olshen, Stone, "Classification and Regression Trees" (1984); with drawn thresholds: Geurts, Ernst, Wehenkel,
// "Extremely randomized trees", Machine Learning 63 (2006).
//
// A node is divided where the impurity of its parts, weighted by their rows, is least: gini (1 - sum p^2), entropy (- sum p log p) or squared
// error. A threshold lies in the middle between two neighbouring values. Rows whose value is missing go together to the side that is better.
// Of equally good divisions the one with the lowest feature wins, then missing values to the right, then the lowest threshold.
//
// All sums are sums of whole numbers: rows of a class, or targets less their mean, rounded to a fixed point with 62 bits for
// the sum of all. So they are exact, and their order, threads and the way of sorting cannot show. The value of a regression leaf is the mean of its rows' targets as
// given (contract rule 3, rows ascending).
//
// Errors: none of its own. Thread-safety: growing uses all threads, unless it runs inside a task of a loop.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "tessera/learn/coded_features.h"
#include "tessera/learn/tree_ensemble.h"
#include "tessera/learn/value_columns.h"

namespace tessera::learn {

enum class Criterion : std::uint8_t { kGini, kEntropy, kSquaredError };

struct TreeSettings {
  Criterion criterion = Criterion::kGini;
  std::int64_t max_depth = 0;          // 0: no limit, likewise below
  std::int64_t min_samples_split = 2;  // rows that a node has at least to be divided
  std::int64_t min_samples_leaf = 1;
  std::int64_t max_leaf_nodes = 0;  // above 0: the best node is divided first
  std::int64_t max_features = 0;    // drawn anew for each node
  std::uint64_t seed = 0;
  std::int64_t tree = 0;  // its number within a forest, for the draws
};

// What is learned, prepared once for all trees.
class TreeTarget {
 public:
  static TreeTarget of_classes(const Tensor& y, std::int64_t classes);
  static TreeTarget of_numbers(const Tensor& y);

  std::int64_t classes() const { return classes_; }  // 0: numbers
  std::int64_t width() const { return classes_ > 0 ? classes_ : 1; }
  std::uint32_t class_of(std::size_t row) const { return class_[row]; }
  std::int64_t fixed(std::size_t row) const { return fixed_[row]; }
  double number(std::size_t row) const { return numbers_[row]; }
  double count_log(std::int64_t count) const { return count_log_[static_cast<std::size_t>(count)]; }
  void prepare_entropy(std::int64_t most);  // n log n for n up to `most`

 private:
  std::int64_t classes_ = 0;
  std::vector<std::uint32_t> class_;
  std::vector<std::int64_t> fixed_;
  std::vector<double> numbers_, count_log_;
};

inline constexpr std::uint32_t kMostWeight = 4095;

struct TreeResult {
  GrownTree tree;
  std::vector<double> importances;  // per feature: the impurity that its divisions took away, not normalised
  std::vector<std::int64_t> leaf_rows;
};

// `weights`: how often each row counts, 0 to kMostWeight; empty: once each.
TreeResult grow_tree(const CodedFeatures& features, const TreeTarget& target,
                     std::span<const std::uint32_t> weights, const TreeSettings& settings);

// With one uniform threshold per feature instead of the best one (extremely randomised trees). Uses values as they are, not their ranks. Keeps a copy of
// the table while it grows.
TreeResult grow_random_tree(const ValueColumns& values, const TreeTarget& target,
                            std::span<const std::uint32_t> weights, const TreeSettings& settings);

}  // namespace tessera::learn
