#include "tessera/learn/smo.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tessera::learn {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLeastCurvature = 1e-12;  // as LIBSVM has it, where a kernel is not positive definite

class Smo {
 public:
  explicit Smo(SmoProblem& problem)
      : problem_(problem),
        variables_(static_cast<std::int64_t>(problem.target.size())),
        rows_(problem.rows.size()),
        slope_(problem.target),
        grow_(problem.target.size()),
        shrink_(problem.target.size()),
        v_(problem.target.size(), 0.0) {
    for (std::int64_t t = 0; t < variables_; ++t) note_bounds(t);
  }

  SmoSolution solve() {
    const std::int64_t most =
        problem_.max_iter >= 0 ? problem_.max_iter : std::max<std::int64_t>(10'000'000, 100 * variables_);
    const double* any = problem_.rows.row(0);
    SmoExtremes extremes = advance(any, any, 0);
    SmoSolution found;
    for (; found.iterations < most && !found.converged; ++found.iterations) {
      found.converged = extremes.most - extremes.least < problem_.tolerance;
      if (found.converged || extremes.at < 0) break;
      const double* first = problem_.rows.row(extremes.at % rows_);
      const std::int64_t partner = partner_of(extremes, first);
      if (partner < 0) break;
      const double* second = problem_.rows.row(partner % rows_);
      extremes = advance(first, second, move(extremes.at, partner, first));
    }
    found.converged = extremes.most - extremes.least < problem_.tolerance;
    found.finite = std::ranges::all_of(slope_, [](double slope) { return std::isfinite(slope); });
    found.intercept = intercept(extremes);
    found.v = std::move(v_);
    return found;
  }

 private:
  double& at(std::vector<double>& values, std::int64_t t) const {
    return values[static_cast<std::size_t>(t)];
  }

  void note_bounds(std::int64_t t) {
    at(grow_, t) = at(v_, t) < at(problem_.most, t) ? 0 : -kInfinity;
    at(shrink_, t) = at(v_, t) > at(problem_.least, t) ? 0 : kInfinity;
  }

  SmoExtremes advance(const double* first, const double* second, double step) {
    SmoExtremes all{-kInfinity, kInfinity, -1};
    for (std::int64_t from = 0; from < variables_; from += rows_) {
      const SmoExtremes part = smo_advance(slope_.data() + from, grow_.data() + from, shrink_.data() + from,
                                           first, second, step, rows_);
      if (part.at >= 0 && part.most >= all.most) {
        all.most = part.most;
        all.at = from + part.at;
      }
      all.least = std::min(all.least, part.least);
    }
    return all;
  }

  std::int64_t partner_of(const SmoExtremes& extremes, const double* row) {
    SmoPartner best{-kInfinity, -1};
    const std::vector<double>& diagonal = problem_.rows.diagonal();
    const double own = diagonal[static_cast<std::size_t>(extremes.at % rows_)];
    for (std::int64_t from = 0; from < variables_; from += rows_) {
      const SmoPartner part = smo_partner(slope_.data() + from, shrink_.data() + from, row, diagonal.data(),
                                          extremes.most, own, rows_);
      if (part.at >= 0 && part.gain >= best.gain) best = {part.gain, from + part.at};
    }
    return best.at;
  }

  // How much variable i grows and j shrinks; both are moved.
  double move(std::int64_t i, std::int64_t j, const double* row_of_i) {
    const std::vector<double>& diagonal = problem_.rows.diagonal();
    const double curvature = diagonal[static_cast<std::size_t>(i % rows_)] +
                             diagonal[static_cast<std::size_t>(j % rows_)] - 2 * row_of_i[j % rows_];
    const double free = (at(slope_, i) - at(slope_, j)) / (curvature > 0 ? curvature : kLeastCurvature);
    const double room_up = at(problem_.most, i) - at(v_, i), room_down = at(v_, j) - at(problem_.least, j);
    const double step = std::min({free, room_up, room_down});
    at(v_, i) = step == room_up ? at(problem_.most, i) : at(v_, i) + step;
    at(v_, j) = step == room_down ? at(problem_.least, j) : at(v_, j) - step;
    note_bounds(i);
    note_bounds(j);
    return step;
  }

  double intercept(const SmoExtremes& extremes) {
    double sum = 0;
    std::int64_t free = 0;
    for (std::int64_t t = 0; t < variables_; ++t)
      if (at(grow_, t) == 0 && at(shrink_, t) == 0) {
        sum += at(slope_, t);
        ++free;
      }
    const double found = free > 0 ? sum / static_cast<double>(free) : (extremes.most + extremes.least) / 2;
    return found +
           0.0;  // -0 becomes 0: which of the two a least of several zeros is, the contract leaves open
  }

  SmoProblem& problem_;
  std::int64_t variables_, rows_;
  std::vector<double> slope_, grow_, shrink_, v_;
};

}  // namespace

SmoSolution solve_smo(SmoProblem problem) {
  return Smo(problem).solve();
}

}  // namespace tessera::learn
