// The data of a configuration, with their split: numbers as they stand in the files, words as ids.
//
// Words are known by a vocabulary that is made of the samples that are trained on, and of no others; labels are those of the whole file, as
// of any data set. The configuration is told what was found: the classes, the digest of the vocabulary, and its size where a layer needs it
// (network.N.entries). The vocabulary itself is a file beside the run's folder, RUN.vocabulary.tsv, for the words of a text are no part of a record
// (data/vocabulary.h).
//
// Errors: those of the readers; data.vocabulary, or an `entries`, that does not fit the words found; a sentence that nothing is left of.
// Thread-safety: pure functions.
#pragma once

#include <optional>
#include <string>

#include "tessera/data/split.h"
#include "tessera/data/text_samples.h"
#include "tessera/train/config.h"
#include "tessera/train/training_setup.h"

namespace tessera::train {

struct PreparedData {
  data::Dataset dataset;
  data::Split split;
  std::optional<data::Vocabulary> vocabulary;  // of words
};

// For training: reads, splits, counts, and writes what was found into the configuration.
PreparedData prepare_data(Config& config, const InputPaths& paths);

// For a finished run: the samples of a file with labels, as that run knows words and labels.
data::TextSource text_source(const Config& config, const std::string& path);
data::Dataset read_words(const Config& config, const std::string& path, const data::Vocabulary& vocabulary);

std::string vocabulary_path(const std::string& run_folder);
// The vocabulary of a run of words; throws Error (kCannotRerun, kInputChanged) if it is not there, or another one.
data::Vocabulary recorded_vocabulary(const std::string& run_folder, const Config& config);

}  // namespace tessera::train
