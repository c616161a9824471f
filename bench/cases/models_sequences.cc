// Models of sequences of many lengths: an RNN, GRU and LSTM that classify them, one with attention, a tagger; and a block of a transformer's encoder.
#include "bench/cases/models.h"
#include "tessera/models/sequence_tagger.h"
#include "tessera/nn/layers.h"
#include "tessera/nn/losses.h"

namespace bench {

using tessera::Tensor;
namespace nn = tessera::nn;
namespace models = tessera::models;

namespace {

constexpr std::int64_t kVocabulary = 5000, kTimes = 50, kFeatures = 64, kClasses = 10;

// From 10 to 50 words, then zeros.
Tensor sentences(std::int64_t count) {
  std::vector<std::int64_t> ids;
  for (std::int64_t place = 0; place < count * kTimes; ++place) {
    const std::int64_t sentence = place / kTimes, length = 10 + sentence * 7 % (kTimes - 9);
    ids.push_back(place % kTimes < length ? 1 + place * 7 % (kVocabulary - 1) : 0);
  }
  return Tensor::from<std::int64_t>(ids, {count, kTimes});
}

Model classifier(const models::SequenceClassifierSettings& own, const ModelSettings& settings) {
  const auto draws = std::make_shared<tessera::RandomSource>(1);
  const auto network = initialized<models::SequenceClassifier>(draws, own);
  const Tensor ids = sentences(settings.batch), y = labels(settings.batch, kClasses);
  return trained_model(
      network, {ids, y}, std::make_shared<nn::Adam>(network->parameters()), 1e-3,
      [=](nn::Context& context) { return nn::cross_entropy_loss(network->forward(ids, context), y); }, draws);
}

// The mean of the states of one layer.
std::function<Model(const ModelSettings&)> mean_classifier(models::Recurrence recurrence) {
  const models::SequenceClassifierSettings own{.words = {.vocabulary = kVocabulary,
                                                         .embedding = kFeatures,
                                                         .recurrence = recurrence,
                                                         .hidden = kFeatures},
                                               .classes = kClasses,
                                               .pooling = models::TimePooling::kMean};
  return [own](const ModelSettings& settings) { return classifier(own, settings); };
}

// Attention over the states of a GRU in both directions.
Model attention_classifier(const ModelSettings& settings) {
  return classifier({.words = {.vocabulary = kVocabulary,
                               .embedding = kFeatures,
                               .recurrence = models::Recurrence::kGRU,
                               .hidden = kFeatures / 2,
                               .bidirectional = true},
                     .classes = kClasses,
                     .pooling = models::TimePooling::kAttention},
                    settings);
}

// A class for each word, by an LSTM in both directions.
Model tagger(const ModelSettings& settings) {
  const auto draws = std::make_shared<tessera::RandomSource>(1);
  const auto network = initialized<models::SequenceTagger>(
      draws, models::SequenceTaggerSettings{.words = {.vocabulary = kVocabulary,
                                                      .embedding = kFeatures,
                                                      .recurrence = models::Recurrence::kLSTM,
                                                      .hidden = kFeatures,
                                                      .bidirectional = true},
                                            .tags = kClasses});
  const Tensor ids = sentences(settings.batch);
  const Tensor tags = tessera::reshape(labels(settings.batch * kTimes, kClasses), {settings.batch, kTimes});
  return trained_model(
      network, {ids, tags}, std::make_shared<nn::Adam>(network->parameters()), 1e-3,
      [=](nn::Context& context) {
        return models::SequenceTagger::loss(network->forward(ids, context), tags, ids);
      },
      draws);
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
    const Tensor hidden =
        drop_->forward(linear1_->forward_with(tessera::Activation::kRelu, y, context), context);
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
  return {{"RNN classifier", mean_classifier(models::Recurrence::kRNN)},
          {"GRU classifier", mean_classifier(models::Recurrence::kGRU)},
          {"LSTM classifier", mean_classifier(models::Recurrence::kLSTM)},
          {"attention classifier", attention_classifier},
          {"sequence tagger", tagger},
          {"transformer block", transformer}};
}

}  // namespace bench
