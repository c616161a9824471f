// Everything that a training needs, made from a configuration: data, split, network, optimiser, trainer, and what the record says.
//
// A setup made from a configuration file and one made from the record of that run are the same, which is what re-execution stands on.
// Thread-safety: one thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "tessera/data/dataset.h"
#include "tessera/data/split.h"
#include "tessera/data/vocabulary.h"
#include "tessera/nn/layers.h"
#include "tessera/nn/optimizers.h"
#include "tessera/runs/run.h"
#include "tessera/train/config.h"
#include "tessera/train/trainer.h"

namespace tessera::train {

// Paths of the data files by role: "features", "labels".
using InputPaths = std::map<std::string, std::string>;
InputPaths input_paths(const Config& config);

// Throws Error if there is none of this role: a record may claim anything, also to have been trained on nothing.
const std::string& input_path(const InputPaths& paths, const std::string& role);

// What says what is drawn of meshes and clouds, in a source of the format "points".
void set_points(data::DatasetSource& source, const Config& config);
data::DatasetSource dataset_source(const Config& config, const InputPaths& paths);  // of numbers
data::Split split_of(const Config& config, const data::Dataset& dataset);
Shape sample_shape_of(const Config& config);  // of words: as many as are read at most
SelectionOptions selection_options(const Config& config);
// Throws Error unless the run obeys the numerics contract of this program.
void require_contract(const std::string& run_folder, const runs::Claim& claim);
// The settings that a claim holds, those with fields of their own included.
std::map<std::string, std::string> recorded_settings(const runs::Claim& claim);
// The configuration that a claim holds; the circumstances say how many checkpoints a resumed run keeps.
Config config_of(const runs::Claim& claim, const runs::Circumstances& circumstances = {});

class TrainingSetup {
 public:
  TrainingSetup(Config config, const InputPaths& paths);
  TrainingSetup(const TrainingSetup&) = delete;  // the trainer points into it

  const Config& config() const { return config_; }
  const data::Dataset& dataset() const { return dataset_; }
  const data::Split& split() const { return split_; }
  nn::Sequential& network() { return *network_; }
  Trainer& trainer() { return *trainer_; }
  const std::optional<data::Vocabulary>& vocabulary() const { return vocabulary_; }  // of words
  std::uint64_t steps() const { return options_.steps; }

  runs::RunOptions run_options() const;  // without store, name, key and environment
  void keep_in(runs::Run& run);          // "model", "optimizer", and "selection" if there is any

 private:
  Config config_;
  data::Dataset dataset_;
  data::Split split_;
  std::optional<data::Vocabulary> vocabulary_;
  TrainerOptions options_;
  std::unique_ptr<nn::Sequential> network_;
  std::unique_ptr<nn::Optimizer> optimizer_;
  std::unique_ptr<Trainer> trainer_;
};

}  // namespace tessera::train
