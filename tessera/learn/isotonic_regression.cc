#include "tessera/learn/isotonic_regression.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/data/numbers.h"
#include "tessera/learn/restored.h"
#include "tessera/stats/ranks.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::string_view kIncreasing[] = {"true", "false", "auto"};
constexpr std::string_view kOutOfBounds[] = {"nan", "clip", "raise"};

// Rows of one x, or neighbours that were pooled.
struct PooledRows {
  double mean, weight;
  std::size_t points;
};

// The distinct x, and the blocks of one point each.
std::pair<std::vector<double>, std::vector<PooledRows>> distinct(std::span<const double> x,
                                                                 std::span<const double> y) {
  std::vector<std::size_t> order(x.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return x[a] != x[b] ? x[a] < x[b] : y[a] < y[b]; });
  std::vector<double> places;
  std::vector<PooledRows> blocks;
  for (const std::size_t i : order) {
    if (places.empty() || places.back() != x[i]) {
      places.push_back(x[i]);
      blocks.push_back({0, 0, 1});
    }
    blocks.back().mean += y[i];  // the sum, so far
    blocks.back().weight += 1;
  }
  for (PooledRows& block : blocks) block.mean = block.mean / block.weight;
  return {std::move(places), std::move(blocks)};
}

// One value per point: neighbours that fall become their mean, until none falls.
std::vector<double> pooled(const std::vector<PooledRows>& points) {
  std::vector<PooledRows> blocks;
  for (PooledRows block : points) {
    while (!blocks.empty() && blocks.back().mean >= block.mean) {
      const PooledRows& before = blocks.back();
      const double weight = before.weight + block.weight;
      block.mean = (before.mean * before.weight + block.mean * block.weight) / weight;
      block.weight = weight;
      block.points += before.points;
      blocks.pop_back();
    }
    blocks.push_back(block);
  }
  std::vector<double> values;
  for (const PooledRows& block : blocks) values.insert(values.end(), block.points, block.mean);
  return values;
}

IsotonicCurve without_level_stretches(const std::vector<double>& x, const std::vector<double>& y) {
  IsotonicCurve curve;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool within = i > 0 && i + 1 < x.size() && y[i] == y[i - 1] && y[i] == y[i + 1];
    if (within) continue;
    curve.x.push_back(x[i]);
    curve.y.push_back(y[i]);
  }
  return curve;
}

// Nothing for "none".
std::optional<double> bound(std::string_view name, const std::string& text) {
  if (text == "none") return std::nullopt;
  const auto number = data::parse_real(text);
  if (!number || !std::isfinite(*number))
    fail_with(ExitCode::kUsage, "isotonic_regression: {}: expected a number or \"none\", found '{}'", name,
              text);
  return number;
}

void visit_bound(ParameterVisitor& visitor, std::string_view name, std::string& value,
                 std::string_view sentence) {
  std::string text = value;
  visitor.text(name, text, sentence);
  bound(name, text);
  value = text;
}

}  // namespace

double IsotonicCurve::value(double at) const {
  if (std::isnan(at)) return at;
  if (at <= x.front()) return y.front();
  if (at >= x.back()) return y.back();
  const std::size_t above = static_cast<std::size_t>(std::ranges::upper_bound(x, at) - x.begin());
  const double slope = (y[above] - y[above - 1]) / (x[above] - x[above - 1]);
  const auto [least, most] = std::minmax(y[above - 1], y[above]);  // rounding may not leave the segment
  return std::clamp(y[above - 1] + slope * (at - x[above - 1]), least, most);
}

IsotonicCurve isotonic_curve(std::span<const double> x, std::span<const double> y, bool increasing) {
  std::vector<double> numbers(y.begin(), y.end());
  if (!increasing)
    for (double& number : numbers) number = -number;
  const auto [places, points] = distinct(x, numbers);
  std::vector<double> values = pooled(points);
  if (!increasing)
    for (double& value : values) value = -value;
  return without_level_stretches(places, values);
}

void IsotonicRegression::visit_parameters(ParameterVisitor& visitor) {
  visitor.choice("increasing", parameters_.increasing, kIncreasing, "Whether the function rises.");
  visitor.choice("out_of_bounds", parameters_.out_of_bounds, kOutOfBounds,
                 "What is said of values beyond those that were learned.");
  visit_bound(visitor, "y_min", parameters_.y_min,
              "The function is not below this number; \"none\": no bound.");
  visit_bound(visitor, "y_max", parameters_.y_max,
              "The function is not above this number; \"none\": no bound.");
  visitor.integer("feature", parameters_.feature, Bounds::at_least(0), "The column that is used, from 0.");
}

void IsotonicRegression::learn(const Tensor& x, const Tensor& y, StepObserver*) {
  if (parameters_.feature >= x.size(1))
    fail("{}: feature: expected a column from 0 to {}, found {}", name(), x.size(1) - 1, parameters_.feature);
  const std::vector<double> feature = x.slice({Range::all(), parameters_.feature}).to_vector<double>();
  const std::vector<double> numbers = y.to_vector<double>();
  bool rises = parameters_.increasing == Increasing::kTrue;
  if (parameters_.increasing == Increasing::kAuto)
    rises = feature.size() < 2 || !(stats::spearman(feature, numbers) < 0);
  IsotonicCurve curve = isotonic_curve(feature, numbers, rises);
  const auto least = bound("y_min", parameters_.y_min), most = bound("y_max", parameters_.y_max);
  if (least && most && *least > *most)
    fail("{}: y_min is {}, expected at most y_max, which is {}", name(), *least, *most);
  for (double& value : curve.y) {
    if (least) value = std::max(value, *least);
    if (most) value = std::min(value, *most);
  }
  x_ = Tensor::from(curve.x, {static_cast<std::int64_t>(curve.x.size())});
  y_ = Tensor::from(curve.y, x_.shape());
}

Tensor IsotonicRegression::answer(const Tensor& x) const {
  const IsotonicCurve curve{x_.to_vector<double>(), y_.to_vector<double>()};
  std::vector<double> values = x.slice({Range::all(), parameters_.feature}).to_vector<double>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double at = values[i];
    const bool beyond = at < curve.x.front() || at > curve.x.back();
    if (beyond && parameters_.out_of_bounds == OutOfBounds::kRaise)
      fail("{}: row {} has {} in column {}, expected from {} to {}, as it has learned", name(), i, at,
           parameters_.feature, curve.x.front(), curve.x.back());
    values[i] = beyond && parameters_.out_of_bounds == OutOfBounds::kNan
                    ? std::numeric_limits<double>::quiet_NaN()
                    : curve.value(at);
  }
  return Tensor::from(values, {x.size(0)});
}

void IsotonicRegression::visit_learned(StateVisitor& visitor) {
  visitor.tensor("x", x_);
  visitor.tensor("y", y_);
}

void IsotonicRegression::check_learned() const {
  require_restored(name(), "x", x_, DType::kFloat64, {-1});
  require_restored(name(), "y", y_, DType::kFloat64, {x_.size(0)});
  require_finite(name(), "x", x_);
  require_finite(name(), "y", y_);
  const auto x = x_.values<double>();
  if (std::ranges::adjacent_find(x, std::greater_equal()) != x.end())
    refuse_restored(name(), "'x' is not ascending");
  if (parameters_.feature >= features())
    refuse_restored(name(), "its feature is not among those it has learned");
}

}  // namespace tessera::learn
