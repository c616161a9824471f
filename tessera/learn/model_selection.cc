#include "tessera/learn/model_selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/learn/estimators.h"
#include "tessera/numerics/reduce.h"
#include "tessera/stats/moments.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

Tensor rows_of(const Tensor& all, std::span<const std::int64_t> rows) {
  return contiguous(gather(all, Tensor::from(std::vector<std::int64_t>(rows.begin(), rows.end()),
                                             {static_cast<std::int64_t>(rows.size())})));
}

void require_splits(const Tensor& x, const Tensor& y, std::span<const data::Split> splits) {
  if (!x.defined() || x.rank() != 2 || !y.defined() || y.rank() != 1 || y.size(0) != x.size(0))
    fail("expected features [rows, columns] and a target [rows], found {} and {}",
         x.defined() ? x.shape().to_string() : "none", y.defined() ? y.shape().to_string() : "none");
  if (splits.empty()) fail("expected at least one split to judge by, found none (see data/folds.h)");
  for (const data::Split& split : splits)
    for (const auto* part : {&split.train, &split.held_out}) {
      if (part->empty()) fail("a split has a part without rows, expected some to learn from and to judge by");
      const auto [least, most] = std::ranges::minmax(*part);
      if (least < 0 || most >= x.size(0))
        fail("a split has the row {}, expected rows from 0 to {}", least < 0 ? least : most, x.size(0) - 1);
    }
}

struct TwoScores {
  double train, test;
};

TwoScores judged(Estimator& estimator, const Tensor& x, const Tensor& y, std::span<const std::int64_t> train,
                 std::span<const std::int64_t> held_out, const Scorer& score) {
  const Tensor learned = rows_of(x, train), target = rows_of(y, train);
  estimator.fit(learned, target);
  return {score(estimator, learned, target), score(estimator, rows_of(x, held_out), rows_of(y, held_out))};
}

double mean_of(const std::vector<double>& scores) {
  return numerics::mean(std::span<const double>(scores));
}

}  // namespace

std::unique_ptr<Estimator> unfitted_copy(const Estimator& prototype) {
  std::unique_ptr<Estimator> copy = make_estimator(prototype.name());
  // The walk for a list of settings only reads them; it is the same walk that sets them, and therefore not constant.
  set_parameters(*copy, parameters_json(const_cast<Estimator&>(prototype)));
  return copy;
}

std::vector<double> cross_val_score(const Estimator& prototype, const Tensor& x, const Tensor& y,
                                    std::span<const data::Split> splits, std::string_view scoring) {
  require_splits(x, y, splits);
  const Scorer score = scorer(scoring, prototype.task());
  std::vector<double> scores;
  for (const data::Split& split : splits) {
    const std::unique_ptr<Estimator> estimator = unfitted_copy(prototype);
    estimator->fit(rows_of(x, split.train), rows_of(y, split.train));
    scores.push_back(score(*estimator, rows_of(x, split.held_out), rows_of(y, split.held_out)));
  }
  return scores;
}

double Curve::train_mean(std::size_t point) const {
  return mean_of(train.at(point));
}
double Curve::test_mean(std::size_t point) const {
  return mean_of(test.at(point));
}
double Curve::test_deviation(std::size_t point) const {
  const std::vector<double>& scores = test.at(point);
  return scores.size() < 2 ? 0 : stats::standard_deviation(scores);
}

std::size_t Curve::best() const {
  std::size_t best = 0;
  for (std::size_t point = 1; point < points.size(); ++point)
    if (test_mean(point) > test_mean(best)) best = point;
  return best;
}

std::string Curve::to_text() const {
  std::size_t width = 5;
  for (const std::string& point : points) width = std::max(width, point.size());
  std::string text = fmt::format("{:>{}}  train    test     deviation\n", "point", width);
  for (std::size_t i = 0; i < points.size(); ++i)
    text += fmt::format("{:>{}}  {:<7.4f}  {:<7.4f}  {:.4f}\n", points[i], width, train_mean(i), test_mean(i),
                        test_deviation(i));
  return text;
}

std::vector<std::int64_t> training_lengths(std::span<const data::Split> splits,
                                           std::span<const double> shares) {
  if (splits.empty()) fail("expected at least one split to judge by, found none (see data/folds.h)");
  std::size_t shortest = splits.front().train.size();
  for (const data::Split& split : splits) shortest = std::min(shortest, split.train.size());
  std::vector<std::int64_t> lengths;
  for (const double share : shares) {
    if (!(share > 0 && share <= 1)) fail("a share of the training rows is {}, expected above 0 to 1", share);
    lengths.push_back(
        std::max<std::int64_t>(1, static_cast<std::int64_t>(share * static_cast<double>(shortest))));
  }
  std::ranges::sort(lengths);
  lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
  return lengths;
}

Curve learning_curve(const Estimator& prototype, const Tensor& x, const Tensor& y,
                     std::span<const data::Split> splits, std::span<const std::int64_t> lengths,
                     std::string_view scoring) {
  require_splits(x, y, splits);
  const Scorer score = scorer(scoring, prototype.task());
  Curve curve;
  for (const std::int64_t length : lengths) {
    curve.points.push_back(std::to_string(length));
    std::vector<double>& train = curve.train.emplace_back();
    std::vector<double>& test = curve.test.emplace_back();
    for (const data::Split& split : splits) {
      if (length < 1 || length > static_cast<std::int64_t>(split.train.size()))
        fail("learning_curve: a length is {}, expected from 1 to the {} rows of a training part", length,
             split.train.size());
      const std::unique_ptr<Estimator> estimator = unfitted_copy(prototype);
      const TwoScores found =
          judged(*estimator, x, y, std::span(split.train).first(static_cast<std::size_t>(length)),
                 split.held_out, score);
      train.push_back(found.train);
      test.push_back(found.test);
    }
  }
  return curve;
}

Curve validation_curve(const Estimator& prototype, std::string_view parameter,
                       std::span<const std::string> values, const Tensor& x, const Tensor& y,
                       std::span<const data::Split> splits, std::string_view scoring) {
  require_splits(x, y, splits);
  const Scorer score = scorer(scoring, prototype.task());
  Curve curve;
  for (const std::string& value : values) {
    curve.points.push_back(value);
    std::vector<double>& train = curve.train.emplace_back();
    std::vector<double>& test = curve.test.emplace_back();
    for (const data::Split& split : splits) {
      const std::unique_ptr<Estimator> estimator = unfitted_copy(prototype);
      set_parameter(*estimator, parameter, value);
      const TwoScores found = judged(*estimator, x, y, split.train, split.held_out, score);
      train.push_back(found.train);
      test.push_back(found.test);
    }
  }
  return curve;
}

}  // namespace tessera::learn
