// What a training of word vectors is made of: the texts and their split, the vocabulary, the model and its trainer; the same for a new run, a resumed
// one and a re-execution.
//
// Words are counted on the training texts only; texts are held out by counter (data/split.h). Each text is one sequence of words: windows do not reach
// from one into another, but across the ends of sentences. Errors: those of the reader; texts in which no word is known. One thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tessera/base/progress.h"
#include "tessera/data/text_samples.h"
#include "tessera/data/vocabulary.h"
#include "tessera/embedding/embedding_config.h"
#include "tessera/models/skipgram_windows.h"
#include "tessera/runs/run.h"

namespace tessera::embedding {

inline constexpr const char* kEmbeddingKind = "embed";  // of the runs
inline constexpr const char* kTextsRole = "texts";      // of the input

data::TextSource text_source(const EmbeddingConfig& config, const std::string& path);
models::SkipGramSettings model_settings(const EmbeddingConfig& config);

class EmbeddingSetup {
 public:
  // `texts_path`: where the file is now, if not where the configuration says.
  explicit EmbeddingSetup(EmbeddingConfig config, const std::string& texts_path = {});

  const EmbeddingConfig& config() const { return config_; }
  const data::Vocabulary& vocabulary() const { return vocabulary_; }
  models::SkipGram& model() { return *model_; }
  std::uint64_t steps() const { return trainer_->steps(); }
  std::size_t training_texts() const { return training_.size(); }
  std::size_t held_out_texts() const { return held_out_.size(); }
  std::int64_t training_words() const { return training_words_; }  // those without a vector, too

  runs::RunOptions run_options() const;
  void keep_in(runs::Run& run);  // "model", "optimizer"
  // As at the beginning: vectors by the seed, no step taken.
  void initialize();

  // Steps done + 1, ..., steps(); tells `observer` of each.
  std::uint64_t run(std::uint64_t done, StepObserver& observer, Progress* progress);
  // The loss per pair of the held-out texts, now; none if nothing is held out, or no two known words of it stand in one text.
  std::optional<double> held_out_loss();

 private:
  EmbeddingConfig config_;
  data::InputFile input_;
  std::vector<std::vector<std::int64_t>> training_, held_out_;
  std::int64_t training_words_ = 0;
  data::Vocabulary vocabulary_;
  std::unique_ptr<models::SkipGram> model_;
  std::unique_ptr<models::WindowTrainer> trainer_;
};

}  // namespace tessera::embedding
