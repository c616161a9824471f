// The kernels of the cpu backend, one function per row (or family of rows) of ops.def that has a fast form.
//
// A kernel computes the whole call, or returns false when this call (its
// dtype, strides or processor) is better left to the reference backend.
#pragma once

#include "tessera/tensor/backend.h"

namespace tessera::backends {

using Kernel = bool (*)(const KernelCall& call);

// Elementwise, conversions and moves: elementwise.cc, cast.cc, move.cc
bool run_unary(const KernelCall& call);
bool run_binary(const KernelCall& call);
bool run_compare(const KernelCall& call);
bool run_select(const KernelCall& call);
bool run_cast(const KernelCall& call);
bool run_arange(const KernelCall& call);
bool run_fill(const KernelCall& call);
bool run_copy(const KernelCall& call);
bool run_embed(const KernelCall& call);
bool run_concatenate(const KernelCall& call);

// Products: matmul.cc, convolution.cc
bool run_matmul(const KernelCall& call);
bool run_linear(const KernelCall& call);
bool run_convolution(const KernelCall& call);
bool run_convolution_input_gradient(const KernelCall& call);
bool run_convolution_weight_gradient(const KernelCall& call);

// Windows and indices: pooling.cc, indexing.cc
bool run_max_pool2d(const KernelCall& call);
bool run_max_pool2d_indices(const KernelCall& call);
bool run_average_pool2d(const KernelCall& call);
bool run_average_pool2d_gradient(const KernelCall& call);
bool run_gather(const KernelCall& call);
bool run_index_add(const KernelCall& call);
bool run_take_along(const KernelCall& call);   // along.cc
bool run_scatter_add(const KernelCall& call);  // along.cc
bool run_sort(const KernelCall& call);         // sorting.cc; argsort, too

// Reductions and normalisation: reduction.cc, normalization.cc, layer_norm.cc
bool run_reduction(const KernelCall& call);
bool run_softmax(const KernelCall& call);
bool run_softmax_gradient(const KernelCall& call);
bool run_cross_entropy(const KernelCall& call);  // and its gradient
bool run_layer_norm(const KernelCall& call);     // and the gradient of its input
bool run_layer_norm_gradient(const KernelCall& call);
bool run_layer_norm_scale_gradient(const KernelCall& call);
bool run_batch_norm(const KernelCall& call);  // batch_norm.cc; its statistics, sums and gradient, too
bool run_group_norm(const KernelCall& call);  // group_norm.cc; and its gradient

// Random numbers: random_fill.cc, random_permutation.cc
bool run_random(const KernelCall& call);
bool run_random_permutation(const KernelCall& call);

// Optimiser steps over many tensors: optimizer.cc
bool run_optimizer_step(const KernelCall& call);

// Recurrent layers: gru.cc, lstm.cc, rnn.cc
bool run_gru(const KernelCall& call);
bool run_gru_gradient(const KernelCall& call);
bool run_lstm(const KernelCall& call);
bool run_lstm_gradient(const KernelCall& call);
bool run_rnn(const KernelCall& call);
bool run_rnn_gradient(const KernelCall& call);

// Bias, activation and dropout in one pass: finish.cc
bool run_finish(const KernelCall& call);
bool run_activate(const KernelCall& call);  // activate.cc; and its gradient

}  // namespace tessera::backends
