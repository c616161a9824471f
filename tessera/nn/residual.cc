#include "tessera/nn/residual.h"

#include <utility>

#include "tessera/base/error.h"
#include "tessera/tensor/op_scope.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {

Residual::Residual(std::unique_ptr<Module> body, std::unique_ptr<Module> shortcut) {
  if (body == nullptr) fail("Residual: the body is missing");
  body_ = &add_child("body", std::move(body));
  if (shortcut != nullptr) shortcut_ = &add_child("shortcut", std::move(shortcut));
}

Tensor Residual::forward(const Tensor& x, Context& context) {
  output_shape(x.shape());
  const auto run = [&](Module& branch) {
    const OpScope scope("layer " + branch.path());
    return branch.forward(x, context);
  };
  const Tensor y = run(*body_);
  return y + (shortcut_ == nullptr ? x : run(*shortcut_));
}

Shape Residual::output_shape(const Shape& input) const {
  const Shape body = body_->output_shape(input);
  const Shape shortcut = shortcut_ == nullptr ? input : shortcut_->output_shape(input);
  if (body != shortcut)
    fail("{}: for an input {} the body gives {} and the shortcut {}, expected the same shape", path(),
         input.to_string(), body.to_string(), shortcut.to_string());
  return body;
}

std::string Residual::describe() const {
  return fmt::format("Residual({}, shortcut {})", body_->describe(),
                     shortcut_ == nullptr ? "x" : shortcut_->describe());
}

}  // namespace tessera::nn
