#include "tessera/data/folds.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "tessera/base/at.h"
#include "tessera/base/error.h"
#include "tessera/numerics/random.h"

namespace tessera::data {
namespace {

using Positions = std::vector<std::int64_t>;

void check_folds(const FoldOptions& options, std::int64_t most, std::string_view of_what) {
  if (options.folds < 2) fail("{} folds were asked for, expected at least 2", options.folds);
  if (options.folds > most)
    fail("{} folds were asked for, but there are only {} {}", options.folds, most, of_what);
}

// 0, ..., count - 1, shuffled where it is asked for.
Positions order_of(std::int64_t count, const FoldOptions& options) {
  if (options.shuffle)
    return numerics::permutation(count, numerics::stream_key(options.seed, "folds"), options.repeat);
  Positions order(at(count));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

// Numbers 0, 1, ... for distinct values, by their first appearance.
std::pair<Positions, std::int64_t> numbered(std::span<const std::int64_t> values) {
  std::map<std::int64_t, std::int64_t> numbers;
  Positions result;
  result.reserve(values.size());
  for (const std::int64_t value : values)
    result.push_back(numbers.emplace(value, static_cast<std::int64_t>(numbers.size())).first->second);
  return {std::move(result), static_cast<std::int64_t>(numbers.size())};
}

// The same in ascending order of the values.
std::pair<Positions, std::int64_t> numbered_ascending(std::span<const std::int64_t> values) {
  Positions kinds(values.begin(), values.end());
  std::ranges::sort(kinds);
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
  Positions result;
  result.reserve(values.size());
  for (const std::int64_t value : values)
    result.push_back(std::ranges::lower_bound(kinds, value) - kinds.begin());
  return {std::move(result), static_cast<std::int64_t>(kinds.size())};
}

Positions counts_of(const Positions& numbers, std::int64_t kinds) {
  Positions counts(at(kinds), 0);
  for (const std::int64_t number : numbers) ++counts[at(number)];
  return counts;
}

std::vector<Split> splits_of(const Positions& fold_of_sample, std::int64_t folds) {
  std::vector<Split> splits(at(folds));
  for (std::size_t sample = 0; sample < fold_of_sample.size(); ++sample)
    for (std::int64_t fold = 0; fold < folds; ++fold)
      (fold == fold_of_sample[sample] ? splits[at(fold)].held_out : splits[at(fold)].train)
          .push_back(static_cast<std::int64_t>(sample));
  return splits;
}

// How many samples of each class each fold holds out: the classes one after the other, dealt like cards.
std::vector<Positions> dealt(const Positions& class_counts, std::int64_t folds) {
  std::vector<Positions> share(class_counts.size(), Positions(at(folds), 0));
  std::int64_t next = 0;
  for (std::size_t label = 0; label < class_counts.size(); ++label)
    for (std::int64_t i = 0; i < class_counts[label]; ++i) ++share[label][at(next++ % folds)];
  return share;
}

void check_labels(std::span<const std::int64_t> labels, std::span<const std::int64_t> groups) {
  if (labels.size() != groups.size())
    fail("there are {} labels and {} groups, expected one of each per sample", labels.size(), groups.size());
}

// Samples of each class in each group, or fold.
using ClassCounts = std::vector<Positions>;

// n^2 times the variance of a group's class counts: the same order as by standard deviations, and exact.
std::int64_t spread(const Positions& counts) {
  const auto kinds = static_cast<std::int64_t>(counts.size());
  std::int64_t sum = 0, squares = 0;
  for (const std::int64_t count : counts) {
    sum += count;
    squares += count * count;
  }
  return kinds * squares - sum * sum;
}

// The mean over the classes of the standard deviation, over the folds, of a fold's share of the class.
double unevenness(const ClassCounts& folds, const Positions& class_counts) {
  double total = 0;
  for (std::size_t label = 0; label < class_counts.size(); ++label) {
    double mean = 0, squares = 0;
    for (const Positions& fold : folds)
      mean += static_cast<double>(fold[label]) / static_cast<double>(class_counts[label]);
    mean /= static_cast<double>(folds.size());
    for (const Positions& fold : folds) {
      const double off = static_cast<double>(fold[label]) / static_cast<double>(class_counts[label]) - mean;
      squares += off * off;
    }
    total += std::sqrt(squares / static_cast<double>(folds.size()));
  }
  return total / static_cast<double>(class_counts.size());
}

void add_counts(Positions& to, const Positions& counts, std::int64_t sign) {
  for (std::size_t i = 0; i < counts.size(); ++i) to[i] += sign * counts[i];
}

std::size_t best_fold(ClassCounts& folds, const Positions& class_counts, const Positions& group) {
  std::size_t best = 0;
  double least = std::numeric_limits<double>::infinity();
  std::int64_t fewest = std::numeric_limits<std::int64_t>::max();
  for (std::size_t fold = 0; fold < folds.size(); ++fold) {
    const std::int64_t samples = std::accumulate(folds[fold].begin(), folds[fold].end(), std::int64_t{0});
    add_counts(folds[fold], group, 1);
    const double uneven = unevenness(folds, class_counts);
    add_counts(folds[fold], group, -1);
    const bool close = std::abs(uneven - least) <= 1e-8 + 1e-5 * least;  // scikit-learn's notion of a tie
    if (uneven < least || (close && samples < fewest)) {
      best = fold;
      least = uneven;
      fewest = samples;
    }
  }
  return best;
}

std::int64_t share_of(std::int64_t samples, double fraction) {
  return static_cast<std::int64_t>(std::floor(static_cast<double>(samples) * fraction + 0.5));
}

void check_fractions(double validation, double test) {
  for (const double fraction : {validation, test})
    if (!(fraction >= 0 && fraction < 1))
      fail("a part's fraction is {}, expected a number in [0, 1)", fraction);
  if (!(validation + test < 1))
    fail("validation and test are {} and {} of the samples, expected less than 1 together", validation, test);
}

// hold_out's order.
Positions split_order(std::int64_t count, std::uint64_t seed) {
  return numerics::permutation(count, numerics::stream_key(seed, "split"), 0);
}

ThreeWay ascending(ThreeWay parts, std::size_t samples) {
  if (parts.train.empty()) fail("a split of {} samples leaves none to train on", samples);
  for (Positions* part : {&parts.train, &parts.validation, &parts.test})
    std::sort(part->begin(), part->end());
  return parts;
}

}  // namespace

std::vector<Split> k_fold(std::int64_t samples, const FoldOptions& options) {
  check_folds(options, samples, "samples");
  const Positions order = order_of(samples, options);
  Positions fold_of(at(samples));
  std::size_t next = 0;
  for (std::int64_t fold = 0; fold < options.folds; ++fold) {
    const std::int64_t size = samples / options.folds + (fold < samples % options.folds ? 1 : 0);
    for (std::int64_t i = 0; i < size; ++i) fold_of[at(order[next++])] = fold;
  }
  return splits_of(fold_of, options.folds);
}

std::vector<Split> stratified_k_fold(std::span<const std::int64_t> labels, const FoldOptions& options) {
  const auto [classes, kinds] = numbered(labels);
  const Positions counts = counts_of(classes, kinds);
  check_folds(options, counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end()),
              "samples of the most frequent class");
  std::vector<Positions> left = dealt(counts, options.folds);
  Positions next_fold(at(kinds), 0), fold_of(classes.size());
  for (const std::int64_t sample : order_of(static_cast<std::int64_t>(labels.size()), options)) {
    const std::size_t label = at(classes[at(sample)]);
    while (left[label][at(next_fold[label])] == 0) ++next_fold[label];
    --left[label][at(next_fold[label])];
    fold_of[at(sample)] = next_fold[label];
  }
  return splits_of(fold_of, options.folds);
}

std::vector<Split> group_k_fold(std::span<const std::int64_t> groups, const FoldOptions& options) {
  const auto [numbers, kinds] = numbered(groups);
  check_folds(options, kinds, "groups");
  const Positions counts = counts_of(numbers, kinds);
  Positions order = order_of(kinds, options);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t a, std::int64_t b) { return counts[at(a)] > counts[at(b)]; });
  Positions samples(at(options.folds), 0), fold_of_group(at(kinds)), fold_of;
  for (const std::int64_t group : order) {
    const auto lightest = std::min_element(samples.begin(), samples.end());
    fold_of_group[at(group)] = lightest - samples.begin();
    *lightest += counts[at(group)];
  }
  for (const std::int64_t group : numbers) fold_of.push_back(fold_of_group[at(group)]);
  return splits_of(fold_of, options.folds);
}

