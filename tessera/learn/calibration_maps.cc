#include "tessera/learn/calibration_maps.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "tessera/base/at.h"
#include "tessera/learn/restored.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr double kLargestScore = 30;  // beyond, scores are divided by the largest: as scikit-learn has it
constexpr int kMostSteps = 200;
constexpr double kSteady = 1e-12;  // added to the curvature, which vanishes where all scores are the same

double total(const std::vector<double>& values) {
  return numerics::sum(std::span<const double>(values));
}

// Platt's problem: minus the logarithm of the likelihood of targets, and its derivatives.
class Platt {
 public:
  Platt(std::vector<double> scores, std::vector<double> targets)
      : scores_(std::move(scores)), targets_(std::move(targets)), terms_(scores_.size()) {}

  double cost(const SigmoidMap& map) {
    for (std::size_t i = 0; i < scores_.size(); ++i) {
      const double f = std::fma(map.slope, scores_[i], map.offset);
      const double tail = numerics::log1p(numerics::exp(-std::abs(f)));
      terms_[i] = f >= 0 ? targets_[i] * f + tail : (targets_[i] - 1) * f + tail;
    }
    return total(terms_);
  }

  // False: the gradient is 0, as far as can be told.
  bool step(SigmoidMap& map) {
    std::vector<double> p(scores_.size());
    for (std::size_t i = 0; i < p.size(); ++i) p[i] = map.probability(scores_[i]);
    const auto sum_of = [&](const auto& term) {
      for (std::size_t i = 0; i < p.size(); ++i)
        terms_[i] = term(scores_[i], targets_[i] - p[i], p[i] * (1 - p[i]));
      return total(terms_);
    };
    const double g1 = sum_of([](double s, double error, double) { return s * error; });
    const double g2 = sum_of([](double, double error, double) { return error; });
    if (std::max(std::abs(g1), std::abs(g2)) < 1e-12 * static_cast<double>(p.size())) return false;
    const double h11 = sum_of([](double s, double, double weight) { return s * s * weight; }) + kSteady;
    const double h12 = sum_of([](double s, double, double weight) { return s * weight; });
    const double h22 = sum_of([](double, double, double weight) { return weight; }) + kSteady;
    const double determinant = h11 * h22 - h12 * h12;
    return descend(map, -(h22 * g1 - h12 * g2) / determinant, -(h11 * g2 - h12 * g1) / determinant, g1, g2);
  }

 private:
  bool descend(SigmoidMap& map, double slope, double offset, double g1, double g2) {
    const double before = cost(map), fall = g1 * slope + g2 * offset;
    for (double share = 1; share > 1e-10; share /= 2) {
      const SigmoidMap next{map.slope + share * slope, map.offset + share * offset};
      if (!(cost(next) < before + 1e-4 * share * fall)) continue;
      map = next;
      return true;
    }
    return false;
  }
  std::vector<double> scores_, targets_, terms_;
};

}  // namespace

double SigmoidMap::probability(double score) const {
  return numerics::sigmoid(-std::fma(slope, score, offset));
}

SigmoidMap sigmoid_map(std::span<const double> scores, const std::vector<double>& hits) {
  double largest = 0, ones = 0;
  for (const double score : scores) largest = std::max(largest, std::abs(score));
  for (const double hit : hits) ones += hit;
  const double zeros = static_cast<double>(hits.size()) - ones;
  const double scale = largest >= kLargestScore ? largest : 1;
  std::vector<double> small(scores.begin(), scores.end()), targets;
  for (double& score : small) score = score / scale;
  for (const double hit : hits) targets.push_back(hit > 0 ? (ones + 1) / (ones + 2) : 1 / (zeros + 2));
  Platt problem(std::move(small), std::move(targets));
  SigmoidMap found{0, numerics::log((zeros + 1) / (ones + 1))};
  for (int i = 0; i < kMostSteps && problem.step(found); ++i) {
  }
  return {found.slope / scale, found.offset};
}

