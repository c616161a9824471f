// Runs that learn codes for notes: train, resume, verify, use. The records are as those of any training (docs/records.md) but of kind "code".
//
// Nothing of the notes is in a record: the claim has the labels, the settings and digests (of the files, of the notes with their labels, of the
// vocabulary); the chain has losses and digests; checkpoints have numbers. The vocabulary, which is made of words, is written beside the run's
// folder as FOLDER.vocabulary.tsv, and is needed to code new notes.
//
// Errors as of train/training_run.h. One training at a time per process.
#pragma once

#include <optional>
#include <string>

#include "tessera/clinical/coding_setup.h"
#include "tessera/metrics/multilabel.h"
#include "tessera/train/training_run.h"

namespace tessera::clinical {

struct CodingResult {
  std::string folder, seal, vocabulary;  // vocabulary: the file that was written
  std::uint64_t steps = 0, first_step = 0;
  double seconds = 0;
  std::string summary;          // notes, words, labels before and after the reduction
  std::optional<Quality> test;  // none when no note is held out
};

CodingResult train_coding(const CodingConfig& config, const train::TrainOptions& options = {});
CodingResult resume_coding(const std::string& run_folder, const train::TrainOptions& options = {});
bool is_coding_run(const std::string& run_folder);  // false also for a record that cannot be read
train::VerifyResult verify_coding(const std::string& run_folder, const train::VerifyOptions& options = {});
runs::ReplayOutcome reexecute_coding(const std::string& run_folder, const runs::ReplayOptions& part,
                                     const std::optional<runs::TraceRequest>& trace,
                                     const train::VerifyOptions& options);

std::string vocabulary_path(const std::string& run_folder);
// "micro F1 0.700, macro F1 ...", several lines for people.
std::string quality_text(const Quality& quality);
// A table of the labels that some note has, the hardest first (the lowest F1; of equals that with more notes), `most` of them at most.
std::string hardest_labels_text(const metrics::MultilabelCounts& counts, const data::LabelSet& labels,
                                std::size_t most);

// The setup of a record: its configuration, its files where they are now.
CodingSetup setup_of_coding_record(const std::string& run_folder, const std::string& data_folder);

}  // namespace tessera::clinical