std::vector<Split> stratified_group_k_fold(std::span<const std::int64_t> labels,
                                           std::span<const std::int64_t> groups, const FoldOptions& options) {
  check_labels(labels, groups);
  const auto [classes, class_kinds] = numbered_ascending(labels);
  const auto [numbers, kinds] = numbered_ascending(groups);
  check_folds(options, kinds, "groups");
  const Positions class_counts = counts_of(classes, class_kinds);
  check_folds(options, *std::max_element(class_counts.begin(), class_counts.end()),
              "samples of the most frequent class");
  ClassCounts of_group(at(kinds), Positions(at(class_kinds), 0));
  for (std::size_t sample = 0; sample < numbers.size(); ++sample)
    ++of_group[at(numbers[sample])][at(classes[sample])];
  Positions order = order_of(kinds, options);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return spread(of_group[at(a)]) > spread(of_group[at(b)]);
  });
  ClassCounts of_fold(at(options.folds), Positions(at(class_kinds), 0));
  Positions fold_of_group(at(kinds)), fold_of;
  for (const std::int64_t group : order) {
    const std::size_t fold = best_fold(of_fold, class_counts, of_group[at(group)]);
    add_counts(of_fold[fold], of_group[at(group)], 1);
    fold_of_group[at(group)] = static_cast<std::int64_t>(fold);
  }
  for (const std::int64_t group : numbers) fold_of.push_back(fold_of_group[at(group)]);
  return splits_of(fold_of, options.folds);
}

