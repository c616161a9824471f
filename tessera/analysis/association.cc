#include "tessera/analysis/association.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "tessera/analysis/range.h"
#include "tessera/base/at.h"
#include "tessera/base/float_environment.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce-inl.h"
#include "tessera/stats/mutual_information.h"

namespace tessera::analysis {
namespace {

bool both(const CodedColumn& x, const CodedColumn& y, std::size_t row) {
  return x.codes[row] >= 0 && y.codes[row] >= 0;
}

bool complete(const CodedColumn& x, const CodedColumn& y) {
  return x.present == x.rows() && y.present == y.rows();
}

template <typename At>
bool all_equal(std::int64_t n, const At& value) {
  for (std::int64_t i = 1; i < n; ++i)
    if (value(i) != value(0)) return false;
  return true;
}

double bounded(double correlation) {
  if (!std::isfinite(correlation)) return NAN;
  return correlation > 1 ? 1 : correlation < -1 ? -1 : correlation;
}

// stats::correlation of numbers that are given by position: the same operations in the same order. NaN where one side is constant: what the rounding of
// its mean leaves says nothing.
template <typename X, typename Y>
double correlation_in_range(std::int64_t n, const X& x, const Y& y) {
  if (n < 2 || all_equal(n, x) || all_equal(n, y)) return NAN;
  const auto count = static_cast<double>(n);
  const double centre_x = numerics::sum_of<double>(n, x) / count,
               centre_y = numerics::sum_of<double>(n, y) / count;
  const auto cross = [&](const auto& a, double mean_a, const auto& b, double mean_b) {
    return numerics::sum_of<double>(n, [&](std::int64_t i) { return (a(i) - mean_a) * (b(i) - mean_b); });
  };
  return bounded(cross(x, centre_x, y, centre_y) / numerics::sqrt(cross(x, centre_x, x, centre_x)) /
                 numerics::sqrt(cross(y, centre_y, y, centre_y)));
}

template <typename X, typename Y>
double correlation_of(std::int64_t n, const X& x, const Y& y) {
  const int by_x = range_exponent(n, x), by_y = range_exponent(n, y);
  if (by_x == 0 && by_y == 0) return correlation_in_range(n, x, y);
  return correlation_in_range(
      n, [&](std::int64_t i) { return std::ldexp(x(i), by_x); },
      [&](std::int64_t i) { return std::ldexp(y(i), by_y); });
}

// The rows that both have, as levels of each side.
struct PairedCodes {
  std::vector<std::int32_t> x, y;
};

PairedCodes paired(const CodedColumn& x, const CodedColumn& y) {
  PairedCodes pairs;
  for (std::size_t row = 0; row < x.codes.size(); ++row) {
    if (!both(x, y, row)) continue;
    pairs.x.push_back(x.codes[row]);
    pairs.y.push_back(y.codes[row]);
  }
  return pairs;
}

// Correlates what `x_values` and `y_values` say of the levels.
double correlation_of_levels(std::span<const std::int32_t> x, std::span<const std::int32_t> y,
                             const std::vector<double>& x_values, const std::vector<double>& y_values) {
  return correlation_of(
      static_cast<std::int64_t>(x.size()), [&](std::int64_t i) { return x_values[at(x[at(i)])]; },
      [&](std::int64_t i) { return y_values[at(y[at(i)])]; });
}

CentredColumn centred(const CodedColumn& column, const std::vector<double>& level_values) {
  const FloatEnvironment contract;
  CentredColumn result;
  result.differences.reserve(column.codes.size());
  for (const std::int32_t code : column.codes) result.differences.push_back(level_values[at(code)]);
  const double* d = result.differences.data();
  if (const int by = range_exponent(column.rows(), [&](std::int64_t i) { return d[i]; }); by != 0)
    for (double& value : result.differences) value = std::ldexp(value, by);
  const double mean = numerics::mean(result.differences);
  for (double& value : result.differences) value = value - mean;
  result.length = column.levels() < 2 ? NAN
                                      : numerics::sqrt(numerics::sum_of<double>(
                                            column.rows(), [&](std::int64_t i) { return d[i] * d[i]; }));
  return result;
}

std::vector<double> ranks_among(std::span<const std::int32_t> codes, std::int64_t levels) {
  std::vector<std::int64_t> counts(at(levels), 0);
  for (const std::int32_t code : codes) ++counts[at(code)];
  return level_ranks(counts);
}

bool varies(const std::vector<std::int64_t>& counts) {
  return std::count_if(counts.begin(), counts.end(), [](std::int64_t count) { return count > 0; }) > 1;
}

}  // namespace

std::vector<std::int64_t> JointCounts::x_counts() const {
  std::vector<std::int64_t> counts(at(x_levels), 0);
  for (const Cell& cell : cells) counts[at(cell.x)] += cell.count;
  return counts;
}

std::vector<std::int64_t> JointCounts::y_counts() const {
  std::vector<std::int64_t> counts(at(y_levels), 0);
  for (const Cell& cell : cells) counts[at(cell.y)] += cell.count;
  return counts;
}

JointCounts joint_counts(const CodedColumn& x, const CodedColumn& y) {
  JointCounts joint;
  joint.x_levels = x.levels();
  joint.y_levels = y.levels();
  std::vector<std::int64_t> begin(at(x.levels()) + 1, 0);
  for (std::size_t row = 0; row < x.codes.size(); ++row)
    if (both(x, y, row)) ++begin[at(x.codes[row]) + 1];
  for (std::size_t level = 1; level < begin.size(); ++level) begin[level] += begin[level - 1];
  joint.rows = begin.back();
  std::vector<std::int32_t> sorted(at(joint.rows));
  std::vector<std::int64_t> next(begin.begin(), begin.end() - 1);
  for (std::size_t row = 0; row < x.codes.size(); ++row)
    if (both(x, y, row)) sorted[at(next[at(x.codes[row])]++)] = y.codes[row];
  std::vector<std::int64_t> counts(at(y.levels()), 0);
  for (std::size_t level = 0; level + 1 < begin.size(); ++level) {
    const std::span<std::int32_t> part(sorted.data() + begin[level], at(begin[level + 1] - begin[level]));
    if (part.size() > counts.size() / 8) {  // as many as there are levels: they are counted
      for (const std::int32_t code : part) ++counts[at(code)];
      for (std::size_t code = 0; code < counts.size(); ++code) {
        if (counts[code] > 0)
          joint.cells.push_back(
              {static_cast<std::int32_t>(level), static_cast<std::int32_t>(code), counts[code]});
        counts[code] = 0;
      }
      continue;
    }
    std::sort(part.begin(), part.end());
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (i == 0 || part[i] != part[i - 1])
        joint.cells.push_back({static_cast<std::int32_t>(level), part[i], 0});
      ++joint.cells.back().count;
    }
  }
  return joint;
}

