#include "tessera/linalg/selected_eigen.h"

#include <algorithm>
#include <cmath>

#include "tessera/base/thread_pool.h"
#include "tessera/numerics/contract.h"
#include "tessera/numerics/philox.h"

namespace tessera::linalg::internal {
namespace {

constexpr std::int64_t kBisected = 8;  // eigenvalues that are bisected side by side
constexpr int kHalvings = 56;          // of an interval of at most about 2 ||T||
constexpr double kLeastPivot = 0x1p-900;
constexpr int kFewestSteps = 3, kMostIterations = 10;  // of inverse iteration

// How many eigenvalues are below each of kBisected numbers. squares[i]: of the element that couples i - 1 and i.
TESSERA_FMA_CLONES void count_below(const double* diagonal, const double* squares, std::int64_t n,
                                    const double* x, std::int64_t* below) {
  double pivot[kBisected];
  std::int64_t count[kBisected] = {};
  for (std::int64_t j = 0; j < kBisected; ++j) pivot[j] = 1;
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < kBisected; ++j) {
      const double next = (diagonal[i] - x[j]) - squares[i] / pivot[j];
      pivot[j] = std::abs(next) < kLeastPivot ? -kLeastPivot : next;
      count[j] += pivot[j] < 0 ? 1 : 0;
    }
  for (std::int64_t j = 0; j < kBisected; ++j) below[j] = count[j];
}

struct Interval {
  double low, high;
};

// Gershgorin's discs, and a little more.
Interval interval_of(const std::vector<double>& diagonal, const std::vector<double>& beside) {
  Interval all{diagonal[0], diagonal[0]};
  for (std::size_t i = 0; i < diagonal.size(); ++i) {
    const double radius = (i > 0 ? std::abs(beside[i - 1]) : 0) + std::abs(beside[i]);
    all.low = std::min(all.low, diagonal[i] - radius);
    all.high = std::max(all.high, diagonal[i] + radius);
  }
  const double top = std::max(std::abs(all.low), std::abs(all.high)), more = 0x1p-50 * top;
  return {all.low - more, all.high + more};
}

// (T - shift I) = P L U by elimination with exchanges of neighbouring rows; U has two diagonals above its own.
class ShiftedTridiagonal {
 public:
  ShiftedTridiagonal(const std::vector<double>& diagonal, const std::vector<double>& beside, double shift,
                     double least)
      : n_(static_cast<std::int64_t>(diagonal.size())), rows_(diagonal.size()) {
    double on = diagonal[0] - shift, next = beside[0];
    for (std::int64_t i = 0; i + 1 < n_; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const double below = beside[at], on_below = diagonal[at + 1] - shift, next_below = beside[at + 1];
      Row& row = rows_[at];
      if (std::abs(on) >= std::abs(below)) {
        row = {on, next, 0, on == 0 ? 0 : below / on, false};
        on = on_below - row.factor * next;
        next = next_below;
      } else {
        row = {below, on_below, next_below, on / below, true};
        on = next - row.factor * on_below;
        next = 0 - row.factor * next_below;
      }
    }
    rows_.back() = {on, 0, 0, 0, false};
    for (Row& row : rows_)
      if (std::abs(row.pivot) < least) row.pivot = row.pivot < 0 ? -least : least;
  }

  void solve(double* x) const {
    for (std::int64_t i = 0; i + 1 < n_; ++i) {
      const Row& row = rows_[static_cast<std::size_t>(i)];
      if (row.exchanged) std::swap(x[i], x[i + 1]);
      x[i + 1] = x[i + 1] - row.factor * x[i];
    }
    double after = 0, second = 0;  // x[i + 1], x[i + 2]
    for (std::int64_t i = n_ - 1; i >= 0; --i) {
      const Row& row = rows_[static_cast<std::size_t>(i)];
      x[i] = (x[i] - row.next * after - row.second * second) / row.pivot;
      second = after;
      after = x[i];
    }
  }

 private:
  struct Row {
    double pivot, next, second, factor;
    bool exchanged;
  };
  std::int64_t n_;
  std::vector<Row> rows_;
};

class InverseIteration {
 public:
  InverseIteration(const std::vector<double>& diagonal, const std::vector<double>& beside)
      : diagonal_(diagonal), beside_(beside), n_(static_cast<std::int64_t>(diagonal.size())) {
    for (std::size_t i = 0; i < diagonal.size(); ++i)
      size_ = std::max(size_,
                       (i > 0 ? std::abs(beside[i - 1]) : 0) + std::abs(diagonal[i]) + std::abs(beside[i]));
  }

