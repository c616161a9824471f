// Trees laid out for many rows that go down beside each other. Internal to tree_ensemble.cc.
//
// What a step needs stands in one place, and a leaf leads to itself, so that a step has no branch that a processor could guess wrongly, and no row waits for
// another one's memory. Such rows have no missing values.
//
// Thread-safety: constant after it was made; making it uses all threads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tessera::learn::internal {

class TreeWalk {
 public:
  static constexpr std::int64_t kRowsAtOnce = 16;

  // Trees as in TreeEnsemble. `roots` has one number more than there are trees.
  TreeWalk(std::span<const std::int64_t> roots, std::span<const std::int64_t> links,
           std::span<const double> thresholds);

  // The node in which each of kRowsAtOnce rows ends, which stand `columns` numbers apart; counted from the root.
  void ends(std::int64_t tree, const double* rows, std::int64_t columns, std::uint32_t* nodes) const;

 private:
  struct Step {
    double threshold;
    std::uint32_t feature, left;
  };
  void lay_out(std::int64_t tree, std::span<const std::int64_t> links, std::span<const double> thresholds);

  std::span<const std::int64_t> roots_;
  std::vector<Step> steps_;
  std::vector<std::int32_t> depths_;
};

}  // namespace tessera::learn::internal