double pearson(const CodedColumn& x, const CodedColumn& y) {
  const FloatEnvironment contract;
  if (complete(x, y)) return correlation_of_levels(x.codes, y.codes, x.numbers, y.numbers);
  const PairedCodes pairs = paired(x, y);
  return correlation_of_levels(pairs.x, pairs.y, x.numbers, y.numbers);
}

double spearman(const CodedColumn& x, const CodedColumn& y) {
  const FloatEnvironment contract;
  if (complete(x, y))
    return correlation_of_levels(x.codes, y.codes, level_ranks(x.counts), level_ranks(y.counts));
  const PairedCodes pairs = paired(x, y);
  return correlation_of_levels(pairs.x, pairs.y, ranks_among(pairs.x, x.levels()),
                               ranks_among(pairs.y, y.levels()));
}

CentredColumn centred_numbers(const CodedColumn& column) {
  return centred(column, column.numbers);
}
CentredColumn centred_ranks(const CodedColumn& column) {
  return centred(column, level_ranks(column.counts));
}

double correlation(const CentredColumn& x, const CentredColumn& y) {
  const FloatEnvironment contract;
  const double *a = x.differences.data(), *b = y.differences.data();
  const auto n = static_cast<std::int64_t>(x.differences.size());
  if (n < 2) return NAN;
  return bounded(numerics::sum_of<double>(n, [&](std::int64_t i) { return a[i] * b[i]; }) / x.length /
                 y.length);
}

double cramers_v(const JointCounts& joint) {
  const FloatEnvironment contract;
  const std::vector<std::int64_t> of_x = joint.x_counts(), of_y = joint.y_counts();
  if (!varies(of_x) || !varies(of_y)) return NAN;
  // chi^2 / n = sum of count^2 / (row total * column total) - 1
  const double squares =
      numerics::sum_of<double>(static_cast<std::int64_t>(joint.cells.size()), [&](std::int64_t i) {
        const JointCounts::Cell& cell = joint.cells[at(i)];
        return static_cast<double>(cell.count) / static_cast<double>(of_x[at(cell.x)]) *
               (static_cast<double>(cell.count) / static_cast<double>(of_y[at(cell.y)]));
      });
  const auto occurring = [](const std::vector<std::int64_t>& counts) {
    return std::count_if(counts.begin(), counts.end(), [](std::int64_t count) { return count > 0; });
  };
  const auto smaller = static_cast<double>(std::min(occurring(of_x), occurring(of_y)) - 1);
  return std::min(1.0, numerics::sqrt(std::max(0.0, squares - 1) / smaller));
}

