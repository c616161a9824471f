#include "tessera/models/sequence_classifier.h"

#include <gmock/gmock.h>

#include <map>

#include "tessera/autograd/functional.h"
#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/message_test.h"
#include "tessera/models/sequence_tagger.h"
#include "tessera/nn/losses.h"
#include "tessera/tensor/facts_test.h"

namespace tessera::models {
namespace {

using testing::HasSubstr;

using facts::pattern;

const facts::Table kFacts = {
#include "tessera/models/sequence_facts_test.inc"
};

const Tensor& words() {
  static const Tensor ids = Tensor::from<std::int64_t>({3, 6, 2, 3, 5, 4, 1, 0, 0, 0, 6, 0, 0, 0, 0}, {3, 5});
  return ids;
}

SequenceSettings small(Recurrence kind, std::int64_t layers, bool both) {
  return {.vocabulary = 7,
          .embedding = 3,
          .recurrence = kind,
          .hidden = 2,
          .layers = layers,
          .bidirectional = both,
          .dtype = DType::kFloat64};
}

void set_pattern(nn::Module& model) {
  const auto parameters = model.parameters();
  for (std::size_t k = 0; k < parameters.size(); ++k)
    parameters[k]->value = pattern(static_cast<std::int64_t>(k), parameters[k]->value.shape());
  Tensor& table = parameters[0]->value;
  table = concatenate({zeros({1, 3}, DType::kFloat64), slice(table, {Range::from(1)})}, 0);
}

// Scores, loss and the gradients of all parameters.
void expect_fact(const std::string& name, nn::Module& model,
                 const std::function<Tensor(const Tensor& scores)>& loss_of) {
  set_pattern(model);
  std::vector<Tensor> weights;
  for (const nn::Parameter* parameter : model.parameters()) weights.push_back(parameter->value);
  Tape tape;
  tape.watch(weights);
  const Tensor scores = model.evaluate(words());
  const Tensor loss = loss_of(scores);
  tape.stop();
  std::vector<Tensor> found = {scores, loss};
  for (const Tensor& gradient : tape.gradient(loss, weights)) found.push_back(gradient);
  facts::expect_fact(kFacts, name, found, 1e-13);
}

TEST(SequenceClassifier, IsThatOfPyTorchForwardAndBackward) {
  use_default_backend();
  const Tensor classes = Tensor::from<std::int64_t>({1, 0, 1}, {3});
  const struct {
    const char* name;
    Recurrence kind;
    TimePooling pooling;
    std::int64_t layers;
    bool both;
  } cases[] = {{"gru_mean", Recurrence::kGRU, TimePooling::kMean, 1, false},
               {"lstm_last_both", Recurrence::kLSTM, TimePooling::kLast, 2, true},
               {"rnn_max", Recurrence::kRNN, TimePooling::kMax, 1, true},
               {"words_mean", Recurrence::kNone, TimePooling::kMean, 1, false},
               {"words_max", Recurrence::kNone, TimePooling::kMax, 1, false},
               {"gru_attention", Recurrence::kGRU, TimePooling::kAttention, 1, true},
               {"gru_last", Recurrence::kGRU, TimePooling::kLast, 2, false}};
  for (const auto& one : cases) {
    SequenceClassifier model({.words = small(one.kind, one.layers, one.both),
                              .classes = 2,
                              .pooling = one.pooling,
                              .attention = 5});
    expect_fact(one.name, model,
                [&](const Tensor& scores) { return nn::cross_entropy_loss(scores, classes); });
  }
}

TEST(SequenceTagger, IsThatOfPyTorchForwardAndBackward) {
  use_default_backend();
  const Tensor tags =
      Tensor::from<std::int64_t>({0, 2, 1, 1, 0, 2, 0, -1, -1, -1, 1, -1, -1, -1, -1}, {3, 5});
  for (const auto& [name, kind, both] : {std::tuple("tagger_gru", Recurrence::kGRU, true),
                                         std::tuple("tagger_lstm", Recurrence::kLSTM, false)}) {
    SequenceTagger model({.words = small(kind, 1, both), .tags = 3});
    expect_fact(name, model,
                [&](const Tensor& scores) { return SequenceTagger::loss(scores, tags, words()); });
    // An ignored label says the same.
    const Tensor scores = model.evaluate(words());
    const Tensor ignoring = nn::cross_entropy_loss(reshape(scores, {15, 3}), reshape(tags, {15}),
                                                   nn::CrossEntropySettings{.ignored_label = -1});
    EXPECT_NEAR(ignoring.item<double>(), SequenceTagger::loss(scores, tags, words()).item<double>(), 1e-15);
  }
}

TEST(PoolOverTime, GradientsAreThoseOfDifferences) {
  use_default_backend();
  RandomSource random(4);
  const Tensor x = random.normal("x", {3, 5, 4}, DType::kFloat64);
  for (const Tensor& lengths : {Tensor(), Tensor::from<std::int64_t>({5, 1, 3}, {3})})
    for (const TimePooling pooling : {TimePooling::kLast, TimePooling::kMean, TimePooling::kMax})
      for (const bool both : {false, true}) {
        if (both && pooling != TimePooling::kLast) continue;
        const GradcheckResult found = gradcheck(
            [&](const std::vector<Tensor>& in) { return pool_over_time(in[0], lengths, pooling, both); },
            {x});
        EXPECT_TRUE(found.passed) << time_pooling_name(pooling) << ": " << found.message;
      }
}

// Random ids, a sequence per length, filled up to `times`.
Tensor sentences(const std::vector<std::int64_t>& lengths, std::int64_t times) {
  std::vector<std::int64_t> ids(lengths.size() * static_cast<std::size_t>(times), 0);
  for (std::size_t i = 0; i < lengths.size(); ++i)
    for (std::int64_t t = 0; t < lengths[i]; ++t)
      ids[i * static_cast<std::size_t>(times) + static_cast<std::size_t>(t)] =
          1 + (static_cast<std::int64_t>(i) * 31 + t * t * 7) % 49;
  return Tensor::from(ids, {static_cast<std::int64_t>(lengths.size()), times});
}

const std::vector<std::int64_t> kLengths = {7, 1, 33, 2, 16, 40, 17, 1040};

// Alone and cut to its length, among others, and padded beyond them.
TEST(SequenceClassifier, ASequenceDoesNotDependOnItsBatchByABit) {
  for (const char* backend : {"reference", "cpu"}) {
    use_backend(backend);
    for (const Recurrence kind : {Recurrence::kNone, Recurrence::kRNN, Recurrence::kGRU, Recurrence::kLSTM})
      for (const TimePooling pooling :
           {TimePooling::kLast, TimePooling::kMean, TimePooling::kMax, TimePooling::kAttention}) {
        SequenceClassifier model({.words = {.vocabulary = 50,
                                            .embedding = 9,
                                            .recurrence = kind,
                                            .hidden = 5,
                                            .layers = 2,
                                            .bidirectional = true},
                                  .classes = 3,
                                  .pooling = pooling});
        RandomSource random(8);
        model.initialize(random);
        const Tensor all = sentences(kLengths, 1045), scores = model.evaluate(all);
        for (std::int64_t i = 0; i < static_cast<std::int64_t>(kLengths.size()); ++i) {
          const std::int64_t length = kLengths[static_cast<std::size_t>(i)];
          for (const std::int64_t width : {length, length + 3}) {
            const Tensor alone = slice(all, {Range(i, i + 1), Range::to(width)});
            EXPECT_TRUE(same_bits(model.evaluate(alone), slice(scores, {Range(i, i + 1)})))
                << backend << ", " << time_pooling_name(pooling) << ", sequence " << i;
          }
        }
      }
  }
  use_default_backend();
}

TEST(SequenceTagger, ASequenceDoesNotDependOnItsBatchByABit) {
  use_default_backend();
  for (const Recurrence kind : {Recurrence::kRNN, Recurrence::kGRU, Recurrence::kLSTM}) {
    SequenceTagger model(
        {.words = {.vocabulary = 50, .embedding = 9, .recurrence = kind, .hidden = 5, .bidirectional = true},
         .tags = 4});
    RandomSource random(8);
    model.initialize(random);
    const Tensor all = sentences(kLengths, 1045), scores = model.evaluate(all);
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(kLengths.size()); ++i) {
      const Range own(0, kLengths[static_cast<std::size_t>(i)]);
      EXPECT_TRUE(same_bits(model.evaluate(slice(all, {Range(i, i + 1), own})),
                            slice(scores, {Range(i, i + 1), own})));
    }
    EXPECT_EQ(max(absolute(slice(scores, {1, Range::from(1)}))).item<float>(), 0);
    EXPECT_EQ(SequenceTagger::predicted(scores, all).size(), 1156U);
  }
}

TEST(SequenceClassifier, ShowsItsGates) {
  use_default_backend();
  SequenceClassifier model(
      {.words = {.vocabulary = 7, .embedding = 4, .hidden = 3, .layers = 2, .bidirectional = true},
       .classes = 2,
       .pooling = TimePooling::kAttention});
  RandomSource random(8);
  model.initialize(random);
  const SequenceReading reading = model.read(words());
  EXPECT_TRUE(same_bits(reading.scores, model.evaluate(words())));  // to look changes nothing
  EXPECT_EQ(reading.shown.size(), 13U);                             // r, z, n of four runs, and the attention
  const Tensor& z = reading.shown.at("recurrence.l1_reverse.z");
  EXPECT_EQ(z.shape(), (Shape{3, 5, 3}));
  EXPECT_EQ(max(slice(z, {1, Range::from(2)})).item<float>(), 0);
  EXPECT_GT(min(slice(z, {0})).item<float>(), 0);
  EXPECT_LT(max(z).item<float>(), 1);
  EXPECT_EQ(reading.shown.at("pool.attention.weights").at<float>({2, 0}), 1);
  // The gates are those that the recurrent layer gives.
  nn::GRU alone(4, 3, {.layers = 2, .bidirectional = true});
  const auto from = model.parameters();
  const auto to = alone.parameters();
  for (std::size_t i = 0; i < to.size(); ++i) to[i]->value = from[i + 1]->value;
  const Tensor embedded = gather(from[0]->value, Tensor::from<std::int64_t>({3, 6, 2, 3, 5}, {5}));
  EXPECT_TRUE(same_bits(alone.run(reshape(embedded, {1, 5, 4}), {.gates = true}).gates[3].at("z"),
                        slice(z, {Range(0, 1)})));
}

TEST(SequenceClassifier, WithoutResetGateIsSmaller) {
  use_default_backend();
  SequenceSettings with{.vocabulary = 7, .embedding = 4, .hidden = 3}, without = with;
  without.reset_gate = false;
  EXPECT_EQ(SequenceClassifier({.words = with, .classes = 2}).parameter_elements() -
                SequenceClassifier({.words = without, .classes = 2}).parameter_elements(),
            3 * (4 + 3 + 2));
}

TEST(SequenceLayers, RowsOfWordsGoBothWays) {
  use_default_backend();
  RandomSource random(1);
  const Tensor x = random.normal("x", {3, 5, 2}), lengths = sequence_lengths(words(), "here");
  const Tensor rows = rows_of_words(x, lengths);
  EXPECT_EQ(rows.shape(), (Shape{8, 2}));
  EXPECT_TRUE(same_bits(slice(rows, {7}), slice(x, {2, 0})));
  const Tensor back = padded_rows(rows, lengths, 5);
  EXPECT_TRUE(same_bits(slice(back, {1, Range::to(2)}), slice(x, {1, Range::to(2)})));
  EXPECT_EQ(max(absolute(slice(back, {1, Range::from(2)}))).item<float>(), 0);
}

TEST(SequenceClassifier, WrongInputsAreNamed) {
  use_default_backend();
  SequenceClassifier model({.words = {.vocabulary = 7, .embedding = 4, .hidden = 3}, .classes = 2});
  RandomSource random(8);
  model.initialize(random);
  const auto said = [&](const std::vector<std::int64_t>& ids, const Shape& shape) {
    return message_of([&] { model.evaluate(Tensor::from(ids, shape)); });
  };
  EXPECT_THAT(said({1, 0, 0, 0}, {2, 2}), HasSubstr("sequence 1 is empty, expected at least one word"));
  EXPECT_THAT(said({1, 2, 0, 3}, {1, 4}), HasSubstr("sequence 0: a word behind padding"));
  EXPECT_THAT(said({1, 7}, {1, 2}), HasSubstr("layer embedding"));
  EXPECT_THAT(said({1, 2}, {2}), HasSubstr("expected [sequences, times]"));
  EXPECT_THAT(message_of([] { SequenceClassifier({.words = {.vocabulary = 1}, .classes = 2}); }),
              HasSubstr("a vocabulary of 1"));
  EXPECT_THAT(message_of([] { SequenceClassifier({.words = {.vocabulary = 5}}); }), HasSubstr("0 classes"));
  EXPECT_THAT(message_of([] { SequenceTagger({.words = {.vocabulary = 5}}); }), HasSubstr("0 tags"));
  EXPECT_THAT(message_of([] { time_pooling_of("median"); }),
              HasSubstr("expected last, mean, max or attention"));
  const Tensor x = zeros({2, 3, 4});
  EXPECT_THAT(message_of([&] {
                pool_over_time(x, Tensor::from<std::int64_t>({3, 4}, {2}), TimePooling::kMean);
              }),
              HasSubstr("the length of a sequence is 4, expected 1 to 3"));
  EXPECT_THAT(message_of([&] { pool_over_time(x, Tensor(), TimePooling::kAttention); }),
              HasSubstr("expected an AttentionPool"));
}

}  // namespace
}  // namespace tessera::models
