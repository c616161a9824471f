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

class ChainWriter {
 public:
  // `file` is missing in a replay, which writes nothing.
  ChainWriter(Digest genesis, std::vector<RecordLine> recorded, std::optional<AppendFile> file);

  // Appends, or compares. Returns the mismatch, if there is one; nothing is written then.
  std::optional<Mismatch> add(ChainLine line);
  void sync();

  void skip(std::size_t lines) { position_ = lines; }  // a checkpoint was restored: go on after so many lines
  bool at_recorded_end() const { return position_ >= recorded_; }
  std::size_t position() const { return position_; }
  // The line to be compared next; nullptr at the end of what was recorded.
  const ChainLine* next_recorded() const { return at_recorded_end() ? nullptr : &lines_[position_].line; }
  const std::vector<RecordLine>& lines() const { return lines_; }  // recorded and appended ones

 private:
  const Digest& hash_before(std::size_t position) const;

  Digest genesis_;
  std::vector<RecordLine> lines_;
  std::size_t recorded_;      // so many of them were there at the beginning
  std::size_t position_ = 0;  // of the next line
  std::optional<AppendFile> file_;
};

}  // namespace tessera::runs
