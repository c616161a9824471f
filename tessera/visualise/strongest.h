// The strongest activations of each feature map over a data set that goes by in parts.
//
// Of one image a map's largest activation counts, at its first place in row-major order; of a data set the largest `most` of these, so that they
// come from as many images. Of equals the one of the lower sample number is stronger. So the result depends on what was added, and not
// on the order or the parts in which it was. An activation is strong when it is above 0, as a rectifier passes it; others are not kept, and
// a map that never was active has none.
//
// Errors: shapes that do not fit, an activation that is not finite. Thread-safety: as every value.
//
// ```cpp
// visualise::StrongestActivations strongest(1, 2);
// strongest.add(Tensor::from<float>({1, 4, 3, 0, 4, 0}, {3, 1, 1, 2}), {{7, 8, 9}});  // largest of each image: 4, 3, 4
// const auto& found = strongest.of(0);
// assert(found.size() == 2 && found[0].sample == 7 && found[0].column == 1 && found[1].sample == 9);
// ```
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::visualise {

struct Activation {
  double value = 0;
  std::int64_t sample = 0, row = 0, column = 0;
  friend bool operator==(const Activation&, const Activation&) = default;
};

class StrongestActivations {
 public:
  explicit StrongestActivations(std::int64_t maps, std::size_t most = 9);
  // `activations` [N, maps, H, W]; samples[i] is the number of image i, each to be added once.
  void add(const Tensor& activations, std::span<const std::int64_t> samples);
  std::int64_t maps() const { return static_cast<std::int64_t>(found_.size()); }
  const std::vector<Activation>& of(std::int64_t map) const;  // the strongest first

 private:
  void insert(std::vector<Activation>& list, const Activation& activation) const;
  std::size_t most_;
  std::vector<std::vector<Activation>> found_;
};

}  // namespace tessera::visualise