void CalibrationMaps::learn(CalibrationMethod method, const Tensor& scores, const Tensor& y,
                            std::int64_t classes) {
  const std::int64_t maps = classes == 2 ? 1 : classes;
  const std::vector<double> said = scores.to_vector<double>();
  const auto labels = y.values<std::int64_t>();
  std::vector<double> sigmoids, x, values;
  std::vector<std::int64_t> ends;
  for (std::int64_t m = 0; m < maps; ++m) {
    std::vector<double> own, hits;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      own.push_back(said[i * at(maps) + at(m)]);
      hits.push_back(labels[i] == (maps == 1 ? 1 : m) ? 1 : 0);
    }
    if (method == CalibrationMethod::kSigmoid) {
      const SigmoidMap found = sigmoid_map(own, hits);
      sigmoids.insert(sigmoids.end(), {found.slope, found.offset});
    } else {
      const IsotonicCurve found = isotonic_curve(own, hits);
      x.insert(x.end(), found.x.begin(), found.x.end());
      values.insert(values.end(), found.y.begin(), found.y.end());
      ends.push_back(static_cast<std::int64_t>(x.size()));
    }
  }
  *this = {};
  if (method == CalibrationMethod::kSigmoid) {
    sigmoids_ = Tensor::from(sigmoids, {maps, 2});
    return;
  }
  const std::int64_t points = static_cast<std::int64_t>(x.size());
  x.insert(x.end(), values.begin(), values.end());
  points_ = Tensor::from(x, {2, points});
  point_ends_ = Tensor::from(ends, {maps});
}

IsotonicCurve CalibrationMaps::curve(std::int64_t map) const {
  const auto ends = point_ends_.values<std::int64_t>();
  const auto first = map == 0 ? 0 : ends[at(map - 1)], last = ends[at(map)], all = points_.size(1);
  const auto values = points_.values<double>();
  IsotonicCurve curve;
  curve.x.assign(values.begin() + first, values.begin() + last);
  curve.y.assign(values.begin() + all + first, values.begin() + all + last);
  return curve;
}

Tensor CalibrationMaps::probabilities(const Tensor& scores) const {
  const std::int64_t maps = sigmoids_.defined() ? sigmoids_.size(0) : point_ends_.size(0);
  const std::int64_t rows = scores.size(0), classes = maps == 1 ? 2 : maps;
  const std::vector<double> said = scores.to_vector<double>();
  std::vector<double> p(at(rows * classes));
  for (std::int64_t m = 0; m < maps; ++m) {
    const IsotonicCurve levels = sigmoids_.defined() ? IsotonicCurve{} : curve(m);
    const SigmoidMap sigmoid = sigmoids_.defined()
                                   ? SigmoidMap{sigmoids_.at<double>({m, 0}), sigmoids_.at<double>({m, 1})}
                                   : SigmoidMap{};
    for (std::int64_t i = 0; i < rows; ++i) {
      const double score = said[at(i * maps + m)];
      p[at(i * classes + (maps == 1 ? 1 : m))] =
          sigmoids_.defined() ? sigmoid.probability(score) : levels.value(score);
    }
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    double* row = p.data() + i * classes;
    if (maps == 1) {
      row[0] = 1 - row[1];
      continue;
    }
    double sum = 0;
    for (std::int64_t c = 0; c < classes; ++c) sum += row[c];
    for (std::int64_t c = 0; c < classes; ++c)
      row[c] = sum > 0 ? row[c] / sum : 1 / static_cast<double>(classes);
  }
  return Tensor::from(p, {rows, classes});
}

void CalibrationMaps::visit_state(StateVisitor& visitor, std::string_view part, CalibrationMethod method) {
  if (method == CalibrationMethod::kSigmoid) {
    visitor.tensor(std::string(part) + ".sigmoids", sigmoids_);
    return;
  }
  sigmoids_ = {};
  visitor.tensor(std::string(part) + ".points", points_);
  visitor.tensor(std::string(part) + ".point_ends", point_ends_);
}

void CalibrationMaps::check_restored(std::string_view owner, CalibrationMethod method,
                                     std::int64_t classes) const {
  const std::int64_t maps = classes == 2 ? 1 : classes;
  if (method == CalibrationMethod::kSigmoid) {
    require_restored(owner, "sigmoids", sigmoids_, DType::kFloat64, {maps, 2});
    require_finite(owner, "sigmoids", sigmoids_);
    return;
  }
  require_restored(owner, "points", points_, DType::kFloat64, {2, -1});
  require_finite(owner, "points", points_);
  require_restored(owner, "point_ends", point_ends_, DType::kInt64, {maps});
  std::int64_t before = 0;
  for (const std::int64_t end : point_ends_.values<std::int64_t>()) {
    if (end <= before || end > points_.size(1))
      refuse_restored(owner, "'point_ends' does not divide the points");
    before = end;
  }
  if (before != points_.size(1)) refuse_restored(owner, "'point_ends' does not divide the points");
  for (std::int64_t m = 0; m < maps; ++m) {
    const std::vector<double> x = curve(m).x;
    if (std::ranges::adjacent_find(x, std::greater_equal()) != x.end())
      refuse_restored(owner, "the points of a curve are not ascending");
  }
}

}  // namespace tessera::learn
