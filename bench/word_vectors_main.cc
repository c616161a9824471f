// What word vectors are worth as an encoder: a note is the mean of its words' vectors, and a linear SVM says its speciality, beside a bag of words with the
// same SVM (docs/embeddings.md). Notes are JSON lines with specialties, those that the run held out are the test.
//
// Usage: tessera_bench_word_vectors RUN NOTES [VECTORS.txt...]    accuracies
//        tessera_bench_word_vectors --texts RUN NOTES FILE        the texts that the run learned from, one per line, for rivals/word2vec.py
#include <fmt/ranges.h>

#include <cstdio>
#include <cstring>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/data/documents.h"
#include "tessera/data/split.h"
#include "tessera/embedding/embedding_run.h"
#include "tessera/models/linear_svm.h"
#include "tessera/tensor/ops.h"

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
double accuracy(const Labelled& known, const Labelled& test, std::int64_t classes, double c,
                const Encode& encode) {
  const auto labels = [](const Labelled& l) {
    return Tensor::from<std::int64_t>(l.labels, {static_cast<std::int64_t>(l.labels.size())});
  };
  const models::LinearSvm svm =
      models::train_linear_svm(rows(known.texts, encode), labels(known), classes, {.c = c});
  return svm.accuracy(rows(test.texts, encode), labels(test));
}

void compare(const Labelled& train, const Labelled& test, std::int64_t classes, double c,
             const std::vector<std::size_t>& counts,
             const std::vector<std::pair<std::string, models::WordVectors>>& encoders) {
  for (const std::size_t count : counts) {
    Labelled known{{train.texts.begin(), train.texts.begin() + static_cast<std::ptrdiff_t>(count)},
                   {train.labels.begin(), train.labels.begin() + static_cast<std::ptrdiff_t>(count)}};
    data::WordCounts words;
    for (const Words& text : known.texts) words.add(text);
    const data::Vocabulary vocabulary = data::Vocabulary::build(words, {.min_count = 1});
    const double bag = accuracy(known, test, classes, c, [&](const Words& text) {
      std::vector<float> uses(static_cast<std::size_t>(vocabulary.size()), 0);
      for (const std::int64_t id : vocabulary.ids(text)) uses[static_cast<std::size_t>(id)] += 1;
      return log1p(Tensor::from<float>(uses, {vocabulary.size()}));
    });
    std::printf("%5zu labelled texts: bag of words %5.1f %%", count, 100 * bag);
    for (const auto& [name, vectors] : encoders)
      std::printf(", %s %5.1f %%", name.c_str(),
                  100 * accuracy(known, test, classes, c,
                                 [&, &v = vectors](const Words& text) { return v.encode(text); }));
    std::printf("\n");
  }
}

// Notes that the run did not learn from are the test; the specialities are those that at least 50 notes have first.
void on_notes(int argc, char** argv) {
  const embedding::TrainedEmbedding run(argv[1]);
  std::vector<std::pair<std::string, models::WordVectors>> encoders = {{"the run", run.words()}};
  for (int i = 3; i < argc; ++i) encoders.emplace_back(argv[i], models::WordVectors::read(argv[i]));
  data::DocumentSource source{.format = "json-lines", .path = argv[2], .id_field = "sample_id"};
  source.text_field = run.config().text("data.text_column");
  source.label_field = "specialties";
  const data::DocumentSet notes = data::read_documents(source);
  data::WordCounts specialities;
  for (const data::Document& note : notes.documents) specialities.add({note.labels.at(0)});
  const data::Vocabulary classes = data::Vocabulary::build(specialities, {.min_count = 50});
  const data::Split split =
      data::hold_out(static_cast<std::int64_t>(notes.documents.size()), run.config().real("data.test"),
                     static_cast<std::uint64_t>(run.config().integer("seed")));
  Labelled parts[2];
  for (const int part : {0, 1})
    for (const std::int64_t position : part == 0 ? split.train : split.held_out) {
      const data::Document& note = notes.documents[static_cast<std::size_t>(position)];
      const std::int64_t label = classes.id(note.labels[0]) - data::Vocabulary::kFirstWord;
      if (label < 0) continue;
      parts[part].texts.push_back(data::words_of(note.sections[0].text));
      parts[part].labels.push_back(label);
    }
  const std::size_t all = parts[0].texts.size();
  std::printf("%zu notes to learn from, %zu to test, %d specialities\n", all, parts[1].texts.size(),
              static_cast<int>(classes.size() - 2));
  compare(parts[0], parts[1], classes.size() - 2, 0.01, {50, 100, 200, 400, all}, encoders);
}

void write_texts(const char* folder, const char* notes, const char* file) {
  const embedding::TrainedEmbedding run(folder);
  const data::TextSamples texts = run.read_texts(notes);
  const data::Split split =
      data::hold_out(static_cast<std::int64_t>(texts.samples.size()), run.config().real("data.test"),
                     static_cast<std::uint64_t>(run.config().integer("seed")));
  std::string lines;
  for (const std::int64_t position : split.train)
    lines += fmt::format("{}\n", fmt::join(texts.samples[static_cast<std::size_t>(position)].words, " "));
  write_user_file(file, lines);
}

int main(int argc, char** argv) try {
  use_default_backend();
  if (argc == 5 && std::strcmp(argv[1], "--texts") == 0)
    write_texts(argv[2], argv[3], argv[4]);
  else if (argc > 2)
    on_notes(argc, argv);
  else
    fail_with(ExitCode::kUsage, "usage: {} RUN NOTES [VECTORS.txt...]", argv[0]);
} catch (const Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return static_cast<int>(error.code());
}
