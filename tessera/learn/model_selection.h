// How good an estimator is on rows that it has not learned from, and what that depends on: cross-validation, learning curves, validation curves.
//
//   cross_val_score    the score of each split: learned from its training part anew, judged on the part that was held out
//   learning_curve     the same for training parts of several lengths (the first rows of each): do more rows help (variance), or is the model
//                      too simple (bias: both curves meet low)?
//   validation_curve   the same for several values of one setting: left of the best value it is too simple or too much restrained, right of it
//                      it learns noise, or the other way round
//
// The splits come from data/folds.h. The names, and with the same splits the numbers, are scikit-learn's. `scoring` names a score of
// scoring.h, larger for better models; "" is what Estimator::score gives. Every fit uses all threads; results do not depend on their number.
//
// Errors: those of the estimator and of scoring.h; no splits; a training part shorter than a length that is asked for.
// Thread-safety: as estimator.h; the prototype is only read.
//
// ```cpp
// std::vector<double> numbers(40);
// for (int i = 0; i < 40; ++i) numbers[i] = i * 7 % 40;
// const Tensor x = Tensor::from(numbers, {40, 1}), y = cast(greater(Tensor::from(numbers, {40}), 19.0), DType::kInt64);
// learn::KNeighborsClassifier model;
// const std::vector<double> scores = learn::cross_val_score(model, x, y, data::k_fold(40, {.folds = 4}));
// assert(scores.size() == 4 && scores[0] > 0.8);
// const std::vector<std::string> neighbours = {"1", "30"};
// const learn::Curve curve = learn::validation_curve(model, "n_neighbors", neighbours, x, y, data::k_fold(40));
// assert(curve.test_mean(0) > curve.test_mean(1));
// ```
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/data/split.h"
#include "tessera/learn/estimator.h"
#include "tessera/learn/scoring.h"

namespace tessera::learn {

// Another estimator of the same name and settings, not fitted.
std::unique_ptr<Estimator> unfitted_copy(const Estimator& prototype);

std::vector<double> cross_val_score(const Estimator& prototype, const Tensor& x, const Tensor& y,
                                    std::span<const data::Split> splits, std::string_view scoring = "");

// Scores [points][splits]: a point is a length of the training parts, or a value of a setting.
struct Curve {
  std::vector<std::string> points;
  std::vector<std::vector<double>> train, test;

  double train_mean(std::size_t point) const;
  double test_mean(std::size_t point) const;
  double test_deviation(std::size_t point) const;  // of the splits, with n - 1; 0 of one
  std::size_t best() const;                        // the highest mean of the tests; of equal ones the first
  std::string to_text() const;                     // a line per point, for people
};

// `lengths`: rows of the training parts, ascending.
Curve learning_curve(const Estimator& prototype, const Tensor& x, const Tensor& y,
                     std::span<const data::Split> splits, std::span<const std::int64_t> lengths,
                     std::string_view scoring = "");
// Shares of the shortest training part, at least one row each and each length once, as lengths.
std::vector<std::int64_t> training_lengths(std::span<const data::Split> splits,
                                           std::span<const double> shares);
Curve validation_curve(const Estimator& prototype, std::string_view parameter,
                       std::span<const std::string> values, const Tensor& x, const Tensor& y,
                       std::span<const data::Split> splits, std::string_view scoring = "");

}  // namespace tessera::learn
