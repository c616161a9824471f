// Recorded fits: learn, resume, verify, and use what was learned. The records are as those of any training (docs/records.md) but of
// kind "fit": a step per fold, and the last one; those of a search are of kind "search": a step per candidate and fold, and the last one.
//
// Errors as of train/training_run.h. One fit at a time per process.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/tabular/fit_setup.h"
#include "tessera/train/training_run.h"

namespace tessera::tabular {

struct FitResult {
  std::string folder, seal;
  std::uint64_t steps = 0, first_step = 0;
  double seconds = 0;
  std::int64_t training_rows = 0, test_rows = 0, features = 0;
  std::string estimator;
  std::vector<std::string> classes;                          // of a classification
  std::vector<double> folds;                                 // the score of each
  std::vector<std::pair<std::string, double>> final_scores;  // as recorded by the last step
  std::vector<Candidate> candidates;  // of a search, in the order in which they were tried
  std::string scoring;                // what they were judged by, if not by the score of a fit
  std::vector<MissingText> missing;   // the texts of data.missing
  std::vector<std::string> notes;     // for people: what to look at
};

// "0.9876"; of a small number four digits that count.
std::string score_text(double value);

// What a search has tried so far.
struct SearchTable {
  std::string csv;                      // candidates_csv
  std::int64_t tried = 0, planned = 0;  // candidates
};

// With a configuration that has a search, a search. Leaves no run behind when the estimator cannot learn from the table (CannotFit). The table of a search
// is filled in also when an Error ends it, and left as it is when nothing was tried.
FitResult fit(const FitConfig& config, const train::TrainOptions& options = {}, SearchTable* table = nullptr);
FitResult resume_fit(const std::string& run_folder, const train::TrainOptions& options = {});
FitResult resume_search(const std::string& run_folder, const train::TrainOptions& options,
                        SearchTable& table);
bool is_fit_run(const std::string& run_folder);  // false also for a record that cannot be read
// What a scalar of such a run is called beside other runs: "test_accuracy" or "test_r2" for "test_score"; "" for those of single folds, which say little
// by themselves. Of other runs it is the name itself.
std::string compared_scalar(const runs::Claim& claim, const std::string& scalar);
train::VerifyResult verify_fit(const std::string& run_folder, const train::VerifyOptions& options = {});
runs::ReplayOutcome reexecute_fit(const std::string& run_folder, const runs::ReplayOptions& part,
                                  const std::optional<runs::TraceRequest>& trace,
                                  const train::VerifyOptions& options);

struct FittedEvaluation {
  // For people: scores with their intervals, and of a classification a line per class, the hardest first (learn/hard_classes.h).
  std::string text;
  std::string note;  // which rows they are of, if not all
};

// What a page says of a sealed run: estimator, candidates of a search, what evaluate() says of the run's own table, which is looked for at its
// recorded place and below `data_folder`, or why it says nothing, and the weights. A database is asked only if `data_folder` is its address.
std::string learned_text(const std::string& run_folder, const std::string& data_folder);

// What a sealed run has learned, without its data.
class FittedModel {
 public:
  explicit FittedModel(const std::string& run_folder);

  const FitConfig& config() const { return config_; }
  const learn::Estimator& estimator() const { return *estimator_; }
  const std::vector<std::string>& classes() const { return classes_; }
  // As the run read its table, with the schema's texts. A database is asked `query`, or the query of the run; other files take none.
  data::Table read(const std::string& file, const std::string& query = {}) const;
  Tensor features(const data::Table& table) const;
  const std::vector<Candidate>& candidates() const { return candidates_; }  // of a search
  std::string weights() const;  // lines of text: learned_weights.h
  // A sentence for each column with categories, or missing numbers, that training did not have: they are no reason not to predict, but one to look.
  std::vector<std::string> notes(const data::Table& table) const;
  // Header "row,prediction,probability_CLASS,...", rows from 1; of a regression "row,prediction", of a clustering "row,cluster"; of a transformation the
  // names of the columns that it makes (learned_weights.h), without a number of the row.
  std::string predictions_csv(const data::Table& table) const;
  bool has_score() const;  // is there anything for evaluate() to say?
  // Of a table that has the target. Of the run's own table only the rows that were held out for the test; of another one the note says how many of its rows
  // the run has learned from, if the run's own is at its recorded place; a database is asked for that only if `file` is its address. What learned without a
  // target says how well it describes the rows (own_scores.h); a transformation without a number for that refuses.
  FittedEvaluation evaluate(const std::string& file, const std::string& query = {}) const;
  FittedEvaluation evaluate(OpenedTable opened, const std::string& place) const;

 private:
  OpenedTable open(const std::string& place, const std::string& query) const;
  data::Table parse(OpenedTable opened, bool needs_target) const;
  void require_columns(const data::Table& table) const;
  bool is_own_table(const OpenedTable& opened, bool needs_target) const;
  std::string clusters_csv(const Tensor& x) const;
  std::string transformed_csv(const Tensor& x) const;
  std::string keep_held_out(data::Table& table, const data::Split& split, const std::string& file) const;
  std::string without_target_text(const data::Table& table) const;
  Tensor target_of(const data::Table& table) const;
  std::string overlap_note(const data::Table& table, const std::string& place) const;

  std::string folder_;
  runs::Claim claim_;
  FitConfig config_;
  learn::TableFeatures features_;
  std::unique_ptr<learn::Estimator> estimator_;
  std::vector<std::string> classes_;
  std::vector<Candidate> candidates_;
};

}  // namespace tessera::tabular
