// Choices as the largest of noisy scores: the Gumbel-max trick, and Gumbel-softmax, through which gradients flow.
//
// With independent noise g of the Gumbel(0, 1) distribution, argmax(logits + g) is i with probability softmax(logits)[i] (Gumbel, 1954; Maddison, Tarlow & Minka, "A* sampling", NIPS
// 2014). Gumbel-softmax puts softmax((logits + g) / temperature) in the place of the argmax (Jang, Gu & Poole, "Categorical reparameterization with Gumbel-softmax", ICLR 2017; Maddison,
// Mnih & Teh, "The concrete distribution", ICLR 2017): at temperature 0 a one-hot choice, at a high one the same share for all. Straight-through gives exactly the one-hot choice forwards, and
// the gradient of the soft one backwards.
//
// Logits are floating tensors [..., classes]; they need not be normalised. All are compositions of operations; noise depends on the source's seed and
// step, the name and the position only. Errors: logits without classes, a temperature that is not above 0, a name that was drawn before. Thread-safety: as RandomSource.
//
// ```cpp
// const Tensor logits = Tensor::from<double>({0, 1, 2}, {1, 3});
// RandomSource random(3);
// const Tensor soft = stats::gumbel_softmax(logits, 0.5, random, "soft");
// assert(std::abs(sum(soft).item<double>() - 1) < 1e-15);
// const Tensor hard = stats::gumbel_softmax(logits, 0.5, random, "hard", stats::Choice::kStraightThrough);
// assert(max(hard).item<double>() == 1 && sum(hard).item<double>() == 1);
// const Tensor choices = stats::gumbel_max(broadcast_to(logits, {1000, 3}), random, "choices");  // int64 [1000]
// assert(choices.at<std::int64_t>({0}) <= 2);
// ```
#pragma once

#include <string_view>

#include "tessera/tensor/random.h"
#include "tessera/tensor/tensor.h"

namespace tessera::stats {

// -log(-log(u)) for uniform u: float32 or float64.
Tensor gumbel_noise(RandomSource& random, std::string_view name, const Shape& shape,
                    DType dtype = DType::kFloat32);

// One choice for each row: int64 of the leading axes.
Tensor gumbel_max(const Tensor& logits, RandomSource& random, std::string_view name);

enum class Choice { kSoft, kStraightThrough };
Tensor gumbel_softmax(const Tensor& logits, double temperature, RandomSource& random, std::string_view name,
                      Choice choice = Choice::kSoft);
// The same with noise of the caller's: what is differentiated.
Tensor gumbel_softmax_with(const Tensor& logits, const Tensor& noise, double temperature,
                           Choice choice = Choice::kSoft);

}  // namespace tessera::stats
