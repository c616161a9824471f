#include "tessera/metrics/streaming_mean.h"

namespace tessera::metrics {

void StreamingMean::add(double value, double weight) {
  sum_ += value * weight;
  weight_ += weight;
}

double StreamingMean::value() const {
  return weight_ == 0 ? 0 : sum_ / weight_;
}

}  // namespace tessera::metrics
