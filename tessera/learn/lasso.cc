#include "tessera/learn/lasso.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "tessera/learn/coordinate_descent.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::int64_t kAllAtOnce = 512;  // features up to which all are worked on from the start
constexpr std::size_t kAdded = 64;        // otherwise at least so many are added at a time
constexpr int kMostRounds = 1000;

std::vector<double> values_of(const Tensor& x) {
  return x.to_vector<double>();
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  return numerics::dot_chunked(a.data(), 1, b.data(), 1, static_cast<std::int64_t>(a.size()));
}

// The features that are worked on, with their products X'X / N, which grow with them.
class Active {
 public:
  explicit Active(const Tensor& x) : x_(x), there_(static_cast<std::size_t>(x.size(1))) {}
  std::size_t size() const { return which_.size(); }
  bool all() const { return which_.size() == there_.size(); }
  bool contains(std::size_t feature) const { return there_[feature]; }
  std::size_t feature(std::size_t place) const { return static_cast<std::size_t>(which_[place]); }
  std::span<const double> products() const { return products_; }
  double product(std::size_t place) const { return products_[place * size() + place]; }  // with itself
  const Tensor& columns() const { return columns_; }                                     // [N, size]

  void add(const std::vector<std::int64_t>& features) {
    const std::size_t before = size();
    which_.insert(which_.end(), features.begin(), features.end());
    for (const std::int64_t j : features) there_[static_cast<std::size_t>(j)] = true;
    const Tensor index = Tensor::from(features, {static_cast<std::int64_t>(features.size())});
    const Tensor added = before == 0 && all() ? x_ : gather(x_, index, 1);
    columns_ = before == 0 ? added : concatenate({columns_, added}, 1);
    grow(before, values_of(matmul(transpose(added), columns_) / static_cast<double>(x_.size(0))));
  }

 private:
  // `rows`: those of the new features, over all of them.
  void grow(std::size_t before, const std::vector<double>& rows) {
    if (before == 0) {
      products_ = rows;
      return;
    }
    std::vector<double> larger(size() * size());
    for (std::size_t i = 0; i < before; ++i)
      std::copy_n(products_.begin() + static_cast<std::ptrdiff_t>(i * before), before,
                  larger.begin() + static_cast<std::ptrdiff_t>(i * size()));
    for (std::size_t i = before; i < size(); ++i)
      for (std::size_t j = 0; j < size(); ++j) {
        const double product = rows[(i - before) * size() + j];
        larger[i * size() + j] = product;
        if (j < before) larger[j * size() + i] = product;
      }
    products_ = std::move(larger);
  }

  Tensor x_, columns_;
  std::vector<std::int64_t> which_;
  std::vector<bool> there_;
  std::vector<double> products_;
};

// How far the sum that is minimised may be above its least value: the difference to a feasible point of the dual problem. `correlations` is
// X'y / N and `squares` y'y / N. Without L1 there is no such point at hand: the gradient's length bounds the difference then (of a penalty of 0: only
// suggests it).
double gap_of(const std::vector<double>& w, const std::vector<double>& rest,
              const std::vector<double>& correlations, double squares, double l1, double l2, bool positive) {
  const double fitted = dot(w, correlations), length = dot(w, w);
  const double residual_squares = std::max(squares - fitted - dot(w, rest), 0.0);
  double steepest = 0, absolute_sum = 0, slopes = 0;
  for (std::size_t j = 0; j < w.size(); ++j) {
    const double slope = rest[j] - l2 * w[j];
    steepest = std::max(steepest, positive ? slope : std::abs(slope));
    absolute_sum += std::abs(w[j]);
    if (!positive || slope > 0 || w[j] > 0) slopes += slope * slope;
  }
  if (l1 == 0) return slopes / 2 / (l2 > 0 ? l2 : 1);
  const double share = steepest > l1 ? l1 / steepest : 1;
  return residual_squares * (1 + share * share) / 2 + l1 * absolute_sum - share * (squares - fitted) +
         l2 * (1 + share * share) * length / 2;
}

}  // namespace

void SparseRegression::Search::visit(ParameterVisitor& visitor) {
  visitor.real("alpha", alpha, Bounds::at_least(0), "How much the penalty counts.");
  visitor.flag("fit_intercept", fit_intercept, "Learn an intercept, which is not penalised.");
  visitor.flag("positive", positive, "Coefficients may not be below 0.");
  visitor.integer("max_iter", max_iter, Bounds::at_least(1), "Sweeps over the coefficients at most.");
  visitor.real("tol", tol, Bounds::at_least(0),
               "Sweeps end when the duality gap is at most this share of the target's sum of squares.");
}

void ElasticNet::visit_parameters(ParameterVisitor& visitor) {
  search_.visit(visitor);
  visitor.real("l1_ratio", search_.l1_ratio, Bounds::between(0, 1),
               "The share of L1 in the penalty; the rest is L2.");
}

