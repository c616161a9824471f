// How well labels are found when a sample may have any number of them.
//
// Scores and targets are [samples, labels]; a target is 0 or 1. Counts are exact integers, and so are the pairs behind AUC.
//   micro F1     of the counts of all labels together
//   macro F1     computed per label, then averaged; over all labels, a label that nobody has or says counting 0 (as scikit-learn's
//                f1_score(average="macro", zero_division=0)), and, beside it, over the labels that somebody has
//   AUC          the share of (positive, negative) pairs in which the positive has the higher score, ties counting one half: the area under
//                the ROC curve, Hanley & McNeil, Radiology 143, 1982. Micro: of all (sample, label) pairs together; macro: mean over the
//                labels that have both
//   average precision   the mean, over the positives, of the precision among the scores from theirs on: the area under the curve of precision over
//                recall in steps, without interpolation (scikit-learn's average_precision_score). Where positives are few it says more than AUC
//   P@k          share of true labels among the k highest of a sample (equal scores: the lower label first), mean over samples
// Manning, Raghavan and Schuetze, "Introduction to Information Retrieval", 2008, chapters 8 and 13.
//
// Errors: shapes or numbers that do not fit, NaN among scores. Thread-safety: pure functions; the counts are constant once made.
//
// ```cpp
// const Tensor scores = Tensor::from<float>({0.9F, 0.2F, 0.6F, 0.7F}, {2, 2});
// const Tensor targets = Tensor::from<float>({1, 0, 0, 1}, {2, 2});
// const metrics::MultilabelCounts counts(scores, targets, {0.5, 0.5});
// assert(counts.micro_f1() == 0.8 && counts.f1(0) == 2.0 / 3 && counts.f1(1) == 1);
// assert(metrics::micro_auc(scores, targets) == 1 && metrics::precision_at(scores, targets, 1) == 1);
// ```
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::metrics {

class MultilabelCounts {
 public:
  // A label is said of a sample if its score is at least the label's threshold.
  MultilabelCounts(const Tensor& scores, const Tensor& targets, const std::vector<double>& thresholds);

  std::int64_t samples() const { return samples_; }
  std::int64_t labels() const { return static_cast<std::int64_t>(hits_.size()); }
  std::int64_t hits(std::int64_t label) const {
    return hits_[static_cast<std::size_t>(label)];
  }  // true positives
  std::int64_t said(std::int64_t label) const { return said_[static_cast<std::size_t>(label)]; }
  std::int64_t actual(std::int64_t label) const { return actual_[static_cast<std::size_t>(label)]; }
  double precision(std::int64_t label) const;
  double recall(std::int64_t label) const;
  double f1(std::int64_t label) const;  // 2 hits / (said + actual); 0 if nobody has or says it
  double micro_precision() const;
  double micro_recall() const;
  double micro_f1() const;
  double macro_f1() const;             // mean over all labels
  double macro_f1_of_present() const;  // mean over the labels that a sample has
  double exact_matches() const;        // share of samples whose set of labels is said exactly

 private:
  std::int64_t samples_, exact_ = 0;
  std::vector<std::int64_t> hits_, said_, actual_;
};

// The area under the ROC curve; nothing without a positive or without a negative.
std::optional<double> auc(std::span<const double> scores, std::span<const bool> positive);
std::optional<double> auc_of_label(const Tensor& scores, const Tensor& targets, std::int64_t label);
double micro_auc(const Tensor& scores, const Tensor& targets);  // NaN if all targets are equal
double macro_auc(const Tensor& scores, const Tensor& targets);  // NaN if no label has both

std::optional<double> average_precision(std::span<const double> scores,
                                        std::span<const bool> positive);  // nothing without a positive
double precision_at(const Tensor& scores, const Tensor& targets, std::int64_t k);  // 1 <= k
// The labels of one sample by score, the highest first.
std::vector<std::int64_t> ranked_labels(std::span<const double> scores);

// The threshold, one for all labels, with the highest micro F1 on these samples; of equally good ones the highest. Candidates are the
// scores that occur, and one above all of them.
double best_shared_threshold(const Tensor& scores, const Tensor& targets);
// One per label with the highest F1 of that label; a label without a positive gets `otherwise`.
std::vector<double> best_thresholds(const Tensor& scores, const Tensor& targets, double otherwise);

}  // namespace tessera::metrics
