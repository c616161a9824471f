// Word vectors as an encoder: a text is the mean of its words' vectors, learned from texts without labels, and a linear SVM says its kind. With few labels
// this knows words that no labelled text has; a bag of words does not.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

using Words = std::vector<std::string>;
struct Labelled {
  std::vector<Words> texts;
  std::vector<std::int64_t> labels;
};

// One row per text, given by a function of its words.
template <typename Encode>
Tensor rows(const std::vector<Words>& texts, const Encode& encode) {
  std::vector<Tensor> all;
  for (const Words& text : texts) all.push_back(reshape(encode(text), {1, -1}));
  return concatenate(all, 0);
}

template <typename Encode>
double accuracy(const Labelled& known, const Labelled& test, const Encode& encode) {
  const auto labels = [](const Labelled& l) {
    return Tensor::from<std::int64_t>(l.labels, {static_cast<std::int64_t>(l.labels.size())});
  };
  const models::LinearSvm svm = models::train_linear_svm(rows(known.texts, encode), labels(known), 3);
  return 100 * svm.accuracy(rows(test.texts, encode), labels(test));
}

// Texts of 8 words of one of 3 themes with 60 words each.
Labelled made(std::int64_t count, const std::string& name) {
  const std::vector<std::int64_t> bits = RandomSource(6).bits(name, {count, 9}).to_vector<std::int64_t>();
  Labelled out;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    out.labels.push_back(bits[9 * i] % 3);
    Words text;
    for (std::size_t w = 1; w < 9; ++w)
      text.push_back(fmt::format("{}{}", "abc"[out.labels.back()], bits[9 * i + w] % 60));
    out.texts.push_back(text);
  }
  return out;
}

int main() {
  use_default_backend();
  const Labelled train = made(600, "train"), test = made(300, "test");
  data::WordCounts counts;
  for (const Words& text : train.texts) counts.add(text);
  const data::Vocabulary vocabulary = data::Vocabulary::build(counts);
  std::vector<std::vector<std::int64_t>> ids;
  for (const Words& text : train.texts) ids.push_back(vocabulary.ids(text));
  models::SkipGram model(vocabulary.size(),
                         {.dimensions = 8, .epochs = 8, .batch = 64, .learning_rate = 0.03});
  models::WindowTrainer trainer(model, ids, {.subsample = 0});
  for (std::uint64_t step = 1; step <= trainer.steps(); ++step) trainer.step(step);
  Words words;
  for (std::int64_t id = 2; id < vocabulary.size(); ++id) words.push_back(vocabulary.word(id));
  const models::WordVectors vectors(words, copy(slice(model.vectors(), {Range(2, vocabulary.size())})));
  for (const std::size_t count : {6, 12, 24, 600}) {
    Labelled known = train;
    known.texts.resize(count);
    known.labels.resize(count);
    const double bag = accuracy(known, test, [&](const Words& text) {
      std::vector<float> uses(static_cast<std::size_t>(vocabulary.size()), 0);
      for (const std::int64_t id : vocabulary.ids(text)) uses[static_cast<std::size_t>(id)] += 1;
      return Tensor::from<float>(uses, {vocabulary.size()});
    });
    const double mean = accuracy(known, test, [&](const Words& text) { return vectors.encode(text); });
    std::printf("%3zu labelled texts: bag of words %5.1f %%, mean vectors %5.1f %%\n", count, bag, mean);
  }
}
