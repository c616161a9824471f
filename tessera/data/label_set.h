// Labels of which a sample may have any number: their names, positions and counts, and a smaller set for sparse ones.
//
// The reduction keeps labels that at least `min_count` samples have and, of these, the `top` most frequent ones (0: all); equal counts
// are kept in the order of their bytes. Positions follow the bytes of the names. A label that was left out is no label of the set, and
// what was left out is counted, so that a result can say both numbers.
//
// Errors: nothing is left. Thread-safety: constant after construction.
//
// ```cpp
// const data::LabelSet codes = data::LabelSet::build({{"486", "786.2"}, {"486"}, {"591"}}, {.top = 2});
// assert(codes.names() == (std::vector<std::string>{"486", "591"}) && codes.seen() == 3);
// const Tensor targets = codes.encode({{"486", "786.2"}, {}});
// assert(targets.to_vector<float>() == (std::vector<float>{1, 0, 0, 0}));
// ```
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::data {

struct LabelReduction {
  std::int64_t top = 0;
  std::int64_t min_count = 1;
};

class LabelSet {
 public:
  // `samples`: the labels of each; one that stands twice in a sample counts once.
  static LabelSet build(const std::vector<std::vector<std::string>>& samples,
                        const LabelReduction& reduction = {});
  static LabelSet of_names(const std::vector<std::string>& names);  // all different; counts are 0

  std::int64_t size() const { return static_cast<std::int64_t>(names_.size()); }
  const std::vector<std::string>& names() const { return names_; }
  std::int64_t position(std::string_view name) const;  // -1 if it is not one of them
  std::int64_t count(std::int64_t position) const { return counts_.at(static_cast<std::size_t>(position)); }
  std::int64_t seen() const { return seen_; }            // distinct labels before the reduction
  std::int64_t kept_uses() const { return kept_uses_; }  // (sample, label) pairs of the set
  std::int64_t all_uses() const { return all_uses_; }    // before the reduction

  // float32 [samples, size]: 1 where the sample has the label, else 0. Labels outside of the set are passed over.
  Tensor encode(const std::vector<std::vector<std::string>>& samples) const;

 private:
  std::vector<std::string> names_;
  std::vector<std::int64_t> counts_;
  std::int64_t seen_ = 0, kept_uses_ = 0, all_uses_ = 0;
};

}  // namespace tessera::data
