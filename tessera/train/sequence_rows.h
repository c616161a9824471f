// The rows [[network]] of words and sequences made into layers. Internal to this room; layer_builder.h has the table of all rows.
#pragma once

#include <memory>

#include "tessera/train/layer_builder.h"

namespace tessera::train {

std::unique_ptr<nn::Module> embedding_row(const LayerBuilder& row);
std::unique_ptr<nn::Module> bag_of_words_row(const LayerBuilder& row);
std::unique_ptr<nn::Module> rnn_row(const LayerBuilder& row);
std::unique_ptr<nn::Module> gru_row(const LayerBuilder& row);
std::unique_ptr<nn::Module> lstm_row(const LayerBuilder& row);
std::unique_ptr<nn::Module> multihead_attention_row(const LayerBuilder& row);
std::unique_ptr<nn::Module> transformer_encoder_row(const LayerBuilder& row);
std::unique_ptr<nn::Module> positional_encoding_row(const LayerBuilder& row);
std::unique_ptr<nn::Module> time_pool_row(const LayerBuilder& row);

}  // namespace tessera::train
