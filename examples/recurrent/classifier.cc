// Is a sentence praise? "not" turns around what follows it. The mean of word vectors cannot know what follows what; an RNN, a GRU and an LSTM can.
// All read the same made sentences, and are asked about others.
#include <cstdio>
#include <set>

#include "tessera/tessera.h"

using namespace tessera;

constexpr const char *kThings[] = {"film", "book", "play", "room"},
                     *kGood[] = {"good", "great", "funny", "warm"}, *kBad[] = {"bad", "dull", "sad", "cold"};

// "the film was not dull but funny": sentence i of so many, without a random number.
std::pair<std::string, std::int64_t> sentence(int i) {
  const bool praise = i % 2 == 0;
  const char *yes = (praise ? kGood : kBad)[i / 2 % 4], *no = (praise ? kBad : kGood)[i / 8 % 4];
  const char* thing = kThings[i / 32 % 4];
  switch (i / 128 % 4) {
    case 0:
      return {fmt::format("the {} was {}", thing, yes), praise};
    case 1:
      return {fmt::format("the {} was not {}", thing, no), praise};
    case 2:
      return {fmt::format("the {} was not {} but {}", thing, no, yes), praise};
    default:
      return {fmt::format("the {} was {} and not {}", thing, yes, no), praise};
  }
}

int main() {
  use_default_backend();
  data::TextSamples samples{"made", false, {}};
  for (int i = 0; i < 512; ++i) {
    const auto [text, praise] = sentence(i);
    samples.samples.push_back(data::sample_of_text(text, {.format = "text"}).samples[0]);
    samples.samples.back().labels = {praise ? "praise" : "blame"};
  }
  const data::Split split = data::hold_out(512, 0.25, /*seed=*/1);
  data::WordCounts counts;
  for (const std::int64_t i : split.train) counts.add(samples.samples[static_cast<std::size_t>(i)].words);
  const data::Vocabulary words = data::Vocabulary::build(counts, {.min_count = 2});
  const data::Dataset all = data::encode_samples(samples, words), train = data::take(all, split.train),
                      test = data::take(all, split.held_out);
  const Tensor x = train.features.to(DType::kInt64), unseen = test.features.to(DType::kInt64);
  std::printf("%d words, %d sentences to learn from, %d others\n\n", static_cast<int>(words.size()),
              static_cast<int>(x.size(0)), static_cast<int>(unseen.size(0)));

  using enum models::Recurrence;
  using enum models::TimePooling;
  for (const auto& [name, kind, pooling, reset] :
       {std::tuple("mean of words", kNone, kMean, true), std::tuple("RNN", kRNN, kLast, true),
        std::tuple("GRU", kGRU, kLast, true), std::tuple("GRU, no reset gate", kGRU, kLast, false),
        std::tuple("LSTM", kLSTM, kLast, true)}) {
    models::SequenceClassifier model({.words = {.vocabulary = words.size(),
                                                .embedding = 12,
                                                .recurrence = kind,
                                                .hidden = 16,
                                                .reset_gate = reset},
                                      .classes = 2,
                                      .pooling = pooling});
    RandomSource random(1);
    model.initialize(random);
    nn::Adam optimizer(model.parameters());
    double loss = 0;
    for (int step = 1; step <= 60; ++step) {
      std::vector<Tensor> weights;
      for (const nn::Parameter* parameter : model.parameters()) weights.push_back(parameter->value);
      Tape tape;
      tape.watch(weights);
      const Tensor value = nn::cross_entropy_loss(model.evaluate(x), train.labels);
      tape.stop();
      optimizer.step(tape.gradient(value, weights), 0.02);
      loss = value.item_as_double();
    }
    const auto right = metrics::correct_predictions(model.evaluate(unseen), test.labels);
    std::printf("%-19s loss %.4f, %3d of %d others right\n", name, loss, static_cast<int>(right),
                static_cast<int>(unseen.size(0)));
  }
}
