// Runs that learn to make images: train, resume, verify, and samples of a finished one. The records are as those of any training
// (docs/records.md) but of kind "generate".
//
// While a run trains, a picture of samples (always of the same noise) or of reconstructions is written at each checkpoint and at the end, beside the run's
// folder as FOLDER.pictures/step-000500.png. Pictures are no part of the record; record.pictures says how many samples one shows.
//
// Errors as of train/training_run.h. One training at a time per process.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/generative/generation_setup.h"
#include "tessera/train/training_run.h"

namespace tessera::generative {

struct GenerationResult {
  std::string folder, seal, pictures;  // pictures: the folder, empty if none were written
  std::uint64_t steps = 0, first_step = 0;
  double seconds = 0;
  std::optional<std::uint64_t> not_finite_since;  // the first step of the run with a loss that was not finite
  std::string summary;                            // the images, the networks
  std::vector<StepScalar> held_out;               // of the final weights
};

GenerationResult train_generation(const GenerationConfig& config, const train::TrainOptions& options = {});
GenerationResult resume_generation(const std::string& run_folder, const train::TrainOptions& options = {});
bool is_generation_run(const std::string& run_folder);  // false also for a record that cannot be read
train::VerifyResult verify_generation(const std::string& run_folder,
                                      const train::VerifyOptions& options = {});
runs::ReplayOutcome reexecute_generation(const std::string& run_folder, const runs::ReplayOptions& part,
                                         const std::optional<runs::TraceRequest>& trace,
                                         const train::VerifyOptions& options);

struct SampleOptions {
  std::int64_t count = 64;
  std::uint64_t seed = 0;
  std::string data_folder = {};  // where to look for the images of an autoencoder's run, if they were moved
};
// Of a sealed run: samples, or held-out images beside their reconstructions.
report::Picture sample_picture(const std::string& run_folder, const SampleOptions& options = {});

// The model of a sealed run with its final weights, without its data.
std::unique_ptr<GenerativeModel> trained_model(const std::string& run_folder);

std::string pictures_folder(const std::string& run_folder);
// The setup of a record: its configuration, its file where it is now.
GenerationSetup setup_of_generation_record(const std::string& run_folder, const std::string& data_folder);

}  // namespace tessera::generative
