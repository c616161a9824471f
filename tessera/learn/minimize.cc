#include "tessera/learn/minimize.h"

#include <algorithm>
#include <cmath>
#include <deque>

#include "tessera/numerics/reduce.h"

namespace tessera::learn::internal {

namespace {

constexpr int kTrials = 40;  // of a line search
constexpr int kStalls = 3;   // steps that gain nothing before the search ends

struct Pair {
  std::vector<double> step, change;  // of the place and of the gradient
  double product = 0;
};

std::vector<double> difference(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> result(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) result[i] = a[i] - b[i];
  return result;
}

void add(double factor, const std::vector<double>& x, std::vector<double>& y) {
  for (std::size_t i = 0; i < x.size(); ++i) y[i] += factor * x[i];
}

class Search {
 public:
  Search(SmoothFunction& function, std::vector<double>& at, const MinimizeOptions& options)
      : function_(function), at_(at), options_(options), gradient_(at.size()) {}

  Minimum run() {
    value_ = function_.evaluate(at_, gradient_);
    bool going = true;
    while (true) {
      result_.value = value_;
      result_.gradient = largest_element(gradient_);
      result_.converged = result_.gradient <= options_.tolerance || stalls_ >= kStalls;
      if (result_.converged || !going || result_.iterations >= options_.max_iterations) return result_;
      const bool moved = step();
      if (!moved) stalls_ = kStalls;
      ++result_.iterations;
      const StepScalar scalars[] = {{"loss", value_}, {"gradient", largest_element(gradient_)}};
      going = options_.observer == nullptr ||
              options_.observer->on_step({static_cast<std::uint64_t>(result_.iterations), scalars});
    }
  }

 private:
  // False: there is no lower place in this direction.
  bool step() {
    const bool exact = function_.look_around();
    if (exact) pairs_.clear();
    std::vector<double> direction = descent();
    if (!(dot(direction, gradient_) < 0)) {  // rounding, or an estimate that is none
      pairs_.clear();
      direction = descent();
    }
    const std::vector<double> before = at_, slope_before = gradient_;
    const double value_before = value_;
    if (!line_search(direction)) {
      at_ = before;
      gradient_ = slope_before;
      value_ = value_before;
      return false;
    }
    const bool gained = value_ < value_before || largest_element(gradient_) < largest_element(slope_before);
    stalls_ = gained ? 0 : stalls_ + 1;
    if (!exact) remember({difference(at_, before), difference(gradient_, slope_before)});
    return true;
  }

  void remember(Pair pair) {
    pair.product = dot(pair.step, pair.change);
    if (!(pair.product > 1e-16 * dot(pair.change, pair.change))) return;
    pairs_.push_back(std::move(pair));
    if (pairs_.size() > options_.pairs) pairs_.pop_front();
  }

  std::vector<double> descent() const {
    std::vector<double> direction = gradient_, factors(pairs_.size());
    for (std::size_t i = pairs_.size(); i-- > 0;) {
      factors[i] = dot(pairs_[i].step, direction) / pairs_[i].product;
      add(-factors[i], pairs_[i].change, direction);
    }
    function_.precondition(direction);
    for (std::size_t i = 0; i < pairs_.size(); ++i)
      add(factors[i] - dot(pairs_[i].change, direction) / pairs_[i].product, pairs_[i].step, direction);
    for (double& element : direction) element = -element;
    return direction;
  }

  bool line_search(const std::vector<double>& direction) {
    const std::vector<double> from = at_;
    const double value = value_, slope = dot(direction, gradient_);
    if (!(slope < 0)) return false;
    const double rounding = 1e-14 * (std::abs(value) + 1e-300);
    double length = 1;
    for (int trial = 0; trial < kTrials; ++trial) {
      at_ = from;
      add(length, direction, at_);
      if (at_ == from) return false;
      value_ = function_.evaluate(at_, gradient_);
      const double slope_there = dot(direction, gradient_);
      if (std::isfinite(value_) && std::isfinite(slope_there)) {
        if (value_ <= value + 1e-4 * length * slope) return true;
        if (value_ <= value + rounding && std::abs(slope_there) <= -0.9 * slope) return true;
      }
      const double excess = value_ - value - length * slope;
      const double parabola = -slope * length * length / (2 * excess);
      length = std::isfinite(parabola) && excess > 0 ? std::clamp(parabola, 0.1 * length, 0.5 * length)
                                                     : 0.1 * length;
    }
    return false;
  }

  SmoothFunction& function_;
  std::vector<double>& at_;
  const MinimizeOptions& options_;
  std::vector<double> gradient_;
  double value_ = 0;
  std::deque<Pair> pairs_;
  int stalls_ = 0;
  Minimum result_;
};

}  // namespace

double largest_element(const std::vector<double>& values) {
  double most = 0;
  for (const double value : values) most = std::max(most, std::abs(value));
  return most;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  return numerics::dot_chunked(a.data(), 1, b.data(), 1, static_cast<std::int64_t>(a.size()));
}

Minimum minimize(SmoothFunction& function, std::vector<double>& at, const MinimizeOptions& options) {
  return Search(function, at, options).run();
}

}  // namespace tessera::learn::internal
