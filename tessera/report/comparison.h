// Runs beside each other: what came out of each, and the settings in which they differ.
//
// `tessera compare` prints it, `tessera report` of several runs begins with it. Of a damaged record it shows what can be read and
// says what is wrong. Errors: fewer than 2 or more than 20 runs, one run twice, a folder that is no record. Thread-safety: pure
// functions.
//
// ```cpp
// const std::string store = make_temporary_folder("comparison-example");
// std::vector<std::string> folders;
// for (const char* rate : {"0.1", "0.2"}) {
//   auto run = runs::Run::open({.store = store, .base_name = "toy", .configuration = {{"rate", rate, "here"}}});
//   for (auto& step : run.steps(3)) step.record("loss", 1.0 / static_cast<double>(step.number()));
//   run.finish();
//   folders.push_back(run.folder());
// }
// const report::Comparison comparison = report::compare_runs(folders);
// assert(comparison.runs[0].status == "sealed" && comparison.runs[1].steps == 3);
// assert(comparison.runs[0].finals.at("loss") == 1.0 / 3);
// assert(comparison.differences.size() == 1 && comparison.differences[0].key == "rate");
// assert(comparison.differences[0].values[1] == "0.2");
// remove_folder(store);
// ```
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/report/run_data.h"

namespace tessera::report {

inline constexpr std::size_t kFewestCompared = 2, kMostCompared = 20;
inline constexpr std::size_t kMostShownMetrics = 10;  // in a table; the JSON has all

struct ComparedRun {
  std::string name, folder;
  std::string status;   // "sealed", "interrupted", "running", "not intact"
  std::string problem;  // of a run that is not intact
  std::optional<std::uint64_t> parameters;
  bool chain_readable = false;                // else steps and finals are not known
  bool claim_readable = false;                // else the settings are not known, and not compared
  std::uint64_t steps = 0, planned = 0;       // planned 0: not known beforehand
  std::optional<std::uint64_t> microseconds;  // of work, over all sessions
  std::map<std::string, double> finals;       // the last value of every scalar
  std::string seal;                           // hexadecimal; empty without
  // The claim: configuration, seed, digests of inputs as "inputs.NAME".
  std::map<std::string, std::string> settings;
};

struct Difference {
  std::string key;
  std::vector<std::optional<std::string>> values;  // one per run; nothing: the run does not have the key
};

struct Comparison {
  std::vector<ComparedRun> runs;        // in the given order
  std::vector<std::string> metrics;     // names of scalars: loss, accuracy, of rows held out, then the rest
  std::vector<Difference> differences;  // sorted by key

  ExitCode code() const;  // kFailure when a record is not intact
};

// What a scalar of a run is called beside other runs, where its own name says less than that: a "test_score" may be an accuracy or R^2. "": left out.
using ScalarNames = std::function<std::string(const runs::Claim&, const std::string& scalar)>;
Comparison compare_runs(const std::vector<std::string>& folders, const ScalarNames& names = {});
Comparison compare_runs(const std::vector<RunData>& runs, const ScalarNames& names = {});

// The value of a run, for people: at most 80 characters, 12 digits of a digest, "(not set)", "(unreadable)".
std::string value_text(const Comparison& comparison, const Difference& difference, std::size_t run);
std::string steps_text(const ComparedRun& run);             // "1,350" or "199 of 1,350"
std::string comparison_text(const Comparison& comparison);  // two tables for a terminal
std::string comparison_json(const Comparison& comparison);  // one canonical line, reals in hexadecimal

}  // namespace tessera::report
