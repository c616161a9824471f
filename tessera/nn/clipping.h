// What is done with gradients before a step, and with weights after it.
//
// The sums are the contract's: of each tensor by rule 3, then over the tensors in the order of the list by rule 3, so that a norm has the
// same bits on any number of threads. The new tensors carry no gradient of their own (nothing records here).
// Errors: a limit that is not above 0 throws Error. Thread-safety: pure functions, but for the parameters that are given new values.
//
// ```cpp
// std::vector<Tensor> gradients = {Tensor::from<float>({3, 0}, {2}), Tensor::from<float>({4}, {1})};
// assert(nn::global_norm(gradients) == 5);
// assert(nn::clip_by_norm(gradients, 1) == 5);  // what it was
// assert(std::abs(nn::global_norm(gradients) - 1) < 1e-5);
// nn::Parameter weight{"w", Tensor::from<float>({3, 4, 0.5f, 0}, {2, 2})};
// nn::constrain_max_norm({&weight}, 2.5);  // the first unit's weights have length 5
// assert(weight.value.to_vector<float>() == (std::vector<float>{1.5f, 2, 0.5f, 0}));
// ```
#pragma once

#include <vector>

#include "tessera/nn/module.h"

namespace tessera::nn {

// Every element to at most `limit` in size; NaN stays NaN.
void clip_by_value(std::vector<Tensor>& gradients, double limit);

// The Euclidean length of all gradients as one vector: squares are added in the gradients' dtype, tensors in fp64.
double global_norm(const std::vector<Tensor>& gradients);

// Multiplies all by limit / (length + 1e-6) where this is below 1, as PyTorch's clip_grad_norm_ does. Returns the length that they had;
// where it is NaN or infinite, so do the gradients become NaN or 0: look at it before you go on. Pascanu, Mikolov & Bengio, "On the difficulty of
// training recurrent neural networks", ICML 2013.
double clip_by_norm(std::vector<Tensor>& gradients, double limit);

// The incoming weights of each unit to at most this length, by scaling them: a unit is an entry of the first axis of a parameter with two
// axes or more (the row of a Linear, the filter of a convolution); biases are left alone. To be called after each step; 3 to 4 is usual, with
// dropout. Srebro & Shraibman (2005); Hinton et al. (2012); Srivastava et al., "Dropout", JMLR 15 (2014).
void constrain_max_norm(const std::vector<Parameter*>& parameters, double limit);

}  // namespace tessera::nn
