// A max pooling that remembers where it found its maxima, and the layer that puts values back there.
//
//   SwitchedMaxPool2d   MaxPool2d, the same bits, that keeps the switches of its last forward pass
//   MaxUnpool2d         [N, C, H', W'] -> [N, C, H, W]: each value goes to its switch, zeros elsewhere (max_unpool2d, pooling.h). Its input has the
//                       shape that the pooling gave, its output the one that the pooling was given
//
// The two are layers of one network: the pooling's forward pass comes first, for the same samples. Zeiler & Fergus, "Visualizing and
// understanding convolutional networks", ECCV 2014; Noh, Hong & Han, "Learning deconvolution network for semantic segmentation", ICCV 2015.
//
// Errors: a forward pass of the unpooling without one of the pooling, or for other shapes: Error naming the layer and the shapes.
// Thread-safety: both belong to the one thread of their network.
//
// ```cpp
// nn::Sequential network;
// auto& pool = network.add<nn::SwitchedMaxPool2d>();
// network.add<nn::MaxUnpool2d>(pool, 2, 2);
// const Tensor x = Tensor::from<float>({1, 2, 4, 3}, {1, 1, 2, 2});
// assert(network.evaluate(x).to_vector<float>() == (std::vector<float>{0, 0, 4, 0}));
// ```
#pragma once

#include <cstdint>
#include <string>

#include "tessera/nn/pooling.h"

namespace tessera::nn {

class SwitchedMaxPool2d : public MaxPool2d {
 public:
  explicit SwitchedMaxPool2d(const Pool2dSettings& settings = {})
      : MaxPool2d(settings), settings_(settings) {}
  Tensor forward(const Tensor& x, Context& context) override;
  const Tensor& switches() const {
    return switches_;
  }  // of the last forward pass; undefined before the first
  const Shape& pooled_shape() const { return pooled_shape_; }  // of what that pass was given

 private:
  Pool2dSettings settings_;
  Tensor switches_;
  Shape pooled_shape_;
};

class MaxUnpool2d : public Module {
 public:
  // The pooling must live as long; it pools images of `rows` times `columns` pixels.
  MaxUnpool2d(const SwitchedMaxPool2d& pool, std::int64_t rows, std::int64_t columns);
  Tensor forward(const Tensor& x, Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;

 private:
  const SwitchedMaxPool2d& pool_;
  std::int64_t rows_, columns_;
};

}  // namespace tessera::nn
