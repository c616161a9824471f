// Between the system calls that this program replaces (system_calls.cc) and the faults that they meet (faults.cc).
#pragma once

#include <cstdint>
#include <string>

namespace store_tester {

enum class Call { kCreate, kWrite, kRename, kRemove, kSync, kCut, kLock };

enum class Verdict {
  kPass,
  kFail,         // errno is set
  kHalf,         // write half of it
  kHalfThenDie,  // and be killed
};

bool watched(const std::string& path);
// Counts a call that is about to change `path`, and says what becomes of it.
Verdict meet_call(Call call, const std::string& path);
[[noreturn]] void die_after_half_a_write();

void note_growing(const std::string& path, std::uint64_t length);  // opened for appending
void note_synced(const std::string& path, std::uint64_t length, bool is_folder);
void note_renamed(const std::string& from, const std::string& to, bool was_there);

}  // namespace store_tester
