// Batches by counter: which samples the batch of a step holds depends on the seed and the step only, not on what was drawn
// before, so a resumed run goes on in mid-epoch with the batch that the uninterrupted one would have seen.
//
// In epoch e (counted from 0) the samples stand in the order of the permutation of stream "shuffle" at step e (contract
// rule 5); batch b of the epoch is places [b * batch, (b + 1) * batch). Steps count from 1, as in records.
// Not thread-safe: the order of the current epoch is cached. One plan per thread.
//
// ```cpp
// data::BatchPlan plan({.samples = 10, .batch = 4, .seed = 1});
// assert(plan.steps_per_epoch() == 3 && plan.batch(3).positions.size() == 2);
// std::set<std::int64_t> seen;
// for (const data::Batch& batch : plan.steps(1, 3)) seen.insert(batch.positions.begin(), batch.positions.end());
// assert(seen.size() == 10);  // an epoch sees every sample once
// ```
#pragma once

#include <cstdint>
#include <iterator>
#include <vector>

namespace tessera::data {

struct BatchPlanOptions {
  std::int64_t samples = 0;  // at least 1
  std::int64_t batch = 32;   // at least 1
  std::uint64_t seed = 0;
  bool drop_last = false;  // leave out the last batch of an epoch when it is smaller
  bool shuffle = true;     // otherwise ascending in every epoch
};

struct Batch {
  std::uint64_t step = 0;  // from 1
  std::int64_t epoch = 0;  // from 0
  bool last_of_epoch = false;
  std::vector<std::int64_t> positions;  // of the samples, in [0, samples)
};

class BatchPlan {
 public:
  explicit BatchPlan(const BatchPlanOptions& options);  // throws Error when an epoch would have no batch

  std::int64_t steps_per_epoch() const { return steps_per_epoch_; }
  Batch batch(std::uint64_t step);  // step >= 1

  // The batches of steps first, ..., last, for a range-based for loop.
  class Steps;
  Steps steps(std::uint64_t first, std::uint64_t last);

 private:
  const std::vector<std::int64_t>& order_of(std::int64_t epoch);

  BatchPlanOptions options_;
  std::int64_t steps_per_epoch_;
  std::int64_t cached_epoch_ = -1;
  std::vector<std::int64_t> order_;
};

class BatchPlan::Steps {
 public:
  class Iterator {
   public:
    using value_type = Batch;
    using difference_type = std::ptrdiff_t;
    Iterator(BatchPlan* plan, std::uint64_t step) : plan_(plan), step_(step) {}
    Batch operator*() const { return plan_->batch(step_); }
    Iterator& operator++() {
      ++step_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return step_ == other.step_; }

   private:
    BatchPlan* plan_;
    std::uint64_t step_;
  };
  Steps(BatchPlan* plan, std::uint64_t first, std::uint64_t last) : plan_(plan), first_(first), last_(last) {}
  Iterator begin() const { return {plan_, first_}; }
  Iterator end() const { return {plan_, last_ < first_ ? first_ : last_ + 1}; }

 private:
  BatchPlan* plan_;
  std::uint64_t first_, last_;
};

}  // namespace tessera::data
