// What a fit is made of: the table, its split and folds, features and estimator; the same for a new run, a resumed one and a re-execution.
//
// A fit has a step per fold of the cross-validation, then the step that learns from all training rows and is tested on the rows that were held out. Features
// are learned anew within each fold, from its training rows. The test rows are used once, by the last step. What learns without a target (clusterings,
// transformations) has the last step only, with the scores that such methods have of themselves (own_scores.h).
//
// A search (search_plan.h) has a step per candidate and fold, in this order, and the last step learns with the settings of the best candidate. A candidate that cannot be fitted
// counts as failed; it is an error when all are.
//
// Errors: those of the reader; a target that is not there, has missing values or, of a regression, is text. One thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/progress.h"
#include "tessera/data/dataset.h"
#include "tessera/data/split.h"
#include "tessera/runs/run.h"
#include "tessera/tabular/fit_config.h"
#include "tessera/tabular/fit_notes.h"
#include "tessera/tabular/opened_table.h"

namespace tessera::tabular {

inline constexpr const char* kFitKind = "fit";  // of the runs
inline constexpr const char* kSearchKind = "search";

// A step cannot be computed from this table with these settings: it would fail again.
class CannotFit : public Error {
 public:
  explicit CannotFit(const Error& reason) : Error(reason.what(), reason.code()) {}
};

// The scores of the folds, in their order, of a search those of one candidate after the other; part of the state of a run.
struct FoldScores : Stateful {
  Tensor values;  // float64 [folds done]
  void visit_state(StateVisitor& visitor) override { visitor.tensor("values", values); }
};

class FitSetup {
 public:
  // `table_path`: where the file is now, if not where the configuration says.
  explicit FitSetup(FitConfig config, const std::string& table_path = {});
  // Of a record, or of rows that were read already.
  FitSetup(FitConfig config, OpenedTable table);

  const FitConfig& config() const { return config_; }
  const data::Split& split() const { return split_; }
  const learn::Estimator& estimator() const { return *estimator_; }
  const learn::TableFeatures& features() const { return features_; }
  const std::vector<std::string>& classes() const { return classes_; }
  std::vector<double> fold_scores() const;    // of a search those of the best candidate
  std::vector<Candidate> candidates() const;  // of a search
  std::uint64_t steps() const;
  const std::optional<SearchPlan>& search() const { return search_; }

  std::vector<std::string> notes() const;  // after the last step: fit_notes.h
  const std::vector<MissingText>& missing_texts() const { return missing_texts_; }
  // How many rows of a table are equal to training rows, features and target.
  std::int64_t training_rows_in(const data::Table& other) const;
  void initialize();  // forgets what was learned
  runs::RunOptions run_options() const;
  void keep_in(runs::Run& run);
  // Before the state of a run is restored: the estimator of a search has the settings of the best candidate from the last step on.
  void prepare_for(const std::string& run_folder);
  // The steps behind `done`; stops when the observer says so.
  void run(std::uint64_t done, StepObserver& observer, Progress* progress);

 private:
  std::string second_class_note() const;
  void read(OpenedTable table, bool is_new);
  void divide();  // the rows
  void check_settings_of_file(const data::TableSource& source, const data::TableFileOptions& options) const;
  void check_first_line() const;
  void require_column(const std::string& name) const;
  void take_target();
  void require_rows_of_every_class(const std::vector<std::int64_t>& labels, std::int64_t least) const;
  Tensor target_of(const std::vector<std::int64_t>& rows) const;
  struct FoldData {
    Tensor x, y, held_x, held_y;
  };
  FoldData fold_data(std::size_t fold) const;
  Tensor learned_features(learn::TableFeatures& features, const std::vector<std::int64_t>& rows,
                          const Tensor& target) const;
  const FoldData& kept_fold_data(std::size_t fold);
  void add_score(double score);
  std::vector<StepScalar> computed_step(std::uint64_t step);
  std::vector<StepScalar> fold_step(std::size_t fold);
  std::vector<StepScalar> candidate_step(std::uint64_t step);
  double candidate_score(const Settings& settings, std::size_t fold);
  void take_best();
  std::vector<StepScalar> final_step();
  std::vector<StepScalar> without_target_scalars(const Tensor& trained) const;
  void add_test_scores(std::vector<StepScalar>& scalars) const;
  std::string step_text(std::uint64_t step, const std::vector<StepScalar>& scalars) const;

  FitConfig config_;
  std::optional<SearchPlan> search_;
  data::InputFile file_;
  std::vector<MissingText> missing_texts_;
  std::vector<std::string> first_line_notes_;
  data::Table table_;
  std::vector<std::string> columns_;  // of the features
  Tensor target_;                     // [rows]
  std::vector<std::string> classes_;  // of a classification
  data::Split split_;
  std::vector<data::Split> folds_;  // of the training rows
  learn::TableFeatures features_;
  std::unique_ptr<learn::Estimator> estimator_;
  FoldScores scores_;
  std::vector<FoldData> kept_folds_;  // of a search, if they are not too large together
  std::string last_problem_;          // of a candidate that failed
  std::string test_scoring_;          // "test_roc_auc": of a search by another score
};

runs::Claim fit_claim(const std::string& run_folder);  // refuses a run of another kind

// Sets an estimator to the best candidate of a search whose scores are complete.
void apply_best(const SearchPlan& plan, const Tensor& scores, std::int64_t folds,
                learn::Estimator& estimator);

// How good predictions are: accuracy and logarithmic loss, or R^2 and root mean squared error.
std::vector<StepScalar> quality(const learn::Estimator& estimator, const Tensor& features,
                                const Tensor& target);

}  // namespace tessera::tabular
