#include "tessera/learn/lasso.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "tessera/learn/coordinate_descent.h"
#include "tessera/learn/extrapolation.h"
#include "tessera/linalg/matrix.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::int64_t kAllAtOnce = 512;  // features up to which all are worked on from the start
constexpr std::size_t kAdded = 256;       // otherwise at least so many are added at a time
constexpr int kMostRounds = 1000;
// At the gap, and at features that are 0, where these cost as much as the others.
constexpr int kSweepsPerLook = 10;
constexpr double kGapOfRound = 0.3;  // what a round leaves of the gap, where more features are to come

std::vector<double> vector_of(const Tensor& x) {
  return x.to_vector<double>();
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  return numerics::dot_chunked(a.data(), 1, b.data(), 1, static_cast<std::int64_t>(a.size()));
}

// The features that are worked on, with their products X'X / N where they are fewer than the rows (or all).
class Active {
 public:
  Active() = default;
  // `lines`: X', [features, N], or undefined: add_all is to follow.
  Active(const Tensor& lines, std::int64_t rows, std::size_t features)
      : lines_(lines), rows_(static_cast<std::size_t>(rows)), there_(features) {}
  std::size_t size() const { return which_.size(); }
  bool all() const { return which_.size() == there_.size(); }
  bool by_products() const { return size() <= rows_ || !lines_.defined(); }
  bool contains(std::size_t feature) const { return there_[feature]; }
  const std::vector<std::size_t>& features() const { return which_; }
  std::span<const double> products() const { return products_; }
  const std::vector<double>& squares() const { return squares_; }  // products with itself

  // All of them at once; their lines are not asked for then.
  void add_all(const Tensor& products) {
    which_.resize(there_.size());
    std::iota(which_.begin(), which_.end(), 0);
    there_.assign(there_.size(), true);
    grow_products(0, vector_of(products));
  }

  void add(const std::vector<std::size_t>& features) {
    const std::size_t before = size();
    which_.insert(which_.end(), features.begin(), features.end());
    for (const std::size_t j : features) there_[j] = true;
    const auto rows = static_cast<double>(rows_);
    if (by_products()) {
      const Tensor all = lines_of(0), added = all.slice({Range::from(static_cast<std::int64_t>(before))});
      return grow_products(before, vector_of(matmul(added, transpose(all)) / rows));
    }
    products_.clear();
    const std::vector<double> more = vector_of(sum_squares(lines_of(before), {1}) / rows);
    squares_.insert(squares_.end(), more.begin(), more.end());
  }

 private:
  Tensor lines_of(std::size_t first) const {
    const std::vector<std::int64_t> index(which_.begin() + static_cast<std::ptrdiff_t>(first), which_.end());
    return gather(lines_, Tensor::from(index, {static_cast<std::int64_t>(index.size())}), 0);
  }

  // `rows`: those of the new features, over all of them.
  void grow_products(std::size_t before, const std::vector<double>& rows) {
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
    for (std::size_t i = before; i < size(); ++i) squares_.push_back(products_[i * size() + i]);
  }

  Tensor lines_;
  std::size_t rows_ = 0;
  std::vector<std::size_t> which_;
  std::vector<bool> there_;
  std::vector<double> products_, squares_;
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
      : y_(rows.y), few_(rows.x_mean.elements() <= kAllAtOnce), l1_(l1), l2_(l2), positive_(positive) {
    rows_ = static_cast<double>(y_.elements());
    if (few_) {
      const auto [squares, with_target] = rows.products();
      products_ = squares / rows_;
      correlations_ = vector_of(with_target / rows_);
    } else {
      lines_ = copy(transpose(rows.x()));
      correlations_ = vector_of(matmul(lines_, y_) / rows_);
    }
    active_ = Active(lines_, y_.elements(), correlations_.size());
    rest_ = correlations_;
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
    numbers.insert(numbers.end(), active_.squares().begin(), active_.squares().end());
    return Tensor::from(numbers, {static_cast<std::int64_t>(numbers.size())});
  }

  // Features outside that would leave 0, the steepest first. False: there is none.
  bool widen() {
    if (few_) {
      if (active_.all()) return false;
      active_.add_all(products_);
      return true;
    }
    std::vector<std::size_t> outside;
    for (std::size_t j = 0; j < rest_.size(); ++j)
      if (!active_.contains(j) && (positive_ ? rest_[j] : std::abs(rest_[j])) > l1_) outside.push_back(j);
    if (outside.empty()) return false;
    std::ranges::stable_sort(
        outside, [&](std::size_t a, std::size_t b) { return std::abs(rest_[a]) > std::abs(rest_[b]); });
    outside.resize(std::min(outside.size(), std::max(kAdded, active_.size())));
    active_.add(outside);
    return true;
  }

