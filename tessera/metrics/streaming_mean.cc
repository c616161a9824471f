#include "tessera/metrics/streaming_mean.h"

#include "tessera/base/float_environment.h"

namespace tessera::metrics {

void StreamingMean::add(double value, double weight) {
  const FloatEnvironment contract;
  sum_ += value * weight;
  weight_ += weight;
}

double StreamingMean::value() const {
  const FloatEnvironment contract;
  return weight_ == 0 ? 0 : sum_ / weight_;
}

}  // namespace tessera::metrics
