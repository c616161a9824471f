#include "tessera/nn/sequence_lengths.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {

SequenceLengths::SequenceLengths(const std::string& where, const Tensor& lengths, std::int64_t times,
                                 std::int64_t samples)
    : longest_(times), samples_(samples) {
  if (!lengths.defined()) return;
  if (lengths.shape() != Shape{samples} || lengths.dtype() != DType::kInt64)
    fail("{}: the lengths are {} {}, expected int64 [{}]", where, dtype_name(lengths.dtype()),
         lengths.shape().to_string(), samples);
  lengths_ = lengths.to_vector<std::int64_t>();
  longest_ = 1;
  for (std::int64_t i = 0; i < samples; ++i) {
    const std::int64_t length = lengths_[static_cast<std::size_t>(i)];
    if (length < 0 || length > times)
      fail("{}: the length of sequence {} is {}, expected from 0 to {}", where, i, length, times);
    longest_ = std::max(longest_, length);
  }
  equal_ = std::all_of(lengths_.begin(), lengths_.end(), [&](std::int64_t n) { return n == longest_; });
  if (equal_)
    lengths_.clear();
  else
    mask_ = less(reshape(arange(longest_), {longest_, 1, 1}), reshape(lengths, {1, samples, 1}));
}

Tensor SequenceLengths::masked(const Tensor& x) const {
  return equal_ ? x : select(mask_, x, 0);
}

Tensor SequenceLengths::reversed(const Tensor& x) const {
  if (equal_) return slice(x, {Range::step(-1)});
  std::vector<std::int64_t> rows;
  rows.reserve(static_cast<std::size_t>(longest_ * samples_));
  for (std::int64_t t = 0; t < longest_; ++t)
    for (std::int64_t i = 0; i < samples_; ++i) {
      const std::int64_t length = lengths_[static_cast<std::size_t>(i)];
      rows.push_back((t < length ? length - 1 - t : t) * samples_ + i);
    }
  const Tensor flat = reshape(x, {longest_ * samples_, x.size(2)});
  return reshape(gather(flat, Tensor::from(rows, {longest_ * samples_})), x.shape());
}

Tensor SequenceLengths::last(const Tensor& x, const Tensor& before) const {
  if (equal_) return slice(x, {-1});
  std::vector<std::int64_t> rows;
  bool any_empty = false;
  for (std::int64_t i = 0; i < samples_; ++i) {
    const std::int64_t length = lengths_[static_cast<std::size_t>(i)];
    rows.push_back(std::max<std::int64_t>(length - 1, 0) * samples_ + i);
    any_empty = any_empty || length == 0;
  }
  const Tensor flat = reshape(x, {longest_ * samples_, x.size(2)});
  const Tensor states = gather(flat, Tensor::from(rows, {samples_}));
  return any_empty ? select(slice(mask_, {0}), states, before) : states;
}

}  // namespace tessera::nn
