// Attention on words and sentences: a hierarchical network learns that "pneumonia" decides, and shows where it looked.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  const char* kFillers[] = {"the heart is normal", "no change since then", "lines are in place",
                            "views were limited"};
  const std::vector<std::int64_t> bits = RandomSource(2).bits("notes", {48, 3}).to_vector<std::int64_t>();
  std::vector<data::Document> notes;
  std::vector<float> targets;
  for (std::size_t i = 0; i < 48; ++i) {
    const std::string finding =
        bits[i * 3] % 2 == 0 ? "the left lung shows pneumonia" : "the left lung is clear";
    notes.push_back({"",
                     {{"", std::string(kFillers[bits[i * 3 + 1] % 4]) + ". \n\n" + finding + ".\n\n" +
                               kFillers[bits[i * 3 + 2] % 4]}},
                     {}});
    targets.push_back(bits[i * 3] % 2 == 0 ? 1.0F : 0.0F);
  }
  data::WordCounts counts;
  for (const data::Document& note : notes) data::count_words(note, {}, counts);
  const data::Vocabulary vocabulary = data::Vocabulary::build(counts, {.min_count = 1});
  std::vector<data::EncodedDocument> encoded;
  for (const data::Document& note : notes) encoded.push_back(data::encode(note, vocabulary, {}));
  const Tensor words = data::padded_words(encoded), wanted = Tensor::from<float>(targets, {48, 1});

  models::HierarchicalAttention model({.vocabulary = vocabulary.size(),
                                       .labels = 1,
                                       .embedding = 8,
                                       .word_hidden = 8,
                                       .sentence_hidden = 8,
                                       .word_attention = 8,
                                       .sentence_attention = 8});
  RandomSource random(1);
  model.initialize(random);
  nn::Adam adam(model.parameters());
  nn::Context context;
  for (int step = 0; step < 60; ++step) {
    std::vector<Tensor> weights;
    for (const nn::Parameter* parameter : adam.parameters()) weights.push_back(parameter->value);
    Tape tape;
    tape.watch(weights);
    const Tensor loss = nn::binary_cross_entropy_loss(model.forward(words, context), wanted);
    tape.stop();
    adam.step(tape.gradient(loss, weights), 0.02);
    if (step % 20 == 19) std::printf("step %d, loss %.4f\n", step + 1, loss.item_as_double());
  }

  const data::Document note{
      "", {{"", "no change since then.\n\nthe left lung shows pneumonia.\n\nlines are in place"}}, {}};
  const data::EncodedDocument one = data::encode(note, vocabulary, {});
  const models::DocumentAttention result = model.run(data::padded_words({one}), context);
  std::printf("probability %.3f\n", sigmoid(result.logits).item_as_double());
  for (std::int64_t s = 0; s < 3; ++s) {
    std::printf("%.2f ", result.sentences.at<float>({0, s}));
    for (std::size_t w = 0; w < one.sentences[static_cast<std::size_t>(s)].words.size(); ++w)
      std::printf(" %s %.2f", vocabulary.word(one.sentences[static_cast<std::size_t>(s)].words[w]).c_str(),
                  result.words.at<float>({0, s, static_cast<std::int64_t>(w)}));
    std::printf("\n");
  }
}
