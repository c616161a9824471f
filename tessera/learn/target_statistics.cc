#include "tessera/learn/target_statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tessera/base/error.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/random.h"

namespace tessera::learn {

namespace {

constexpr std::string_view kTargetTypes[] = {"auto", "binary", "continuous", "multiclass"};
constexpr double kMostTargetClasses = 1000;

TargetType resolved(std::string_view encoder, std::span<const double> y, TargetType type) {
  const bool binary = std::ranges::all_of(y, [](double value) { return value == 0 || value == 1; });
  const bool classes = std::ranges::all_of(
      y, [](double value) { return value >= 0 && value < kMostTargetClasses && value == std::floor(value); });
  if (type == TargetType::kBinary && !binary)
    fail("{}: target_type is binary, expected only 0 and 1 in the target", encoder);
  if (type == TargetType::kMulticlass && !classes)
    fail("{}: target_type is multiclass, expected whole numbers from 0 to 999 in the target", encoder);
  if (type != TargetType::kAuto) return type;
  return binary ? TargetType::kBinary : classes ? TargetType::kMulticlass : TargetType::kContinuous;
}

}  // namespace

void visit_target_type(ParameterVisitor& visitor, TargetType& type) {
  visitor.choice("target_type", type, kTargetTypes,
                 "What the target is; of several classes each has an output.");
}

std::vector<std::vector<double>> target_columns(std::string_view encoder, const Tensor& y, TargetType type) {
  if (!y.defined())
    fail("{}: it learns from a target, expected one value per row of features, found none", encoder);
  const std::span<const double> values = y.values<double>();
  if (resolved(encoder, values, type) != TargetType::kMulticlass) return {{values.begin(), values.end()}};
  const auto classes = static_cast<std::size_t>(std::ranges::max(values)) + 1;
  std::vector<std::vector<double>> columns(classes, std::vector<double>(values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) columns[static_cast<std::size_t>(values[i])][i] = 1;
  return columns;
}

TargetMoments moments_of(std::span<const double> target) {
  if (target.empty()) return {};
  return {static_cast<std::int64_t>(target.size()), numerics::sum(target), numerics::mean(target),
          numerics::moments(target).m2};
}

std::vector<std::int32_t> fold_numbers(std::string_view encoder, std::string_view setting, std::int64_t rows,
                                       std::int64_t folds, bool shuffle, std::int64_t seed,
                                       std::uint32_t repeat) {
  if (folds > rows) fail("{}: {}: expected at most the {} rows, found {}", encoder, setting, rows, folds);
  std::vector<std::int64_t> order(static_cast<std::size_t>(rows));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  if (shuffle) {
    RandomSource random(static_cast<std::uint64_t>(seed));
    random.begin_step(repeat);
    order = random.permutation("folds", rows).to_vector<std::int64_t>();
  }
  std::vector<std::int32_t> fold_of(order.size());
  std::size_t next = 0;
  for (std::int64_t fold = 0; fold < folds; ++fold)
    for (std::int64_t i = 0; i < rows / folds + (fold < rows % folds ? 1 : 0); ++i)
      fold_of[static_cast<std::size_t>(order[next++])] = static_cast<std::int32_t>(fold);
  return fold_of;
}

GroupedTarget::GroupedTarget(std::span<const std::int32_t> codes, std::int64_t categories,
                             std::span<const std::int32_t> folds_of_rows,
                             std::span<const std::int32_t> inner_of_rows)
    : rows(codes, categories) {
  const auto taken = [&](std::span<const std::int32_t> of_rows) {
    std::vector<std::int32_t> some(of_rows.empty() ? 0 : rows.rows.size());
    for (std::size_t i = 0; i < some.size(); ++i) some[i] = of_rows[rows.rows[i]];
    return some;
  };
  folds = taken(folds_of_rows);
  inner = taken(inner_of_rows);
}

void GroupedTarget::take(std::span<const double> of_rows) {
  target.resize(rows.rows.size());
  for (std::size_t i = 0; i < target.size(); ++i) target[i] = of_rows[rows.rows[i]];
}

std::vector<TargetMoments> GroupedTarget::moments(RowPart part) const {
  std::vector<TargetMoments> groups(rows.first.size() - 1);
  for (std::size_t c = 0; c < groups.size(); ++c) {
    TargetMoments& group = groups[c];
    const auto each = [&](const auto& visit) {
      for (auto i = static_cast<std::size_t>(rows.first[c]); i < static_cast<std::size_t>(rows.first[c + 1]);
           ++i)
        if (folds.empty() || part.has(folds[i], inner.empty() ? 0 : inner[i])) visit(target[i]);
    };
    each([&](double value) {
      ++group.count;
      group.sum += value;
    });
    if (group.count == 0) continue;
    group.mean = group.sum / static_cast<double>(group.count);
    each([&](double value) { group.m2 += (value - group.mean) * (value - group.mean); });
  }
  return groups;
}

void add_noise(std::span<double> values, double add, double factor, std::int64_t seed) {
  if (add == 0 && factor == 0) return;
  RandomSource random(static_cast<std::uint64_t>(seed));
  const Tensor draws =
      random.normal("encoder.noise", {static_cast<std::int64_t>(values.size())}, DType::kFloat64);
  const std::span<const double> z = draws.values<double>();
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = values[i] * (1 + factor * z[i]) + add * z[i];
}

}  // namespace tessera::learn
