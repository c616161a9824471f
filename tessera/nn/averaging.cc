#include "tessera/nn/averaging.h"

#include <utility>

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/tensor/op_scope.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {

WeightAverage::WeightAverage(std::vector<Parameter*> parameters, const Settings& settings)
    : parameters_(std::move(parameters)), settings_(settings) {
  if (!(settings.decay >= 0 && settings.decay < 1))
    fail("WeightAverage: the decay is {}, expected at least 0 and below 1", settings.decay);
  for (const Parameter* parameter : parameters_) averages_.push_back(parameter->value);
}

void WeightAverage::observe() {
  if (swapped_) fail("WeightAverage: the parameters hold the averages; swap them back before the next step");
  const NoTape no_tape;
  const FloatEnvironment contract;
  const OpScope scope("average");
  ++observations_;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    Tensor& average = averages_[i];
    const Tensor& value = parameters_[i]->value;
    if (observations_ == 1)
      average = value;
    else if (settings_.kind == Kind::kEqual)
      average = average + (value - average) / observations_;
    else
      average = average * settings_.decay + value * (1 - settings_.decay);
  }
}

void WeightAverage::swap() {
  if (observations_ == 0) fail("WeightAverage: nothing has been observed, so there is no average");
  for (std::size_t i = 0; i < parameters_.size(); ++i) std::swap(parameters_[i]->value, averages_[i]);
  swapped_ = !swapped_;
}

void WeightAverage::visit_state(StateVisitor& visitor) {
  if (swapped_) fail("WeightAverage: the parameters hold the averages; swap them back before saving");
  visitor.integer("observations", observations_);
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    visit_tensor(visitor, "average." + parameters_[i]->name, averages_[i]);
}

namespace {

std::vector<Tensor> added(const std::vector<Tensor>& left, const std::vector<Tensor>& right) {
  const NoTape no_tape;
  const OpScope scope("accumulate");
  std::vector<Tensor> sums;
  for (std::size_t i = 0; i < left.size(); ++i) sums.push_back(left[i] + right[i]);
  return sums;
}

}  // namespace

// T splits n leaves at the largest power of two below n, so its full subtrees are those of a binary counter, and what is left over at the
// end is added from the smallest on.
void GradientSum::add(std::vector<Tensor> gradients) {
  if (!parts_.empty() && parts_[0].sums.size() != gradients.size())
    fail("GradientSum: {} gradients, expected {} as before", gradients.size(), parts_[0].sums.size());
  for (std::size_t i = 0; !parts_.empty() && i < gradients.size(); ++i) {
    const Tensor& before = parts_[0].sums[i];
    if (gradients[i].shape() != before.shape() || gradients[i].dtype() != before.dtype())
      fail("GradientSum: gradient {} is {} {}, expected {} {} as before", i, dtype_name(gradients[i].dtype()),
           gradients[i].shape().to_string(), dtype_name(before.dtype()), before.shape().to_string());
  }
  Part part{1, std::move(gradients)};
  while (!parts_.empty() && parts_.back().leaves == part.leaves) {
    part = {2 * part.leaves, added(parts_.back().sums, part.sums)};
    parts_.pop_back();
  }
  parts_.push_back(std::move(part));
  ++count_;
}

std::vector<Tensor> GradientSum::take() {
  if (parts_.empty()) fail("GradientSum: the sum of no gradients");
  std::vector<Tensor> sums = std::move(parts_.back().sums);
  for (std::size_t i = parts_.size() - 1; i-- > 0;) sums = added(parts_[i].sums, sums);
  parts_.clear();
  count_ = 0;
  return sums;
}

}  // namespace tessera::nn
