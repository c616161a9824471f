// Scores of fitted estimators by name, larger for better models, as scikit-learn's `scoring` has them.
//
//   accuracy                     of classes: the share of rows whose class is said
//   balanced_accuracy            the mean over the classes of the share of their rows that is found
//   f1_macro                     the mean over the classes, those that are there or are said, of F1
//   neg_log_loss                 mean log of the probability that was given to what is; probabilities count as 2^-52 at least
//   roc_auc                      of two classes: the area under the ROC curve of the decision function, or of the probability of class 1
//   r2                           of numbers: 1 - squared error / that of the mean
//   neg_mean_squared_error, neg_root_mean_squared_error, neg_mean_absolute_error
//
// Errors: an unknown name, with a suggestion; a score of the other task; roc_auc with other than two classes, or rows of one class only. Thread-safety: pure functions.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 1, 10, 11}, {4, 1}), y = Tensor::from<std::int64_t>({0, 0, 1, 1}, {4});
// learn::GaussianNB model;
// model.fit(x, y);
// assert(learn::scorer("roc_auc", model.task())(model, x, y) == 1);
// ```
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/learn/estimator.h"

namespace tessera::learn {

using Scorer = std::function<double(const Estimator& fitted, const Tensor& x, const Tensor& y)>;
// "" is accuracy or r2.
Scorer scorer(std::string_view scoring, Task task);
std::vector<std::string> scorings(Task task);  // their names
// How much speaks for the second of two classes, for each row: the decision function, or the probability of that class; none where there is neither.
std::vector<double> scores_of_second_class(const Classifier& fitted, const Tensor& x);

}  // namespace tessera::learn
