// How good a division is: what is counted on both sides while rows move from the right to the left. Internal to the growing of trees.
//
// score() grows with the quality of the division; score_of_node() is that of the undivided node, so that their difference is the
// decrease of impurity times rows. All are symmetric in the two sides to the last bit.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "tessera/learn/tree_growth.h"

namespace tessera::learn::internal {

// A row of a node, for one feature.
struct ClassItem {
  std::uint32_t code, tag;  // tag: class below, weight above
  std::uint32_t of_class() const { return tag & 0xFFFFFu; }
  std::int64_t weight() const { return tag >> 20; }
};
struct NumberItem {
  std::uint32_t code, times;
  std::int64_t weighted;
  std::int64_t weight() const { return times; }
};

// Counts per class of the side that is filled: memory of one thread that lasts, since there are very many small nodes. One object at a time.
inline std::span<std::int64_t> left_counts(std::size_t classes) {
  thread_local std::vector<std::int64_t> own;
  own.resize(std::max(own.size(), classes));
  return {own.data(), classes};
}

// All have move(), after which score() may be asked. Or the whole left side is put in at once: for numbers with put(), for classes into left(), after which
// settle() comes.
//
// sum over sides of (sum over classes of count^2) / rows
class GiniSides {
 public:
  using Item = ClassItem;
  GiniSides(const TreeTarget&, std::span<const std::int64_t> totals, std::int64_t weight)
      : totals_(totals), weight_(weight), left_(left_counts(totals.size())) {
    for (const std::int64_t count : totals) all_squares_ += count * count;
    clear();
  }
  void clear() {
    std::ranges::fill(left_, 0);
    squares_left_ = weight_left_ = 0;
    squares_right_ = all_squares_;
  }
  void move(const Item& item) {
    const std::int64_t w = item.weight();
    std::int64_t& left = left_[item.of_class()];
    squares_left_ += w * (2 * left + w);
    squares_right_ += w * (w - 2 * (totals_[item.of_class()] - left));
    left += w;
    weight_left_ += w;
  }
  std::span<std::int64_t> left() { return left_; }
  void settle() {
    squares_left_ = squares_right_ = weight_left_ = 0;
    for (std::size_t k = 0; k < left_.size(); ++k) {
      weight_left_ += left_[k];
      squares_left_ += left_[k] * left_[k];
      squares_right_ += (totals_[k] - left_[k]) * (totals_[k] - left_[k]);
    }
  }
  double score() const {
    const auto left = static_cast<double>(weight_left_), right = static_cast<double>(weight_ - weight_left_);
    return (static_cast<double>(squares_left_) * right + static_cast<double>(squares_right_) * left) /
           (left * right);
  }
  double score_of_node() const { return static_cast<double>(all_squares_) / static_cast<double>(weight_); }

 private:
  std::span<const std::int64_t> totals_;
  std::int64_t weight_, all_squares_ = 0, squares_left_ = 0, squares_right_ = 0, weight_left_ = 0;
  std::span<std::int64_t> left_;
};

// sum over sides of (sum over classes of count log count) - rows log rows
class EntropySides {
 public:
  using Item = ClassItem;
  EntropySides(const TreeTarget& target, std::span<const std::int64_t> totals, std::int64_t weight)
      : target_(target), totals_(totals), weight_(weight), left_(left_counts(totals.size())) {
    clear();
  }
  void clear() {
    std::ranges::fill(left_, 0);
    weight_left_ = 0;
  }
  void move(const Item& item) {
    left_[item.of_class()] += item.weight();
    weight_left_ += item.weight();
  }
  std::span<std::int64_t> left() { return left_; }
  void settle() {
    weight_left_ = 0;
    for (const std::int64_t count : left_) weight_left_ += count;
  }
  double score() const {
    double left = 0, right = 0;
    for (std::size_t k = 0; k < left_.size(); ++k) {
      left += target_.count_log(left_[k]);
      right += target_.count_log(totals_[k] - left_[k]);
    }
    return (left - target_.count_log(weight_left_)) + (right - target_.count_log(weight_ - weight_left_));
  }
  double score_of_node() const {
    double all = 0;
    for (const std::int64_t count : totals_) all += target_.count_log(count);
    return all - target_.count_log(weight_);
  }

 private:
  const TreeTarget& target_;
  std::span<const std::int64_t> totals_;
  std::int64_t weight_, weight_left_ = 0;
  std::span<std::int64_t> left_;
};

// The decrease of the squared error itself, times the node's rows: (s_left n - s n_left)^2 / (n_left n_right), seen from the smaller side.
class ErrorSides {
 public:
  using Item = NumberItem;
  ErrorSides(const TreeTarget&, std::span<const std::int64_t> totals, std::int64_t weight)
      : total_(totals[0]), weight_(weight) {}
  void clear() { sum_left_ = weight_left_ = 0; }
  void move(const Item& item) {
    sum_left_ += item.weighted;
    weight_left_ += item.weight();
  }
  void put(std::int64_t sum, std::int64_t weight) {
    sum_left_ = sum;
    weight_left_ = weight;
  }
  double score() const {
    const std::int64_t weight_right = weight_ - weight_left_, sum_right = total_ - sum_left_;
    const bool left = weight_left_ < weight_right || (weight_left_ == weight_right && sum_left_ < sum_right);
    const auto n = static_cast<double>(weight_);
    const auto part = static_cast<double>(left ? weight_left_ : weight_right);
    const double difference =
        static_cast<double>(left ? sum_left_ : sum_right) * n - static_cast<double>(total_) * part;
    return difference * difference / (part * (n - part) * n);
  }
  double score_of_node() const { return 0; }

 private:
  std::int64_t total_, weight_, sum_left_ = 0, weight_left_ = 0;
};

}  // namespace tessera::learn::internal
