// Scores of fitted estimators by name, larger for better models, as scikit-learn's `scoring` has them.
//
//   accuracy                     of classes: the share of rows whose class is said
//   balanced_accuracy            the mean over the classes of the share of their rows that is found
//   f1_macro, f1_weighted        the mean over the classes, those that are there or are said, of F1; weighted by their rows
//   neg_log_loss                 mean log of the probability that was given to what is; probabilities count as 2^-52 at least
//   neg_brier_score              mean square of what probabilities are off, of two classes that of one of them, of more the sum over them
//   roc_auc_ovr                  the mean over the classes of the area under the ROC curve of their probability
//   roc_auc, average_precision   of two classes: the area under the ROC curve, or that under precision over recall in steps, of the decision function, or
//                                of the probability of class 1. Where that class is rare the second says more
//   f1, precision, recall        of two classes: those of class 1; 0 where there is nothing to divide by
//   r2                           of numbers: 1 - squared error / that of the mean
//   explained_variance           of numbers: 1 - variance of the errors / that of the target
//   neg_mean_squared_error, neg_root_mean_squared_error, neg_mean_absolute_error, neg_median_absolute_error
//
// Errors: an unknown name, with a suggestion; a score of the other task; a score of two classes where there are others; areas of rows that lack a class; a
// score of probabilities where there are none. Thread-safety: pure functions.
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
// Whether it says how well the second of two classes is found, whichever class matters to the user.
bool is_of_second_class(std::string_view scoring);
// How much speaks for the second of two classes, for each row: the decision function, or the probability of that class; none where there is neither.
std::vector<double> scores_of_second_class(const Classifier& fitted, const Tensor& x);

}  // namespace tessera::learn
