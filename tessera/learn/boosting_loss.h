// Losses of gradient boosting: gradients and second derivatives per row. Internal to hist_gradient_boosting.cc.
//
// Predictions lie output by output: that of row i for output k is raw[k * rows + i].
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tessera/learn/boosted_tree.h"

namespace tessera::learn::internal {

class BoostingLoss {
 public:
  // classes: 0 for numbers; `y` holds numbers or classes.
  BoostingLoss(std::vector<double> y, std::int64_t classes) : y_(std::move(y)), classes_(classes) {}

  std::int64_t rows() const { return static_cast<std::int64_t>(y_.size()); }
  std::int64_t outputs() const { return classes_ > 2 ? classes_ : 1; }
  // The best constant prediction, one per output. Every class must have a row.
  std::vector<double> baseline() const;
  double mean_loss(std::span<const double> raw) const;
  // The fixed point for gradients at these predictions.
  Quantisation quantisation(std::span<const double> raw) const;
  // For each output the gradients of all rows, output by output.
  void gradients(std::span<const double> raw, const Quantisation& quantisation,
                 std::span<RowGradient> out) const;

 private:
  double loss_of(std::int64_t row, std::span<const double> raw) const;
  void row_gradients(std::int64_t row, std::span<const double> raw, const Quantisation& quantisation,
                     std::span<RowGradient> out) const;
  std::vector<double> y_;
  std::int64_t classes_;
};

}  // namespace tessera::learn::internal
