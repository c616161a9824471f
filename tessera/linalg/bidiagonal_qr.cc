// The singular values of a bidiagonal matrix: Golub and Reinsch's iteration, as LINPACK's dsvdc arranges it.
#include <algorithm>
#include <cmath>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/linalg/bidiagonal.h"
#include "tessera/numerics/functions.h"

namespace tessera::linalg::internal {
namespace {

constexpr int kMostStepsOfValue = 75;       // of one singular value
constexpr int kStepsBesideNeighbours = 40;  // then the largest element decides what is nothing, too

struct Turn {
  double length, c, s;
};
// The rotation that takes (f, g) to (length, 0).
Turn turn_of(double f, double g) {
  const double length = length_of(f, g);
  if (length <= kTiny) return {0, 1, 0};
  return {length, f / length, g / length};
}

// f, in row last - 1 and the column `last` behind it, goes up the rows as far as `first` and out.
void turn_out(double* s, double* e, std::int64_t first, std::int64_t last, double f, Rotations& right) {
  for (std::int64_t j = last - 1; j >= first; --j) {
    const Turn turn = turn_of(s[j], f);
    s[j] = turn.length;
    if (j > first) {
      f = 0 - turn.s * e[j - 1];
      e[j - 1] = turn.c * e[j - 1];
    }
    right.add(j, last, turn.c, turn.s);
  }
}

class BidiagonalIteration {
 public:
  BidiagonalIteration(std::vector<double>& diagonal, std::vector<double>& above, Rotations& left,
                      Rotations& right)
      : s_(diagonal.data()),
        e_(above.data()),
        end_(static_cast<std::int64_t>(diagonal.size())),
        turned_(diagonal.size()),
        small_(0x1p-53 * std::max(largest(s_, end_), largest(e_, end_))),
        left_(left),
        right_(right) {}

  std::vector<bool> run() {
    for (int step = 0; end_ > 0; ++step) {
      if (step > kMostStepsOfValue)
        fail("svd: singular value {} has not converged after {} steps", end_ - 1, kMostStepsOfValue);
      nothing_ = step < kStepsBesideNeighbours ? kTiny : std::max(kTiny, small_);
      const std::int64_t last = end_ - 1, split = last_negligible_coupling();
      if (split == last - 1) {
        if (s_[last] < 0) {
          s_[last] = 0 - s_[last];
          turned_[static_cast<std::size_t>(last)] = true;
        }
        --end_;
        step = -1;
        continue;
      }
      const std::int64_t zero = last_negligible_value(split);
      if (zero == last)
        chase_up(split + 1);
      else if (zero > split)
        chase_down(zero + 1);
      else
        sweep(split + 1);
    }
    return std::move(turned_);
  }

 private:
  // The last k < end - 1 with no coupling between k and k + 1; -1: there is none.
  std::int64_t last_negligible_coupling() {
    std::int64_t k = end_ - 2;
    for (; k >= 0; --k)
      if (std::abs(e_[k]) <= nothing_ + kRoundoff * (std::abs(s_[k]) + std::abs(s_[k + 1]))) {
        e_[k] = 0;
        break;
      }
    return k;
  }

  // The last value of the block behind `split` that counts as zero; split: none.
  std::int64_t last_negligible_value(std::int64_t split) {
    for (std::int64_t k = end_ - 1; k > split; --k) {
      const double beside = (k + 1 < end_ ? std::abs(e_[k]) : 0) + (k > split + 1 ? std::abs(e_[k - 1]) : 0);
      if (std::abs(s_[k]) <= nothing_ + kRoundoff * beside) {
        s_[k] = 0;
        return k;
      }
    }
    return split;
  }

  // The last value is zero: its coupling is turned out of the last column.
  void chase_up(std::int64_t first) {
    const std::int64_t last = end_ - 1;
    turn_out(s_, e_, first, last, std::exchange(e_[last - 1], 0), right_);
  }

  // The value before `first` is zero: its coupling is turned out of its row.
  void chase_down(std::int64_t first) {
    double f = e_[first - 1];
    e_[first - 1] = 0;
    for (std::int64_t j = first; j < end_; ++j) {
      const Turn turn = turn_of(s_[j], f);
      s_[j] = turn.length;
      f = 0 - turn.s * e_[j];
      e_[j] = turn.c * e_[j];
      left_.add(j, first - 1, turn.c, turn.s);
    }
  }

  // The first column of B^T B - shift, up to a factor.
  std::pair<double, double> shifted_column(std::int64_t first) const {
    const std::int64_t last = end_ - 1;
    const double top = std::max({std::abs(s_[last]), std::abs(s_[last - 1]), std::abs(e_[last - 1]),
                                 std::abs(s_[first]), std::abs(e_[first])});
    const double sp = s_[last] / top, before = s_[last - 1] / top, coupling = e_[last - 1] / top;
    const double sk = s_[first] / top, ek = e_[first] / top;
    const double b = ((before + sp) * (before - sp) + coupling * coupling) / 2;
    const double c = (sp * coupling) * (sp * coupling);
    double shift = 0;
    if (b != 0 || c != 0) {
      const double root = numerics::sqrt(b * b + c);
      shift = c / (b + (b < 0 ? 0 - root : root));
    }
    return {(sk + sp) * (sk - sp) + shift, sk * ek};
  }

  void sweep(std::int64_t first) {
    auto [f, g] = shifted_column(first);
    for (std::int64_t j = first; j + 1 < end_; ++j) {
      Turn turn = turn_of(f, g);
      if (j > first) e_[j - 1] = turn.length;
      f = turn.c * s_[j] + turn.s * e_[j];
      e_[j] = turn.c * e_[j] - turn.s * s_[j];
      g = turn.s * s_[j + 1];
      s_[j + 1] = turn.c * s_[j + 1];
      right_.add(j, j + 1, turn.c, turn.s);
      turn = turn_of(f, g);
      s_[j] = turn.length;
      f = turn.c * e_[j] + turn.s * s_[j + 1];
      s_[j + 1] = turn.c * s_[j + 1] - turn.s * e_[j];
      g = turn.s * e_[j + 1];
      e_[j + 1] = turn.c * e_[j + 1];
      left_.add(j, j + 1, turn.c, turn.s);
    }
    e_[end_ - 2] = f;
  }

  double *s_, *e_;
  std::int64_t end_;  // values before it are still to be found
  std::vector<bool> turned_;
  double small_, nothing_ = kTiny;
  Rotations &left_, &right_;
};

}  // namespace

std::vector<bool> iterate_qr(std::vector<double>& diagonal, std::vector<double>& above, Rotations& left,
                             Rotations& right) {
  return BidiagonalIteration(diagonal, above, left, right).run();
}

void turn_out_column(std::vector<double>& diagonal, std::vector<double>& above, double beside,
                     Rotations& right) {
  turn_out(diagonal.data(), above.data(), 0, static_cast<std::int64_t>(diagonal.size()), beside, right);
}

}  // namespace tessera::linalg::internal
