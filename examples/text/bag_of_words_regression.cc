// Logistic regression on bags of words: the baseline beside which a network for documents has to be seen. It learns which words speak for which label, and can say so: each
// word's weight, and what each sentence of a note adds to a label. What it cannot see is order: "no pneumonia" is "pneumonia, no".
#include <algorithm>
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

const std::vector<std::pair<const char*, std::vector<float>>> kNotes = {  // pneumonia, fracture
    {"Cough and fever. Consolidation of the right lung.", {1, 0}},
    {"Fever since Monday. Consolidation at the left base.", {1, 0}},
    {"Fell from a horse. The radius is broken.", {0, 1}},
    {"Pain after she fell. Broken wrist.", {0, 1}},
    {"Fell, with cough and fever. Consolidation, and a broken rib.", {1, 1}},
    {"Routine visit. Lungs clear.", {0, 0}},
    {"Pain of the knee. The bones are normal.", {0, 0}},
    {"Cough since Monday. Lungs clear.", {0, 0}}};

int main() {
  use_default_backend();
  std::vector<data::Document> notes;
  std::vector<float> labels;
  data::WordCounts counts;
  for (const auto& [text, truth] : kNotes) {
    notes.push_back({std::to_string(notes.size()), {{"", text}}, {}});
    data::count_words(notes.back(), {}, counts);
    labels.insert(labels.end(), truth.begin(), truth.end());
  }
  const data::Vocabulary words = data::Vocabulary::build(counts, {.min_count = 1});
  std::vector<data::EncodedDocument> encoded;
  for (const data::Document& note : notes) encoded.push_back(data::encode(note, words, {}));
  const Tensor documents = data::padded_words(encoded),
               truth = Tensor::from(labels, {static_cast<std::int64_t>(notes.size()), 2});

  models::BagOfWords model(words.size(), 2);
  RandomSource random(1);
  model.initialize(random);
  nn::Adam optimizer(model.parameters(), {.weight_decay = 0.01});
  for (int step = 1; step <= 200; ++step) {
    std::vector<Tensor> values;
    for (nn::Parameter* parameter : model.parameters()) values.push_back(parameter->value);
    Tape tape;
    tape.watch(values);
    const Tensor loss = nn::binary_cross_entropy_loss(model.evaluate(documents), truth);
    tape.stop();
    optimizer.step(tape.gradient(loss, values), 0.1);
    if (step % 100 == 0) std::printf("step %d  loss %.4f\n", step, loss.item_as_double());
  }
  const char* const names[] = {"pneumonia", "fracture"};
  for (std::int64_t label = 0; label < 2; ++label) {
    const Tensor weights = model.parameters()[0]->value.slice({label});
    const Tensor order = argsort(weights * -1, 0);
    std::printf("%-9s speaks:", names[label]);
    for (std::int64_t i = 0; i < 4; ++i) {
      const std::int64_t id = order.at<std::int64_t>({i});
      std::printf(" %s %.1f", words.word(id).c_str(), weights.at<float>({id}));
    }
    std::printf("\n");
  }
  const Tensor parts = model.contributions(documents);
  std::printf("note 5, \"%s\"\n", kNotes[4].first);
  for (std::int64_t sentence = 0; sentence < 2; ++sentence)
    std::printf("  sentence %lld adds %.1f to pneumonia, %.1f to fracture\n",
                static_cast<long long>(sentence + 1), parts.at<float>({4, sentence, 0}),
                parts.at<float>({4, sentence, 1}));
  const data::Document absent{"x", {{"", "No fever, no consolidation."}}, {}};
  const Tensor answer = sigmoid(model.evaluate(data::padded_words({data::encode(absent, words, {})})));
  std::printf("\"No fever, no consolidation.\": pneumonia %.2f\n", answer.at<float>({0, 0}));
}
