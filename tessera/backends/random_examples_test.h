// Random examples of every row of ops.def, family by family, drawn by RapidCheck: for the properties of bits_test.cc and
// for guard_test.cc. What an operation has no form for is refused by every backend.
#pragma once

#include <rapidcheck.h>

#include <vector>

#include "tessera/backends/examples_test.h"
#include "tessera/backends/random_tensors_test.h"

namespace tessera {

using Examples = std::vector<Example>;

Examples random_unary();
Examples random_binary_and_compare();
Examples random_select_cast_and_copy();
Examples random_create_and_random();
Examples random_finish();
Examples random_activate();

Examples random_embed_and_concatenate();
Examples random_gather_and_index_add();
Examples random_along();

Examples random_matrix_product();
Examples random_convolution();
Examples random_pooling();

Examples random_reductions();
Examples random_softmax_and_cross_entropy();
Examples random_layer_norm();
Examples random_batch_norm();
Examples random_group_norm();
Examples random_optimizer_steps();
Examples random_recurrent();

// All of the above.
inline constexpr Examples (*kRandomExamples[])() = {random_unary,
                                                    random_binary_and_compare,
                                                    random_select_cast_and_copy,
                                                    random_create_and_random,
                                                    random_finish,
                                                    random_activate,
                                                    random_embed_and_concatenate,
                                                    random_gather_and_index_add,
                                                    random_along,
                                                    random_matrix_product,
                                                    random_convolution,
                                                    random_pooling,
                                                    random_reductions,
                                                    random_softmax_and_cross_entropy,
                                                    random_layer_norm,
                                                    random_batch_norm,
                                                    random_group_norm,
                                                    random_optimizer_steps,
                                                    random_recurrent};

}  // namespace tessera
