// What a run folder holds, seen without the library: files and their SHA-256, how far the chain goes and whether it is what the
// recipe predicts, and from where it could be resumed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "tests/store_tester/reference.h"

namespace store_tester {

// Path below the folder -> SHA-256 of the file, or what it is instead of a file. A link is followed. Without the lock.
using Snapshot = std::map<std::string, std::string>;
Snapshot snapshot_of(const std::string& folder);
// Of these, the ones that a seal covers: no unknown files, no temporaries.
Snapshot covered_part(const Snapshot& snapshot);
std::string first_difference(const Snapshot& before, const Snapshot& after);  // empty: none

struct DiskState {
  bool folder = false, claim = false, sealed = false;
  std::size_t lines = 0;              // whole lines of the chain
  bool lines_as_predicted = true;     // claim and whole lines are those of the recipe,
  bool as_predicted = true;           // and a torn line is a part of the next one
  std::optional<Ending> ending;       // the last line is a closing one
  std::set<std::string> checkpoints;  // digests; the file has the bytes that its name says
  bool all_checkpoints_intact = true;
  std::optional<std::uint64_t> pause;  // paused.json leads to an intact checkpoint of this step
  bool leftovers = false;              // temporaries of writes

  std::uint64_t step_of_line(std::size_t line) const;
  std::uint64_t last_step() const { return lines == 0 ? 0 : step_of_line(lines - 1); }
};
DiskState look_at(const std::string& folder, const Recipe& recipe, References& references);

// The line to go on after: the newest one with an intact checkpoint. Nothing: from the beginning.
std::optional<std::size_t> best_line(const DiskState& disk, const Recipe& recipe, References& references);
// The chain that the lines on the disk are the beginning of.
const Chain& chain_on(const DiskState& disk, const Recipe& recipe, References& references);

// Does a process hold the lock? Asked of the kernel directly.
bool lock_held(const std::string& folder);

}  // namespace store_tester
