#include "tessera/train/sequence_rows.h"

#include <utility>

#include "tessera/base/error.h"
#include "tessera/models/bag_of_words.h"
#include "tessera/models/sequence_layers.h"
#include "tessera/nn/attention.h"
#include "tessera/nn/embedding.h"
#include "tessera/nn/recurrent.h"
#include "tessera/nn/transformer.h"
#include "tessera/tensor/ops.h"

namespace tessera::train {
namespace {

using Layer = std::unique_ptr<nn::Module>;

// Indices arrive as the data's float32, in which whole numbers below 2^24 are exact.
class IndexEmbedding : public nn::Embedding {
 public:
  using nn::Embedding::Embedding;
  Tensor forward(const Tensor& x, nn::Context& context) override {
    return nn::Embedding::forward(x.to(DType::kInt64), context);
  }
};

// The words of a text as one sentence of models::BagOfWords.
class BagOfWordsOfTexts : public nn::Module {
 public:
  BagOfWordsOfTexts(std::int64_t vocabulary, std::int64_t classes)
      : model_(add_child("model", std::make_unique<models::BagOfWords>(vocabulary, classes))) {}
  Tensor forward(const Tensor& x, nn::Context& context) override {
    return model_.forward(reshape(x.to(DType::kInt64), {x.size(0), 1, x.size(1)}), context);
  }
  Shape output_shape(const Shape& input) const override {
    return model_.output_shape({input[0], 1, input[1]});
  }
  std::string describe() const override { return model_.describe(); }

 private:
  nn::Module& model_;
};

// A recurrent layer, and what is made of its states: those of the last time, their mean, or those in which its directions ended.
class Summary : public nn::Module {
 public:
  Summary(Layer layer, std::string kind, bool both_directions)
      : layer_(add_child("layer", std::move(layer))),
        kind_(std::move(kind)),
        both_directions_(both_directions && kind_ == "final") {}
  Tensor forward(const Tensor& x, nn::Context& context) override {
    const Tensor states = layer_.forward(x, context);
    if (kind_ == "final" || context.lengths.defined())
      return models::pool_over_time(states, context.lengths,
                                    kind_ == "mean" ? models::TimePooling::kMean : models::TimePooling::kLast,
                                    both_directions_);
    if (kind_ == "mean") return mean(states, {1});
    return slice(states, {Range::all(), Range(-1)});
  }
  Shape output_shape(const Shape& input) const override {
    const Shape states = layer_.output_shape(input);
    return {states[0], states[2]};
  }
  std::string describe() const override { return fmt::format("{}, {}", layer_.describe(), kind_); }

 private:
  nn::Module& layer_;
  std::string kind_;
  bool both_directions_;
};

template <typename Recurrent>
Layer recurrent(const LayerBuilder& row) {
  row.expect_rank(3, "[times, features] (an embedding before it makes that of indices)");
  nn::RecurrentSettings settings;
  settings.layers = row.integer("layers", 1);
  settings.bidirectional = row.boolean("bidirectional");
  settings.reset_gate = !row.is("reset_gate", "false");
  settings.dtype = row.dtype();
  auto layer = std::make_unique<Recurrent>(row.input()[2], row.integer("units"), settings);
  if (row.is("output", "all")) return layer;
  return std::make_unique<Summary>(std::move(layer), row.text("output"), settings.bidirectional);
}

// The features of each time, and that they divide among the heads.
std::int64_t features_of_heads(const LayerBuilder& row) {
  row.expect_rank(3, "[times, features] (an embedding before it makes that of indices)");
  const std::int64_t features = row.input()[2];
  if (features % row.integer("heads") != 0)
    row.reject_value("heads", fmt::format("a divisor of the {} features that reach it", features));
  return features;
}

}  // namespace

Layer embedding_row(const LayerBuilder& row) {
  const std::int64_t entries = row.entries();
  if (row.of_words()) {
    row.expect_rank(2, "words, which only the first layer is given");
    return std::make_unique<models::WordEmbedding>(entries, row.integer("features"), row.dtype());
  }
  return std::make_unique<IndexEmbedding>(entries, row.integer("features"),
                                          nn::EmbeddingSettings{.dtype = row.dtype()});
}

Layer bag_of_words_row(const LayerBuilder& row) {
  row.expect_rank(2, "words (data.format = \"text\")");
  if (!row.of_words()) row.reject("expected words (data.format = \"text\")");
  return std::make_unique<BagOfWordsOfTexts>(row.entries(), row.integer("units"));
}

Layer rnn_row(const LayerBuilder& row) {
  return recurrent<nn::RNN>(row);
}
Layer gru_row(const LayerBuilder& row) {
  return recurrent<nn::GRU>(row);
}
Layer lstm_row(const LayerBuilder& row) {
  return recurrent<nn::LSTM>(row);
}

Layer multihead_attention_row(const LayerBuilder& row) {
  const std::int64_t features = features_of_heads(row);
  return std::make_unique<nn::MultiheadAttention>(features, row.integer("heads"),
                                                  nn::AttentionSettings{.dtype = row.dtype()});
}

Layer transformer_encoder_row(const LayerBuilder& row) {
  const std::int64_t features = features_of_heads(row);
  nn::TransformerEncoderSettings settings;
  settings.feed_forward = row.integer("feed_forward", 0);
  settings.drop = row.real("branch_drop", settings.drop);
  settings.gelu = row.is("activation", "gelu");
  settings.norm_first = row.is("norm_first", "true");
  settings.epsilon = row.real("epsilon", settings.epsilon);
  settings.dtype = row.dtype();
  return std::make_unique<nn::TransformerEncoderLayer>(features, row.integer("heads"), settings);
}

Layer positional_encoding_row(const LayerBuilder& row) {
  row.expect_rank(3, "[times, features] (an embedding before it makes that of indices)");
  if (row.input()[2] % 2 != 0) row.reject("expected an even number of features");
  return std::make_unique<nn::PositionalEncoding>(row.input()[2]);
}

Layer time_pool_row(const LayerBuilder& row) {
  row.expect_rank(3, "[times, features] (recurrent layers give that with output = \"all\")");
  models::TimePool::Settings settings;
  settings.features = row.input()[2];
  settings.pooling = models::time_pooling_of(row.text("over_time"));
  settings.attention = row.integer("attention", 0);
  settings.dtype = row.dtype();
  return std::make_unique<models::TimePool>(settings);
}

}  // namespace tessera::train
