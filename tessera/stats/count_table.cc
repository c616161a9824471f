#include "tessera/stats/count_table.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"

namespace tessera::stats {
namespace {

__extension__ using Wide = __int128;  // the product of two weights

constexpr std::int64_t kMostCells = 10000000;
constexpr std::int64_t kMostWeight = std::int64_t{1} << 62;

double share(std::int64_t part, std::int64_t whole) {
  const FloatEnvironment contract;
  return static_cast<double>(part) / static_cast<double>(whole);
}

CountTable::Names joined(CountTable::Names first, const CountTable::Names& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace

CountTable::CountTable(Names names, std::vector<std::int64_t> sizes)
    : names_(std::move(names)), sizes_(std::move(sizes)), strides_(sizes_.size()) {
  if (names_.size() != sizes_.size())
    fail("CountTable: {} names and {} sizes, expected one size for each variable", names_.size(),
         sizes_.size());
  std::int64_t cells = 1;
  for (std::size_t i = sizes_.size(); i > 0; --i) {
    strides_[i - 1] = cells;
    if (sizes_[i - 1] < 1 || sizes_[i - 1] > kMostCells / cells)
      fail("CountTable: variable '{}' has {} values, expected at least 1 and at most {} cells in all",
           names_[i - 1], sizes_[i - 1], kMostCells);
    cells *= sizes_[i - 1];
  }
  for (std::size_t i = 0; i < names_.size(); ++i)
    if (std::count(names_.begin(), names_.end(), names_[i]) > 1)
      fail("CountTable: variable '{}' is there twice, expected different names", names_[i]);
  weights_.assign(static_cast<std::size_t>(cells), 0);
}

std::size_t CountTable::place_of(const std::string& name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end())
    fail("CountTable: there is no variable '{}', expected one of {}", name, fmt::join(names_, ", "));
  return static_cast<std::size_t>(found - names_.begin());
}

std::int64_t CountTable::value_in(std::size_t cell, std::size_t variable) const {
  return static_cast<std::int64_t>(cell) / strides_[variable] % sizes_[variable];
}

void CountTable::add(const std::vector<std::int64_t>& values, std::int64_t weight) {
  if (values.size() != sizes_.size())
    fail("CountTable: {} values for {} variables", values.size(), sizes_.size());
  std::int64_t cell = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] < 0 || values[i] >= sizes_[i])
      fail("CountTable: the value of '{}' is {}, expected 0 to {}", names_[i], values[i], sizes_[i] - 1);
    cell += values[i] * strides_[i];
  }
  if (weight < 0) fail("CountTable: a weight is {}, expected 0 or more", weight);
  if (weight > kMostWeight - total_) fail("CountTable: the weights add to more than 2^62");
  weights_[static_cast<std::size_t>(cell)] += weight;
  total_ += weight;
}

std::int64_t CountTable::weight(const Event& event) const {
  std::vector<std::pair<std::size_t, std::int64_t>> wanted;
  for (const auto& [name, value] : event) wanted.emplace_back(place_of(name), value);
  std::int64_t sum = 0;
  for (std::size_t cell = 0; cell < weights_.size(); ++cell)
    if (std::all_of(wanted.begin(), wanted.end(),
                    [&](const auto& part) { return value_in(cell, part.first) == part.second; }))
      sum += weights_[cell];
  return sum;
}

CountTable CountTable::marginal(const Names& keep) const {
  std::vector<std::size_t> places;
  std::vector<std::int64_t> sizes;
  for (const std::string& name : keep) {
    places.push_back(place_of(name));
    sizes.push_back(sizes_[places.back()]);
  }
  CountTable result(keep, sizes);
  std::vector<std::int64_t> values(places.size());
  for (std::size_t cell = 0; cell < weights_.size(); ++cell) {
    if (weights_[cell] == 0) continue;
    for (std::size_t i = 0; i < places.size(); ++i) values[i] = value_in(cell, places[i]);
    result.add(values, weights_[cell]);
  }
  return result;
}

CountTable CountTable::given(const Event& event) const {
  Names rest;
  for (const std::string& name : names_)
    if (event.count(name) == 0) rest.push_back(name);
  CountTable only(names_, sizes_);
  std::vector<std::pair<std::size_t, std::int64_t>> wanted;
  for (const auto& [name, value] : event) wanted.emplace_back(place_of(name), value);
  for (std::size_t cell = 0; cell < weights_.size(); ++cell) {
    const bool here = std::all_of(wanted.begin(), wanted.end(), [&](const auto& part) {
      return value_in(cell, part.first) == part.second;
    });
    only.weights_[cell] = here ? weights_[cell] : 0;
    only.total_ += only.weights_[cell];
  }
  if (only.total_ == 0) fail("CountTable: the condition never happens, expected one of positive weight");
  return only.marginal(rest);
}

double CountTable::probability(const Event& event) const {
  if (total_ == 0) fail("CountTable: the table is empty, expected weights");
  return share(weight(event), total_);
}

double CountTable::probability(const Event& event, const Event& condition) const {
  Event both = condition;
  bool possible = true;
  for (const auto& [name, value] : event) {
    const auto [at, added] = both.emplace(name, value);
    possible = possible && (added || at->second == value);
  }
  const std::int64_t whole = weight(condition);
  if (whole == 0) fail("CountTable: the condition never happens, expected one of positive weight");
  return possible ? share(weight(both), whole) : 0;
}

bool CountTable::independent(const Names& a, const Names& b, const Names& given) const {
  const CountTable all = marginal(joined(joined(given, a), b));  // a name that is there twice is refused here
  const CountTable with_a = marginal(joined(given, a)), with_b = marginal(joined(given, b)),
                   alone = marginal(given);
  const std::size_t of_a = with_a.weights_.size() / alone.weights_.size(),
                    of_b = with_b.weights_.size() / alone.weights_.size();
  for (std::size_t cell = 0; cell < all.weights_.size(); ++cell) {
    const std::size_t at_b = cell % of_b, at_a = cell / of_b % of_a, at_given = cell / of_b / of_a;
    if (Wide{all.weights_[cell]} * alone.weights_[at_given] !=
        Wide{with_a.weights_[at_given * of_a + at_a]} * with_b.weights_[at_given * of_b + at_b])
      return false;
  }
  return true;
}

}  // namespace tessera::stats