double eta(const CodedColumn& groups, const CodedColumn& numbers) {
  const FloatEnvironment contract;
  std::vector<std::int64_t> begin(at(groups.levels()) + 1, 0);
  for (std::size_t row = 0; row < groups.codes.size(); ++row)
    if (both(groups, numbers, row)) ++begin[at(groups.codes[row]) + 1];
  for (std::size_t level = 1; level < begin.size(); ++level) begin[level] += begin[level - 1];
  if (begin.back() < 2) return NAN;
  std::vector<double> values(at(begin.back()));
  std::vector<std::int64_t> next(begin.begin(), begin.end() - 1);
  for (std::size_t row = 0; row < groups.codes.size(); ++row)
    if (both(groups, numbers, row))
      values[at(next[at(groups.codes[row])]++)] = numbers.numbers[at(numbers.codes[row])];
  const auto size = static_cast<std::int64_t>(values.size());
  const auto value = [&](std::int64_t i) { return values[at(i)]; };
  if (all_equal(size, value)) return NAN;
  if (const int by = range_exponent(size, value); by != 0)
    for (double& each : values) each = std::ldexp(each, by);
  const double mean = numerics::mean(values);
  const double total = numerics::sum_of<double>(
      size, [&](std::int64_t i) { return (values[at(i)] - mean) * (values[at(i)] - mean); });
  const double between = numerics::sum_of<double>(groups.levels(), [&](std::int64_t g) {
    const std::int64_t count = begin[at(g) + 1] - begin[at(g)];
    if (count == 0) return 0.0;
    const double off =
        numerics::mean(std::span<const double>(values.data() + begin[at(g)], at(count))) - mean;
    return off * off * static_cast<double>(count);
  });
  return numerics::sqrt(std::min(1.0, between / total));
}

double auc(const JointCounts& joint, std::int32_t first, std::int32_t second) {
  const FloatEnvironment contract;
  std::int64_t firsts = 0, seconds = 0, in_level = 0, below = 0;
  std::int32_t level = -1;
  double won = 0;  // twice the pairs; whole numbers, exact below 2^53
  const auto close_level = [&] {
    below += in_level;
    in_level = 0;
  };
  std::int64_t pending = 0;  // rows of `second` in this level
  const auto settle = [&] {
    won += static_cast<double>(pending) * static_cast<double>(2 * below + in_level);
    pending = 0;
    close_level();
  };
  for (const JointCounts::Cell& cell : joint.cells) {
    if (cell.x != level) {
      settle();
      level = cell.x;
    }
    if (cell.y == first) in_level += cell.count, firsts += cell.count;
    if (cell.y == second) pending += cell.count, seconds += cell.count;
  }
  settle();
  return won / 2 / (static_cast<double>(firsts) * static_cast<double>(seconds));
}

CountedInformation mutual_information(const JointCounts& joint) {
  if (joint.rows == 0) return {NAN, NAN};
  std::vector<std::int64_t> pairs;
  pairs.reserve(joint.cells.size());
  for (const JointCounts::Cell& cell : joint.cells) pairs.push_back(cell.count);
  const std::vector<std::int64_t> x = joint.x_counts(), y = joint.y_counts();
  const auto information = [&](stats::BiasCorrection correction) {
    return stats::entropy_of_counts(x, correction) + stats::entropy_of_counts(y, correction) -
           stats::entropy_of_counts(pairs, correction);
  };
  const FloatEnvironment contract;
  return {std::max(0.0, information(stats::BiasCorrection::kNone)),
          information(stats::BiasCorrection::kMillerMadow)};
}

RepeatAgreement repeat_agreement(const JointCounts& joint) {
  RepeatAgreement agreement;
  std::vector<std::int64_t> of_class(at(joint.y_levels), 0);
  const auto& cells = joint.cells;
  for (std::size_t begin = 0, end = 0; begin < cells.size(); begin = end) {
    std::int64_t rows = 0, most = 0, second = 0;
    for (; end < cells.size() && cells[end].x == cells[begin].x; ++end) {
      rows += cells[end].count;
      second = std::max(second, std::min(most, cells[end].count));
      most = std::max(most, cells[end].count);
    }
    if (rows < 2) continue;
    agreement.rows += rows;
    // A row of the commonest class agrees if that class is ahead without it; of any other class none does.
    if (most - 1 > second) agreement.agreeing += most;
    for (std::size_t i = begin; i < end; ++i) of_class[at(cells[i].y)] += cells[i].count;
  }
  if (!of_class.empty()) agreement.commonest = *std::max_element(of_class.begin(), of_class.end());
  return agreement;
}

}  // namespace tessera::analysis
