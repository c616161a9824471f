// Runs that learn word vectors: train, resume, verify, use. The records are as those of any training (docs/records.md) but of kind "embed".
//
// Nothing of the texts is in a record: the claim has settings and digests, the chain losses and digests, checkpoints numbers. The vocabulary,
// which is made of words, is written beside the run's folder as FOLDER.vocabulary.tsv and says which vector is whose.
//
// Errors as of train/training_run.h. One training at a time per process.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "tessera/embedding/embedding_setup.h"
#include "tessera/models/word_vectors.h"
#include "tessera/train/training_run.h"

namespace tessera::embedding {

struct EmbeddingResult {
  std::string folder, seal, vocabulary;  // vocabulary: the file that was written
  std::uint64_t steps = 0, first_step = 0;
  double seconds = 0;
  std::optional<std::uint64_t> not_finite_since;  // the first step of the run with a loss that was not finite
  std::string summary;                            // texts, words
  std::optional<double> held_out_loss;            // per pair, of the final vectors
  double untrained_loss = 0;                      // what it is before the first step: (1 + negatives) ln 2
};

EmbeddingResult train_embedding(const EmbeddingConfig& config, const train::TrainOptions& options = {});
EmbeddingResult resume_embedding(const std::string& run_folder, const train::TrainOptions& options = {});
bool is_embedding_run(const std::string& run_folder);  // false also for a record that cannot be read
train::VerifyResult verify_embedding(const std::string& run_folder, const train::VerifyOptions& options = {});
runs::ReplayOutcome reexecute_embedding(const std::string& run_folder, const runs::ReplayOptions& part,
                                        const std::optional<runs::TraceRequest>& trace,
                                        const train::VerifyOptions& options);

// The vectors of a sealed, intact run, with its words. `vocabulary`: path; empty: beside the run's folder.
class TrainedEmbedding {
 public:
  explicit TrainedEmbedding(const std::string& run_folder, const std::string& vocabulary = {});
  const EmbeddingConfig& config() const { return config_; }
  models::SkipGram& model() { return *model_; }  // by id, with padding and the unknown word
  const models::WordVectors& words() const { return *words_; }
  // A word as the training's tokeniser has it. Throws Error for a text that is not one word.
  std::string word_of(const std::string& text) const;
  // The texts of a file: as those of the training were read, with labels if `label_column` is not empty.
  data::TextSamples read_texts(const std::string& path, const std::string& label_column = {}) const;

 private:
  EmbeddingConfig config_;
  std::unique_ptr<models::SkipGram> model_;
  std::unique_ptr<models::WordVectors> words_;
};

// The setup of a record: its configuration, its file where it is now.
EmbeddingSetup setup_of_embedding_record(const std::string& run_folder, const std::string& data_folder);

}  // namespace tessera::embedding