namespace {

// Rounds of: sweeps over the active features until they are at their best, then a look at all of them.
class SparseSearch {
 public:
  SparseSearch(const internal::Centred& rows, double l1, double l2, bool positive)
      : x_(rows.x), y_(rows.y), active_(rows.x), l1_(l1), l2_(l2), positive_(positive) {
    rows_ = static_cast<double>(x_.size(0));
    correlations_ = rest_ = values_of(matmul(transpose(x_), y_) / rows_);
    squares_ = sum_squares(y_).item<double>() / rows_;
    at_.resize(rest_.size());
  }
  const std::vector<double>& at() const { return at_; }
  double squares() const { return squares_; }
  double gap() const { return gap_of(at_, rest_, correlations_, squares_, l1_, l2_, positive_); }
  bool whole() const { return active_.all(); }
  // What decides whether all sums of products that are needed are finite numbers: squares, and products with the target.
  Tensor extent() const {
    std::vector<double> numbers = correlations_;
    numbers.push_back(squares_);
    for (std::size_t i = 0; i < active_.size(); ++i) numbers.push_back(active_.product(i));
    return Tensor::from(numbers, {static_cast<std::int64_t>(numbers.size())});
  }

  // Features outside that would leave 0, the steepest first. False: there is none.
  bool widen() {
    std::vector<std::int64_t> outside;
    const bool few = x_.size(1) <= kAllAtOnce;
    for (std::size_t j = 0; j < rest_.size(); ++j)
      if (!active_.contains(j) && (few || (positive_ ? rest_[j] : std::abs(rest_[j])) > l1_))
        outside.push_back(static_cast<std::int64_t>(j));
    if (outside.empty()) return false;
    const auto steepness = [&](std::int64_t j) { return std::abs(rest_[static_cast<std::size_t>(j)]); };
    if (!few) {
      std::stable_sort(outside.begin(), outside.end(),
                       [&](std::int64_t a, std::int64_t b) { return steepness(a) > steepness(b); });
      outside.resize(std::min(outside.size(), std::max(kAdded, active_.size())));
    }
    active_.add(outside);
    return true;
  }

  // `after(gap of the active features)` is asked after each sweep whether to go on. False: it said no.
  template <typename After>
  bool sweep_active(double enough, const After& after) {
    std::vector<double> at, rest, correlations;
    for (std::size_t i = 0; i < active_.size(); ++i) {
      at.push_back(at_[active_.feature(i)]);
      rest.push_back(rest_[active_.feature(i)]);
      correlations.push_back(correlations_[active_.feature(i)]);
    }
    internal::CoordinateDescent descent(at, rest, active_.products());
    const internal::L1Penalty penalty{std::vector<double>(at.size(), l1_), l2_, positive_};
    bool going = true;
    while (going) {
      const double step = descent.sweep(penalty).step;
      const double gap = gap_of(descent.at(), descent.rest(), correlations, squares_, l1_, l2_, positive_);
      going = after(gap);
      if (gap <= enough || step == 0) break;
    }
    for (std::size_t i = 0; i < at.size(); ++i) {
      at_[active_.feature(i)] = descent.at()[i];
      rest_[active_.feature(i)] = descent.rest()[i];
    }
    if (!whole()) {
      const Tensor coef = Tensor::from(descent.at(), {static_cast<std::int64_t>(at.size()), 1});
      const Tensor residuals = y_ - reshape(matmul(active_.columns(), coef), {-1});
      rest_ = values_of(matmul(reshape(residuals, {1, -1}), x_) / rows_);
    }
    return going;
  }

 private:
  Tensor x_, y_;
  Active active_;
  double l1_, l2_, rows_ = 0, squares_ = 0;
  bool positive_;
  std::vector<double> correlations_, at_, rest_;  // X'y / N, w, X'(y - X w) / N
};

}  // namespace

void SparseRegression::search(const Tensor& x, const Tensor& y, const Search& settings,
                              StepObserver* observer) {
  const internal::Centred centred(x, y, settings.fit_intercept);
  SparseSearch search(centred, settings.alpha * settings.l1_ratio, settings.alpha * (1 - settings.l1_ratio),
                      settings.positive);
  const double squares = search.squares();
  double enough = settings.tol * squares;
  iterations_ = 0;
  const auto after = [&](double gap) {
    ++iterations_;
    const StepScalar scalar{"duality_gap", squares > 0 ? gap / squares : 0};
    const StepReport report{static_cast<std::uint64_t>(iterations_), {&scalar, 1}};
    return (observer == nullptr || observer->on_step(report)) && iterations_ < settings.max_iter;
  };
  for (int round = 0; round < kMostRounds; ++round) {
    const bool wider = search.widen();
    if (round == 0 || wider) require_in_range(search.extent());
    if (!wider && round == 0) {  // no feature exceeds the penalty: 0 is best
      gap_ = search.gap();
      break;
    }
    if (!wider) enough /= 10;  // the active features were not yet at their best
    const bool going = search.sweep_active(enough, after);
    gap_ = search.gap();
    if (!going || search.whole() || gap_ <= settings.tol * squares) break;
  }
  coef_ = Tensor::from(search.at(), {x.size(1)});
  intercept_ = centred.intercept_for(coef_);
  require_learned_in_range();
}

std::int64_t SparseRegression::selected() const {
  return sum(cast(not_equal(coef_, 0.0), DType::kInt64)).item<std::int64_t>();
}

void SparseRegression::visit_learned(StateVisitor& visitor) {
  LinearModel::visit_learned(visitor);
  visitor.integer("iterations", iterations_);
  visitor.real("duality_gap", gap_);
}

}  // namespace tessera::learn
