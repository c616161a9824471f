// What the rows of a category say about the target, of all rows or of a part of them. Internal to this room.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tessera/learn/categories.h"
#include "tessera/learn/parameters.h"
#include "tessera/tensor/tensor.h"

namespace tessera::learn {

// auto: binary if every target is 0 or 1; multiclass (an output for each class, 1 where a row is of it) if all are whole numbers from 0 to 999; else continuous.
enum class TargetType : std::uint8_t { kAuto, kBinary, kContinuous, kMulticlass };

void visit_target_type(ParameterVisitor& visitor, TargetType& type);

// A column per output. Error if the target is not there, or not of this type.
std::vector<std::vector<double>> target_columns(std::string_view encoder, const Tensor& y, TargetType type);

struct TargetMoments {
  std::int64_t count = 0;
  double sum = 0, mean = 0;
  double m2 = 0;  // sum of squared differences from the mean

  double variance() const { return count > 0 ? m2 / static_cast<double>(count) : 0; }
  double sample_variance() const { return count > 1 ? m2 / static_cast<double>(count - 1) : 0; }
};

// Of a list, in the contract's order.
TargetMoments moments_of(std::span<const double> target);

// Which rows count: those outside of a fold, and of an inner fold; -1: there is none.
struct RowPart {
  std::int32_t fold = -1, inner = -1;
  bool has(std::int32_t fold_of_row, std::int32_t inner_of_row) const {
    return fold_of_row != fold && inner_of_row != inner;
  }
};

// Folds by position and counter, never by target: those of data::k_fold with this seed and repeat. 0 for every row of no fold.
std::vector<std::int32_t> fold_numbers(std::string_view encoder, std::string_view setting, std::int64_t rows,
                                       std::int64_t folds, bool shuffle, std::int64_t seed,
                                       std::uint32_t repeat);

// The rows of a column by category, with their targets and folds beside each other.
struct GroupedTarget {
  GroupedTarget(std::span<const std::int32_t> codes, std::int64_t categories,
                std::span<const std::int32_t> folds = {}, std::span<const std::int32_t> inner = {});
  void take(std::span<const double> target);  // before moments()
  // Of each category; a chain of additions over its rows in ascending order.
  std::vector<TargetMoments> moments(RowPart part) const;

  CategoryRows rows;
  std::vector<double> target;
  std::vector<std::int32_t> folds, inner;
};

// Gaussian noise by counter: element i of `values` becomes value + add * z or value * (1 + factor * z).
void add_noise(std::span<double> values, double add, double factor, std::int64_t seed);

}  // namespace tessera::learn
