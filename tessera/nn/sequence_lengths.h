// Sequences of different lengths side by side in one padded tensor, [N, T, ...]; and how they are run through without computing the padding.
// Internal to nn.
//
// The samples are ordered by falling length, and time is cut into segments, each with the samples that still go on where it begins. So a
// run is a few runs of ever fewer samples, each from the states with which the one before ended. A cut saves the rows (time, sample) of
// those that have ended, and costs as much as some rows: the cuts are those of the least sum. Everything is done by moving whole rows: what is
// computed for a sequence does not depend on the padding or on the others. The rows of a segment are in the order of time, then of sample, and are
// taken from the padded tensor (and put there) as they lie in it: it is never turned.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::nn {

class SequenceLengths {
 public:
  // `lengths` int64 [samples], each from 0 to `times`; undefined: all `times`. Throws Error, beginning with `where`.
  SequenceLengths(const std::string& where, const Tensor& lengths, std::int64_t times, std::int64_t samples);
  // Makes the segments; `rows_per_cut`: what one more of them costs.
  void cut(std::int64_t rows_per_cut);

  // Times that have to be computed: the greatest length, at least 1.
  std::int64_t longest() const { return longest_; }
  // All are as long as that: there is nothing to order or to cut, and the functions below are not to be called.
  bool equal() const { return equal_; }

  struct Segment {
    std::int64_t begin, end;  // times of the run: in a reverse run, time 0 is the last one of each sequence
    std::int64_t samples;     // the first so many by falling length
    std::int64_t first_row;   // of the rows (time, sample) of all segments, one segment after the other
  };
  const std::vector<Segment>& segments() const { return segments_; }  // none if all are empty

  // [N, F] by falling length.
  Tensor ordered(const Tensor& states) const;
  // A segment's part of x [N, T, F]: [end - begin, samples, F]. Where a sequence has ended its last time stands.
  Tensor packed(const Tensor& x, const Segment& segment, bool reverse) const;
  // What was computed for the segments, with zeros past the lengths: [N, T, F]. `before` has the F features and the type.
  Tensor unpacked(const std::vector<Tensor>& parts, bool reverse, const Tensor& before) const;
  // At the last time of each run, [N, F]; `before` where there is none.
  Tensor last(const std::vector<Tensor>& parts, const Tensor& before) const;

 private:
  std::vector<std::int64_t> cheapest_cuts(std::int64_t rows_per_cut) const;
  std::int64_t length(std::int64_t sample) const { return lengths_[static_cast<std::size_t>(sample)]; }
  std::int64_t row(std::int64_t time, std::int64_t sample) const;  // time < length(sample)

  std::int64_t times_, longest_, samples_;
  bool equal_ = true;
  std::vector<std::int64_t> lengths_;
  std::vector<std::int64_t> order_, place_;  // samples by falling length; where a sample stands there
  std::vector<Segment> segments_;
  std::vector<std::size_t> segment_at_;  // by time
  std::int64_t rows_ = 0;
};

}  // namespace tessera::nn
