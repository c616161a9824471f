// A residual block: body(x) + shortcut(x). Without a shortcut x itself is added. He, Zhang, Ren & Sun, "Deep residual learning for image recognition",
// CVPR 2016.
//
// Parameters are named "body...." and "shortcut....". Errors: the two branches give different shapes. Thread-safety: as every Module.
//
// ```cpp
// auto body = std::make_unique<nn::Sequential>();
// body->add<nn::Conv2d>(8, 8, nn::Conv2dSettings{.padding = {1, 1}});
// body->add<nn::ReLU>();
// nn::Residual block(std::move(body));
// assert(block.output_shape({2, 8, 6, 6}) == (Shape{2, 8, 6, 6}));
// ```
#pragma once

#include <memory>
#include <string>

#include "tessera/nn/module.h"

namespace tessera::nn {

class Residual : public Module {
 public:
  explicit Residual(std::unique_ptr<Module> body, std::unique_ptr<Module> shortcut = nullptr);
  Tensor forward(const Tensor& x, Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;
  Module& body() { return *body_; }
  Module* shortcut() { return shortcut_; }  // nullptr without

 private:
  Module* body_;
  Module* shortcut_ = nullptr;
};

}  // namespace tessera::nn
