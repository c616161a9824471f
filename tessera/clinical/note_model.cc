#include "tessera/clinical/note_model.h"

#include "tessera/autograd/tape.h"

namespace tessera::clinical {

NoteModel::NoteModel(const CodingConfig& config, std::int64_t words, std::int64_t labels) {
  if (config.text("model.kind") == "bag_of_words") {
    auto bag = std::make_unique<models::BagOfWords>(words, labels);
    bag_ = bag.get();
    module_ = std::move(bag);
    return;
  }
  auto network = std::make_unique<models::HierarchicalAttention>(
      models::HierarchicalAttentionSettings{.vocabulary = words,
                                            .labels = labels,
                                            .embedding = config.integer("model.embedding"),
                                            .word_hidden = config.integer("model.word_hidden"),
                                            .sentence_hidden = config.integer("model.sentence_hidden"),
                                            .word_attention = config.integer("model.attention"),
                                            .sentence_attention = config.integer("model.attention"),
                                            .drop = config.real("model.drop")});
  network_ = network.get();
  module_ = std::move(network);
}

Explained NoteModel::explain(const Tensor& words) {
  const NoTape constant;
  if (bag_ != nullptr) return {bag_->evaluate(words), bag_->contributions(words), {}, {}};
  nn::Context context;
  const models::DocumentAttention result = network_->run(words, context);
  return {result.logits, network_->contributions(result), result.sentences, result.words};
}

std::vector<Tensor> NoteModel::outputs(const Tensor& words, nn::Context& context) {
  if (bag_ != nullptr) return {bag_->forward(words, context)};
  const models::DocumentAttention result = network_->run(words, context);
  return {result.logits, result.sentences, result.words};
}

std::vector<std::string> NoteModel::output_names() const {
  if (bag_ != nullptr) return {"logits"};
  return {"logits", "sentence_attention", "word_attention"};
}

}  // namespace tessera::clinical
