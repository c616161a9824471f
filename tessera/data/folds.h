// Splits of samples for validation, by counter: folds, with classes or groups, in time, repeated, nested, and in three parts.
//
// Positions are in [0, samples); every part is ascending, the parts of one split have no sample in common. What is shuffled depends
// on the seed, the repeat and the position of a sample alone (contract rule 5, stream "folds"); `three_way` uses the permutation of
// hold_out (split.h), so its test part is hold_out's. The semantics are scikit-learn's; without shuffling the folds are its own, but
// for groups of equal size in group_k_fold: here the one that comes first goes first, there it is up to the sorting routine of the processor.
//
// | function | held out, over all folds | scikit-learn |
// |---|---|---|
// | k_fold | every sample once; sizes differ by one at most, larger ones first | KFold |
// | stratified_k_fold | the same, and each class's count differs by one at most between folds | StratifiedKFold |
// | group_k_fold | every sample once, no group in two folds; the largest group goes to the lightest fold | GroupKFold |
// | stratified_group_k_fold | the same, where classes spread evenest over the folds | StratifiedGroupKFold |
// | time_series | the last folds * test_size samples in order, each after a `gap` behind its training part | TimeSeriesSplit |
// | repeated | each of these once per repeat | RepeatedKFold, RepeatedStratifiedKFold |
// | nested | within each training part folds of their own | cross_val_score of a GridSearchCV |
//
// Errors: fewer than 2 folds, more folds than samples, groups or (for every class) samples of a class, a training part without
// samples, fractions outside of [0, 1). Thread-safety: pure functions.
//
// ```cpp
// const std::vector<std::int64_t> patients = {7, 7, 8, 9, 9, 9};
// for (const data::Split& split : data::group_k_fold(patients, {.folds = 3}))
//   for (const std::int64_t out : split.held_out)
//     for (const std::int64_t in : split.train) assert(patients[std::size_t(out)] != patients[std::size_t(in)]);
// const data::ThreeWay parts = data::three_way(100, 0.2, 0.1, /*seed=*/1);
// assert(parts.train.size() == 70 && parts.validation.size() == 20 && parts.test.size() == 10);
// assert(parts.test == data::hold_out(100, 0.1, 1).held_out);
// ```
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "tessera/data/split.h"

namespace tessera::data {

struct FoldOptions {
  std::int64_t folds = 5;
  bool shuffle = true;
  std::uint64_t seed = 0;
  std::uint32_t repeat = 0;  // another shuffle of the same seed
};

std::vector<Split> k_fold(std::int64_t samples, const FoldOptions& options = {});
// A class with fewer samples than folds is absent from some; at least one class must have as many.
std::vector<Split> stratified_k_fold(std::span<const std::int64_t> labels, const FoldOptions& options = {});
// `groups`: a number for each sample, the same for samples that belong together.
std::vector<Split> group_k_fold(std::span<const std::int64_t> groups, const FoldOptions& options = {});
std::vector<Split> stratified_group_k_fold(std::span<const std::int64_t> labels,
                                           std::span<const std::int64_t> groups,
                                           const FoldOptions& options = {});

struct TimeSeriesOptions {
  std::int64_t folds = 5;
  std::int64_t test_size = 0;   // 0: samples / (folds + 1)
  std::int64_t gap = 0;         // samples between a training part and its test part
  std::int64_t most_train = 0;  // the training part's last ones; 0: all, the window expands
};
std::vector<Split> time_series(std::int64_t samples, const TimeSeriesOptions& options = {});

using MakeFolds = std::function<std::vector<Split>(const FoldOptions&)>;
// make(options) with repeat = 0, 1, ..., times - 1, one after the other.
std::vector<Split> repeated(std::int64_t times, FoldOptions options, const MakeFolds& make);

struct NestedSplit {
  Split outer;
  std::vector<Split> inner;  // of outer.train; positions among all samples
};
// `make_inner` is given outer.train and returns splits of 0, ..., outer.train.size() - 1.
using MakeInner = std::function<std::vector<Split>(std::span<const std::int64_t>)>;
std::vector<NestedSplit> nested(std::vector<Split> outer, const MakeInner& make_inner);

struct ThreeWay {
  std::vector<std::int64_t> train, validation, test;
};
// round(samples * fraction), halves up, of each part; stratified, of each class of it.
ThreeWay three_way(std::int64_t samples, double validation, double test, std::uint64_t seed);
ThreeWay three_way_stratified(std::span<const std::int64_t> labels, double validation, double test,
                              std::uint64_t seed);
// Whole groups, in a random order, until a part has at least that many samples.
ThreeWay three_way_grouped(std::span<const std::int64_t> groups, double validation, double test,
                           std::uint64_t seed);

}  // namespace tessera::data
