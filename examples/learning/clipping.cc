// Gradients that are too long, cut in two ways: by the norm of all together, which keeps their direction, and element by element, which does not.
// Then a ravine that steep walls make dangerous: without clipping one step throws the weights out of it.
#include <cmath>
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

void show(const char* name, const std::vector<Tensor>& gradients, const std::vector<Tensor>& original) {
  double product = 0, before = 0, after = 0;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    product += sum(gradients[i] * original[i]).item_as_double();
    before += sum_squares(original[i]).item_as_double();
    after += sum_squares(gradients[i]).item_as_double();
  }
  std::printf("%-9s %s %s   length %.3f   cosine with the gradient %.4f\n", name,
              gradients[0].to_string().c_str(), gradients[1].to_string().c_str(), std::sqrt(after),
              product / std::sqrt(before * after));
}

// f(x, y) = y^2 / 2 + 5 max(0, |x| - 1)^2 e^|x|: flat in the middle, and steeper and steeper outside.
Tensor ravine(const Tensor& at) {
  const Tensor x = absolute(at.slice({0})), y = at.slice({1}), over = maximum(x - 1, zeros({}, at.dtype()));
  return y * y * 0.5 + over * over * exp(x) * 5;
}

void descend(const char* name, double norm, double value) {
  nn::Parameter at{"at", Tensor::from<double>({2.5, 3}, {2})};
  double farthest = 2.5;
  for (int step = 0; step < 60; ++step) {
    std::vector<Tensor> gradients = {grad(ravine, at.value)};
    if (norm > 0) nn::clip_by_norm(gradients, norm);
    if (value > 0) nn::clip_by_value(gradients, value);
    at.value = at.value - gradients[0] * 0.1;
    farthest = std::max(farthest, std::abs(at.value.at<double>({0})));
    if (!(farthest < 1e3)) break;
  }
  if (farthest < 1e3)
    std::printf("%-9s ends at (%.3f, %.3f), loss %.5f\n", name, at.value.at<double>({0}),
                at.value.at<double>({1}), ravine(at.value).item_as_double());
  else
    std::printf("%-9s leaves for |x| > 1000\n", name);
}

int main() {
  use_default_backend();
  const std::vector<Tensor> original = {Tensor::from<double>({3, 0.5}, {2}), Tensor::from<double>({-4}, {1})};
  std::vector<Tensor> by_norm = original, by_value = original;
  nn::clip_by_norm(by_norm, 1);
  nn::clip_by_value(by_value, 1);
  show("none", original, original);
  show("by norm", by_norm, original);
  show("by value", by_value, original);
  std::printf("\n");
  descend("none", 0, 0);
  descend("by norm", 1, 0);
  descend("by value", 0, 1);
}
