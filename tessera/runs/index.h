// The index of a store: which runs are there, and which of them have what was asked for.
//
// The folders are the truth. STORE/index.sqlite is a copy of what the queries need; it is brought up to date
// whenever it is asked, made anew when it is missing or damaged, and kept in memory when the store cannot be
// written. Several processes may use one store at once.
//
// Conditions: comparisons (= == != < <= > >=) of a key with a number or a text, joined by and, or, not and
// parentheses:
//   lr < 0.1 and (accuracy > 0.97 or status = 'running')
// Keys: name, status, kind, seed, steps (done), planned, seal, every configuration key and every scalar (its
// last value). The last parts of a dotted key suffice when no other key ends so. A run without the key does
// not match a comparison. At most 200 comparisons, 10 levels deep. Errors: Error that shows the place in the
// condition; unknown keys get a suggestion.
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/runs/record.h"

namespace tessera::runs {

struct RunSummary {
  std::string name, folder;
  std::string status;  // "not started", "running", "interrupted", "sealed", "damaged"
  std::string kind;
  std::uint64_t seed = 0;
  std::uint64_t steps = 0, planned = 0;
  std::string seal;                       // hexadecimal; empty without
  std::string started;                    // UTC
  std::map<std::string, double> scalars;  // last values
  std::map<std::string, std::string> configuration;
};

// Sorted by name. `where` empty: all.
std::vector<RunSummary> list_runs(const std::string& store, std::string_view where = {});
void rebuild_index(const std::string& store);
// Brings one run up to date, if the store has an index. Never throws: the index is only a copy, and queries look themselves.
void update_index(const std::string& store, const std::string& name);

// A path to a run folder, or the name of a run in `store`: which folder is meant? Throws Error with a
// suggestion.
std::string find_run(const std::string& store, const std::string& name_or_path);

}  // namespace tessera::runs
