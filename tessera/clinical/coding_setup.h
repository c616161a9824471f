// What a training of codes is made of: the notes and their split, vocabulary, labels, model and optimiser; the same for a new run, a resumed one
// and a re-execution.
//
// Words and labels are counted on the training notes only. The split is by counter: first the test notes are held out, then, of the rest, the
// validation notes. Errors: those of the readers; nothing left to train or validate on. One thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tessera/base/progress.h"
#include "tessera/clinical/coding_config.h"
#include "tessera/clinical/note_model.h"
#include "tessera/data/encoded_documents.h"
#include "tessera/data/label_set.h"
#include "tessera/data/loader.h"
#include "tessera/metrics/multilabel.h"
#include "tessera/models/skipgram.h"
#include "tessera/nn/optimizers.h"
#include "tessera/runs/run.h"

namespace tessera::clinical {

inline constexpr const char* kCodingKind = "code";  // of the runs

data::DocumentSource document_source(const CodingConfig& config);
data::EncodingSettings encoding_settings(const CodingConfig& config);
// The labels of each note, rolled up if the configuration says so.
std::vector<std::vector<std::string>> labels_of(const CodingConfig& config, const data::DocumentSet& notes);

struct NoteSplit {
  std::vector<std::int64_t> train, validation, test;  // positions, ascending
};
// Shares of the patients: the notes of one are never on two sides. Notes without a patient are one patient's each.
NoteSplit split_notes(const CodingConfig& config, const std::vector<data::Document>& notes);

// From which probability each label is said; found on the validation notes, and part of the state of a run.
struct Thresholds : Stateful {
  Tensor values;  // float64 [labels]; 0.5 before they are tuned
  void visit_state(StateVisitor& visitor) override { visitor.tensor("values", values); }
  std::vector<double> numbers() const { return values.to_vector<double>(); }
};

// How good probabilities are.
struct Quality {
  std::int64_t notes = 0;
  double micro_f1 = 0, macro_f1 = 0, macro_f1_of_present = 0, micro_auc = 0, macro_auc = 0, exact = 0;
  double precision_at_1 = 0, precision_at_5 = 0, micro_precision = 0, micro_recall = 0;
};
Quality quality_of(const Tensor& probabilities, const Tensor& targets, const std::vector<double>& thresholds);

class CodingSetup {
 public:
  // `notes_path` and `diagnoses_path`: where the files are now, if not where the configuration says.
  explicit CodingSetup(CodingConfig config, const std::string& notes_path = {},
                       const std::string& diagnoses_path = {});

  const CodingConfig& config() const { return config_; }
  const data::Vocabulary& vocabulary() const { return vocabulary_; }
  const data::LabelSet& labels() const { return labels_; }
  const NoteSplit& split() const { return split_; }
  const data::DocumentSet& notes() const { return notes_; }
  NoteModel& model() { return *model_; }
  Thresholds& thresholds() { return thresholds_; }
  std::uint64_t steps() const { return steps_; }

  runs::RunOptions run_options() const;
  void keep_in(runs::Run& run);  // "model", "optimizer", "thresholds"
  // As at the beginning: weights by the seed (and word vectors by skip-gram, if asked for), no step taken.
  void initialize();
  std::vector<std::vector<std::int64_t>> training_sentences() const;  // of word ids
  models::SkipGramSettings pretraining_settings() const;

  // Steps done + 1, ..., steps(); tells `observer` of each.
  std::uint64_t run(std::uint64_t done, StepObserver& observer, Progress* progress);
  Tensor probabilities(const std::vector<std::int64_t>& positions);  // float32 [notes, labels]
  Tensor targets(const std::vector<std::int64_t>& positions) const;
  Quality test_quality();  // of the test notes; the split must have some

 private:
  double step(const data::Batch& batch);
  std::vector<StepScalar> validate();
  Tensor words_of(const std::vector<std::int64_t>& positions) const;

  CodingConfig config_;
  data::DocumentSet notes_;
  NoteSplit split_;
  data::Vocabulary vocabulary_;
  data::LabelSet labels_;
  std::vector<data::EncodedDocument> encoded_;
  Tensor targets_;  // [notes, labels]
  std::unique_ptr<NoteModel> model_;
  std::unique_ptr<nn::Optimizer> optimizer_;
  Thresholds thresholds_;
  RandomSource random_;
  std::uint64_t steps_ = 0;
};

}  // namespace tessera::clinical
