#include "tessera/metrics/classification.h"

#include <algorithm>
#include <numeric>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/tensor/ops.h"

namespace tessera::metrics {
namespace {

double quotient(std::int64_t a, std::int64_t b) {
  const FloatEnvironment contract;
  return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b);
}

std::string name_of(const std::vector<std::string>& names, std::int64_t label) {
  const auto index = static_cast<std::size_t>(label);
  return index < names.size() ? names[index] : std::to_string(label);
}

std::size_t widest(const std::vector<std::string>& names, std::int64_t classes, std::size_t least) {
  for (std::int64_t label = 0; label < classes; ++label)
    least = std::max(least, name_of(names, label).size());
  return least;
}

}  // namespace

ConfusionMatrix::ConfusionMatrix(std::int64_t classes) : classes_(classes) {
  if (classes < 1) fail("a confusion matrix of {} classes, expected at least 1", classes);
  counts_.resize(static_cast<std::size_t>(classes * classes));
}

void ConfusionMatrix::add(std::int64_t actual, std::int64_t predicted) {
  for (const std::int64_t label : {actual, predicted})
    if (label < 0 || label >= classes_) fail("the label {} is not in [0, {})", label, classes_);
  ++counts_[static_cast<std::size_t>(actual * classes_ + predicted)];
}

void ConfusionMatrix::add(const std::vector<std::int64_t>& actual,
                          const std::vector<std::int64_t>& predicted) {
  if (actual.size() != predicted.size())
    fail("{} labels and {} predictions", actual.size(), predicted.size());
  for (std::size_t i = 0; i < actual.size(); ++i) add(actual[i], predicted[i]);
}

void ConfusionMatrix::merge(const ConfusionMatrix& other) {
  if (other.classes_ != classes_) fail("confusion matrices of {} and {} classes", classes_, other.classes_);
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
}

std::int64_t ConfusionMatrix::count(std::int64_t actual, std::int64_t predicted) const {
  return counts_[static_cast<std::size_t>(actual * classes_ + predicted)];
}

std::int64_t ConfusionMatrix::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0});
}

std::int64_t ConfusionMatrix::correct() const {
  std::int64_t sum = 0;
  for (std::int64_t label = 0; label < classes_; ++label) sum += count(label, label);
  return sum;
}

std::int64_t ConfusionMatrix::actual_count(std::int64_t label) const {
  std::int64_t sum = 0;
  for (std::int64_t other = 0; other < classes_; ++other) sum += count(label, other);
  return sum;
}

std::int64_t ConfusionMatrix::predicted_count(std::int64_t label) const {
  std::int64_t sum = 0;
  for (std::int64_t other = 0; other < classes_; ++other) sum += count(other, label);
  return sum;
}

double ConfusionMatrix::accuracy() const {
  return quotient(correct(), total());
}
double ConfusionMatrix::precision(std::int64_t label) const {
  return quotient(count(label, label), predicted_count(label));
}
double ConfusionMatrix::recall(std::int64_t label) const {
  return quotient(count(label, label), actual_count(label));
}
double ConfusionMatrix::f1(std::int64_t label) const {
  return quotient(2 * count(label, label), actual_count(label) + predicted_count(label));
}
double ConfusionMatrix::macro_f1() const {
  const FloatEnvironment contract;
  double sum = 0;
  for (std::int64_t label = 0; label < classes_; ++label) sum += f1(label);
  return sum / static_cast<double>(classes_);
}
double ConfusionMatrix::iou(std::int64_t label) const {
  return quotient(count(label, label), actual_count(label) + predicted_count(label) - count(label, label));
}
double ConfusionMatrix::mean_iou() const {
  const FloatEnvironment contract;
  double sum = 0;
  for (std::int64_t label = 0; label < classes_; ++label) sum += iou(label);
  return sum / static_cast<double>(classes_);
}

std::string ConfusionMatrix::per_class_table(const std::vector<std::string>& names) const {
  std::vector<std::int64_t> order(static_cast<std::size_t>(classes_));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return f1(a) < f1(b); });
  const std::size_t width = widest(names, classes_, 5);
  std::string out =
      fmt::format("{:<{}}  samples  precision  recall      F1  most often taken for\n", "class", width);
  for (const std::int64_t label : order) {
    std::int64_t confused = -1;
    for (std::int64_t other = 0; other < classes_; ++other)
      if (other != label && count(label, other) > (confused < 0 ? 0 : count(label, confused)))
        confused = other;
    const std::string taken_for =
        confused < 0 ? "-" : fmt::format("{} ({} times)", name_of(names, confused), count(label, confused));
    out += fmt::format("{:<{}}  {:>7}  {:>9.4f}  {:>6.4f}  {:>6.4f}  {}\n", name_of(names, label), width,
                       actual_count(label), precision(label), recall(label), f1(label), taken_for);
  }
  return out;
}

std::string ConfusionMatrix::to_string(const std::vector<std::string>& names) const {
  const std::size_t width = widest(names, classes_, std::to_string(total()).size());
  std::string out(width, ' ');
  for (std::int64_t label = 0; label < classes_; ++label)
    out += fmt::format("  {:>{}}", name_of(names, label), width);
  out += '\n';
  for (std::int64_t actual = 0; actual < classes_; ++actual) {
    out += fmt::format("{:<{}}", name_of(names, actual), width);
    for (std::int64_t predicted = 0; predicted < classes_; ++predicted)
      out += fmt::format("  {:>{}}", count(actual, predicted), width);
    out += '\n';
  }
  return out;
}

std::vector<std::int64_t> predicted_classes(const Tensor& scores) {
  if (scores.rank() != 2)
    fail("the scores have the shape {}, expected [samples, classes]", scores.shape().to_string());
  return argmax(scores, 1).to_vector<std::int64_t>();
}

std::int64_t correct_predictions(const Tensor& scores, const Tensor& labels) {
  const std::vector<std::int64_t> predicted = predicted_classes(scores),
                                  actual = labels.to_vector<std::int64_t>();
  if (actual.size() != predicted.size())
    fail("{} labels and {} predictions", actual.size(), predicted.size());
  std::int64_t correct = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) correct += actual[i] == predicted[i];
  return correct;
}

}  // namespace tessera::metrics
