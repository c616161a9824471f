#include "tessera/linalg/split_rows.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tessera/base/thread_pool.h"
#include "tessera/linalg/rotations.h"

namespace tessera::linalg::internal {
namespace {

constexpr std::int64_t kCopiedRows = 64;  // of a task

void copy_rows(const Block& from, const Block& to) {
  parallel_for((from.rows + kCopiedRows - 1) / kCopiedRows, [&](std::int64_t task) {
    for (std::int64_t i = task * kCopiedRows; i < std::min(from.rows, (task + 1) * kCopiedRows); ++i)
      std::copy_n(from.row(i), from.columns, to.row(i));
  });
}

}  // namespace

std::vector<double> taken(const std::vector<double>& values, const std::vector<std::int64_t>& places) {
  std::vector<double> result;
  for (const std::int64_t i : places) result.push_back(values[static_cast<std::size_t>(i)]);
  return result;
}

Matrix identity_frame(std::int64_t count, Frame frame) {
  if (frame == Frame::kWhole) return Matrix::identity(count, count);
  Matrix ends(count, 2);
  ends(0, 0) = 1;
  ends(count - 1, 1) = 1;
  return ends;
}

SplitRows::SplitRows(Matrix& first_half, Matrix& second_half, Frame frame) {
  const bool whole = frame == Frame::kWhole;
  const std::int64_t above = first_half.rows(), below = second_half.rows();
  const Block first = first_half.block().part(0, 0, above, whole ? first_half.columns() : 1);
  const Block second = whole ? second_half.block() : second_half.block().part(0, 1, below, 1);
  split_ = first.columns;
  rows_ = Matrix(above + below, first.columns + second.columns);
  copy_rows(first, rows_.block());
  copy_rows(second, rows_.block().from(above, split_));
  sides_.assign(static_cast<std::size_t>(above), Side::kFirst);
  sides_.resize(static_cast<std::size_t>(above + below), Side::kSecond);
}

void SplitRows::rotate(std::int64_t i, std::int64_t j, double c, double s) {
  if (rows_.rows() == 0) return;
  rotate_lines(c, s, rows_.row(i), rows_.row(j), rows_.columns());
  Side &of_i = sides_[static_cast<std::size_t>(i)], &of_j = sides_[static_cast<std::size_t>(j)];
  if (of_i != of_j) of_i = of_j = Side::kMixed;
}

std::vector<std::int64_t> SplitRows::places(const std::vector<std::int64_t>& kept) const {
  std::vector<std::int64_t> result(kept.size());
  std::int64_t next = 0;
  for (const Side wanted : {Side::kFirst, Side::kMixed, Side::kSecond})
    for (std::size_t j = 0; j < kept.size(); ++j)
      if (side(kept[j]) == wanted) result[j] = next++;
  return result;
}

Matrix SplitRows::combine(Matrix& coefficients, const std::vector<std::int64_t>& kept,
                          const std::vector<std::int64_t>& others) const {
  const auto count = static_cast<std::int64_t>(kept.size());
  const std::int64_t columns = rows_.columns(), rest = columns - split_;
  const std::vector<std::int64_t> place = places(kept);
  std::int64_t of_first = 0, of_second = 0;
  for (const std::int64_t i : kept) {
    of_first += side(i) == Side::kFirst ? 1 : 0;
    of_second += side(i) == Side::kSecond ? 1 : 0;
  }
  // Rows without the second half's columns, those without the first half's: the mixed ones are in both.
  Matrix first(count - of_second, split_), second(count - of_first, rest);
  for (std::size_t j = 0; j < kept.size(); ++j) {
    const double* row = rows_.row(kept[j]);
    if (side(kept[j]) != Side::kSecond) std::copy_n(row, split_, first.row(place[j]));
    if (side(kept[j]) != Side::kFirst) std::copy_n(row + split_, rest, second.row(place[j] - of_first));
  }
  Matrix result(count + static_cast<std::int64_t>(others.size()), columns);
  const Block all = coefficients.block();
  Matrix product = multiply(all.part(0, 0, count, first.rows()), first.block());
  copy_rows(product.block(), result.block().part(0, 0, count, split_));
  product = multiply(all.part(0, of_first, count, second.rows()), second.block());
  copy_rows(product.block(), result.block().part(0, split_, count, rest));
  for (std::size_t j = 0; j < others.size(); ++j)
    std::copy_n(rows_.row(others[j]), columns, result.row(count + static_cast<std::int64_t>(j)));
  return result;
}

Deflation deflate(std::vector<double>& poles, std::vector<double>& z, double least_weight, double tolerance,
                  std::int64_t pinned,
                  const std::function<void(std::int64_t, std::int64_t, double, double)>& rotate) {
  const auto at = [](std::vector<double>& values, std::int64_t i) -> double& {
    return values[static_cast<std::size_t>(i)];
  };
  std::vector<std::int64_t> order(poles.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t i, std::int64_t j) { return at(poles, i) < at(poles, j); });
  Deflation result;
  if (pinned >= 0) result.kept.push_back(pinned);
  std::int64_t before = -1;  // the last row that counts, unless the next one takes its weight
  for (const std::int64_t i : order) {
    if (i == pinned) continue;
    if (std::abs(at(z, i)) <= least_weight) {
      result.settled.push_back(i);
      continue;
    }
    if (before >= 0) {
      const double length = length_of(at(z, before), at(z, i));
      const double c = at(z, i) / length, s = at(z, before) / length;
      const double difference = at(poles, i) - at(poles, before);
      if (std::abs(difference * (c * s)) <= tolerance) {
        at(z, i) = length;
        at(z, before) = 0;
        rotate(i, before, c, s);
        at(poles, i) = at(poles, i) - difference * (s * s);
        at(poles, before) = at(poles, before) + difference * (s * s);
        result.settled.push_back(before);
      } else {
        result.kept.push_back(before);
      }
    }
    before = i;
  }
  if (before >= 0) result.kept.push_back(before);
  return result;
}

}  // namespace tessera::linalg::internal
