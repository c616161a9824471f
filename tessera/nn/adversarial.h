// Losses of two networks that play against each other: a generator makes samples, a discriminator (critic) gives each sample one score, high
// for real ones. Each takes a step with its own loss.
//
//   kNonSaturating  discriminator  mean softplus(-real) + mean softplus(fake)            generator  mean softplus(-fake)
//                   Goodfellow et al., "Generative adversarial nets", NeurIPS 2014 (the loss that they train with)
//   kHinge          discriminator  mean relu(1 - real) + mean relu(1 + fake)             generator  -mean fake
//                   Lim & Ye, "Geometric GAN" (2017)
//   kWasserstein    critic         mean fake - mean real                                 generator  -mean fake
//                   Arjovsky, Chintala & Bottou, "Wasserstein GAN", ICML 2017; needs the penalty below, or clipped weights
//   kLeastSquares   discriminator  mean (real - 1)^2 + mean fake^2, halved               generator  mean (fake - 1)^2 / 2
//                   Mao et al., "Least squares GAN", ICCV 2017
//
// Scores are logits of any shape whose first axis counts samples; means are over all elements. `batch` is as in losses.h: the samples of
// the whole batch. Thread-safety: pure functions.
//
// ```cpp
// const Tensor real = zeros({4, 1}), fake = zeros({4, 1});
// assert(nn::discriminator_loss(real, fake, nn::Adversarial::kHinge).item<float>() == 2);
// const auto steep = [](const Tensor& x) { return sum(x * 3, {1}); };  // the gradient's length is 3 sqrt(2)
// const Tensor penalty = nn::gradient_penalty(steep, ones({4, 2}));
// assert(std::abs(penalty.item<float>() - 10.514719f) < 1e-5f);
// ```
#pragma once

#include <cstdint>

#include "tessera/autograd/functional.h"

namespace tessera::nn {

enum class Adversarial : std::uint8_t { kNonSaturating, kHinge, kWasserstein, kLeastSquares };

Tensor discriminator_loss(const Tensor& real_scores, const Tensor& fake_scores, Adversarial kind,
                          std::int64_t batch = 0);
Tensor generator_loss(const Tensor& fake_scores, Adversarial kind, std::int64_t batch = 0);

// Points between real and fake samples, u real + (1 - u) fake with one u per sample ([N], uniform on (0, 1)): where the penalty of
// Gulrajani et al. is taken.
Tensor between(const Tensor& real, const Tensor& fake, const Tensor& u);

// Mean over samples of (|d critic / d x| - target)^2 at the samples x [N, ...]; the critic gives [N] or [N, 1], a sample's score depending on
// that sample only. With target 1 the penalty of Gulrajani et al., "Improved training of Wasserstein GANs", NeurIPS 2017; with target 0,
// halved and at real samples, R1 of Mescheder et al., ICML 2018. Usually added with a factor of 10.
// The gradient is itself recorded, so a tape that watches the critic's parameters differentiates through it.
Tensor gradient_penalty(const TensorFunction& critic, const Tensor& x, double target = 1,
                        std::int64_t batch = 0);

}  // namespace tessera::nn
