#include "tessera/learn/lasso.h"

#include <algorithm>
#include <cmath>

#include "tessera/learn/coordinate_descent.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::int64_t kWholeGram = 512;    // features up to which all products are computed at once
constexpr std::size_t kColumnsAtOnce = 64;  // otherwise so many for a sweep

std::vector<double> values_of(const Tensor& x) {
  return x.to_vector<double>();
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  return numerics::dot_chunked(a.data(), 1, b.data(), 1, static_cast<std::int64_t>(a.size()));
}

// X'X / N, by columns as they are needed.
class Gram : public internal::QuadraticColumns {
 public:
  explicit Gram(const Tensor& x) : x_(x), columns_(static_cast<std::size_t>(x.size(1))) {
    if (x.size(1) > kWholeGram) return;
    std::vector<std::size_t> all(columns_.size());
    for (std::size_t j = 0; j < all.size(); ++j) all[j] = j;
    compute(all);
  }
  const double* column(std::size_t j) const override {
    return columns_[j].empty() ? nullptr : columns_[j].data();
  }
  void need(const std::vector<std::size_t>& which) override {
    compute(
        {which.begin(), which.begin() + static_cast<std::ptrdiff_t>(std::min(which.size(), kColumnsAtOnce))});
  }

 private:
  void compute(const std::vector<std::size_t>& which) {
    const std::vector<std::int64_t> index(which.begin(), which.end());
    const bool all = which.size() == columns_.size();
    const Tensor chosen =
        all ? x_ : gather(x_, Tensor::from(index, {static_cast<std::int64_t>(index.size())}), 1);
    const Tensor products = matmul(transpose(chosen), x_) / static_cast<double>(x_.size(0));
    const auto elements = products.values<double>();
    for (std::size_t i = 0; i < which.size(); ++i) {
      const auto first = elements.begin() + static_cast<std::ptrdiff_t>(i * columns_.size());
      columns_[which[i]].assign(first, first + static_cast<std::ptrdiff_t>(columns_.size()));
    }
  }

  Tensor x_;
  std::vector<std::vector<double>> columns_;
};

// How far the sum that is minimised may be above its least value: the difference to a feasible point of the dual problem. `correlations` is
// X'y / N and `squares` y'y / N. Without L1 there is no such point at hand: the gradient's length bounds the difference then (of a penalty of 0: only
// suggests it).
double gap_of(const internal::CoordinateDescent& descent, const std::vector<double>& correlations,
              double squares, double l1, double l2, bool positive) {
  const std::vector<double>&w = descent.at(), &rest = descent.rest();
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

void SparseRegression::search(const Tensor& x, const Tensor& y, const Search& settings,
                              StepObserver* observer) {
  const internal::Centred centred(x, y, settings.fit_intercept);
  const double rows = static_cast<double>(x.size(0));
  const std::vector<double> correlations = values_of(matmul(transpose(centred.x), centred.y) / rows);
  const double squares = sum_squares(centred.y).item<double>() / rows;
  const double l1 = settings.alpha * settings.l1_ratio, l2 = settings.alpha * (1 - settings.l1_ratio);
  Gram gram(centred.x);
  std::vector<double> diagonal = values_of(sum_squares(centred.x, {0}) / rows);
  internal::CoordinateDescent descent(correlations, diagonal, gram);
  const internal::L1Penalty penalty{std::vector<double>(correlations.size(), l1), l2, settings.positive};
  iterations_ = 0;
  for (bool going = true; going && iterations_ < settings.max_iter;) {
    const double step = descent.sweep(penalty).step;
    ++iterations_;
    gap_ = gap_of(descent, correlations, squares, l1, l2, settings.positive);
    const StepScalar scalar{"duality_gap", squares > 0 ? gap_ / squares : 0};
    going = observer == nullptr || observer->on_step({static_cast<std::uint64_t>(iterations_), {&scalar, 1}});
    if (gap_ <= settings.tol * squares || step == 0) break;
  }
  coef_ = Tensor::from(descent.at(), {x.size(1)});
  intercept_ = centred.intercept_for(coef_);
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
