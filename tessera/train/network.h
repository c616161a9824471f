// The network that a configuration describes: layers in order, each input size worked out from the layer before.
//
// Errors name the line of the layer, the shape that reaches it and what it expected. Thread-safety: pure function.
//
// ```cpp
// train::Config config = train::Config::parse(R"(
//   [data]
//   format = "csv"
//   path = "digits.csv"
//   label_column = "digit"
//   [[network]]
//   layer = "linear"
//   units = 10
//   [training]
//   epochs = 1
//   learning_rate = 0.1
// )", "example.toml");
// auto network = train::build_network(config, Shape{64}, 10);
// assert(network->output_shape({5, 64}) == (Shape{5, 10}));
// ```
#pragma once

#include <memory>
#include <string>

#include "tessera/nn/layers.h"
#include "tessera/train/config.h"

namespace tessera::train {

// Between the float32 of data and scores and a network that is stored in another type (training.dtype).
class ToType : public nn::Module {
 public:
  explicit ToType(DType dtype) : dtype_(dtype) {}
  Tensor forward(const Tensor& x, nn::Context& context) override;
  Shape output_shape(const Shape& input) const override { return input; }
  std::string describe() const override;

 private:
  DType dtype_;
};

// `sample_shape` is that of one sample; the last layer must give one score per class. Parameters are drawn from the
// configuration's seed.
std::unique_ptr<nn::Sequential> build_network(const Config& config, const Shape& sample_shape,
                                              std::int64_t classes);

}  // namespace tessera::train
