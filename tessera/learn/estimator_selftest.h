// The selftest of the estimators: does each learn the same bits here as everywhere?
//
// Every row of estimators.h learns from a generated table (estimator_cases()), with its defaults and with other settings; SHA-256 over settings,
// state and predictions is compared with the committed table estimator_digests.inc. `tessera selftest` runs it, so each estimator is in
// every cell of the bit matrix. A line of the table changes only as a decision, never as a repair.
//
// Thread-safety: no operation may change the backend meanwhile. Takes seconds.
//
// ```cpp
// const learn::EstimatorCase test = learn::estimator_cases().front();
// assert(learn::digest_of(test).size() == 32);
// ```
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tessera/learn/estimators.h"

namespace tessera::learn {

// A table that every method can learn from: small whole numbers, most of them 0, of which some tell the target.
struct GeneratedTable {
  Tensor features;  // float64 [rows, 7]
  Tensor classes;   // int64 [rows], 3 of them
  Tensor numbers;   // float64 [rows]
  Tensor counts;    // float64 [rows]: the numbers, those below 0 as 0
  // What an estimator of this task, or this one, learns from.
  const Tensor& target(Task task) const { return task == Task::kRegression ? numbers : classes; }
  const Tensor& target(const Estimator& estimator) const {
    return estimator.accepts_negative_target() ? target(estimator.task()) : counts;
  }
};
GeneratedTable generated_table(std::int64_t rows);

struct EstimatorCase {
  std::string estimator;
  std::string settings;  // "" for the defaults, otherwise JSON for set_parameters
  std::string id() const { return settings.empty() ? estimator : estimator + " " + settings; }
};
// The defaults of every row, and the settings of estimator_digests.inc.
std::vector<EstimatorCase> estimator_cases();

// An estimator with the settings of the case, not fitted.
std::unique_ptr<Estimator> make_estimator(const EstimatorCase& test);
// 32 hexadecimal digits; "error: ..." when it throws.
std::string digest_of(const EstimatorCase& test);
// Of settings, state and what it says of `features`.
std::string digest_of(Estimator& fitted, const Tensor& features);

std::string committed_digest(const EstimatorCase& test);  // "" if the table has none

struct EstimatorFailure {
  std::string id, expected, found;
};
struct EstimatorSelftest {
  int cases = 0;
  std::vector<EstimatorFailure> failures;
};
EstimatorSelftest run_estimator_selftest();
// The text of estimator_digests.inc as the active backend computes it.
std::string estimator_table();

}  // namespace tessera::learn
