// Models of sequences: an RNN, GRU and LSTM that classify sequences of many lengths, and a block of a transformer's encoder.
#include "bench/cases/models.h"
#include "tessera/nn/layers.h"
#include "tessera/nn/losses.h"
#include "tessera/nn/recurrent.h"

namespace bench {

using tessera::Tensor;
namespace nn = tessera::nn;

namespace {

constexpr std::int64_t kVocabulary = 5000, kTimes = 50, kFeatures = 64, kClasses = 10;

template <typename Layer>
Layer* add(nn::Sequential& parts, std::unique_ptr<Layer> layer) {
  return static_cast<Layer*>(&parts.add(std::move(layer)));
}

// Embedding, recurrent layer, mean of its states, linear layer.
template <typename Recurrent>
struct SequenceClassifier {
  explicit SequenceClassifier(nn::Sequential& parts)
      : embedding(add(parts, std::make_unique<nn::Embedding>(kVocabulary, kFeatures))),
        recurrent(add(parts, std::make_unique<Recurrent>(kFeatures, kFeatures))),
        head(add(parts, std::make_unique<nn::Linear>(kFeatures, kClasses))) {}

  Tensor operator()(const Tensor& ids, const Tensor& lengths, nn::Context& context) const {
    const Tensor states = recurrent->run(embedding->forward(ids, context), {.lengths = lengths}).output;
    const Tensor counts = tessera::reshape(lengths.to(tessera::DType::kFloat32), {ids.size(0), 1});
    return head->forward(tessera::sum(states, {1}) / counts, context);
  }

  nn::Embedding* embedding;
  Recurrent* recurrent;
  nn::Linear* head;
};

// From 10 to 50 words.
Tensor sequence_lengths(std::int64_t count) {
  std::vector<std::int64_t> lengths;
  for (std::int64_t i = 0; i < count; ++i) lengths.push_back(10 + i * 7 % (kTimes - 9));
  return Tensor::from<std::int64_t>(lengths, {count});
}

template <typename Recurrent>
Model sequence_classifier(const ModelSettings& settings) {
  const auto draws = std::make_shared<tessera::RandomSource>(1);
  const auto parts = std::make_shared<nn::Sequential>();
  const SequenceClassifier<Recurrent> network(*parts);
  parts->initialize(*draws);
  const std::int64_t batch = settings.batch;
  const Tensor ids = tessera::reshape(labels(batch * kTimes, kVocabulary), {batch, kTimes}),
               lengths = sequence_lengths(batch), y = labels(batch, kClasses);
  Model model = trained_model(
      parts, {ids, lengths, y}, std::make_shared<nn::Adam>(parts->parameters()), 1e-3,
      [=](nn::Context& context) { return nn::cross_entropy_loss(network(ids, lengths, context), y); }, draws);
  model.predict = [=] {
    nn::Context context;
    return network(ids, lengths, context);
  };
  return model;
}

// ---- Vaswani et al., "Attention is all you need", NIPS 2017: attention and two linear layers, each with dropout, sum and layer normalisation ----

constexpr std::int64_t kWidth = 128, kHeads = 4, kHidden = 512;

class EncoderBlock : public nn::Module {
 public:
  explicit EncoderBlock(double drop)
      : attention_(child("self_attn", std::make_unique<nn::MultiheadAttention>(kWidth, kHeads))),
        linear1_(child("linear1", std::make_unique<nn::Linear>(kWidth, kHidden))),
        linear2_(child("linear2", std::make_unique<nn::Linear>(kHidden, kWidth))),
        norm1_(child("norm1", std::make_unique<nn::LayerNorm>(tessera::Shape{kWidth}))),
        norm2_(child("norm2", std::make_unique<nn::LayerNorm>(tessera::Shape{kWidth}))),
        drop_(child("drop", std::make_unique<nn::Dropout>(drop))),
        head_(child("head", std::make_unique<nn::Linear>(kWidth, kClasses))) {}

  Tensor forward(const Tensor& x, nn::Context& context) override {
    const Tensor attended = drop_->forward(attention_->forward(x, context), context);
    const Tensor y = norm1_->forward(x + attended, context);
    const Tensor hidden = drop_->forward(tessera::relu(linear1_->forward(y, context)), context);
    const Tensor z =
        norm2_->forward(y + drop_->forward(linear2_->forward(hidden, context), context), context);
    return head_->forward(tessera::mean(z, {1}), context);
  }
  tessera::Shape output_shape(const tessera::Shape& input) const override { return {input[0], kClasses}; }
  std::string describe() const override { return "EncoderBlock"; }

 private:
  template <typename Layer>
  Layer* child(const char* name, std::unique_ptr<Layer> layer) {
    return static_cast<Layer*>(&add_child(name, std::move(layer)));
  }
  nn::MultiheadAttention* attention_;
  nn::Linear *linear1_, *linear2_;
  nn::LayerNorm *norm1_, *norm2_;
  nn::Dropout* drop_;
  nn::Linear* head_;
};

Model transformer(const ModelSettings& settings) {
  const auto draws = std::make_shared<tessera::RandomSource>(1);
  const auto network = initialized<EncoderBlock>(draws, settings.dropout ? 0.1 : 0.0);
  const Tensor x = normal({settings.batch, 64, kWidth}), y = labels(settings.batch, kClasses);
  return trained_model(
      network, {x, y}, std::make_shared<nn::Adam>(network->parameters()), 1e-3,
      [=](nn::Context& context) { return nn::cross_entropy_loss(network->forward(x, context), y); }, draws);
}

}  // namespace

std::vector<ModelRow> sequence_models() {
  return {{"RNN classifier", sequence_classifier<nn::RNN>},
          {"GRU classifier", sequence_classifier<nn::GRU>},
          {"LSTM classifier", sequence_classifier<nn::LSTM>},
          {"transformer block", transformer}};
}

}  // namespace bench
