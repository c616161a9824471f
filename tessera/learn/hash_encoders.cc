#include "tessera/learn/hash_encoders.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "tessera/base/thread_pool.h"
#include "tessera/learn/restored.h"
#include "tessera/numerics/philox.h"

namespace tessera::learn {

namespace {

std::uint64_t hash_of(numerics::PhiloxKey key, double value, std::int64_t column) {
  const double known =
      std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value + 0.0;  // one NaN, no -0
  const auto block = numerics::philox(
      key, numerics::philox_counter(std::bit_cast<std::uint64_t>(known), static_cast<std::uint32_t>(column)));
  return block[0] | (std::uint64_t{block[1]} << 32);
}

}  // namespace

// ---- One hash ----

void HashingEncoder::visit_parameters(ParameterVisitor& visitor) {
  visitor.integer("n_components", parameters_.n_components, Bounds::between(1, 1 << 24),
                  "How many features.");
}

std::vector<std::string> HashingEncoder::feature_names(const std::vector<std::string>&) const {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < parameters_.n_components; ++i) names.push_back(fmt::format("hash_{}", i));
  return names;
}

Tensor HashingEncoder::transformed(const Tensor& x) const {
  const std::int64_t rows = x.size(0), columns = x.size(1), features = parameters_.n_components;
  const auto key = numerics::stream_key(0, "hashing_encoder");
  const double* const in = x.values<double>().data();
  const EncodedRows out(rows, features);
  parallel_for((rows + kRowsOfEncodingTask - 1) / kRowsOfEncodingTask, [&](std::int64_t task) {
    const std::int64_t end = std::min(rows, (task + 1) * kRowsOfEncodingTask);
    std::fill(out.values + task * kRowsOfEncodingTask * features, out.values + end * features, 0.0);
    for (std::int64_t i = task * kRowsOfEncodingTask; i < end; ++i)
      for (std::int64_t f = 0; f < columns; ++f) {
        const double value = in[i * columns + f];
        if (std::isnan(value)) continue;
        const std::uint64_t bucket = hash_of(key, value, f) % static_cast<std::uint64_t>(features);
        out.values[static_cast<std::size_t>(i * features) + bucket] += 1;
      }
  });
  return out.done();
}

// ---- Two hashes ----

void TwoHashEncoder::visit_parameters(ParameterVisitor& visitor) {
  visitor.integer("seed", parameters_.seed, Bounds::at_least(0),
                  "What the order of the categories depends on.");
}

std::int64_t TwoHashEncoder::buckets(std::int64_t column) const {
  const std::int64_t categories = categories_.count(column);
  auto buckets = static_cast<std::int64_t>(std::sqrt(static_cast<double>(categories)));
  while (buckets * buckets < categories) ++buckets;
  return buckets;
}

std::vector<std::string> TwoHashEncoder::feature_names(const std::vector<std::string>& columns) const {
  std::vector<std::string> names;
  for (std::size_t f = 0; f < columns.size(); ++f)
    for (const char* part : {"row", "column"})
      for (std::int64_t i = 0; i < buckets(static_cast<std::int64_t>(f)); ++i)
        names.push_back(fmt::format("{}_{}_{}", columns[f], part, i));
  return names;
}

void TwoHashEncoder::learn(const Tensor& x, const Tensor&, StepObserver*) {
  categories_ = Categories(x);
  const auto key = numerics::stream_key(static_cast<std::uint64_t>(parameters_.seed), "two_hash_encoder");
  std::vector<std::int64_t> places(static_cast<std::size_t>(categories_.total()));
  for (std::int64_t f = 0; f < x.size(1); ++f) {
    const std::span<const double> keys = categories_.keys(f);
    std::vector<std::uint64_t> hashes;
    for (const double value : keys) hashes.push_back(hash_of(key, value, f));
    std::vector<std::size_t> order(keys.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t c) { return hashes[c]; });
    for (std::size_t place = 0; place < order.size(); ++place)
      places[static_cast<std::size_t>(categories_.first(f)) + order[place]] =
          static_cast<std::int64_t>(place);
  }
  places_ = Tensor::from(places, {categories_.total()});
}

Tensor TwoHashEncoder::transformed(const Tensor& x) const {
  const std::int64_t rows = x.size(0), columns = x.size(1);
  const double* const in = x.values<double>().data();
  const std::int64_t* const places = places_.values<std::int64_t>().data();
  std::vector<CategoryLookup> lookups;
  std::vector<std::int64_t> begins = {0}, sides;
  for (std::int64_t f = 0; f < columns; ++f) {
    lookups.emplace_back(categories_.keys(f), rows);
    sides.push_back(buckets(f));
    begins.push_back(begins.back() + 2 * sides.back());
  }
  const std::int64_t features = begins.back();
  const EncodedRows out(rows, features);
  parallel_for((rows + kRowsOfEncodingTask - 1) / kRowsOfEncodingTask, [&](std::int64_t task) {
    const std::int64_t end = std::min(rows, (task + 1) * kRowsOfEncodingTask);
    std::fill(out.values + task * kRowsOfEncodingTask * features, out.values + end * features, 0.0);
    for (std::int64_t i = task * kRowsOfEncodingTask; i < end; ++i)
      for (std::size_t f = 0; f < lookups.size(); ++f) {
        const std::int64_t code = lookups[f].code(in[i * columns + static_cast<std::int64_t>(f)]);
        if (code < 0) continue;
        const std::int64_t place = places[categories_.first(static_cast<std::int64_t>(f)) + code];
        double* const pair = out.values + i * features + begins[f];
        pair[place / sides[f]] = 1;
        pair[sides[f] + place % sides[f]] = 1;
      }
  });
  return out.done();
}

void TwoHashEncoder::visit_learned(StateVisitor& visitor) {
  categories_.visit(visitor);
  visitor.tensor("places", places_);
}

void TwoHashEncoder::check_learned() const {
  categories_.check(name(), features());
  require_restored(name(), "places", places_, DType::kInt64, {categories_.total()});
  for (std::int64_t f = 0; f < features(); ++f) {
    std::vector<bool> taken(static_cast<std::size_t>(categories_.count(f)));
    for (std::int64_t c = 0; c < categories_.count(f); ++c) {
      const std::int64_t place =
          places_.values<std::int64_t>()[static_cast<std::size_t>(categories_.first(f) + c)];
      if (place < 0 || place >= categories_.count(f) || taken[static_cast<std::size_t>(place)])
        refuse_restored(name(), "'places' has a pair twice, or one that is not there");
      taken[static_cast<std::size_t>(place)] = true;
    }
  }
}

}  // namespace tessera::learn
