// A training run as one thing: configuration, data, network, trainer and record together. What the commands train, resume, verify,
// predict and evaluate do.
//
// The record's claim holds the whole configuration and the digests of the data files, so that a run needs no configuration
// file to be verified, resumed or used. Data files are looked for at the recorded place, then below `data_folder` or the environment
// variable TESSERA_DATA, and must have the recorded digest.
//
// TESSERA_REPLAY and TESSERA_RESUME, which are for programs of one's own, are not obeyed. The backend and the number of threads are the process's (backends.h, thread_pool.h): they cannot change a result. Errors: Error
// with the exit status of the command; runs::Stopped when the user asked for a stop. One training at a time per process.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/base/progress.h"
#include "tessera/data/dataset.h"
#include "tessera/data/vocabulary.h"
#include "tessera/nn/layers.h"
#include "tessera/runs/check.h"
#include "tessera/runs/run.h"
#include "tessera/runs/spot.h"
#include "tessera/train/config.h"
#include "tessera/train/evaluation.h"

namespace tessera::train {

// ---- Train and resume ----

struct TrainOptions {
  std::string store = "runs";
  std::string name = {};         // of the run; empty: the configuration's name and a number
  std::string key_file = {};     // private key that signs the seal
  bool allow_unsigned = false;   // resume: without a key, a run that was begun with one
  std::string data_folder = {};  // resume: where to look for moved data files
  std::map<std::string, std::string> environment = {};  // for the circumstances: "backend" -> "cpu/avx2"
  bool quiet = false;                                   // no progress on stderr
};

struct TrainResult {
  std::string folder, name;
  std::string seal;              // hexadecimal
  std::uint64_t steps = 0;       // of the whole run
  std::uint64_t first_step = 0;  // the step that this process began after
  double seconds = 0;            // of this process's training
  std::uint64_t peak_bytes = 0;  // the most that tensors of this process held at once; no part of the record
  std::optional<double> held_out_accuracy,
      held_out_loss;  // of the final weights; none when nothing is held out
  std::optional<metrics::RegressionErrors>
      held_out_numbers;                           // in the accuracy's place where labels are numbers
  std::string judged = "samples";                 // what is counted: samples, words or points
  std::int64_t held_out_samples = 0;              // of tags: words; of points: points
  std::optional<double> held_out_mean_iou;        // of points
  std::optional<std::uint64_t> not_finite_since;  // the first step of the run whose loss was not finite
};

// For whatever is trained and recorded: a new run with these options, or the one in a folder to be gone on with.
runs::Run open_run(runs::RunOptions run_options, const TrainOptions& options);
runs::Run resume_run(const std::string& run_folder, runs::RunOptions run_options,
                     const TrainOptions& options);
bool is_run_of_kind(const std::string& run_folder,
                    std::string_view kind);  // false also for a record that cannot be read

TrainResult train(const Config& config, const TrainOptions& options = {});
TrainResult resume(const std::string& run_folder, const TrainOptions& options = {});

// ---- Verify ----

// Re-execute `stretches` random stretches between checkpoints instead of the whole run (runs/spot.h).
struct SpotOptions {
  std::uint64_t stretches = 1;
  std::uint64_t seed = 0;  // of the draw
  double share = 0.01;     // of the steps, for the stated probability; above 0, at most 1
};

struct VerifyOptions {
  std::uint64_t from_step = 0;           // begin at the checkpoint of this step
  std::optional<SpotOptions> spot = {};  // not together with from_step
  std::string trust_key_file = {};       // public key: the record must be signed by it
  std::string data_folder = {};
  std::map<std::string, std::string> environment = {};
  bool quiet = false;
};

struct SpotStretch {
  std::uint64_t first = 1, last = 1;            // steps, both included
  std::optional<runs::Mismatch> mismatch = {};  // none: identical
};

struct SpotResult {
  SpotOptions options;
  std::vector<SpotStretch> checked;  // in the order of the steps
  std::uint64_t stretches = 0;       // of the run
  std::uint64_t steps = 0, checked_steps = 0;
  std::uint64_t unavailable = 0, unavailable_steps = 0;  // stretches whose checkpoint was removed
  runs::SpotOdds odds;
  bool whole_run() const { return checked.size() == stretches; }
};

struct VerifyResult {
  ExitCode code = ExitCode::kFailure;
  std::string message;  // one line: "identical: 1,200 steps, 14 tensors", or what is wrong and where
  std::vector<std::string> notes;  // unknown files, "unsigned", a part that was not re-executed
  runs::CheckResult check;
  std::optional<runs::ReplayOutcome>
      replay;  // none when the record was refused before; of a spot check the last one
  std::optional<SpotResult> spot;
  std::string seal;
};

// Re-executes a part of a run, whatever its kind.
using ReplayStretch = std::function<runs::ReplayOutcome(const runs::ReplayOptions&)>;

// Executes `part` of the record again and compares; with a trace, notes the operations. `keep` names the state, `run` takes the steps behind `first`.
struct Replayed {
  runs::RunOptions run_options;
  std::uint64_t steps = 0;  // of the whole run
  std::function<void(runs::Run&)> keep;
  std::function<void(std::uint64_t first, StepObserver&, Progress*)> run;
};
runs::ReplayOutcome replay_run(const std::string& run_folder, Replayed replayed,
                               const runs::ReplayOptions& part, const VerifyOptions& options,
                               const std::optional<runs::TraceRequest>& trace);

// Says in `result` what a re-execution has found.
void judge_replay(VerifyResult& result, const runs::ReplayOutcome& replay);

// Checks the record (runs/check.h); if it is intact, `prepare` makes what re-executes it, and what that finds is judged. For runs of any kind.
VerifyResult verify_record(const std::string& run_folder, const VerifyOptions& options,
                           const std::function<ReplayStretch()>& prepare);

// Checks the record (runs/check.h), then the inputs' digests, then re-executes and compares.
VerifyResult verify(const std::string& run_folder, const VerifyOptions& options = {});

// Re-executes a part of the run, looking at what it needs as verify does but not at the rest of the record, and leaves a trace if one is
// asked for: what `tessera trace` and `tessera diff` are made of (runs/diff.h). Of `options` it takes data_folder, environment and quiet.
runs::ReplayOutcome reexecute(const std::string& run_folder, const runs::ReplayOptions& part,
                              const std::optional<runs::TraceRequest>& trace, const VerifyOptions& options);

// ---- Use the trained model ----

class TrainedModel {
 public:
  explicit TrainedModel(const std::string& run_folder);  // from the final checkpoint of a sealed run
  // Also of a run that is not finished: from its newest intact checkpoint, with the weights (the best ones, an average) that the run would
  // use if it ended there.
  static TrainedModel newest(const std::string& run_folder);
  ~TrainedModel();
  TrainedModel(TrainedModel&&) noexcept;
  TrainedModel& operator=(TrainedModel&&) = delete;

