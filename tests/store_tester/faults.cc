#include "tests/store_tester/faults.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstring>
#include <map>

#include "tessera/base/error.h"
#include "tests/store_tester/system_calls.h"

namespace store_tester {
namespace {

struct Watch {
  std::string store;  // empty: nothing is watched
  SharedFates* fates = nullptr;
  std::function<void()> halt;
  FaultPlan plan;
  std::uint64_t calls = 0;
  bool armed = false, fired = false;
};

Watch& watch() {
  static Watch watch;
  return watch;
}

[[noreturn]] void die() {
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

bool needs_room(Call call) {
  return call == Call::kWrite || call == Call::kCreate || call == Call::kRename;
}

bool concerns(FaultAction action, Call call, const std::string& path) {
  switch (action) {
    case FaultAction::
        kHalt:  // whoever asks the index would wait for a process that halts inside a transaction
      return path.find("/index.sqlite") == std::string::npos;
    case FaultAction::kTorn:
    case FaultAction::kShort:
    case FaultAction::kAgain:
      return call == Call::kWrite;
    case FaultAction::kNoSpace:
    case FaultAction::kFull:
      return needs_room(call);
    case FaultAction::kInputOutput:
      return call != Call::kLock;
    default:
      return true;
  }
}

FileFate* fate_of(const std::string& path) {
  SharedFates* fates = watch().fates;
  if (fates == nullptr || path.size() >= sizeof(FileFate::path)) return nullptr;
  for (std::uint64_t i = 0; i < fates->count; ++i)
    if (path == fates->files[i].path) return &fates->files[i];
  if (fates->count == SharedFates::kMost) return nullptr;
  FileFate& fate = fates->files[fates->count];
  fate = {};
  std::memcpy(fate.path, path.c_str(), path.size() + 1);
  ++fates->count;
  return &fate;
}

}  // namespace

FaultPlan parse_fault(const std::string& text) {
  static const std::map<std::string, FaultAction> actions = {
      {"die", FaultAction::kDie},        {"torn", FaultAction::kTorn},   {"cut", FaultAction::kCut},
      {"io", FaultAction::kInputOutput}, {"full", FaultAction::kFull},   {"nospace", FaultAction::kNoSpace},
      {"short", FaultAction::kShort},    {"again", FaultAction::kAgain}, {"halt", FaultAction::kHalt}};
  if (text == "none") return {};
  const std::size_t colon = std::min(text.find(':'), text.size());
  const auto found = actions.find(text.substr(0, colon));
  FaultPlan plan;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + std::min(colon + 1, text.size()), end, plan.call);
  if (found == actions.end() || parsed.ec != std::errc() || parsed.ptr != end)
    tessera::fail("fault: expected 'none' or ACTION:CALL, found '{}'", text);
  plan.action = found->second;
  return plan;
}

SharedFates* make_shared_fates() {
  void* memory =
      ::mmap(nullptr, sizeof(SharedFates), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) tessera::fail("shared memory: {}", std::strerror(errno));
  return static_cast<SharedFates*>(memory);
}

void free_shared_fates(SharedFates* fates) {
  ::munmap(fates, sizeof(SharedFates));
}

void watch_store(const std::string& store, SharedFates* fates, std::function<void()> halt) {
  watch().store = store + "/";
  watch().fates = fates;
  watch().halt = std::move(halt);
}

void arm_fault(const FaultPlan& plan) {
  watch().plan = plan;
  watch().calls = 0;
  watch().fired = false;
  watch().armed = plan.action != FaultAction::kNone;
}

bool fault_fired() {
  return watch().fired;
}

void disarm_fault() {
  watch().armed = false;
}

bool watched(const std::string& path) {
  return !watch().store.empty() && path.starts_with(watch().store);
}

Verdict meet_call(Call call, const std::string& path) {
  Watch& state = watch();
  if (!state.armed || !watched(path)) return Verdict::kPass;
  ++state.calls;
  if (state.calls < state.plan.call || !concerns(state.plan.action, call, path)) return Verdict::kPass;
  if (state.fired && state.plan.action != FaultAction::kFull) return Verdict::kPass;
  state.fired = true;
  switch (state.plan.action) {
    case FaultAction::kDie:
    case FaultAction::kCut:
      die();
    case FaultAction::kTorn:
      return Verdict::kHalfThenDie;
    case FaultAction::kInputOutput:
      errno = EIO;
      return Verdict::kFail;
    case FaultAction::kNoSpace:
    case FaultAction::kFull:
      errno = ENOSPC;
      return Verdict::kFail;
    case FaultAction::kAgain:
      errno = EINTR;
      return Verdict::kFail;
    case FaultAction::kShort:
      return Verdict::kHalf;
    case FaultAction::kHalt:
      state.halt();
      return Verdict::kPass;
    case FaultAction::kNone:
      break;
  }
  return Verdict::kPass;
}

void die_after_half_a_write() {
  die();
}

// ---- What a power cut would leave ----

void note_growing(const std::string& path, std::uint64_t length) {
  if (!watched(path)) return;
  FileFate* fate = fate_of(path);
  if (fate == nullptr || fate->grows) return;
  fate->grows = true;
  fate->synced = length;  // what earlier processes left has had the time to reach the disk
}

void note_synced(const std::string& path, std::uint64_t length, bool is_folder) {
  if (!watched(path) || watch().fates == nullptr) return;
  if (!is_folder) {
    FileFate* fate = fate_of(path);
    if (fate == nullptr) return;
    fate->content_synced = true;
    fate->synced = length;
    return;
  }
  for (std::uint64_t i = 0; i < watch().fates->count; ++i) {
    FileFate& fate = watch().fates->files[i];
    const std::string_view file = fate.path;
    if (file.substr(0, file.rfind('/')) == path) fate.name_synced = true;
  }
}

void note_renamed(const std::string& from, const std::string& to, bool was_there) {
  if (!watched(to)) return;
  FileFate* before = fate_of(from);
  const bool synced = before != nullptr && before->content_synced;
  if (before != nullptr) *before->path = '\0';  // the temporary's name is not there any more
  FileFate* fate = fate_of(to);
  if (fate == nullptr) return;
  fate->grows = false;
  fate->content_synced = synced;
  fate->name_synced = false;
  fate->was_there = was_there;
}

void apply_power_cut(const SharedFates& fates, std::uint64_t kept_thousandths) {
  for (std::uint64_t i = 0; i < fates.count; ++i) {
    const FileFate& fate = fates.files[i];
    struct stat information {};
    if (*fate.path == '\0' || ::lstat(fate.path, &information) != 0 || !S_ISREG(information.st_mode))
      continue;
    const auto size = static_cast<std::uint64_t>(information.st_size);
    bool done = true;
    if (fate.grows && fate.synced < size)
      done = ::truncate(fate.path, static_cast<off_t>(fate.synced +
                                                      (size - fate.synced) * kept_thousandths / 1000)) == 0;
    else if (!fate.grows && !fate.name_synced && !fate.was_there)
      done = ::unlink(fate.path) == 0;
    else if (!fate.grows && !fate.content_synced)
      done = ::truncate(fate.path, 0) == 0;
    if (!done) tessera::fail("{}: the power cut cannot be played: {}", fate.path, std::strerror(errno));
  }
}

}  // namespace store_tester
