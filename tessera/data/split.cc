#include "tessera/data/split.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "tessera/base/error.h"
#include "tessera/numerics/random.h"

namespace tessera::data {
namespace {

std::int64_t held_out_count(std::int64_t samples, double fraction) {
  return static_cast<std::int64_t>(std::floor(static_cast<double>(samples) * fraction + 0.5));
}

Split ascending(Split split) {
  if (split.train.empty()) fail("a split of {} samples leaves none to train on", split.held_out.size());
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.held_out.begin(), split.held_out.end());
  return split;
}

std::vector<std::int64_t> split_order(std::int64_t samples, double fraction, std::uint64_t seed) {
  if (!(fraction >= 0 && fraction < 1))
    fail("the held-out fraction is {}, expected a number in [0, 1)", fraction);
  return numerics::permutation(samples, numerics::stream_key(seed, "split"), 0);
}

}  // namespace

Split hold_out(std::int64_t samples, double fraction, std::uint64_t seed) {
  const std::vector<std::int64_t> order = split_order(samples, fraction, seed);
  const auto middle = order.begin() + held_out_count(samples, fraction);
  return ascending({{middle, order.end()}, {order.begin(), middle}});
}

Split hold_out_stratified(std::span<const std::int64_t> labels, double fraction, std::uint64_t seed) {
  const auto samples = static_cast<std::int64_t>(labels.size());
  const std::vector<std::int64_t> order = split_order(samples, fraction, seed);
  std::map<std::int64_t, std::int64_t> to_hold_out;  // class -> how many are still to be held out
  for (const std::int64_t label : labels) ++to_hold_out[label];
  for (auto& [label, count] : to_hold_out) count = held_out_count(count, fraction);
  Split split;
  for (const std::int64_t sample : order) {
    std::int64_t& left = to_hold_out[labels[static_cast<std::size_t>(sample)]];
    (left > 0 ? split.held_out : split.train).push_back(sample);
    if (left > 0) --left;
  }
  return ascending(std::move(split));
}

}  // namespace tessera::data
