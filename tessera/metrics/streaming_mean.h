// The mean of values that come one by one, each with a weight, in the order in which they come.
//
// Sum and weights are fp64 chains, so equal sequences give equal bits, whatever rounding mode the caller has set. The mean of nothing is 0.
// Not thread-safe.
//
// ```cpp
// metrics::StreamingMean mean;
// mean.add(1.0, 3);  // three samples with mean 1
// mean.add(5.0);
// assert(mean.value() == 2.0 && mean.weight() == 4);
// ```
#pragma once

namespace tessera::metrics {

class StreamingMean {
 public:
  void add(double value, double weight = 1);
  double value() const;
  double weight() const { return weight_; }

 private:
  double sum_ = 0;
  double weight_ = 0;
};

}  // namespace tessera::metrics
