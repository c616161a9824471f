#include "tessera/learn/tree_growth.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "tessera/base/float_environment.h"
#include "tessera/learn/random_splitter.h"
#include "tessera/learn/tree_grower.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce.h"

namespace tessera::learn {

namespace {

using internal::Grower;

std::vector<std::uint32_t> rows_with_weight(std::int64_t count, std::span<const std::uint32_t> weights) {
  std::vector<std::uint32_t> rows;
  rows.reserve(static_cast<std::size_t>(count));
  for (std::uint32_t row = 0; row < count; ++row)
    if (weights.empty() || weights[row] > 0) rows.push_back(row);
  return rows;
}

}  // namespace

TreeTarget TreeTarget::of_classes(const Tensor& y, std::int64_t classes) {
  TreeTarget target;
  target.classes_ = classes;
  for (const std::int64_t c : y.values<std::int64_t>())
    target.class_.push_back(static_cast<std::uint32_t>(c));
  return target;
}

void TreeTarget::prepare_entropy(std::int64_t most) {
  count_log_.assign(static_cast<std::size_t>(most) + 1, 0);
  for (std::size_t n = 1; n < count_log_.size(); ++n)
    count_log_[n] = static_cast<double>(n) * numerics::log(static_cast<double>(n));
}

TreeTarget TreeTarget::of_numbers(const Tensor& y) {
  TreeTarget target;
  target.numbers_ = y.to_vector<double>();
  const std::vector<double>& numbers = target.numbers_;
  const auto [least, most] = std::ranges::minmax(numbers);
  double center = numerics::mean(std::span<const double>(numbers));
  double largest = std::max(most - center, center - least);
  if (!std::isfinite(largest)) {  // the numbers are near the largest there are
    center = 0;
    largest = std::max(std::abs(least), std::abs(most));
  }
  int exponent = 0;
  std::frexp(largest, &exponent);
  const int bits = 61 - static_cast<int>(std::bit_width(numbers.size()));
  for (const double number : numbers)
    target.fixed_.push_back(
        static_cast<std::int64_t>(std::nearbyint(std::ldexp(number - center, bits - exponent))));
  return target;
}

TreeResult grow_tree(const CodedFeatures& features, const TreeTarget& target,
                     std::span<const std::uint32_t> weights, const TreeSettings& settings) {
  const FloatEnvironment contract;
  internal::Splitter splits(features, target, weights, settings);
  return Grower(splits, target, weights, settings, rows_with_weight(features.rows(), weights)).grow();
}

TreeResult grow_random_tree(const ValueColumns& values, const TreeTarget& target,
                            std::span<const std::uint32_t> weights, const TreeSettings& settings) {
  const FloatEnvironment contract;
  std::vector<std::uint32_t> rows = rows_with_weight(values.rows(), weights);
  internal::RandomSplitter splits(values, target, weights, settings, rows);
  return Grower(splits, target, weights, settings, std::move(rows)).grow();
}

}  // namespace tessera::learn
