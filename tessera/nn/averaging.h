// Averages over training: of weights over steps, of gradients over micro-batches.
//
// ```cpp
// nn::Parameter p{"p", Tensor::from<double>({1}, {1})};
// nn::WeightAverage average({&p}, {.kind = nn::WeightAverage::Kind::kEqual});
// average.observe();
// p.value = Tensor::from<double>({4}, {1});
// average.observe();
// average.swap();  // evaluate with the average ...
// assert(p.value.item<double>() == 2.5);
// average.swap();  // ... and train on
// assert(p.value.item<double>() == 4);
// ```
#pragma once

#include <cstdint>
#include <vector>

#include "tessera/nn/module.h"

namespace tessera::nn {

// The average of parameters over the observations, element by element, in the parameters' dtype. State is kept with a run under
// "average.<parameter>". One thread.
class WeightAverage : public Stateful {
 public:
  enum class Kind : std::uint8_t {
    kExponential,  // a = decay a + (1 - decay) p. Polyak & Juditsky (1992); usual for generators and for evaluation
    kEqual         // a = a + (p - a) / n: stochastic weight averaging, Izmailov et al., UAI 2018
  };
  struct Settings {
    Kind kind = Kind::kExponential;
    double decay = 0.999;  // in [0, 1); kExponential only
  };
  // The parameters must outlive the average. The first observation is a copy.
  explicit WeightAverage(std::vector<Parameter*> parameters, const Settings& settings);

  void observe();  // after each step, or once per epoch
  // Exchanges the parameters' values with the averages; throws Error before the first observation. While they are exchanged nothing can be
  // observed or saved: the second call brings the values back.
  void swap();
  bool swapped() const { return swapped_; }
  std::int64_t observations() const { return observations_; }
  void visit_state(StateVisitor& visitor) override;

 private:
  std::vector<Parameter*> parameters_;
  Settings settings_;
  std::vector<Tensor> averages_;
  std::int64_t observations_ = 0;
  bool swapped_ = false;
};

// The sum of gradients (and losses) that arrive one micro-batch after the other, by the tree T of contract rule 6: k micro-batches give the bits
// of one batch in k shards, in the memory of about log2(k) sets of gradients. Each must have been computed with the number of
// samples of the whole batch as its divisor (losses.h).
//
// ```cpp
// nn::GradientSum sum;
// for (const float gradient : {1.0f, 2.0f, 3.0f}) sum.add({Tensor::from<float>({gradient}, {1})});
// assert(sum.count() == 3 && sum.take()[0].item<float>() == 6 && sum.count() == 0);
// ```
class GradientSum {
 public:
  void add(std::vector<Tensor> gradients);  // of the same number, shapes and dtypes each time
  std::int64_t count() const { return count_; }
  std::vector<Tensor> take();  // the sum; begins anew. Throws Error when nothing was added

 private:
  struct Part {
    std::int64_t leaves;  // a power of two
    std::vector<Tensor> sums;
  };
  std::vector<Part> parts_;  // of falling sizes
  std::int64_t count_ = 0;
};

}  // namespace tessera::nn