std::vector<Split> time_series(std::int64_t samples, const TimeSeriesOptions& options) {
  const std::int64_t folds = options.folds;
  if (folds < 1) fail("{} folds were asked for, expected at least 1", folds);
  if (options.gap < 0 || options.test_size < 0 || options.most_train < 0)
    fail("gap, test_size and most_train are {}, {} and {}, expected none below 0", options.gap,
         options.test_size, options.most_train);
  const std::int64_t size = options.test_size > 0 ? options.test_size : samples / (folds + 1);
  if (size == 0) fail("{} folds need at least {} samples, found {}", folds, folds + 1, samples);
  // By division: the product could overflow.
  if (options.gap >= samples || size > (samples - options.gap - 1) / folds)
    fail("{} folds of {} samples and a gap of {} leave none of {} samples to train on", folds, size,
         options.gap, samples);
  std::vector<Split> splits;
  for (std::int64_t start = samples - folds * size; start < samples; start += size) {
    Split split;
    const std::int64_t end = start - options.gap;
    const bool cut = options.most_train > 0 && options.most_train < end;
    for (std::int64_t i = cut ? end - options.most_train : 0; i < end; ++i) split.train.push_back(i);
    for (std::int64_t i = start; i < start + size; ++i) split.held_out.push_back(i);
    splits.push_back(std::move(split));
  }
  return splits;
}

std::vector<Split> repeated(std::int64_t times, FoldOptions options, const MakeFolds& make) {
  if (times < 1) fail("{} repeats were asked for, expected at least 1", times);
  if (!options.shuffle && times > 1) fail("folds that are not shuffled are the same in every repeat");
  std::vector<Split> all;
  for (std::int64_t i = 0; i < times; ++i, ++options.repeat)
    for (Split& split : make(options)) all.push_back(std::move(split));
  return all;
}

std::vector<NestedSplit> nested(std::vector<Split> outer, const MakeInner& make_inner) {
  std::vector<NestedSplit> result;
  for (Split& split : outer) {
    NestedSplit part{std::move(split), {}};
    part.inner = make_inner(part.outer.train);
    for (Split& inner : part.inner)
      for (Positions* positions : {&inner.train, &inner.held_out})
        for (std::int64_t& position : *positions) {
          if (position < 0 || at(position) >= part.outer.train.size())
            fail("an inner split has the position {}, expected one in [0, {})", position,
                 part.outer.train.size());
          position = part.outer.train[at(position)];
        }
    result.push_back(std::move(part));
  }
  return result;
}

ThreeWay three_way(std::int64_t samples, double validation, double test, std::uint64_t seed) {
  const Positions one_class(at(samples), 0);
  return three_way_stratified(one_class, validation, test, seed);
}

ThreeWay three_way_stratified(std::span<const std::int64_t> labels, double validation, double test,
                              std::uint64_t seed) {
  check_fractions(validation, test);
  const auto [classes, kinds] = numbered(labels);
  const Positions counts = counts_of(classes, kinds);
  Positions for_test(at(kinds)), for_validation(at(kinds));
  for (std::size_t label = 0; label < counts.size(); ++label) {
    for_test[label] = share_of(counts[label], test);
    for_validation[label] = share_of(counts[label], validation);
  }
  ThreeWay parts;
  for (const std::int64_t sample : split_order(static_cast<std::int64_t>(labels.size()), seed)) {
    const std::size_t label = at(classes[at(sample)]);
    if (for_test[label]-- > 0)
      parts.test.push_back(sample);
    else if (for_validation[label]-- > 0)
      parts.validation.push_back(sample);
    else
      parts.train.push_back(sample);
  }
  return ascending(std::move(parts), labels.size());
}

ThreeWay three_way_grouped(std::span<const std::int64_t> groups, double validation, double test,
                           std::uint64_t seed) {
  check_fractions(validation, test);
  const auto samples = static_cast<std::int64_t>(groups.size());
  const auto [numbers, kinds] = numbered(groups);
  std::vector<Positions> members(at(kinds));
  for (std::size_t sample = 0; sample < numbers.size(); ++sample)
    members[at(numbers[sample])].push_back(static_cast<std::int64_t>(sample));
  ThreeWay parts;
  for (const std::int64_t group : split_order(kinds, seed)) {
    const bool to_test = static_cast<std::int64_t>(parts.test.size()) < share_of(samples, test);
    const bool to_validation =
        static_cast<std::int64_t>(parts.validation.size()) < share_of(samples, validation);
    Positions& part = to_test ? parts.test : to_validation ? parts.validation : parts.train;
    part.insert(part.end(), members[at(group)].begin(), members[at(group)].end());
  }
  return ascending(std::move(parts), groups.size());
}

}  // namespace tessera::data
