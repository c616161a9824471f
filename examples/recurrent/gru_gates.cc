// The gates of a GRU, word by word. It learns from a few sentences whether they praise; "not" turns around what follows. Then r (how much of the
// state the new candidate sees) and z (how much of the state stays) are shown, as means over the features.
#include <cstdio>
#include <map>
#include <sstream>

#include "tessera/tessera.h"

using namespace tessera;

const std::vector<std::pair<const char*, float>> kSentences = {{"the film was good", 1},
                                                               {"the film was bad", 0},
                                                               {"the film was not good", 0},
                                                               {"the film was not bad", 1},
                                                               {"a good book", 1},
                                                               {"a bad book", 0},
                                                               {"not a good book", 0},
                                                               {"not a bad book at all", 1},
                                                               {"i liked the music", 1},
                                                               {"i did not like the music", 0},
                                                               {"i liked the book a lot", 1},
                                                               {"the book was dull and the film bad", 0}};
constexpr std::int64_t kLongest = 8, kFeatures = 8;

int main() {
  use_default_backend();
  std::map<std::string, std::int64_t> vocabulary;  // words by the order in which they appear
  std::vector<std::int64_t> words, lengths;        // kLongest for each sentence; how many are words
  std::vector<float> praise;
  for (const auto& [sentence, label] : kSentences) {
    std::istringstream in(sentence);
    lengths.push_back(0);
    for (std::string word; in >> word; ++lengths.back())
      words.push_back(vocabulary.emplace(word, vocabulary.size()).first->second);
    words.resize(lengths.size() * kLongest);
    praise.push_back(label);
  }
  const auto count = static_cast<std::int64_t>(lengths.size());
  const Tensor word = Tensor::from(words, {count * kLongest}), targets = Tensor::from(praise, {count, 1});

  RandomSource random(3);
  nn::Parameter table{"words", random.normal("w", {static_cast<std::int64_t>(vocabulary.size()), kFeatures})};
  nn::GRU gru(kFeatures, 12);
  nn::Linear readout(12, 1);
  gru.initialize(random);
  readout.initialize(random);
  std::vector<nn::Parameter*> parameters = gru.parameters();
  for (nn::Parameter* parameter : {&table, &readout.weight(), readout.bias()})
    parameters.push_back(parameter);
  const auto run = [&] {
    const Tensor x = reshape(gather(table.value, word), {count, kLongest, kFeatures});
    return gru.run(x, {.lengths = Tensor::from(lengths, {count}), .gates = true});
  };
  nn::AdamW optimizer(parameters);
  for (int step = 1; step <= 120; ++step) {
    std::vector<Tensor> values;
    for (nn::Parameter* parameter : parameters) values.push_back(parameter->value);
    Tape tape;
    tape.watch(values);
    const Tensor loss = nn::binary_cross_entropy_loss(readout.evaluate(run().h.slice({0})), targets);
    tape.stop();
    std::vector<Tensor> gradients = tape.gradient(loss, values);
    nn::clip_by_norm(gradients, 1);
    optimizer.step(gradients, 0.02);
    if (step % 40 == 0) std::printf("step %3d   loss %.4f\n", step, loss.item_as_double());
  }

  const nn::RecurrentResult result = run();
  const Tensor scores = sigmoid(readout.evaluate(result.h.slice({0})));
  for (const std::int64_t i : {2, 3, 7}) {
    std::printf("\n%s: %.3f\n", kSentences[static_cast<std::size_t>(i)].first, scores.at<float>({i, 0}));
    std::istringstream in(kSentences[static_cast<std::size_t>(i)].first);
    std::string text;
    for (std::int64_t t = 0; in >> text; ++t)
      std::printf("  %-6s r %.2f   z %.2f\n", text.c_str(),
                  mean(result.gates[0].at("r").slice({i, t})).item<float>(),
                  mean(result.gates[0].at("z").slice({i, t})).item<float>());
  }
}
