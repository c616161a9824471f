#include "tessera/nn/sequence_lengths.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "tessera/base/at.h"
#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {
namespace {

Tensor index_of(const std::vector<std::int64_t>& rows) {
  return Tensor::from(rows, {static_cast<std::int64_t>(rows.size())});
}

// [T, N, F] as rows.
Tensor as_rows(const Tensor& part) {
  return reshape(part, {part.size(0) * part.size(1), part.size(2)});
}

// The rows of the parts one after the other, and a row of zeros.
Tensor rows_and_zeros(const std::vector<Tensor>& parts, const Tensor& like) {
  std::vector<Tensor> rows;
  for (const Tensor& part : parts) rows.push_back(as_rows(part));
  rows.push_back(zeros({1, like.size(1)}, like.dtype()));
  return concatenate(rows, 0);
}

}  // namespace

SequenceLengths::SequenceLengths(const std::string& where, const Tensor& lengths, std::int64_t times,
                                 std::int64_t samples)
    : times_(times), longest_(times), samples_(samples) {
  if (!lengths.defined()) return;
  if (lengths.shape() != Shape{samples} || lengths.dtype() != DType::kInt64)
    fail("{}: the lengths are {} {}, expected int64 [{}]", where, dtype_name(lengths.dtype()),
         lengths.shape().to_string(), samples);
  lengths_ = lengths.to_vector<std::int64_t>();
  longest_ = 1;
  for (std::int64_t i = 0; i < samples; ++i) {
    if (length(i) < 0 || length(i) > times)
      fail("{}: the length of sequence {} is {}, expected from 0 to {}", where, i, length(i), times);
    longest_ = std::max(longest_, length(i));
  }
  equal_ = std::all_of(lengths_.begin(), lengths_.end(), [&](std::int64_t n) { return n == longest_; });
}

// The times 0 = t_0 < t_1 < ... = the greatest length of the least sum over segments of (t_j+1 - t_j) samples(t_j) + rows_per_cut, where
// samples(t) have a length above t. Only lengths can be cuts.
std::vector<std::int64_t> SequenceLengths::cheapest_cuts(std::int64_t rows_per_cut) const {
  std::vector<std::int64_t> times = {0}, going_on;
  for (std::int64_t i = samples_; i-- > 0;)
    if (const std::int64_t end = length(order_[at(i)]); end > times.back()) times.push_back(end);
  for (const std::int64_t time : times)
    going_on.push_back(std::count_if(lengths_.begin(), lengths_.end(), [&](auto n) { return n > time; }));
  std::vector<std::int64_t> cost = {0};
  std::vector<std::size_t> from = {0};
  for (std::size_t end = 1; end < times.size(); ++end) {
    cost.push_back(std::numeric_limits<std::int64_t>::max());
    from.push_back(0);
    for (std::size_t begin = 0; begin < end; ++begin) {
      const std::int64_t sum = cost[begin] + (times[end] - times[begin]) * going_on[begin] + rows_per_cut;
      if (sum >= cost[end]) continue;
      cost[end] = sum;
      from[end] = begin;
    }
  }
  std::vector<std::int64_t> cuts;
  for (std::size_t i = times.size() - 1; i > 0; i = from[i]) cuts.push_back(times[i]);
  cuts.push_back(0);
  std::reverse(cuts.begin(), cuts.end());
  return cuts;
}

void SequenceLengths::cut(std::int64_t rows_per_cut) {
  order_.resize(lengths_.size());
  std::iota(order_.begin(), order_.end(), 0);
  std::stable_sort(order_.begin(), order_.end(),
                   [&](std::int64_t a, std::int64_t b) { return length(a) > length(b); });
  place_.resize(order_.size());
  for (std::size_t i = 0; i < order_.size(); ++i) place_[at(order_[i])] = static_cast<std::int64_t>(i);
  const std::vector<std::int64_t> cuts = cheapest_cuts(rows_per_cut);
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    const std::int64_t begin = cuts[i], end = cuts[i + 1];
    const auto samples = std::count_if(lengths_.begin(), lengths_.end(), [&](auto n) { return n > begin; });
    segments_.push_back({begin, end, samples, rows_});
    rows_ += (end - begin) * samples;
    segment_at_.insert(segment_at_.end(), at(end - begin), segments_.size() - 1);
  }
}

std::int64_t SequenceLengths::row(std::int64_t time, std::int64_t sample) const {
  const Segment& segment = segments_[segment_at_[at(time)]];
  return segment.first_row + (time - segment.begin) * segment.samples + place_[at(sample)];
}

Tensor SequenceLengths::ordered(const Tensor& states) const {
  return gather(states, index_of(order_));
}

Tensor SequenceLengths::packed(const Tensor& x, const Segment& segment, bool reverse) const {
  std::vector<std::int64_t> rows;
  rows.reserve(at((segment.end - segment.begin) * segment.samples));
  for (std::int64_t time = segment.begin; time < segment.end; ++time)
    for (std::int64_t i = 0; i < segment.samples; ++i) {
      const std::int64_t sample = order_[at(i)], last = length(sample) - 1, now = std::min(time, last);
      rows.push_back(sample * times_ + (reverse ? last - now : now));
    }
  const Tensor flat = reshape(x, {samples_ * times_, x.size(2)});
  return reshape(gather(flat, index_of(rows)), {segment.end - segment.begin, segment.samples, x.size(2)});
}

Tensor SequenceLengths::unpacked(const std::vector<Tensor>& parts, bool reverse, const Tensor& before) const {
  std::vector<std::int64_t> rows(at(samples_ * times_), rows_);
  for (std::int64_t i = 0; i < samples_; ++i)
    for (std::int64_t time = 0; time < length(i); ++time)
      rows[at(i * times_ + time)] = row(reverse ? length(i) - 1 - time : time, i);
  return reshape(gather(rows_and_zeros(parts, before), index_of(rows)), {samples_, times_, before.size(1)});
}

// The samples that end in a segment stand side by side in the order of lengths, those of the last segment first.
Tensor SequenceLengths::last(const std::vector<Tensor>& parts, const Tensor& before) const {
  std::vector<Tensor> pieces;
  std::size_t sample = 0;
  for (std::size_t s = parts.size(); s-- > 0;) {
    std::vector<std::int64_t> rows;
    for (; sample < order_.size() && length(order_[sample]) > segments_[s].begin; ++sample)
      rows.push_back(row(length(order_[sample]) - 1, order_[sample]) - segments_[s].first_row);
    pieces.push_back(gather(as_rows(parts[s]), index_of(rows)));
  }
  const auto empty = static_cast<std::int64_t>(order_.size() - sample);
  if (empty > 0) pieces.push_back(zeros({empty, before.size(1)}, before.dtype()));
  const Tensor states = gather(concatenate(pieces, 0), index_of(place_));
  if (empty == 0) return states;
  return select(reshape(greater(Tensor::from(lengths_, {samples_}), 0), {samples_, 1}), states, before);
}

}  // namespace tessera::nn
