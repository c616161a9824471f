// How well a classifier does, counted in exact integers: accuracy, confusion matrix, precision, recall and F1.
//
// Definitions as in Manning, Raghavan and Schuetze, "Introduction to Information Retrieval", 2008, chapters 8 and 13; a
// quotient 0/0 (a class that was never predicted, or never there) counts as 0, as in scikit-learn. Intersection over union as in Everingham et al.,
// "The PASCAL visual object classes challenge", IJCV 2010. Labels are positions in [0,
// classes). Errors: labels out of range or of another number than the predictions. Not thread-safe for writers.
//
// ```cpp
// metrics::ConfusionMatrix confusion(2);
// confusion.add(/*actual=*/{0, 0, 1, 1}, /*predicted=*/{0, 1, 1, 1});
// assert(confusion.count(0, 1) == 1 && confusion.correct() == 3);
// assert(confusion.accuracy() == 0.75 && confusion.recall(0) == 0.5 && confusion.f1(1) == 0.8);
// ```
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::metrics {

class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(std::int64_t classes);

  void add(std::int64_t actual, std::int64_t predicted);
  void add(const std::vector<std::int64_t>& actual, const std::vector<std::int64_t>& predicted);
  void merge(const ConfusionMatrix& other);

  std::int64_t classes() const { return classes_; }
  std::int64_t count(std::int64_t actual, std::int64_t predicted) const;
  std::int64_t total() const;
  std::int64_t correct() const;
  std::int64_t actual_count(std::int64_t label) const;     // samples of this class
  std::int64_t predicted_count(std::int64_t label) const;  // samples said to be of it

  double accuracy() const;                     // correct / total
  double precision(std::int64_t label) const;  // of those said to be of the class, the share that is
  double recall(std::int64_t label) const;     // of those of the class, the share that was found
  double f1(std::int64_t label) const;         // 2 tp / (2 tp + fp + fn)
  double macro_f1() const;                     // mean of f1 over the classes
  double iou(std::int64_t label) const;  // intersection over union: tp / (tp + fp + fn), Jaccard's index
  double mean_iou() const;               // mean of iou over the classes: how segmentations are judged
  double micro_f1() const { return accuracy(); }  // with one label per sample they are the same

  // One line per class, hardest (lowest F1) first: its samples, precision, recall, F1 and what it is most often taken for.
  std::string per_class_table(const std::vector<std::string>& names) const;
  // Rows are what is, columns what was predicted.
  std::string to_string(const std::vector<std::string>& names) const;

 private:
  std::int64_t classes_;
  std::vector<std::int64_t> counts_;  // [actual][predicted]
};

// Positions of the largest of each row of [N, C]; NaN greatest, the first of equals (contract rule 1).
std::vector<std::int64_t> predicted_classes(const Tensor& scores);
// How many rows of [N, C] have their largest at the label.
std::int64_t correct_predictions(const Tensor& scores, const Tensor& labels);

}  // namespace tessera::metrics
