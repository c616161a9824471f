#include "tessera/data/label_set.h"

#include <algorithm>
#include <map>
#include <set>

#include "tessera/base/error.h"

namespace tessera::data {

LabelSet LabelSet::build(const std::vector<std::vector<std::string>>& samples,
                         const LabelReduction& reduction) {
  std::map<std::string, std::int64_t> counts;
  for (const auto& labels : samples)
    for (const std::string& label : std::set<std::string>(labels.begin(), labels.end())) ++counts[label];
  std::vector<std::pair<std::string, std::int64_t>> kept;
  LabelSet set;
  set.seen_ = static_cast<std::int64_t>(counts.size());
  for (const auto& [label, count] : counts) {
    set.all_uses_ += count;
    if (count >= reduction.min_count) kept.emplace_back(label, count);
  }
  std::stable_sort(kept.begin(), kept.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  if (reduction.top > 0 && static_cast<std::int64_t>(kept.size()) > reduction.top)
    kept.resize(static_cast<std::size_t>(reduction.top));
  if (kept.empty())
    fail("no label is left: {} labels of {} samples, of which at least {} samples must have one to be kept",
         counts.size(), samples.size(), reduction.min_count);
  std::sort(kept.begin(), kept.end());
  for (auto& [label, count] : kept) {
    set.names_.push_back(std::move(label));
    set.counts_.push_back(count);
    set.kept_uses_ += count;
  }
  return set;
}

LabelSet LabelSet::of_names(const std::vector<std::string>& names) {
  LabelSet set;
  set.names_ = names;
  std::sort(set.names_.begin(), set.names_.end());
  if (names.empty() || std::adjacent_find(set.names_.begin(), set.names_.end()) != set.names_.end())
    fail("{} names of labels, expected at least one and all different", names.size());
  set.counts_.assign(names.size(), 0);
  set.seen_ = set.size();
  return set;
}

std::int64_t LabelSet::position(std::string_view name) const {
  const auto found = std::lower_bound(names_.begin(), names_.end(), name);
  return found != names_.end() && *found == name ? found - names_.begin() : -1;
}

Tensor LabelSet::encode(const std::vector<std::vector<std::string>>& samples) const {
  std::vector<float> values(samples.size() * names_.size(), 0.0F);
  for (std::size_t i = 0; i < samples.size(); ++i)
    for (const std::string& label : samples[i])
      if (const std::int64_t place = position(label); place >= 0)
        values[i * names_.size() + static_cast<std::size_t>(place)] = 1;
  return Tensor::from<float>(values, {static_cast<std::int64_t>(samples.size()), size()});
}

}  // namespace tessera::data
