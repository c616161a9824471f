// Models of texts: hierarchical attention, bag of words, skip-gram.
#include "bench/cases/models.h"
#include "tessera/models/bag_of_words.h"
#include "tessera/models/hierarchical_attention.h"
#include "tessera/models/skipgram.h"
#include "tessera/nn/losses.h"

namespace bench {

using tessera::Tensor;
namespace nn = tessera::nn;
namespace models = tessera::models;

namespace {

constexpr std::int64_t kVocabulary = 5000, kFirstWord = 2, kLabels = 40;
constexpr std::int64_t kSentences = 20, kWords = 30;

// Ids [documents, 20, 30]: 5 to 20 sentences of 5 to 30 words, then padding. bench/rivals/models_text.py makes the same.
Tensor documents(std::int64_t count) {
  std::vector<std::int64_t> ids;
  for (std::int64_t place = 0; place < count * kSentences; ++place) {
    const std::int64_t document = place / kSentences, sentence = place % kSentences;
    const std::int64_t sentences = 5 + document * 7 % 16;
    const std::int64_t words = sentence < sentences ? 5 + place * 11 % 26 : 0;
    for (std::int64_t word = 0; word < kWords; ++word)
      ids.push_back(word < words ? kFirstWord + (place * 131 + word * 17) % (kVocabulary - kFirstWord) : 0);
  }
  return Tensor::from<std::int64_t>(ids, {count, kSentences, kWords});
}

// About one label in eight.
Tensor label_sets(std::int64_t count) {
  std::vector<float> targets;
  for (std::int64_t i = 0; i < count * kLabels; ++i) targets.push_back(i * 5 % 8 == 0 ? 1.0F : 0.0F);
  return Tensor::from<float>(targets, {count, kLabels});
}

Model of_documents(const std::shared_ptr<nn::Module>& network, std::int64_t batch, const Draws& draws) {
  const Tensor x = documents(batch), y = label_sets(batch);
  return trained_model(
      network, {x, y}, std::make_shared<nn::Adam>(network->parameters()), 1e-3,
      [=](nn::Context& context) { return nn::binary_cross_entropy_loss(network->forward(x, context), y); },
      draws);
}

Model hierarchical_attention(const ModelSettings& settings) {
  const auto draws = std::make_shared<tessera::RandomSource>(1);
  const auto network = initialized<models::HierarchicalAttention>(
      draws, models::HierarchicalAttentionSettings{
                 .vocabulary = kVocabulary, .labels = kLabels, .drop = settings.dropout ? 0.3 : 0});
  return of_documents(network, settings.batch, draws);
}

Model bag_of_words(const ModelSettings& settings) {
  const auto draws = std::make_shared<tessera::RandomSource>(1);
  return of_documents(initialized<models::BagOfWords>(draws, kVocabulary, kLabels), settings.batch, draws);
}

// Pairs and their negatives come from the data's side; predictions are vectors of words.
Model skip_gram(const ModelSettings& settings) {
  const auto draws = std::make_shared<tessera::RandomSource>(1);
  const models::SkipGramSettings own{};
  const auto network = initialized<models::SkipGram>(draws, kVocabulary, own);
  const Tensor centres = labels(settings.batch, kVocabulary), contexts = centres + std::int64_t{1},
               negatives = tessera::reshape(labels(settings.batch * own.negatives, kVocabulary),
                                            {settings.batch, own.negatives});
  return trained_model(
      network, {centres, contexts, negatives}, std::make_shared<nn::Adam>(network->parameters()), 1e-2,
      [=](nn::Context& /*context*/) { return network->loss(centres, contexts, negatives); }, draws);
}

}  // namespace

std::vector<ModelRow> text_models() {
  return {{"hierarchical attention", hierarchical_attention},
          {"bag of words", bag_of_words},
          {"skip-gram", skip_gram}};
}

}  // namespace bench
