#include "tessera/data/loader.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "tessera/base/error.h"
#include "tessera/numerics/random.h"

namespace tessera::data {

BatchPlan::BatchPlan(const BatchPlanOptions& options) : options_(options) {
  if (options.samples < 1)
    fail("there are {} samples to make batches of, expected at least 1", options.samples);
  if (options.batch < 1) fail("a batch has {} samples, expected at least 1", options.batch);
  steps_per_epoch_ = options.samples / options.batch;
  if (!options.drop_last && options.samples % options.batch != 0) ++steps_per_epoch_;
  if (steps_per_epoch_ == 0)
    fail("an epoch of {} samples has no whole batch of {}", options.samples, options.batch);
}

Batch BatchPlan::batch(std::uint64_t step) {
  TESSERA_CHECK(step >= 1, "steps count from 1");
  const auto index = static_cast<std::int64_t>(step - 1);
  const std::int64_t place = index % steps_per_epoch_;
  const std::int64_t first = place * options_.batch;
  const std::int64_t last = std::min(first + options_.batch, options_.samples);
  Batch batch{step, index / steps_per_epoch_, place + 1 == steps_per_epoch_, {}};
  const std::vector<std::int64_t>& order = order_of(batch.epoch);
  batch.positions.assign(order.begin() + first, order.begin() + last);
  return batch;
}

BatchPlan::Steps BatchPlan::steps(std::uint64_t first, std::uint64_t last) {
  return {this, first, last};
}

const std::vector<std::int64_t>& BatchPlan::order_of(std::int64_t epoch) {
  if (epoch == cached_epoch_) return order_;
  if (epoch > std::numeric_limits<std::uint32_t>::max()) fail("epoch {} is beyond the counter's 2^32", epoch);
  if (options_.shuffle) {
    order_ = numerics::permutation(options_.samples, numerics::stream_key(options_.seed, "shuffle"),
                                   static_cast<std::uint32_t>(epoch));
  } else if (order_.empty()) {
    order_.resize(static_cast<std::size_t>(options_.samples));
    std::iota(order_.begin(), order_.end(), 0);
  }
  cached_epoch_ = epoch;
  return order_;
}

}  // namespace tessera::data
