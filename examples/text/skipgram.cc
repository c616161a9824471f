// Skip-gram: words that are used together get vectors that point the same way. Three groups are planted; all are found.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  const std::vector<std::vector<std::string>> groups = {{"cough", "wheeze", "lung", "airway", "breath"},
                                                        {"kidney", "reflux", "ureter", "bladder", "stent"},
                                                        {"knee", "femur", "tibia", "joint", "fracture"}};
  const std::vector<std::int64_t> bits =
      RandomSource(4).bits("sentences", {200, 7}).to_vector<std::int64_t>();
  std::vector<std::vector<std::string>> sentences;
  data::WordCounts counts;
  for (std::size_t s = 0; s < 200; ++s) {
    const auto& group = groups[static_cast<std::size_t>(bits[s * 7] % 3)];
    std::vector<std::string> sentence;
    for (std::size_t w = 1; w < 7; ++w)
      sentence.push_back(group[static_cast<std::size_t>(bits[s * 7 + w] % 5)]);
    counts.add(sentence);
    sentences.push_back(sentence);
  }
  const data::Vocabulary vocabulary = data::Vocabulary::build(counts);
  std::vector<std::vector<std::int64_t>> ids;
  for (const auto& sentence : sentences) ids.push_back(vocabulary.ids(sentence));
  models::SkipGram model(vocabulary.size(),
                         {.dimensions = 12, .window = 3, .epochs = 4, .batch = 64, .learning_rate = 0.02});
  models::train_skipgram(model, ids);
  for (const auto& group : groups) {
    std::printf("%-7s is near", group[0].c_str());
    for (const models::SimilarWord& near : model.nearest(vocabulary.id(group[0]), 4))
      std::printf(" %s (%.2f)", vocabulary.word(near.id).c_str(), near.cosine);
    std::printf("\n");
  }
}
