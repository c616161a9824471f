// Faults of the file system, met by the calls of this program: die, fail or halt at the n-th call that changes the store.
//
// faults.cc defines open, write, rename, fsync and their like, so the library and SQLite, which are in this program, call
// these. They count the calls that change something below the store and let one of them go wrong:
//
//     die:N         the process is killed just before call N
//     torn:N        at the first write from call N on, half of it is written; then the process is killed
//     cut:N         like die, and then the power fails: what was not synced is lost
//     io:N          call N fails with EIO, or the next one when it only takes a lock
//     nospace:N     the first call from N on that needs room fails with ENOSPC
//     full:N        every such call from N on does, until the process ends
//     short:N       the first write from call N on writes half of its bytes and says so
//     again:N       the first write from call N on fails with EINTR once
//     halt:N        the process waits before call N, or the next one that is not for the index, until it is told to go on
//
// What would survive a power cut is noted in memory that the parent shares, so that it can be asked for after a kill.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace store_tester {

enum class FaultAction { kNone, kDie, kTorn, kCut, kInputOutput, kNoSpace, kFull, kShort, kAgain, kHalt };

struct FaultPlan {
  FaultAction action = FaultAction::kNone;
  std::uint64_t call = 0;
};
// Throws tessera::Error for anything but "none" and ACTION:CALL.
FaultPlan parse_fault(const std::string& text);

// Which bytes of a file, and whether its name, have reached the disk.
struct FileFate {
  char path[512];
  std::uint64_t synced;  // bytes, of a file that grows
  bool grows;            // opened for appending; otherwise it was renamed into its place
  bool content_synced;   // before it was renamed
  bool name_synced;      // its folder was synced afterwards
  bool was_there;        // the rename replaced a file
};

struct SharedFates {
  static constexpr std::size_t kMost = 64;
  std::uint64_t count;
  FileFate files[kMost];
};

// For the children: memory that is shared with this process. One per session; freed by the second function.
SharedFates* make_shared_fates();
void free_shared_fates(SharedFates* fates);

// In a child, once: which folder is watched, and where fates are noted. `halt` is called by halt:N and returns when the process may go on.
void watch_store(const std::string& store, SharedFates* fates, std::function<void()> halt);
void arm_fault(const FaultPlan& plan);  // from now on
bool fault_fired();                     // since it was armed
void disarm_fault();

// Takes from the disk what a power cut takes: names that were not synced, and of the bytes that were not synced all but
// `kept_thousandths`.
void apply_power_cut(const SharedFates& fates, std::uint64_t kept_thousandths);

}  // namespace store_tester
