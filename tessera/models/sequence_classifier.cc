#include "tessera/models/sequence_classifier.h"

#include "tessera/base/error.h"

namespace tessera::models {

std::int64_t add_reader(nn::Sequential& network, const SequenceSettings& settings) {
  if (settings.vocabulary < 2 || settings.embedding < 1)
    fail("a reader of words with a vocabulary of {} and an embedding of {}, expected at least 2 and 1",
         settings.vocabulary, settings.embedding);
  network.add(std::make_unique<WordEmbedding>(settings.vocabulary, settings.embedding, settings.dtype),
              "embedding");
  if (settings.drop > 0) network.add(std::make_unique<nn::Dropout>(settings.drop), "word_drop");
  nn::RecurrentSettings recurrent;
  recurrent.layers = settings.layers;
  recurrent.bidirectional = settings.bidirectional;
  recurrent.reset_gate = settings.reset_gate;
  recurrent.dtype = settings.dtype;
  auto layer = make_recurrence(settings.recurrence, settings.embedding, settings.hidden, recurrent);
  if (layer == nullptr) return settings.embedding;
  network.add(std::move(layer), "recurrence");
  return settings.hidden * (settings.bidirectional ? 2 : 1);
}

SequenceReading read_sequences(nn::Module& network, const Tensor& words) {
  std::vector<std::pair<std::string, Tensor>> shown;
  nn::Context context;
  context.shown = &shown;
  SequenceReading reading;
  reading.scores = network.forward(words, context);
  for (auto& [name, tensor] : shown) reading.shown.emplace(name, std::move(tensor));
  return reading;
}

SequenceClassifier::SequenceClassifier(const SequenceClassifierSettings& settings) {
  if (settings.classes < 1) fail("SequenceClassifier: {} classes, expected at least 1", settings.classes);
  const SequenceSettings& words = settings.words;
  const std::int64_t features = add_reader(*this, words);
  add(std::make_unique<TimePool>(
          TimePool::Settings{.features = features,
                             .pooling = settings.pooling,
                             .both_directions = words.bidirectional && words.recurrence != Recurrence::kNone,
                             .attention = settings.attention,
                             .dtype = words.dtype}),
      "pool");
  if (words.drop > 0) add(std::make_unique<nn::Dropout>(words.drop), "drop");
  add(std::make_unique<nn::Linear>(features, settings.classes, nn::LinearSettings{.dtype = words.dtype}),
      "head");
}

}  // namespace tessera::models
