#include "tessera/models/sequence_tagger.h"

#include "tessera/base/error.h"
#include "tessera/nn/losses.h"

namespace tessera::models {

SequenceTagger::SequenceTagger(const SequenceTaggerSettings& settings) : tags_(settings.tags) {
  if (settings.tags < 1) fail("SequenceTagger: {} tags, expected at least 1", settings.tags);
  auto reader = std::make_unique<nn::Sequential>();
  const std::int64_t features = add_reader(*reader, settings.words);
  if (settings.words.drop > 0) reader->add(std::make_unique<nn::Dropout>(settings.words.drop), "drop");
  reader_ = static_cast<nn::Sequential*>(&add_child("reader", std::move(reader)));
  head_ = static_cast<nn::Linear*>(
      &add_child("head", std::make_unique<nn::Linear>(features, settings.tags,
                                                      nn::LinearSettings{.dtype = settings.words.dtype})));
}

// Only words are judged: the rows of the padding are never made. Where a pass is written down for any lengths they are, and cleared.
Tensor SequenceTagger::forward(const Tensor& words, nn::Context& context) {
  output_shape(words.shape());
  const Tensor states = reader_->forward(words, context);
  if (context.announce_lengths) {
    const std::int64_t places = words.size(0) * words.size(1);
    const Tensor all = head_->forward(reshape(states, {places, states.size(2)}), context);
    return zeros_behind(reshape(all, {words.size(0), words.size(1), tags_}), context.lengths);
  }
  const Tensor scores = head_->forward(rows_of_words(states, context.lengths), context);
  return padded_rows(scores, context.lengths, words.size(1));
}

Shape SequenceTagger::output_shape(const Shape& input) const {
  reader_->output_shape(input);
  return {input[0], input[1], tags_};
}

std::string SequenceTagger::describe() const {
  return reader_->describe() + "\n" + head_->describe() + " at each word";
}

Tensor SequenceTagger::loss(const Tensor& scores, const Tensor& tags, const Tensor& words,
                            std::int64_t all_words) {
  const Tensor lengths = sequence_lengths(words, "SequenceTagger");
  return nn::cross_entropy_loss(rows_of_words(scores, lengths), rows_of_words(tags, lengths), all_words);
}

std::vector<std::int64_t> SequenceTagger::predicted(const Tensor& scores, const Tensor& words) {
  return argmax(rows_of_words(scores, sequence_lengths(words, "SequenceTagger")), 1)
      .to_vector<std::int64_t>();
}

}  // namespace tessera::models