  const Config& config() const;
  const std::vector<std::string>& classes() const;
  Shape sample_shape() const;  // of words: as many as are read at most
  const runs::Claim& claim() const;
  const data::Vocabulary* vocabulary() const;  // of words; nullptr for numbers
  bool finished() const;                       // the run is sealed
  std::uint64_t step() const;                  // after which the checkpoint was made
  nn::Sequential& network() const;  // with the final weights; not to be used by two threads at once
  // float32 [N, ...] -> class scores (logits) [N, classes], or the numbers that are predicted [N, 1]; of tags and points, [words or points of all samples, classes]. A row depends on its sample only, not on
  // the sample's neighbours.
  Tensor scores(const Tensor& features) const;
  Evaluation evaluate(const data::Dataset& dataset, std::span<const std::int64_t> positions) const;

 private:
  struct State;
  struct Saved;
  TrainedModel(const std::string& run_folder, const Saved& saved);
  std::unique_ptr<State> state_;
};

// The data that the run was trained on and evaluated with, read from where inputs.h finds it; throws Error when it is not there or has changed.
data::Dataset claimed_data(const TrainedModel& model, const std::string& run_folder,
                           const std::string& data_folder);
// A word whose tag was predicted.
struct TaggedWord {
  std::int64_t sentence = 0, position = 0;  // both from 1
  std::string word;                         // as it stands in the text
};

struct Predictions {
  std::vector<std::string> classes;     // none where numbers are predicted
  std::vector<std::int64_t> predicted;  // positions in classes
  Tensor probabilities;                 // float32 [N, classes]
  Tensor numbers = {};                  // float32 [N], if they are what is predicted
  std::vector<TaggedWord> words = {};   // of tags: what the rows are
  std::int64_t points = 0;              // of points: so many rows for each sample; else 0
  std::vector<std::string> files =
      {};                     // of meshes and clouds: their files, in the place of the number of a row
  std::int64_t left_out = 0;  // of words: those beyond data.longest, which nothing is said of
  // Header "row,prediction,probability_CLASS,..." (of numbers "row,prediction"), rows from 1, shortest exact decimals. Of tags, "sentence,position,word" in the place of "row"; of points, "sample,point"; of files of points, "file".
  std::string to_csv() const;
};
// `file`: csv (the label column may be missing), idx or npy, told by its name or, failing that, as in the configuration. Of a run on texts: .csv, .jsonl, or
// .txt with one text per line; on tags: CoNLL, of which only the first column is read.
Predictions predict(const TrainedModel& model, const std::string& file);

// One text, or one sentence with blanks between its words, as a run on words reads it.
struct TextReading {
  Predictions predictions;
  std::vector<std::string> words;  // as they stand in the text; those beyond data.longest are left out
  std::vector<bool> known;         // is the word in the vocabulary?
  // What the network shows of itself at each word: the mean of each gate over the features ("r" and "z" of a GRU), the weight of attention. Names say
  // layer and direction where there are several.
  std::vector<std::string> columns;
  std::vector<std::vector<double>> values;  // by column, then word
  std::string to_text() const;              // for people
};
TextReading read_text(const TrainedModel& model, const std::string& text);

// `labels`: the file of the labels for idx and npy; unused for csv. If the file is the one of the training, only its held-out
// samples are evaluated, and the result's note says so.
Evaluation evaluate(const TrainedModel& model, const std::string& file, const std::string& labels = {});

}  // namespace tessera::train