  // Row `place` of z, whose rows before it are orthonormal.
  bool find(double value, std::int64_t place, Matrix& z) const {
    const ShiftedTridiagonal shifted(diagonal_, beside_, value, size_ == 0 ? 1 : 0x1p-53 * size_);
    double* x = z.row(place);
    begin(place, x);
    for (int step = 1; step <= kMostIterations; ++step) {
      shifted.solve(x);
      normalise(x);
      for (int pass = 0; pass < 2; ++pass) {
        for (std::int64_t i = 0; i < place; ++i) add_scaled(-dot(z.row(i), x, n_), z.row(i), x, n_);
        normalise(x);
      }
      if (step >= kFewestSteps && residual(value, x) <= 0x1p-52 * static_cast<double>(n_) * size_)
        return true;
    }
    return false;
  }

 private:
  // Uniform on (-1, 1), of its own for each place.
  void begin(std::int64_t place, double* x) const {
    const numerics::PhiloxKey key = numerics::stream_key(0, "tessera/inverse_iteration");
    for (std::int64_t i = 0; i < n_; ++i) {
      const numerics::PhiloxBlock words = numerics::philox(
          key, numerics::philox_counter(static_cast<std::uint64_t>(i), static_cast<std::uint32_t>(place)));
      x[i] = (static_cast<double>(words[0]) + 0.5) * 0x1p-31 - 1;
    }
  }

  void normalise(double* x) const {
    scale(1 / largest(x, n_), x, n_);
    scale(1 / norm(x, n_), x, n_);
  }

  double residual(double value, const double* x) const {
    std::vector<double> rest(diagonal_.size());
    for (std::int64_t i = 0; i < n_; ++i) {
      const auto at = static_cast<std::size_t>(i);
      double sum = (diagonal_[at] - value) * x[i];
      if (i > 0) sum = sum + beside_[at - 1] * x[i - 1];
      if (i + 1 < n_) sum = sum + beside_[at] * x[i + 1];
      rest[at] = sum;
    }
    return norm(rest.data(), n_);
  }

  const std::vector<double>&diagonal_, &beside_;
  std::int64_t n_;
  double size_ = 0;  // of T, at least
};

}  // namespace

std::vector<double> bisect_eigenvalues(const std::vector<double>& diagonal, const std::vector<double>& beside,
                                       std::int64_t first, std::int64_t count) {
  const auto n = static_cast<std::int64_t>(diagonal.size());
  std::vector<double> squares(diagonal.size());
  for (std::size_t i = 1; i < squares.size(); ++i) squares[i] = beside[i - 1] * beside[i - 1];
  const Interval all = interval_of(diagonal, beside);
  std::vector<double> values(static_cast<std::size_t>(count));
  parallel_for((count + kBisected - 1) / kBisected, [&](std::int64_t group) {
    double low[kBisected], high[kBisected], middle[kBisected];
    std::int64_t below[kBisected];
    std::fill_n(low, kBisected, all.low);
    std::fill_n(high, kBisected, all.high);
    for (int halving = 0; halving <= kHalvings; ++halving) {
      for (std::int64_t j = 0; j < kBisected; ++j) middle[j] = low[j] + (high[j] - low[j]) / 2;
      if (halving == kHalvings) break;
      count_below(diagonal.data(), squares.data(), n, middle, below);
      for (std::int64_t j = 0; j < kBisected; ++j)
        (below[j] > first + group * kBisected + j ? high : low)[j] = middle[j];
    }
    const std::int64_t lanes = std::min(kBisected, count - group * kBisected);
    std::copy_n(middle, lanes, values.begin() + group * kBisected);
  });
  return values;
}

std::optional<Matrix> inverse_iteration(const std::vector<double>& diagonal,
                                        const std::vector<double>& beside,
                                        const std::vector<double>& values) {
  const auto n = static_cast<std::int64_t>(diagonal.size()), count = static_cast<std::int64_t>(values.size());
  const InverseIteration iteration(diagonal, beside);
  Matrix z(count, n);
  for (std::int64_t i = 0; i < count; ++i)
    if (!iteration.find(values[static_cast<std::size_t>(i)], i, z)) return std::nullopt;
  return z;
}

}  // namespace tessera::linalg::internal