  // Until the gap of the active features is at most `enough`. `after(gap)` is asked after each sweep whether to go on. False: it said no.
  template <typename After>
  bool sweep_active(double enough, const After& after) {
    const std::vector<double> at = of_active(at_);
    if (active_.by_products()) {
      internal::CoordinateDescent descent(at, of_active(rest_), active_.products());
      return sweep(descent, 1, enough, after);
    }
    internal::ResidualDescent descent(at, residuals_of(at), lines_.values<double>(), active_.features());
    return sweep(descent, kSweepsPerLook, enough, after);
  }

 private:
  template <typename Descent, typename After>
  bool sweep(Descent& descent, int sweeps_per_look, double enough, const After& after) {
    const std::vector<double> correlations = of_active(correlations_);
    const internal::L1Penalty penalty{std::vector<double>(active_.size(), l1_), l2_, positive_};
    const auto gap_here = [&] {
      return gap_of(descent.at(), descent.rest(), correlations, squares_, l1_, l2_, positive_);
    };
    internal::Extrapolation points;
    double gap = gap_here();
    bool going = true;
    for (int sweeps = 1; going; ++sweeps) {
      const bool all = sweeps % sweeps_per_look == 1 % sweeps_per_look;
      const double step = descent.sweep(penalty, all).step;
      const bool looks = sweeps % sweeps_per_look == 0 || (all && step == 0);
      if (looks) gap = gap_here();
      going = after(gap);
      if (looks && (gap <= enough || (all && step == 0))) break;
      if (few_) continue;
      points.add(descent.at(), descent.linear());
      if (points.full()) extrapolate(descent, points, correlations);
    }
    keep(descent.at(), descent.rest());
    return going;
  }

  template <typename Descent>
  void extrapolate(Descent& descent, internal::Extrapolation& points,
                   const std::vector<double>& correlations) const {
    internal::Extrapolation::Point point = points.take();
    const auto allowed = [&](double value) { return value >= 0 || !positive_; };
    if (point.at.empty() || !std::ranges::all_of(point.at, allowed)) return;
    const auto value = [&](const std::vector<double>& at, const std::vector<double>& linear) {
      double absolutes = 0;
      for (const double w : at) absolutes += std::abs(w);
      return half_squares(descent, at, linear, correlations) + l1_ * absolutes + l2_ * dot(at, at) / 2;
    };
    if (value(point.at, point.linear) < value(descent.at(), descent.linear()))
      descent.move_to(std::move(point.at), std::move(point.linear));
  }

  // The sum of squares / 2N.
  double half_squares(const internal::CoordinateDescent&, const std::vector<double>& at,
                      const std::vector<double>& rest, const std::vector<double>& correlations) const {
    return (squares_ - dot(at, correlations) - dot(at, rest)) / 2;
  }
  double half_squares(const internal::ResidualDescent&, const std::vector<double>&,
                      const std::vector<double>& residuals, const std::vector<double>&) const {
    return dot(residuals, residuals) / rows_ / 2;
  }

  std::vector<double> of_active(const std::vector<double>& numbers) const {
    std::vector<double> some;
    for (const std::size_t j : active_.features()) some.push_back(numbers[j]);
    return some;
  }

  // What is left of the target, [N], with these coefficients of the active features.
  std::vector<double> residuals_of(const std::vector<double>& at) const {
    std::vector<double> residuals = vector_of(y_);
    const auto count = static_cast<std::int64_t>(residuals.size());
    const double* const lines = lines_.values<double>().data();
    for (std::size_t i = 0; i < at.size(); ++i)
      if (at[i] != 0)
        linalg::internal::add_scaled(-at[i], lines + static_cast<std::int64_t>(active_.features()[i]) * count,
                                     residuals.data(), count);
    return residuals;
  }

  void keep(const std::vector<double>& at, const std::vector<double>& rest) {
    for (std::size_t i = 0; i < at.size(); ++i) {
      at_[active_.features()[i]] = at[i];
      rest_[active_.features()[i]] = rest[i];
    }
    if (whole()) return;
    rest_ = vector_of(matmul(lines_, Tensor::from(residuals_of(at), y_.shape())) / rows_);
  }

  Tensor y_;
  Tensor lines_;     // X', where features are not few
  bool few_;         // all features are worked on from the start: their products are all that is needed
  Tensor products_;  // of all features, where they are few
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
  double aim = enough;
  gap_ = search.gap();
  for (int round = 0; round < kMostRounds; ++round) {
    const bool wider = search.widen();
    if (round == 0 || wider) require_in_range(search.extent());
    if (!wider && round == 0) break;            // no feature exceeds the penalty: 0 is best
    if (!wider && aim <= enough) enough /= 10;  // the active features were not yet at their best
    // Features that are yet to come change what is best for the others.
    aim = wider && !search.whole() ? std::max(enough, kGapOfRound * gap_) : enough;
    const bool going = search.sweep_active(aim, after);
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
