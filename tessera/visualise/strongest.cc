#include "tessera/visualise/strongest.h"

#include <algorithm>
#include <cmath>

#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera::visualise {

StrongestActivations::StrongestActivations(std::int64_t maps, std::size_t most) : most_(most) {
  if (maps < 1 || most < 1)
    fail("StrongestActivations: found {} maps and {} of each, expected at least 1", maps, most);
  found_.resize(static_cast<std::size_t>(maps));
}

void StrongestActivations::add(const Tensor& activations, std::span<const std::int64_t> samples) {
  const Shape& shape = activations.shape();
  if (shape.rank() != 4 || shape[0] != static_cast<std::int64_t>(samples.size()) || shape[1] != maps() ||
      shape[2] * shape[3] == 0)
    fail("StrongestActivations: the activations have the shape {}, expected [{}, {}, rows, columns]",
         shape.to_string(), samples.size(), maps());
  const Tensor rows = reshape(activations, {shape[0], shape[1], shape[2] * shape[3]});
  const std::vector<double> largest = max(rows, {2}).to(DType::kFloat64).to_vector<double>();
  const std::vector<std::int64_t> places = argmax(rows, 2).to_vector<std::int64_t>();
  for (std::size_t i = 0; i < largest.size(); ++i) {
    const std::size_t image = i / found_.size(), map = i % found_.size();
    if (!std::isfinite(largest[i]))
      fail("sample {}: an activation of feature map {} is {}, expected finite numbers", samples[image] + 1,
           map + 1, largest[i]);
    insert(found_[map], {largest[i], samples[image], places[i] / shape[3], places[i] % shape[3]});
  }
}

void StrongestActivations::insert(std::vector<Activation>& list, const Activation& activation) const {
  const auto stronger = [](const Activation& a, const Activation& b) {
    return a.value != b.value ? a.value > b.value : a.sample < b.sample;
  };
  if (activation.value <= 0 || (list.size() == most_ && !stronger(activation, list.back()))) return;
  list.insert(std::upper_bound(list.begin(), list.end(), activation, stronger), activation);
  if (list.size() > most_) list.pop_back();
}

const std::vector<Activation>& StrongestActivations::of(std::int64_t map) const {
  if (map < 0 || map >= maps()) fail("StrongestActivations: map {} of {}", map, maps());
  return found_[static_cast<std::size_t>(map)];
}

}  // namespace tessera::visualise
