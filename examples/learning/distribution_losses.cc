// Two losses and what they ask for. The Kullback-Leibler divergence of the prediction from the target is no distance: exchanged, it is another number; and
// it is the cross-entropy without the target's own entropy, so both have the same gradient. The hinge is content with a margin: beyond it nothing pulls, where the
// cross-entropy goes on for ever.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

double divergence(const Tensor& target, const Tensor& prediction) {
  return nn::kl_divergence_loss(log(prediction), target).item_as_double();
}

int main() {
  use_default_backend();
  const DType dtype = DType::kFloat64;
  const Tensor p = Tensor::from<double>({0.5, 0.25, 0.25}, {1, 3}),
               q = Tensor::from<double>({0.8, 0.1, 0.1}, {1, 3});
  std::printf("KL(p | q) = %.6f   KL(q | p) = %.6f   KL(p | p) = %g\n", divergence(p, q), divergence(q, p),
              divergence(p, p));
  const double entropy = -sum(p * log(p)).item_as_double(), cross = -sum(p * log(q)).item_as_double();
  std::printf("cross-entropy %.6f - entropy %.6f = %.6f\n", cross, entropy, cross - entropy);
  const Tensor logits = log(q);
  const Tensor slope =
      grad([&](const Tensor& x) { return nn::kl_divergence_loss(log_softmax(x, 1), p); }, logits);
  std::printf("gradient with respect to logits: (%.2f, %.2f, %.2f), which is q - p\n\n",
              slope.at<double>({0, 0}), slope.at<double>({0, 1}), slope.at<double>({0, 2}));
  const Tensor sure = Tensor::from<double>({1, 0, 0}, {1, 3});
  std::printf("a target of zeros and a one: %.6f = -log 0.8; the zeros add nothing\n\n", divergence(sure, q));

  std::printf("target 1    hinge            cross-entropy\n");
  std::printf("score     loss   slope       loss      slope\n");
  const Tensor hinge_target = ones({1}, dtype), target = ones({1}, dtype);
  for (const double score : {-2.0, 0.0, 0.9, 1.0, 1.5, 4.0}) {
    const Tensor x = full({1}, score, dtype);
    const auto hinge = [&](const Tensor& s) { return nn::hinge_loss(s, hinge_target); };
    const auto entropy_of = [&](const Tensor& s) { return nn::binary_cross_entropy_loss(s, target); };
    std::printf("%5.1f   %6.3f  %6.3f     %6.3f  %9.6f\n", score, hinge(x).item_as_double(),
                grad(hinge, x).item_as_double() + 0.0, entropy_of(x).item_as_double(),
                grad(entropy_of, x).item_as_double());
  }
}
