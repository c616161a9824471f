// The chain as it grows: a new line is appended, or compared with the one that an earlier execution left.
//
// A resumed run meets the lines after its checkpoint again, a replay meets all of them; both must be equal, part by part.
// Internal to this room. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tessera/base/files.h"
#include "tessera/runs/record.h"
#include "tessera/runs/run.h"

namespace tessera::runs {

// The first part in which the lines differ. `now` is what this execution has.
std::optional<Mismatch> compare_lines(const ChainLine& recorded, const ChainLine& now);

struct PassedCheckpoint {
  std::string digest;
  bool closing = false;
};

class ChainWriter {
 public:
  // `file` is missing in a replay, which writes nothing.
  ChainWriter(Digest genesis, std::vector<RecordLine> recorded, std::optional<AppendFile> file);

  // Appends, or compares. Returns the mismatch, if there is one; nothing is written then.
  std::optional<Mismatch> add(ChainLine line);
  void sync();

  void skip(std::size_t lines);  // a checkpoint was restored: go on after so many lines
  bool at_recorded_end() const { return position_ >= recorded_.size(); }
  // The line to be compared next; nullptr at the end of what was recorded.
  const ChainLine* next_recorded() const { return at_recorded_end() ? nullptr : &recorded_[position_].line; }
  // What an earlier execution left. Lines that have been passed are empty: they are not needed any more.
  const std::vector<RecordLine>& recorded() const { return recorded_; }

  // Of the lines that have been passed, compared or appended. A long run has millions of them, so only this is kept.
  std::size_t lines() const { return position_; }
  const RecordLine& last() const { return last_; }  // there must be one
  const std::vector<PassedCheckpoint>& checkpoints() const { return checkpoints_; }

 private:
  void pass(RecordLine line);

  std::vector<RecordLine> recorded_;
  std::size_t position_ = 0;  // of the next line
  RecordLine last_;           // before the first line: only the hash of the claim
  std::vector<PassedCheckpoint> checkpoints_;
  std::optional<AppendFile> file_;
};

}  // namespace tessera::runs
